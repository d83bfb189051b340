import { deflateRawSync } from "node:zlib";
import { digest } from "lib0/hash/sha256";
import * as encoding from "lib0/encoding";
import { concatBytes } from "@inkmesh/shared/base/bytes";
import { readChanges, splitUpdate } from "@inkmesh/shared/engine/automerge-change";
import { AutomergeContentIndex } from "@inkmesh/shared/engine/automerge-content-index";
import { describe, expect, test } from "vitest";
import { roomyLimits as limits } from "./an-update.ts";

interface Written {
  readonly deps?: readonly Uint8Array[];
  readonly actor?: Uint8Array;
  readonly seq?: number;
  readonly startOp?: number;
  readonly time?: readonly number[];
  readonly message?: readonly number[];
  readonly columns?: readonly (readonly [number, number])[];
  readonly rest?: Uint8Array;
}

/** The body of a change, as the format says. */
function aBody({
  deps = [],
  actor = Uint8Array.of(1),
  seq = 1,
  startOp = 1,
  time = [0],
  message = [0],
  columns = [],
  rest,
}: Written): Uint8Array {
  return encoding.encode((encoder) => {
    encoding.writeVarUint(encoder, deps.length);
    for (const dep of deps) encoding.writeUint8Array(encoder, dep);
    encoding.writeVarUint8Array(encoder, actor);
    encoding.writeVarUint(encoder, seq);
    encoding.writeVarUint(encoder, startOp);
    encoding.writeUint8Array(encoder, Uint8Array.from([...time, ...message, 0]));
    encoding.writeVarUint(encoder, columns.length);
    for (const [column, length] of columns) {
      encoding.writeVarUint(encoder, column);
      encoding.writeVarUint(encoder, length);
    }
    encoding.writeUint8Array(encoder, rest ?? new Uint8Array());
  });
}

function hashOf(body: Uint8Array): Uint8Array {
  return Uint8Array.from(
    digest(encoding.encode((encoder) => (encoding.writeUint8(encoder, 1), encoding.writeVarUint8Array(encoder, body)))),
  );
}

function aChunk(type: number, checksum: Uint8Array, body: Uint8Array): Uint8Array {
  return encoding.encode((encoder) => {
    encoding.writeUint8Array(encoder, Uint8Array.of(0x85, 0x6f, 0x4a, 0x83));
    encoding.writeUint8Array(encoder, checksum.subarray(0, 4));
    encoding.writeUint8(encoder, type);
    encoding.writeVarUint8Array(encoder, body);
  });
}

function aChange(written: Written = {}): Uint8Array {
  const body = aBody(written);
  return aChunk(1, hashOf(body), body);
}

const hashOfChange = (written: Written): Uint8Array => hashOf(aBody(written));

function refusalOf(update: Uint8Array, within = limits): string {
  const read = readChanges(update, within);
  if (read.ok) throw new Error(`read as ${read.value.length} changes`);
  return `${read.refusal.code}: ${read.refusal.detail}`;
}

describe("a change that cannot be read is refused", () => {
  const plain = aChange();
  test.each<[string, Uint8Array, RegExp]>([
    ["some other bytes", new Uint8Array(40), /^BAD_UPDATE: no change begins at byte 0/],
    ["a change and some other bytes", concatBytes([plain, Uint8Array.of(1)]), /^BAD_UPDATE: 1 bytes are no change/],
    ["one that is cut", plain.subarray(0, -1), /^BAD_UPDATE/],
    ["one with another checksum", aChunk(1, new Uint8Array(4), aBody({})), /checksum/],
    ["a whole document", aChunk(0, hashOf(aBody({})), aBody({})), /whole document/],
    ["a bundle", aChunk(3, hashOf(aBody({})), aBody({})), /bundle/],
    ["a type of later versions", aChunk(4, hashOf(aBody({})), aBody({})), /type 4/],
    ["a change number 0", aChange({ seq: 0 }), /counted from 1/],
    ["an operation number 0", aChange({ startOp: 0 }), /counted from 1/],
    ["an operation beyond 32 bits", aChange({ startOp: 2 ** 32 }), /^CLOCK_TOO_FAR/],
    ["a number that is longer than it need be", aChange({ message: [0x80, 0] }), /longer than it need be/],
    ["a time that is longer than it need be", aChange({ time: [0xff, 0x7f] }), /longer than it need be/],
    ["a time of more than 64 bits", aChange({ time: [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2] }), /too large/],
    ["a message that is not UTF-8", aChange({ message: [2, 0xc3, 0x28] }), /not UTF-8/],
    ["an actor of 129 bytes", aChange({ actor: new Uint8Array(129) }), /an actor of 129 bytes, limit 128/],
    [
      "columns out of order",
      aChange({
        columns: [
          [2, 0],
          [1, 0],
        ],
      }),
      /out of order/,
    ],
    ["a column that is deflated", aChange({ columns: [[9, 0]] }), /deflated/],
    ["columns longer than the change", aChange({ columns: [[1, 5]], rest: new Uint8Array(4) }), /^BAD_UPDATE/],
    ["deflated bytes that are none", aChunk(2, hashOf(aBody({})), new Uint8Array(20).fill(0xff)), /cannot be inflated/],
    [
      "deflated bytes that end early",
      aChunk(2, hashOf(aBody({})), Uint8Array.of(...deflateRawSync(new Uint8Array(5_000)).subarray(0, 12))),
      /./,
    ],
    ["nothing, deflated", aChunk(2, hashOf(aBody({})), new Uint8Array(10)), /./],
  ])("%s", (_, update, detail) => {
    expect(refusalOf(update)).toMatch(detail);
  });

  test("a time of 64 bits is one", () => {
    expect(readChanges(aChange({ time: [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f] }), limits).ok).toBe(true);
  });

  test("a few bytes that come to more than 1 MiB, in one change or in several; many bytes may come to more", () => {
    const deflatedZeros = (bytes: number): Uint8Array => {
      const body = aBody({ rest: new Uint8Array(bytes) });
      return aChunk(2, hashOf(body), deflateRawSync(body));
    };
    expect(deflatedZeros(1_000_000).length).toBeLessThan(2_000);
    expect(readChanges(deflatedZeros(1_000_000), limits).ok).toBe(true);
    expect(refusalOf(deflatedZeros(2_000_000))).toMatch(/^UPDATE_TOO_BIG/);
    expect(refusalOf(concatBytes([deflatedZeros(700_000), deflatedZeros(700_000)]))).toMatch(/^UPDATE_TOO_BIG/);
    const large = aChange({ rest: new Uint8Array(100_000) });
    expect(readChanges(concatBytes([large, deflatedZeros(2_000_000)]), limits).ok).toBe(true);
    expect(refusalOf(concatBytes([large, large, large, deflatedZeros(17_000_000)]))).toMatch(/^UPDATE_TOO_BIG/);
  });

  test("more changes than one update may have", () => {
    const update = concatBytes([aChange(), aChange({ seq: 2 }), aChange({ seq: 3 })]);
    expect(refusalOf(update, { ...limits, partsPerUpdateMax: 2 })).toMatch(/^TOO_MANY_PARTS/);
    expect(readChanges(update, { ...limits, partsPerUpdateMax: 3 }).ok).toBe(true);
  });
});

describe("what a room takes of changes", () => {
  const first = { actor: Uint8Array.of(1) };
  const second = { actor: Uint8Array.of(1), seq: 2, startOp: 5, deps: [hashOfChange(first)] };
  const other = { actor: Uint8Array.of(2), deps: [hashOfChange(second)] };

  function aRoom(...changes: readonly Written[]): AutomergeContentIndex {
    const index = new AutomergeContentIndex();
    for (const change of changes) {
      const admission = index.examine(aChange(change), "edit", limits);
      if (admission.type !== "admitted") throw new Error(admission.type);
      index.join(admission.change);
    }
    return index;
  }

  test("an edit that hangs on what is not here has a gap, and names it", () => {
    const hash = Buffer.from(hashOfChange(first)).toString("hex");
    const gap = { type: "gap", missing: `change ${hash}`, lacks: { missing: [{ hash }], isAll: true } };
    expect(aRoom().examine(aChange(second), "edit", limits)).toEqual(gap);
    expect(aRoom().examine(concatBytes([aChange(other), aChange(second)]), "state", limits)).toEqual(gap);
  });

  test("an edit may bring what it hangs on, in any order", () => {
    const admission = aRoom().examine(concatBytes([aChange(other), aChange(second), aChange(first)]), "edit", limits);
    expect(admission).toMatchObject({ type: "admitted", payload: concatBytes([first, second, other].map(aChange)), leftOut: false });
  });

  test("what is known is cut away; what is untouched stays the bytes that came", () => {
    const update = concatBytes([aChange(first), aChange(second)]);
    const admission = aRoom(first).examine(update, "edit", limits);
    expect(admission).toMatchObject({ type: "admitted", payload: aChange(second) });
    const whole = aRoom().examine(update, "edit", limits);
    expect(whole.type === "admitted" && whole.payload).toBe(update);
  });

  test("of a state what can be placed is let in, of an edit all or nothing", () => {
    const lost = { actor: Uint8Array.of(3), deps: [new Uint8Array(32)] };
    const update = concatBytes([aChange(lost), aChange(first)]);
    expect(aRoom().examine(update, "edit", limits)).toMatchObject({ type: "gap" });
    expect(aRoom().examine(update, "state", limits)).toMatchObject({ type: "admitted", payload: aChange(first), leftOut: true });
  });

  test.each<[string, Written]>([
    ["another change of the same number", { ...first, startOp: 7 }],
    ["a change whose number is not the next", { ...first, seq: 3, deps: [hashOfChange(first)] }],
  ])("%s never comes in, since Automerge could not read the document any more", (_, fork) => {
    const room = aRoom(first);
    for (const kind of ["edit", "state"] as const) {
      expect(room.examine(aChange(fork), kind, limits)).toMatchObject({ type: "refused", refusal: { code: "BAD_UPDATE" } });
    }
    const withMore = concatBytes([aChange(fork), aChange(second)]);
    expect(room.examine(withMore, "edit", limits)).toMatchObject({ type: "refused" });
    expect(room.examine(withMore, "state", limits)).toMatchObject({ type: "admitted", payload: aChange(second), leftOut: true });
  });

  test("two changes of one number in one update: one of them comes in", () => {
    const update = concatBytes([aChange(first), aChange({ ...first, startOp: 9 })]);
    expect(aRoom().examine(update, "edit", limits)).toMatchObject({ type: "refused" });
    expect(aRoom().examine(update, "state", limits)).toMatchObject({ type: "admitted", payload: aChange(first), leftOut: true });
  });

  test("authors are counted", () => {
    const update = concatBytes([aChange(first), aChange({ actor: Uint8Array.of(2) })]);
    const refused = { type: "refused", refusal: { code: "TOO_MANY_PARTS" } };
    expect(aRoom().examine(update, "edit", { ...limits, authorsPerEditMax: 1 })).toMatchObject(refused);
    expect(aRoom().examine(update, "state", { ...limits, authorsPerEditMax: 1 })).toMatchObject({ type: "admitted" });
    expect(aRoom().examine(update, "state", { ...limits, authorsPerRoomMax: 1 })).toMatchObject(refused);
    expect(aRoom(first).authors).toBe(1);
  });

  test("whoever has its heads has all, and whoever has older or no ones has not", () => {
    const room = aRoom(first, second, other);
    expect(room.coveredBy(room.stateVector())).toEqual({ ok: true, value: true });
    expect(room.coveredBy(aRoom(first).stateVector())).toEqual({ ok: true, value: false });
    expect(room.coveredBy(new Uint8Array())).toEqual({ ok: true, value: false });
    expect(aRoom().coveredBy(new Uint8Array())).toEqual({ ok: true, value: true });
    expect(room.coveredBy(new Uint8Array(31))).toMatchObject({ ok: false });
  });
});

describe("an update in pieces", () => {
  const chunk = (length: number): Uint8Array =>
    concatBytes([Uint8Array.of(0x85, 0x6f, 0x4a, 0x83, 0, 0, 0, 0, 1, length), new Uint8Array(length)]);
  const [small, large] = [chunk(2), chunk(90)];

  test.each<[string, readonly Uint8Array[], readonly number[]]>([
    ["nothing", [], []],
    ["what is small", [small, small], [24]],
    ["as many chunks as fit together", [small, small, small], [24, 12]],
    ["a chunk that is larger by itself", [small, large, small], [12, 100, 12]],
    ["what cannot be read, at the end", [small, small, Uint8Array.of(1, 2, 3)], [27]],
    ["a chunk that ends early", [small, large.subarray(0, 50)], [62]],
  ])("of %s", (_, chunks, lengths) => {
    const update = concatBytes(chunks);
    const pieces = splitUpdate(update, 30);
    expect(pieces.map(({ length }) => length)).toEqual(lengths);
    expect(concatBytes(pieces)).toEqual(update);
    // What is kept of one must not keep them all.
    expect(pieces.filter(({ buffer }) => buffer === update.buffer)).toEqual([]);
  });
});
