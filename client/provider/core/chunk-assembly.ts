/**
 * ChunkAssembly: slices of one large update, put together.
 *
 * Invariant: never holds more than `bytesMax`, whatever a relay announces.
 */
import { concatBytes } from "@inkmesh/shared/base/bytes";

export class ChunkAssembly {
  readonly #bytesMax: number;
  #chunks: Uint8Array[] = [];
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** The whole when this was its last slice; "too-big" when it would become more than is taken. */
  add(bytes: Uint8Array, remaining: number): Uint8Array | "too-big" | undefined {
    this.#bytes += bytes.length;
    if (this.#bytes + remaining > this.#bytesMax) return "too-big";
    this.#chunks.push(bytes);
    if (remaining > 0) return undefined;
    const whole = concatBytes(this.#chunks);
    this.#chunks = [];
    this.#bytes = 0;
    return whole;
  }
}
