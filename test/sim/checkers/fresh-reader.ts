/**
 * [P1] [P2] Fresh reader: whoever comes with nothing, and is told that it has all, has all that was on the platter when
 * it came. Clients that keep their documents repair nearly every loss: this one cannot.
 */
import * as Y from "yjs";
import type { RoomName } from "@inkmesh/shared/base/ids";
import { Finding } from "../world.ts";
import type { AuditLog } from "./audit-log.ts";
import { covers } from "./content.ts";

export class FreshReader {
  readonly #audit: AuditLog;
  readonly #expected = new Y.Doc();
  readonly #room: string;
  readonly #generation: number;

  /** At the moment when it comes. */
  constructor(audit: AuditLog, room: string) {
    this.#audit = audit;
    this.#room = room;
    this.#generation = audit.generation(room);
    Y.applyUpdate(this.#expected, Y.encodeStateAsUpdate(audit.of({ room: room as RoomName, generation: this.#generation }).doc));
  }

  /** It was told that it has all. */
  synced(who: string, doc: Y.Doc): void {
    if (this.#audit.generation(this.#room) !== this.#generation) return;
    if (doc.store.pendingStructs !== null) throw new Finding("a fresh reader sees all", `${who} was sent what it cannot show`);
    if (!covers(doc, this.#expected))
      throw new Finding("a fresh reader sees all", `${who} was told that it is synced, and lacks what was on disk when it came`);
  }
}
