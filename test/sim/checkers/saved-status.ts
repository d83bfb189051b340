/**
 * [P2] Saved status: whenever a tab says "saved", everything that was typed in it is on the platters of as many replicas as
 * that needs, and visible there. A tab that says "kept by a relay" is held to one platter, of whichever relay.
 *
 * [P7] And an edit is handed to the device in the very task that made it: whatever happens next, it is on its way
 * there. (While the device refuses, the status says so, and what it refused waits in memory for the next try.)
 */
import type { RoomName } from "@inkmesh/shared/base/ids";
import type { SimTab } from "../sim-tab.ts";
import { Finding } from "../world.ts";
import { contentOf } from "./content.ts";
import type { Platters } from "./platters.ts";

export class SavedStatus {
  readonly #platters: Platters;
  readonly #unproven = new Map<SimTab, Uint8Array[]>();
  /** Typed in this task, and not handed to the device yet. */
  readonly #inHand = new Set<Uint8Array>();
  typed = 0;

  constructor(platters: Platters) {
    this.#platters = platters;
  }

  typedIn(tab: SimTab, update: Uint8Array): void {
    this.typed += 1;
    const updates = this.#unproven.get(tab) ?? [];
    this.#unproven.set(tab, updates);
    updates.push(update);
    this.#inHand.add(update);
  }

  handedOver(update: Uint8Array): void {
    this.#inHand.delete(update);
  }

  /** At the end of a task of the tab. */
  mustHaveHandedOver({ process, isClosing, room }: SimTab): void {
    const refuses = room.status.device === "failed";
    if (this.#inHand.size > 0 && !isClosing && !refuses)
      throw new Finding("edits are kept at once", `${process.name} has not handed what was typed to its device`);
    this.#inHand.clear();
  }

  look(tab: SimTab): void {
    const updates = this.#unproven.get(tab);
    const { phase, generation } = tab.room.status;
    if (updates === undefined || updates.length === 0 || (phase !== "saved" && phase !== "kept-by-a-relay")) return;
    const lineage = { room: tab.roomName as RoomName, generation: generation ?? 0 };
    const isThere = (update: Uint8Array): boolean =>
      phase === "saved" ? this.#platters.isSaved(lineage, contentOf(update)) : this.#platters.isKept(lineage, contentOf(update));
    const missing = updates.filter((update) => !isThere(update));
    if (missing.length > 0)
      throw new Finding(
        "saved is true",
        `${tab.process.name} says "${phase}" while ${missing.length} of its edits are not visible on as many disks`,
      );
    if (phase === "saved") this.#unproven.delete(tab);
  }
}
