/**
 * The columns of one of Automerge's changes: what each of its operations does, and to what, column by column, so far as that can be known without
 * building a document: how many operations there are, and which of them make something.
 *
 * A column is written in runs: so many times the same, so many different ones, or so many that are none. So a few bytes are a million operations,
 * each of which takes time and memory for as long as the document lives; they are counted by adding up the runs, in the time that their bytes take.
 *
 * Invariant: total. What is damaged is counted as far as it can be read, and left to whoever applies it.
 */
import { ByteCursor, Unreadable } from "./byte-cursor.ts";
import { leb128, leb128Count, signedLeb128, taken } from "./leb128.ts";

export interface Column {
  /** What it is, and in its last three bits how it is written. */
  readonly column: number;
  readonly content: Uint8Array;
}

/** The column that says what operations do, and the actions that make something: a map, a list, a text, a table. */
const actionsColumn = 0x42;
const making: ReadonlySet<number> = new Set([0, 2, 4, 6]);
const deleting = 3;
/** How a column is written. */
const written = { truths: 4, texts: 5, bytes: 7 } as const;
/** Of a column: that it is deflated by itself, which only a whole document's may be. */
const deflatedColumn = 0b1000;
/** Columns are named in 32 bits. */
const columnMax = 0xffff_ffff;

/** Reads the columns, in order, none of them deflated. Anything may follow. */
export function readColumns(cursor: ByteCursor): readonly Column[] {
  const sizes: { readonly column: number; readonly length: number }[] = [];
  let last = 0;
  for (let left = leb128Count(cursor, 2); left > 0; left--) {
    const column = leb128(cursor);
    if (column > columnMax) throw new Unreadable("BAD_UPDATE", `column ${column} is none`);
    if ((column & deflatedColumn) !== 0) throw new Unreadable("BAD_UPDATE", `column ${column} of a change is deflated`);
    if (column < last) throw new Unreadable("BAD_UPDATE", "columns are out of order");
    last = column;
    sizes.push({ column, length: leb128(cursor) });
  }
  return sizes.map(({ column, length }) => ({ column, content: taken(cursor, length) }));
}

/** How many operations there are: as many as the longest column has rows, and at most `deletions` of them delete something. */
export function countOperations(columns: readonly Column[]): { readonly operations: number; readonly deletions: number } {
  let operations = 0;
  let deletions = 0;
  for (const { column, content } of columns) {
    let rows = 0;
    if ((column & 7) === written.truths) whileReadable(content, (cursor) => (rows += cursor.varUint()));
    else if ((column & 7) !== written.bytes)
      eachRun(content, (column & 7) === written.texts, (value, times) => {
        rows += times;
        if (column === actionsColumn && value === deleting) deletions += times;
      });
    operations = Math.max(operations, rows);
  }
  return { operations, deletions };
}

/** Which operations make a list, a map or a text, counted from the first; at most `max` of them. */
export function makingIn(columns: readonly Column[], max: number): readonly number[] {
  const made: number[] = [];
  let row = 0;
  const actions = columns.find(({ column }) => column === actionsColumn)?.content ?? new Uint8Array(0);
  eachRun(actions, false, (action, times) => {
    if (action !== undefined && making.has(action)) for (let at = 0; at < times && made.length < max; at++) made.push(row + at);
    row += times;
  });
  return made;
}

/** Runs of values; those of texts, and of numbers beyond what can be counted, are not told. */
function eachRun(content: Uint8Array, isText: boolean, note: (value: number | undefined, times: number) => void): void {
  const value = (cursor: ByteCursor): number | undefined => {
    if (isText) cursor.skip(cursor.varUint());
    else return numberAt(cursor);
    return undefined;
  };
  whileReadable(content, (cursor) => {
    const run = signedLeb128(cursor);
    // What is many times there is counted also where it cannot be read.
    if (run > 0) note(cursor.left === 0 ? undefined : value(cursor), run);
    else if (run < 0) for (let left = -run; left > 0; left--) note(value(cursor), 1);
    else note(undefined, cursor.varUint());
  });
}

/** A number of any length, which may be one with a sign. */
function numberAt(cursor: ByteCursor): number {
  const first = cursor.byte();
  for (let byte = first; byte >= 0x80;) byte = cursor.byte();
  return first;
}

function whileReadable(content: Uint8Array, read: (cursor: ByteCursor) => void): void {
  const cursor = new ByteCursor(content);
  try {
    while (cursor.left > 0) read(cursor);
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
  }
}
