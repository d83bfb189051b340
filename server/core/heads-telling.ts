/**
 * HeadsTelling: which heads of one Automerge document are safe, as one automerge-repo client is told, which has asked for it.
 *
 *     inkmesh/saved     on as many replicas' disks as "saved" needs
 *     inkmesh/on-1 …    on at least so many
 *
 * To its client these are storages of somebody else, in which the document has some heads: it has asked to be told of them, and knows that all that
 * leads to these heads is there. What was here at which position of the room's log is noted turn by turn; that a position is on so many disks is told
 * of the newest that is noted at or before it.
 *
 * Invariants: nothing is told before it is true [P2]; the time that goes with it, by which clients know the newer of two, only grows; at most `notesMax`
 * moments are noted, of more every other one is forgotten, and never the last.
 */
import type { HeadsAt } from "@inkmesh/shared/wire/automerge-repo";
import { textOfHeads } from "@inkmesh/shared/wire/automerge-document";

interface Note {
  readonly position: number;
  readonly heads: readonly string[];
}

/** What the room's replication says of its disks: positions up to which they hold everything; less than any where they hold nothing. */
export interface HeldTo {
  readonly savedTo: number;
  heldBy(copies: number): number;
}

const notesMax = 256;
const saved = "inkmesh/saved";
const onSome = /^inkmesh\/on-([1-9]\d?)$/;

/** Whether a client may ask for what `storage` has: of others nothing is known here. */
export function isToldOf(storage: string): boolean {
  return storage === saved || onSome.test(storage);
}

export class HeadsTelling {
  #notes: readonly Note[] = [];
  readonly #told = new Map<string, number>();
  #lastMs = 0;

  /** At `position` of its log the document has these heads. */
  note(position: number, heads: readonly string[]): void {
    const notes = [...this.#notes.filter((note) => note.position < position), { position, heads }];
    this.#notes = notes.length <= notesMax ? notes : notes.filter((_, index) => index % 2 === (notes.length - 1) % 2);
  }

  /** What is to be told of `storages` now. */
  news(storages: Iterable<string>, held: HeldTo, nowMs: number): ReadonlyMap<string, HeadsAt> {
    const news = new Map<string, HeadsAt>();
    for (const storage of storages) {
      const note = this.#newest(storage === saved ? held.savedTo : held.heldBy(Number(onSome.exec(storage)?.[1] ?? Infinity)));
      if (note === undefined || note.heads.length === 0 || note.position <= (this.#told.get(storage) ?? -1)) continue;
      this.#told.set(storage, note.position);
      news.set(storage, { heads: textOfHeads(note.heads), timestamp: this.#later(nowMs) });
    }
    return news;
  }

  /** Who asks for it again is told again. */
  forget(storage: string): void {
    this.#told.delete(storage);
  }

  #newest(position: number): Note | undefined {
    return this.#notes.findLast((note) => note.position <= position);
  }

  #later(nowMs: number): number {
    this.#lastMs = Math.max(nowMs, this.#lastMs + 1);
    return this.#lastMs;
  }
}
