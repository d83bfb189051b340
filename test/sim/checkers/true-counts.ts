/**
 * [P2] [P11] True counts: whenever a Hocuspocus provider counts nothing as unsaved, everything that was typed in it is on the platters of as
 * many replicas as that needs, and visible there: its `hasUnsyncedChanges` is the only word that its application has of that.
 */
import type { RoomName } from "@inkmesh/shared/base/ids";
import type { SimHocuspocusClient } from "../sim-hocuspocus-client.ts";
import { Finding } from "../world.ts";
import { contentOf } from "./content.ts";
import type { Platters } from "./platters.ts";

export class TrueCounts {
  readonly #platters: Platters;
  readonly #unproven = new Map<SimHocuspocusClient, Uint8Array[]>();
  /** How many edits were counted as saved, and were. */
  proven = 0;

  constructor(platters: Platters) {
    this.#platters = platters;
  }

  typedIn(client: SimHocuspocusClient, update: Uint8Array): void {
    const updates = this.#unproven.get(client) ?? [];
    this.#unproven.set(client, updates);
    updates.push(update);
  }

  look(client: SimHocuspocusClient): void {
    const updates = this.#unproven.get(client) ?? [];
    if (updates.length === 0 || !client.saysSaved) return;
    const lineage = { room: client.roomName as RoomName, generation: this.#platters.generation(client.roomName) };
    const missing = updates.filter((update) => !this.#platters.isSaved(lineage, contentOf(update)));
    if (missing.length > 0)
      throw new Finding(
        "counted as saved is saved",
        `${client.process.name} counts nothing as unsaved while ${missing.length} of its ${updates.length} edits are not on as many disks`,
      );
    this.proven += updates.length;
    this.#unproven.delete(client);
  }
}
