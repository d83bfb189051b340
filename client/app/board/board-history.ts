/**
 * BoardHistory: undo and redo of what one did oneself, beside what others do.
 *
 * To undo is to write what stood there before, where nobody else has written since. Each entry is a list of changes (a path, from, to), and of
 * each change is kept whether others have touched its path: the field, what holds it, or anything inside. Such a change is not reverted, then
 * or later, though the rest of its entry is. When all of an entry is such, it is dropped, and the person is told.
 *
 *     others wrote the field            ─▶ it stays as they have it
 *     others wrote into a card I added  ─▶ it stays
 *     others deleted what I changed     ─▶ it stays deleted
 *     others' cards in a column I added ─▶ the column stays
 *     I deleted a card while another wrote into it ─▶ undo brings it back as I saw it last (their words went with it)
 *
 * Invariant: undo and redo never change what somebody else wrote last. To write back a card that one deleted is no change of theirs: there
 * is nothing of theirs any more. What is typed into one field at a stretch (`stretch`) is one entry.
 *
 * Relies on the handle to tell of one's own change within `handle.change`, as both handles do.
 */
import type { BoardDocument, EditedHandle, HandleChange } from "../automerge-editor-props.ts";
import { cardsOf, readBoard } from "./board-model.ts";
import { type BoardPath, type BoardWrite, valueAt, write } from "./board-writes.ts";

interface Change {
  readonly path: BoardPath;
  readonly from: unknown;
  readonly to: unknown;
  touched: boolean;
}

interface Entry {
  readonly changes: readonly Change[];
  readonly stretch: string | undefined;
}

/** `stays`: somebody else has changed since what would have been reverted. */
export type Reverted = "done" | "stays" | "nothing";

const entriesMax = 200;

export class BoardHistory {
  readonly #handle: EditedHandle<BoardDocument>;
  readonly #undo: Entry[] = [];
  readonly #redo: Entry[] = [];
  readonly #watch = (change: HandleChange<BoardDocument>) => this.#follow(change);
  #writing = false;

  constructor(handle: EditedHandle<BoardDocument>) {
    this.#handle = handle;
    handle.on("change", this.#watch);
  }

  get canUndo(): boolean {
    return this.#undo.length > 0;
  }

  get canRedo(): boolean {
    return this.#redo.length > 0;
  }

  /** Writes as one change of the document, to be undone as one. */
  perform(writes: readonly BoardWrite[], stretch?: string): void {
    const changes = this.#write(writes);
    if (changes.length === 0) return;
    this.#redo.length = 0;
    const last = this.#undo.at(-1);
    if (stretch !== undefined && last?.stretch === stretch && last.changes.every(({ touched }) => !touched)) {
      this.#undo.pop();
      return this.#keep(this.#undo, { changes: joined(last.changes, changes), stretch });
    }
    this.#keep(this.#undo, { changes, stretch });
  }

  undo(): Reverted {
    return this.#revert(this.#undo, this.#redo);
  }

  redo(): Reverted {
    return this.#revert(this.#redo, this.#undo);
  }

  close(): void {
    this.#handle.off("change", this.#watch);
  }

  #revert(from: Entry[], onto: Entry[]): Reverted {
    const entry = from.pop();
    if (entry === undefined) return "nothing";
    const writes = entry.changes
      .toReversed()
      .filter((change) => !change.touched && this.#isAsLeft(change))
      .map(({ path, from: to }): BoardWrite => ({ path, to }));
    const changes = this.#write(writes.filter((each) => !this.#wouldUnhouse(each, writes)));
    if (changes.length === 0) return "stays";
    this.#keep(onto, { changes, stretch: undefined });
    return "done";
  }

  #write(writes: readonly BoardWrite[]): readonly Change[] {
    const before = this.#handle.doc();
    const changes = writes
      .map(({ path, to }): Change => ({ path, from: valueAt(before, path), to, touched: false }))
      .filter(({ path, from, to }) =>
        path.length === 2 ? from !== undefined || to !== undefined : from !== to && valueAt(before, holderOf(path)) !== undefined,
      );
    if (changes.length === 0) return [];
    this.#writing = true;
    try {
      this.#handle.change((draft) => write(draft, changes));
    } finally {
      this.#writing = false;
    }
    return changes;
  }

  #keep(entries: Entry[], entry: Entry): void {
    entries.push(entry);
    if (entries.length > entriesMax) entries.shift();
  }

  #isAsLeft({ path, to }: Change): boolean {
    const now = valueAt(this.#handle.doc(), path);
    return path.length === 2 ? (now === undefined) === (to === undefined) : now === to;
  }

  /** A column that goes, though cards were put into it which these writes do not take elsewhere: they would turn up in another one. */
  #wouldUnhouse({ path: [kind, id, field], to }: BoardWrite, writes: readonly BoardWrite[]): boolean {
    if (kind !== "columns" || field !== undefined || to !== undefined) return false;
    const leaving = new Set(writes.filter(({ path }) => path[0] === "cards").map(({ path }) => path[1]));
    return cardsOf(readBoard(this.#handle.doc())).some((card) => card.placedIn === id && !leaving.has(card.id));
  }

  #follow({ patches }: HandleChange<BoardDocument>): void {
    if (this.#writing) return;
    for (const { changes } of [...this.#undo, ...this.#redo])
      for (const change of changes) change.touched ||= patches.some(({ path }) => overlap(change.path, path));
  }
}

function holderOf([kind, id]: BoardPath): BoardPath {
  return [kind, id];
}

function joined(earlier: readonly Change[], later: readonly Change[]): readonly Change[] {
  const key = ({ path }: Change) => JSON.stringify(path);
  const byPath = new Map(earlier.map((change) => [key(change), change]));
  for (const change of later) byPath.set(key(change), { ...change, from: (byPath.get(key(change)) ?? change).from });
  return [...byPath.values()];
}

function overlap(left: readonly (string | number)[], right: readonly (string | number)[]): boolean {
  const shorter = Math.min(left.length, right.length);
  for (let at = 0; at < shorter; at += 1) if (left[at] !== right[at]) return false;
  return true;
}
