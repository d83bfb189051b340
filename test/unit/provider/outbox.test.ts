import { expect, test } from "vitest";
import * as Y from "yjs";
import { Outbox, type Window } from "../../../client/provider/core/outbox.ts";
import { anEntry } from "./an-entry.ts";

const wide: Window = { unackedMax: 100, unackedBytesMax: 10_000, messageBytesMax: 10_000, updateBytesMax: 10_000 };
const saved = { copies: 1, replicas: 1, needed: 1 };

function anOutbox(count: number): Outbox {
  const outbox = new Outbox("yjs");
  outbox.add(Array.from({ length: count }, (_, index) => anEntry(index + 1)));
  return outbox;
}

test("entries are numbered in order and leave by cumulative acks only", () => {
  const outbox = anOutbox(3);
  expect(outbox.take(wide)).toMatchObject({ first: 1, kind: "edit", updates: { length: 3 } });
  expect(outbox.take(wide)).toBeUndefined();
  expect(outbox.ack(2, saved).map((entry) => entry.number)).toEqual([1, 2]);
  expect(outbox.waiting).toBe(1);
  outbox.add([anEntry(4)]);
  expect(outbox.take(wide)).toMatchObject({ first: 4, updates: { length: 1 } });
  expect(outbox.ack(4, saved).map((entry) => entry.number)).toEqual([3, 4]);
});

test("[P2] an ack with too few copies keeps the entry and says how many hold it", () => {
  const outbox = anOutbox(2);
  outbox.take(wide);
  expect(outbox.ack(1, { copies: 1, replicas: 3, needed: 2 })).toEqual([]);
  expect([outbox.waiting, outbox.copies]).toEqual([2, 0]);
  outbox.ack(2, { copies: 1, replicas: 3, needed: 2 });
  expect([outbox.waiting, outbox.copies]).toEqual([2, 1]);
  expect(outbox.ack(2, { copies: 2, replicas: 3, needed: 2 })).toHaveLength(2);
});

test("[P8] no more than the window is under way, but one update always goes", () => {
  const outbox = anOutbox(5);
  expect(outbox.take({ ...wide, unackedMax: 2 })?.updates).toHaveLength(2);
  expect(outbox.take({ ...wide, unackedMax: 2 })).toBeUndefined();
  const large = new Outbox("yjs");
  large.add([{ ...anEntry(1), bytes: new Uint8Array(50) }, anEntry(2)]);
  expect(large.take({ ...wide, unackedBytesMax: 10 })?.updates).toHaveLength(1);
  expect(large.take({ ...wide, unackedBytesMax: 10 })).toBeUndefined();
});

test("an ack beyond what is under way counts for no more than that", () => {
  const outbox = anOutbox(2);
  expect(outbox.ack(9, saved)).toEqual([]);
  outbox.take(wide);
  expect(outbox.ack(9, saved)).toHaveLength(2);
});

test("a nack sends its number and all behind it again, with the difference in the place of the first", () => {
  const outbox = anOutbox(3);
  outbox.take(wide);
  expect(outbox.isUnderWay(2)).toBe(true);
  expect(outbox.rewind(2, true)).toBe(1);
  outbox.replaceNext([Uint8Array.of(9, 9)]);
  expect(outbox.take(wide)).toEqual({ first: 2, kind: "state", updates: [Uint8Array.of(9, 9)] });
  expect(outbox.take(wide)).toMatchObject({ first: 3, kind: "edit", updates: { length: 1 } });
  expect(outbox.ack(3, saved).map((entry) => entry.number)).toEqual([1, 2, 3]);
});

test("an entry that is refused for good gives its number to the next", () => {
  const outbox = anOutbox(3);
  outbox.take(wide);
  outbox.rewind(2, false);
  expect(outbox.dropNext()?.number).toBe(2);
  expect(outbox.take(wide)).toMatchObject({ first: 2, updates: [anEntry(3).bytes] });
});

test("a new session numbers from 1, sends the entries as they were, and forgets repairs", () => {
  const outbox = anOutbox(2);
  outbox.take(wide);
  outbox.ack(1, saved);
  outbox.addRepairs([Uint8Array.of(7)]);
  outbox.restart();
  expect(outbox.take(wide)).toEqual({ first: 1, kind: "edit", updates: [anEntry(2).bytes] });
  expect(outbox.waiting).toBe(1);
});

test("an entry is in the outbox once, whoever adds it again", () => {
  const outbox = anOutbox(2);
  outbox.add([anEntry(1), anEntry(2)]);
  expect(outbox.waiting).toBe(2);
});

test("[P7] what another tab got settled leaves; what is under way holds its number until the relay answers", () => {
  const outbox = anOutbox(3);
  outbox.take({ ...wide, unackedMax: 2 });
  outbox.forget([anEntry(1), anEntry(3)]);
  expect([outbox.entries.map(({ number }) => number), outbox.waiting, outbox.has("t", 1)]).toEqual([[2], 1, false]);
  expect(outbox.ack(1, saved)).toEqual([]);
  expect(outbox.ack(2, saved)).toEqual([anEntry(2)]);
});

test("[P7] what another tab got settled while it was under way is not sent again, nor set aside when it is refused", () => {
  const outbox = anOutbox(4);
  outbox.take(wide);
  outbox.forget([anEntry(1), anEntry(2)]);
  expect(outbox.rewind(1, false)).toBeUndefined();
  outbox.pause();
  outbox.restart();
  expect(outbox.take(wide)).toMatchObject({ first: 1, updates: [anEntry(3).bytes, anEntry(4).bytes] });
});

test("[P7] another tab's entries stand where they belong by time, behind what is under way; each tab's order stays", () => {
  const outbox = anOutbox(4);
  outbox.take({ ...wide, unackedMax: 1 });
  const other = (number: number, createdMs: number) => anEntry(number, { tab: "u", createdMs });
  outbox.insert([other(1, 900), other(2, 1_002), other(3, 1_003), other(4, 5), other(5, 9_000)]);
  expect(outbox.entries.map(({ tab, number }) => `${tab}${number}`)).toEqual(["t1", "u1", "t2", "u2", "t3", "u3", "u4", "t4", "u5"]);
});

test.each([
  [1, "edit"],
  [16, "edit"],
  [17, "state"],
  [127, "state"],
  [300, "state"],
])("what %i authors made goes as one %s", (authors, kind) => {
  const outbox = new Outbox("yjs");
  outbox.add([{ ...anEntry(1), bytes: madeBy(authors) }]);
  expect(outbox.take(wide)).toMatchObject({ kind, updates: { length: 1 } });
});

test("[P7] what many authors made, or is large, goes as a state behind an edit that waits, and not in one message with it", () => {
  const outbox = new Outbox("yjs");
  const large = new Uint8Array(600);
  const entries = [anEntry(1), { ...anEntry(2), bytes: madeBy(40) }, anEntry(3), { ...anEntry(4), bytes: large }, anEntry(5)];
  outbox.add(entries);
  const taken = entries.map(() => outbox.take({ ...wide, updateBytesMax: 500 }));
  expect(taken.map((batch) => [batch?.first, batch?.kind])).toEqual([
    [1, "edit"],
    [2, "state"],
    [3, "edit"],
    [4, "state"],
    [5, "edit"],
  ]);
});

/** One update of so many authors. */
function madeBy(authors: number): Uint8Array {
  const all = new Y.Doc();
  for (let author = 1; author <= authors; author++) {
    const own = new Y.Doc();
    own.clientID = author;
    own.getText("text").insert(0, "a");
    Y.applyUpdate(all, Y.encodeStateAsUpdate(own));
  }
  return Y.encodeStateAsUpdate(all);
}

test("[P1] a change of Automerge goes as an edit, an import of many as a state", () => {
  // Magic, checksum, type 1, and three bytes.
  const change = Uint8Array.of(0x85, 0x6f, 0x4a, 0x83, 1, 2, 3, 4, 1, 3, 7, 7, 7);
  const kindOf = (bytes: Uint8Array): string | undefined => {
    const outbox = new Outbox("automerge");
    outbox.add([{ ...anEntry(1), bytes }]);
    return outbox.take(wide)?.kind;
  };
  expect(kindOf(change)).toBe("edit");
  expect(kindOf(new Uint8Array(Buffer.concat(Array.from({ length: 16 }, () => change))))).toBe("edit");
  expect(kindOf(new Uint8Array(Buffer.concat(Array.from({ length: 17 }, () => change))))).toBe("state");
});

test("a nack of what another tab got settled meanwhile is nobody's, and what only held a number is not sent again", () => {
  const outbox = anOutbox(4);
  outbox.take(wide);
  outbox.forget([anEntry(2), anEntry(3)]);
  expect(outbox.rewind(2, true)).toBeUndefined();
  expect(outbox.take(wide)).toEqual({ first: 2, kind: "edit", updates: [anEntry(4).bytes] });
});

test("a difference in pieces goes before the edit that met a gap", () => {
  const outbox = anOutbox(2);
  outbox.take(wide);
  outbox.rewind(1, true);
  outbox.replaceNext([Uint8Array.of(7), Uint8Array.of(8)]);
  expect(outbox.take(wide)).toEqual({ first: 1, kind: "state", updates: [Uint8Array.of(7), Uint8Array.of(8)] });
  expect(outbox.take(wide)).toEqual({ first: 3, kind: "edit", updates: [anEntry(1).bytes, anEntry(2).bytes] });
});

test("a piece that meets a gap gives way to another difference, with the other pieces, and its gaps are counted on", () => {
  const outbox = anOutbox(1);
  outbox.addRepairs([Uint8Array.of(7), Uint8Array.of(8)]);
  outbox.take(wide);
  expect(outbox.rewind(1, true)).toBe(1);
  outbox.replaceNext([Uint8Array.of(5), Uint8Array.of(6)]);
  expect(outbox.take(wide)).toEqual({ first: 1, kind: "state", updates: [Uint8Array.of(5), Uint8Array.of(6)] });
  expect(outbox.rewind(1, true)).toBe(2);
});

test("[P7] a piece that is refused for good takes the others with it, and the edit that they went before", () => {
  const outbox = anOutbox(2);
  outbox.take(wide);
  outbox.rewind(1, true);
  outbox.replaceNext([Uint8Array.of(7), Uint8Array.of(8)]);
  expect(outbox.isNextRepair).toBe(false);
  expect(outbox.dropNext()).toEqual(anEntry(1));
  expect([outbox.waiting, outbox.take(wide)]).toEqual([1, { first: 1, kind: "edit", updates: [anEntry(2).bytes] }]);
});
