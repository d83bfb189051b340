/**
 * KeptRooms: the documents that this tab has open: the one that is shown, and those that one has left while something typed
 * last in them was nowhere but in the page. Such a document stays open, unseen, until this device's disk or a relay has it:
 * mostly for the moment of a write, and as long as it takes where the disk refuses. Whoever comes back finds it as it was.
 *
 *     open ──▶ shown ──leave──▶ closed
 *               ▲  │ something is only in the page        │
 *               └──┴──▶ kept ──it is on a disk────────────┘
 */
import type { Inkmesh } from "@inkmesh/client";
import { type AnyRoom, openRoom } from "./any-room.ts";
import { wouldLose } from "./leaving.ts";

interface KeptRoom {
  readonly room: AnyRoom;
  /** Ends the watching of it. */
  readonly letGo: () => void;
}

/** Edits of a document that one has left, which are only in this tab. */
export interface EditsInTab {
  readonly room: string;
  readonly count: number;
}

export class KeptRooms {
  readonly #mesh: Pick<Inkmesh, "open">;
  readonly #guard: (room: AnyRoom) => () => void;
  readonly #kept = new Map<string, KeptRoom>();
  readonly #listeners = new Set<() => void>();

  /** `guard` keeps the tab from being closed unasked while a document is kept. */
  constructor(options: { mesh: Pick<Inkmesh, "open">; guard: (room: AnyRoom) => () => void }) {
    this.#mesh = options.mesh;
    this.#guard = options.guard;
  }

  /** What the disk has refused of the documents that are not shown any more. */
  get refused(): readonly EditsInTab[] {
    return [...this.#kept.values()]
      .filter(({ room }) => room.status.device === "failed")
      .map(({ room: { name, status } }) => ({ room: name, count: status.notOnDevice }));
  }

  /** Calls `listener` when `refused` may be another; answers the function that ends it. */
  on(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Its engine has been fetched. */
  open(name: string): AnyRoom {
    const kept = this.#kept.get(name);
    if (kept === undefined) return openRoom(this.#mesh, name);
    kept.letGo();
    kept.room.awareness.setLocalState({});
    return kept.room;
  }

  /** The document is not shown any more. */
  leave(room: AnyRoom): void {
    if (room.isClosed || !wouldLose(room.status)) return this.close(room);
    // Whoever has left is nowhere in the text.
    room.awareness.setLocalState(null);
    const look = () => {
      if (!room.isClosed && wouldLose(room.status)) return this.#say();
      letGo();
      this.close(room);
    };
    const discarded = () => {
      letGo();
      this.close(room);
    };
    const ends = [room.on("status", look), room.on("discarded", discarded), this.#guard(room)];
    const letGo = () => {
      for (const end of ends) end();
      this.#kept.delete(room.name);
      this.#say();
    };
    this.#kept.set(room.name, { room, letGo });
    this.#say();
  }

  /** At once: the document is to be opened anew, or nothing can be lost. */
  close(room: AnyRoom): void {
    // Whoever gives up a document that a disk refuses has been told before.
    room.close().catch(() => undefined);
  }

  #say(): void {
    for (const listener of this.#listeners) listener();
  }
}
