import { describe, expect, test } from "vitest";
import * as Y from "yjs";
import { YjsContentIndex } from "@inkmesh/shared/engine/content-index";
import type { YjsContentChange } from "@inkmesh/shared/engine/admission";
import type { Admission as AnyAdmission, ContentLimits, UpdateKind } from "@inkmesh/shared/engine/crdt-engine";
import { aDoc, anUpdate, contents, gc, item, roomyLimits, skip, stateOf, updatesOf } from "./an-update.ts";

const limits = roomyLimits;
const text = (word: string, at: Parameters<typeof item>[1] = {}) => item(contents.string(word), at);

type Admission = AnyAdmission<YjsContentChange>;

/** Examines and joins what is admitted. */
function offer(index: YjsContentIndex, update: Uint8Array, kind: UpdateKind = "edit", within: ContentLimits = limits): Admission {
  const admission = index.examine(update, kind, within);
  if (admission.type === "admitted") index.join(admission.change);
  return admission;
}

function anIndex(...updates: readonly Uint8Array[]): YjsContentIndex {
  const index = new YjsContentIndex();
  for (const update of updates) expect(offer(index, update, "state")).toMatchObject({ type: "admitted", leftOut: false });
  return index;
}

function admitted(admission: Admission): Extract<Admission, { type: "admitted" }> {
  if (admission.type !== "admitted") throw new Error(`not admitted but ${JSON.stringify(admission)}`);
  return admission;
}

/** The text that `updates` make, applied in order. */
function textFrom(...updates: readonly Uint8Array[]): string {
  const doc = new Y.Doc();
  for (const update of updates) {
    Y.applyUpdate(doc, update);
    expect(doc.store.pendingStructs ?? doc.store.pendingDs).toBeNull();
  }
  return doc.getText("text").toString();
}

describe("what is known", () => {
  test.each([
    ["an empty update", anUpdate([])],
    ["the same update", anUpdate([[1, 0, text("hello")]], [[1, 1, 2]])],
    ["a part of it", anUpdate([[1, 2, text("ll", { origin: [1, 1] })]])],
    ["deletions of it", anUpdate([], [[1, 2, 1]])],
    ["a skip over it", anUpdate([[1, 0, skip(5)]])],
    ["an empty deletion", anUpdate([], [[1, 3, 0]])],
  ])("%s is known", (_what, update) => {
    const index = anIndex(anUpdate([[1, 0, text("hello")]], [[1, 1, 2]]));
    expect(index.examine(update, "edit", limits)).toEqual({ type: "known" });
    expect(index.examine(update, "state", limits)).toEqual({ type: "known" });
  });

  test("a new update passes as the bytes it came in", () => {
    const [first, second, deletion] = updatesOf(aDoc(), (doc) => {
      doc.getText("text").insert(0, "hello");
      doc.getText("text").insert(5, "!");
      doc.getText("text").delete(0, 2);
    });
    const index = new YjsContentIndex();
    for (const update of [first!, second!, deletion!]) expect(admitted(offer(index, update)).payload).toBe(update);
  });

  test("known structs are cut away by their bytes", () => {
    const [first, second] = updatesOf(aDoc(), (doc) => {
      doc.getText("text").insert(0, "hello");
      doc.getText("text").insert(0, "oh ");
    });
    const index = anIndex(first!);
    const { payload, change } = admitted(offer(index, Y.mergeUpdates([first!, second!]), "edit"));
    expect(payload).toEqual(second);
    expect(change).toEqual({ engine: "yjs", structs: [{ author: 1, from: 5, to: 8 }], deletes: [] });
  });

  test.each([
    ["a text", text("abcdef"), "abcdef", 6],
    ["a text outside ASCII", text("žlučoů"), "žlučoů", 6],
    ["a text outside the basic plane", text("ab🦊cd"), "ab🦊cd", 6],
    ["any values", item(contents.raw(8, 3, 125, 1, 119, 1, 97, 117, 2, 126, 126)), "", 3],
    ["JSON values", item(contents.raw(2, 3, 1, 49, 1, 50, 1, 51)), "", 3],
    ["deleted content", item(contents.deleted(6)), "", 6],
    ["a collected struct", gc(6), "", 6],
  ])("%s that is known in part is cut, and the two parts make the whole", (_what, struct, shown, length) => {
    const whole = anUpdate([[1, 0, struct]]);
    for (let known = 1; known < length; known++) {
      const before = admitted(new YjsContentIndex().examine(whole, "edit", limits)).payload;
      const rest = Y.diffUpdate(whole, Y.encodeStateVector(new Map([[1, known]])));
      const index = new YjsContentIndex();
      index.join({ engine: "yjs", structs: [{ author: 1, from: 0, to: known }], deletes: [] });
      const { payload } = admitted(offer(index, whole));
      expect(payload).toEqual(rest);
      // Yjs itself replaces the halves of a pair that is cut.
      if (!/^[\udc00-\udfff]/.test(shown.slice(known))) expect(textFrom(before, payload)).toBe(shown);
      expect(index.examine(whole, "edit", limits)).toEqual({ type: "known" });
    }
  });

  test("a cut keeps the right origin", () => {
    const base = anUpdate([[2, 0, text("[]")]]);
    const whole = anUpdate([[1, 0, text("abc", { origin: [2, 0], rightOrigin: [2, 1] })]]);
    const index = anIndex(base);
    index.join({ engine: "yjs", structs: [{ author: 1, from: 0, to: 1 }], deletes: [] });
    expect(admitted(offer(index, whole)).payload).toEqual(Y.diffUpdate(whole, Y.encodeStateVector(new Map([[1, 1]]))));
  });

  test("of a deletion only what is new is let in", () => {
    const index = anIndex(anUpdate([[1, 0, text("0123456789")]], [[1, 3, 2]]));
    const { payload, change } = admitted(offer(index, anUpdate([], [[1, 1, 7]])));
    expect(change.deletes).toEqual([
      { author: 1, from: 1, to: 3 },
      { author: 1, from: 5, to: 8 },
    ]);
    expect(textFrom(anUpdate([[1, 0, text("0123456789")]], [[1, 3, 2]]), payload)).toBe("089");
  });

  test("what another writer left in disorder is let in, in order", () => {
    const base = anUpdate([[1, 0, text("0123456789")]]);
    const { payload } = admitted(
      offer(
        anIndex(base),
        anUpdate(
          [],
          [
            [1, 6, 2],
            [1, 2, 1],
          ],
        ),
      ),
    );
    expect([...payload]).toEqual([0, 1, 1, 2, 2, 1, 6, 2]);
    expect(textFrom(base, payload)).toBe("0134589");
  });

  test("collected structs and deleted content count as deleted", () => {
    const told = anIndex(anUpdate([[1, 0, gc(3), item(contents.deleted(2))]]));
    const again = anIndex(anUpdate([[1, 0, gc(3), item(contents.deleted(2))]], [[1, 0, 5]]));
    expect(told.hash()).toBe(again.hash());
    expect(told.examine(anUpdate([], [[1, 0, 5]]), "state", limits)).toEqual({ type: "known" });
  });

  test("a synced client's whole state is known", () => {
    const state = stateOf((doc) => {
      doc.getText("text").insert(0, "hello world");
      doc.getText("text").delete(3, 4);
      doc.getMap("map").set("k", new Y.Map());
      doc.getMap("map").set("k", 1);
    });
    expect(anIndex(state).examine(state, "state", limits)).toEqual({ type: "known" });
  });
});

describe("what hangs on something missing", () => {
  const base = anUpdate([[1, 0, text("hello")]]);
  const gaps: readonly (readonly [what: string, update: Uint8Array, missing: string])[] = [
    ["an earlier clock of its author", anUpdate([[1, 7, text("x", { origin: [1, 4] })]]), "author 1 from clock 5"],
    ["an earlier clock of a new author", anUpdate([[2, 1, text("x")]]), "author 2 from clock 0"],
    ["an origin", anUpdate([[2, 0, text("x", { origin: [1, 5] })]]), "author 1 from clock 5"],
    ["an origin of an unknown author", anUpdate([[2, 0, text("x", { origin: [3, 0] })]]), "author 3 from clock 0"],
    ["a right origin", anUpdate([[2, 0, text("x", { rightOrigin: [1, 9] })]]), "author 1 from clock 9"],
    ["a parent", anUpdate([[2, 0, text("x", { parent: [3, 2] })]]), "author 3 from clock 2"],
    ["a delete target", anUpdate([], [[1, 4, 2]]), "author 1 from clock 5"],
    ["a delete target of an unknown author", anUpdate([], [[9, 4, 2]]), "author 9 from clock 4"],
    ["what a skip leaves open", anUpdate([[1, 5, skip(1), text("x", { origin: [1, 4] })]]), "author 1 from clock 5"],
    [
      "itself, in a circle",
      anUpdate([
        [2, 0, text("x", { origin: [3, 0] })],
        [3, 0, text("y", { origin: [2, 0] })],
      ]),
      "author 3 from clock 0",
    ],
  ];

  test.each(gaps)("[P3] an edit that lacks %s is a gap and changes nothing", (_what, update, missing) => {
    const index = anIndex(base);
    const before = index.hash();
    expect(offer(index, update)).toMatchObject({ type: "gap", missing });
    expect(index.hash()).toBe(before);
  });

  test("[P3] an edit with a gap in one part is let in in no part", () => {
    const index = anIndex(base);
    const update = anUpdate(
      [
        [2, 0, text("fine")],
        [3, 0, text("x", { origin: [4, 0] })],
      ],
      [[1, 0, 1]],
    );
    expect(offer(index, update)).toMatchObject({ type: "gap" });
    expect(index.hash()).toBe(anIndex(base).hash());
  });

  test("of a state the applicable part is let in, the rest left out", () => {
    const index = anIndex(base);
    const update = anUpdate(
      [
        [3, 0, text("x", { origin: [4, 0] })],
        [2, 0, text("fine", { origin: [1, 4] }), text("y", { origin: [3, 0] })],
        [1, 5, text("!", { origin: [1, 4] })],
      ],
      [
        [1, 0, 1],
        [2, 3, 2],
      ],
    );
    const { payload, change, leftOut } = admitted(offer(index, update, "state"));
    expect(leftOut).toBe(true);
    expect(change.structs).toEqual([
      { author: 2, from: 0, to: 4 },
      { author: 1, from: 5, to: 6 },
    ]);
    expect(change.deletes).toEqual([
      { author: 1, from: 0, to: 1 },
      { author: 2, from: 3, to: 4 },
    ]);
    expect(textFrom(base, payload)).toMatch(/^ello(fin!|!fin)$/);
    expect(index.examine(update, "state", limits)).toMatchObject({ type: "gap", missing: "author 4 from clock 0" });
  });

  test("a state of which nothing is applicable is a gap", () => {
    expect(offer(anIndex(base), anUpdate([[2, 0, text("x", { origin: [3, 0] })]]), "state")).toMatchObject({
      type: "gap",
      missing: "author 3 from clock 0",
    });
  });

  test("references between the authors of one update are followed whatever their order", () => {
    const update = anUpdate([
      [1, 0, text("a", { origin: [2, 0] }), text("b", { origin: [3, 1] })],
      [2, 0, text("c", { origin: [3, 0] }), text("d", { origin: [1, 1] })],
      [3, 0, text("e"), text("f", { origin: [1, 0] })],
    ]);
    const index = new YjsContentIndex();
    expect(admitted(offer(index, update)).payload).toBe(update);
    expect(textFrom(update)).toHaveLength(6);
  });

  test("a gap is healed by the difference to the state vector that the relay names", () => {
    const doc = aDoc();
    const [first, , third] = updatesOf(doc, () => ["a", "b", "c"].forEach((word) => doc.getText("text").insert(0, word)));
    const index = anIndex(first!);
    expect(offer(index, third!)).toMatchObject({ type: "gap" });
    const { payload, leftOut } = admitted(offer(index, Y.encodeStateAsUpdate(doc, index.stateVector()), "state"));
    expect(leftOut).toBe(false);
    expect(textFrom(first!, payload)).toBe("cba");
  });
});

describe("limits", () => {
  const authors = (count: number) => anUpdate(Array.from({ length: count }, (_, client) => [client + 1, 0, text("x")] as const));

  test("[P8] an edit of too many authors is refused, a state is not", () => {
    const index = new YjsContentIndex();
    expect(offer(index, authors(17))).toMatchObject({ type: "refused", refusal: { code: "TOO_MANY_PARTS" } });
    expect(offer(index, authors(17), "state")).toMatchObject({ type: "admitted" });
  });

  test("[P8] a room takes no more authors than its limit, and goes on with those it has", () => {
    const index = anIndex(authors(100));
    expect(offer(index, anUpdate([[500, 0, text("x")]]))).toMatchObject({ type: "refused", refusal: { code: "TOO_MANY_PARTS" } });
    expect(offer(index, anUpdate([[100, 1, text("x", { origin: [100, 0] })]]))).toMatchObject({ type: "admitted" });
    expect(index.authors).toBe(100);
  });

  test.each([
    [64, "admitted"],
    [65, "refused"],
  ])("[P8] types that nest %i deep inside one update are %s", (depth, outcome) => {
    const inner = Array.from({ length: depth }, (_, at) => item(contents.type(0), { parent: [1, at] }));
    const update = anUpdate([[1, 0, item(contents.type(0)), ...inner]]);
    expect(offer(new YjsContentIndex(), update, "state")).toMatchObject(
      outcome === "refused" ? { type: outcome, refusal: { code: "TOO_DEEP" } } : { type: outcome },
    );
  });

  test("[P8] nesting is followed through origins", () => {
    const inner = Array.from({ length: 140 }, (_, at) => item(contents.type(0), at % 2 === 0 ? { parent: [1, at] } : { origin: [1, at] }));
    expect(offer(new YjsContentIndex(), anUpdate([[1, 0, item(contents.type(0)), ...inner]]))).toMatchObject({
      refusal: { code: "TOO_DEEP" },
    });
  });

  test("[P8] a web of references between thousands of authors is placed in linear time", { timeout: 20_000 }, () => {
    const count = 20_000;
    const blocks = Array.from(
      { length: count },
      (_, at) => [at + 1, 0, at + 1 === count ? text("x") : text("x", { origin: [at + 2, 0] })] as const,
    );
    const roomy = { ...limits, authorsPerRoomMax: count };
    expect(offer(new YjsContentIndex(), anUpdate(blocks), "state", roomy)).toMatchObject({ type: "admitted", leftOut: false });
  });
});

describe("an index", () => {
  const state = stateOf((doc) => {
    doc.getText("text").insert(0, "hello world");
    doc.getText("text").delete(3, 2);
    doc.getText("text").delete(6, 1);
  });

  test("gives the state vector that Yjs gives", () => {
    const doc = aDoc(7);
    Y.applyUpdate(doc, state);
    doc.getText("text").insert(0, "!");
    const index = anIndex(Y.encodeStateAsUpdate(doc));
    expect(index.stateVector()).toEqual(Y.encodeStateVector(doc));
    expect(index.stateVector()).toBe(index.stateVector());
  });

  test.each([
    ["an equal one", [[1, 11]], true],
    [
      "a larger one",
      [
        [1, 20],
        [2, 1],
      ],
      true,
    ],
    ["a smaller one", [[1, 10]], false],
    ["another author's", [[2, 11]], false],
    ["an empty one", [], false],
  ] as const)("is covered by %s: %s is %s", (_what, clocks, covered) => {
    expect(anIndex(state).coveredBy(Y.encodeStateVector(new Map(clocks)))).toEqual({ ok: true, value: covered });
  });

  test.each([[[]], [[1]], [[2, 1, 1]], [[0, 0]]])("[P9] bytes %j are no state vector", (bytes) => {
    expect(anIndex(state).coveredBy(Uint8Array.from(bytes))).toMatchObject({ ok: false, refusal: { code: "BAD_FRAME" } });
  });

  test("hashes alike whatever the order, and otherwise if anything differs", () => {
    const left = anUpdate([[1, 0, text("ab")]], [[1, 0, 1]]);
    const right = anUpdate([[2, 0, text("c")]]);
    const hash = anIndex(left, right).hash();
    expect(hash).toMatch(/^[0-9a-f]{16}$/);
    expect(anIndex(right, left).hash()).toBe(hash);
    expect(anIndex(left).hash()).not.toBe(hash);
    expect(anIndex(left, right, anUpdate([], [[1, 1, 1]])).hash()).not.toBe(hash);
    expect(anIndex(left, anUpdate([[3, 0, text("c")]])).hash()).not.toBe(hash);
  });

  test.each([
    ["authors out of order", [2, 2, 1, 0, 1, 1, 0]],
    ["an author twice", [2, 1, 1, 0, 1, 1, 0]],
    ["an author without clocks", [1, 1, 0, 0]],
    ["a deletion beyond the clock", [1, 1, 2, 1, 1, 2]],
    ["touching deletions", [1, 1, 9, 2, 1, 2, 0, 2]],
    ["an empty deletion", [1, 1, 9, 1, 1, 0]],
    ["a tail", [0, 0]],
    ["a torn end", [1, 1]],
  ])("[P9] refuses bytes with %s", (_what, bytes) => {
    expect(YjsContentIndex.decode(Uint8Array.from(bytes))).toMatchObject({ ok: false, refusal: { code: "BAD_FRAME" } });
  });

  test("carries its whole delete set as an update without structs", () => {
    const index = anIndex(state);
    const doc = new Y.Doc();
    Y.applyUpdate(
      doc,
      stateOf((fresh) => fresh.getText("text").insert(0, "hello world")),
    );
    Y.applyUpdate(doc, index.deleteSetUpdate());
    expect(doc.getText("text").toString()).toBe(textFrom(state));
  });

  test("refuses, as a bug of ours, to join what leaves a hole", () => {
    expect(() => new YjsContentIndex().join({ engine: "yjs", structs: [{ author: 1, from: 1, to: 2 }], deletes: [] })).toThrow(/no hole/);
  });
});
