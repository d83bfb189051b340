/**
 * KnownBytes: whether the same bytes came before, by their SHA-256. A client that is asked for all it has, since something of it is lacking here, brings what
 * was refused for good, too, and has done no wrong a second time.
 */
import { digest } from "lib0/hash/sha256";
import { hexOf } from "@inkmesh/shared/base/bytes";

/** Whoever has more of them is not asked often enough for that to matter. */
const knownMax = 256;

export class KnownBytes {
  readonly #known = new Set<string>();

  /** Whether they came for the first time, and from now on they did not. */
  isNew(bytes: Uint8Array): boolean {
    const name = hexOf(digest(bytes));
    if (this.#known.has(name)) return false;
    const [oldest] = this.#known;
    if (this.#known.size >= knownMax && oldest !== undefined) this.#known.delete(oldest);
    this.#known.add(name);
    return true;
  }
}
