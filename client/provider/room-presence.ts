/**
 * RoomPresence: ties an `Awareness` to a room's session: who is here, with which cursor.
 *
 * Only this client's own state is sent; others' states come from the relay and go when the line goes. A relay marks a
 * state whose socket died as gone with a clock one higher, and others take only what is newer: so the own clock moves on
 * before the state is said again.
 */
import * as encoding from "lib0/encoding";
import { applyAwarenessUpdate, encodeAwarenessUpdate, removeAwarenessStates, type Awareness } from "y-protocols/awareness";
import { guarded } from "./guarded.ts";

interface AwarenessChange {
  readonly added: readonly number[];
  readonly updated: readonly number[];
  readonly removed: readonly number[];
}

export class RoomPresence {
  readonly #awareness: Awareness;
  readonly #changed: () => void;
  readonly #listener: (change: AwarenessChange, origin: unknown) => void;
  readonly #watchers = new Set<() => void>();
  #isChanged = false;
  #present = 0;

  /** `changed`: this client's own state is to be said, with `take`, before the turn ends. */
  constructor(options: { awareness: Awareness; changed: () => void }) {
    this.#awareness = options.awareness;
    this.#changed = options.changed;
    this.#listener = ({ added, updated, removed }, origin) => {
      const own = this.#awareness.clientID;
      if (![added, updated, removed].some((ids) => ids.includes(own))) return;
      // Somebody else said that we are gone: y-protocols kept our state with a newer clock, to be said again.
      if (origin === this && this.#awareness.getLocalState() === null) return;
      this.#note();
    };
    this.#awareness.on("update", this.#listener);
  }

  /** The own state as an awareness update, if it changed since. */
  take(): Uint8Array | undefined {
    if (!this.#isChanged) return undefined;
    this.#isChanged = false;
    return encodeAwarenessUpdate(this.#awareness, [this.#awareness.clientID]);
  }

  /** A session is open: says the own state, unless there is none. */
  announce(): void {
    const state = this.#awareness.getLocalState();
    const meta = this.#awareness.meta.get(this.#awareness.clientID);
    if (state === null || meta === undefined) return;
    this.#awareness.meta.set(this.#awareness.clientID, { ...meta, clock: meta.clock + 1 });
    guarded(() => this.#awareness.setLocalState(state));
    // Whoever listened before us and threw has kept this from being noted.
    this.#note();
  }

  /** How many are here whom the relay does not show, since there are too many. */
  get unseen(): number {
    return this.#present === 0 ? 0 : Math.max(0, this.#present - this.#awareness.getStates().size);
  }

  /** Calls `changed` when `unseen` may have changed, beside the awareness itself; answers how to stop. */
  watchUnseen(changed: () => void): () => void {
    this.#watchers.add(changed);
    return () => void this.#watchers.delete(changed);
  }

  /** The relay says how many are here; 0: everybody is shown. */
  counted(present: number): void {
    if (present === this.#present) return;
    this.#present = present;
    for (const changed of this.#watchers) guarded(changed);
  }

  /** Bytes that cannot be read show nobody, and harm nobody. */
  apply(bytes: Uint8Array): void {
    try {
      applyAwarenessUpdate(this.#awareness, bytes, this);
    } catch {
      return;
    }
  }

  /** The line is gone: so is the sight of everybody else. */
  forgetOthers(): void {
    const others = [...this.#awareness.getStates().keys()].filter((id) => id !== this.#awareness.clientID);
    guarded(() => removeAwarenessStates(this.#awareness, others, this));
    // Whoever comes back may come with the clock that it had.
    for (const id of others) this.#awareness.meta.delete(id);
    this.counted(0);
  }

  /** An update that says this client is gone, without changing its state here: a page that is hidden may come back. */
  farewell(): Uint8Array {
    const clock = this.#awareness.meta.get(this.#awareness.clientID)?.clock ?? 0;
    return encoding.encode((encoder) => {
      encoding.writeVarUint(encoder, 1);
      encoding.writeVarUint(encoder, this.#awareness.clientID);
      encoding.writeVarUint(encoder, clock + 1);
      encoding.writeVarString(encoder, "null");
    });
  }

  close(): void {
    this.#awareness.off("update", this.#listener);
  }

  #note(): void {
    if (this.#isChanged) return;
    this.#isChanged = true;
    this.#changed();
  }
}
