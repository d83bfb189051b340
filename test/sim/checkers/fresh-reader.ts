/**
 * [P1] [P2] Fresh reader: whoever comes with nothing, and is told that it has all, has all that was on the platter when
 * it came. Clients that keep their documents repair nearly every loss: this one cannot.
 */
import type { RoomName } from "@inkmesh/shared/base/ids";
import { Finding } from "../world.ts";
import type { AuditLog } from "./audit-log.ts";
import { applyTo, covers, isWaiting, newDocument, stateOf, type AnyDocument } from "./content.ts";

export interface FreshReaderOptions {
  /** What is on the disk of the relay that is asked. */
  readonly audit: () => AuditLog;
  readonly room: RoomName;
}

export class FreshReader {
  readonly #options: FreshReaderOptions;
  readonly #expected: AnyDocument;
  /** The disk that it came to. */
  readonly #audit: AuditLog;
  readonly #generation: number;

  /** At the moment when it comes. */
  constructor(options: FreshReaderOptions) {
    this.#options = options;
    this.#audit = options.audit();
    this.#generation = this.#audit.generation(options.room);
    this.#expected = newDocument(options.room);
    applyTo(this.#expected, stateOf(this.#audit.of({ room: options.room, generation: this.#generation }).doc));
  }

  /** It was told that it has all. Who is served from another disk than it came to was promised nothing of the first. */
  synced(who: string, doc: AnyDocument): void {
    if (this.#options.audit() !== this.#audit || this.#audit.generation(this.#options.room) !== this.#generation) return;
    if (isWaiting(doc)) throw new Finding("a fresh reader sees all", `${who} was sent what it cannot show`);
    if (!covers(doc, this.#expected))
      throw new Finding("a fresh reader sees all", `${who} was told that it is synced, and lacks what was on disk when it came`);
  }
}
