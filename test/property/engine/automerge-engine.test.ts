/**
 * The half of Automerge's engine that builds documents, against Automerge used plainly: shadows in any order and with parts that do not apply,
 * differences from any state, and content.
 */
import * as A from "automerge";
import { noBytes } from "@inkmesh/shared/base/bytes";
import { randomInteger, seededRandom, shuffled, type Random } from "@inkmesh/shared/base/random";
import { AutomergeEngine } from "@inkmesh/shared/engine/automerge-engine";
import type { EngineCall, Shadow } from "@inkmesh/shared/engine/crdt-engine";
import { describe, expect, test } from "vitest";
import { someEditing } from "./automerge-editing.ts";
import { forSeeds } from "./seeds.ts";

const file = "automerge-engine.test.ts";
const engine = await AutomergeEngine.load();

function performed(call: EngineCall): Uint8Array {
  const result = engine.perform(call);
  if (!result.ok) throw new Error(`${result.refusal.code}: ${result.refusal.detail}`);
  return result.value;
}

function shadowOf(parts: readonly Uint8Array[]): Shadow {
  return engine.shadow(parts, { nestingMax: 64 });
}

function textOf(bytes: Uint8Array): unknown {
  return JSON.parse(Buffer.from(bytes).toString());
}

/** A change by an actor of its own, right by its head, of one operation. */
function aChange(deps: readonly string[], operation: Record<string, unknown>, actor = "abcd", seq = 1): Uint8Array {
  const ops = [{ action: "set", obj: "_root", key: "extra", value: "x", pred: [], ...operation }];
  return A.encodeChange({ actor, seq, startOp: 10_000 + seq, time: 0, message: null, deps: [...deps], ops } as never);
}

function hashOf(change: Uint8Array): string {
  return A.decodeChange(change).hash;
}

describe("a shadow of Automerge's changes", () => {
  test("holds what its parts hold, in whatever order they come, and the state stands for them", { timeout: 120_000 }, () => {
    forSeeds(8, file, (seed) => {
      const random = seededRandom(seed);
      const { changes, whole } = someEditing(random, 30);
      const parts = shuffled(random, changes);
      const cut = randomInteger(random, parts.length);
      const first = shadowOf(parts.slice(0, cut));
      const second = shadowOf([first.state, ...parts]);
      expect(second.unapplied).toEqual([]);
      expect(A.toJS(A.load(second.state))).toEqual(A.toJS(whole));
      const index = engine.decodeIndex(second.index);
      expect(index.ok && index.value.hash()).toBe(engine.indexOf(changes).index.hash());
      expect(index.ok && index.value.stateVector()).toEqual(second.stateVector);
      expect(shadowOf([second.state]).state, "it comes to itself").toEqual(second.state);
    });
  });

  test(
    "of parts that Automerge panics over, or cannot read, it names those and what hangs on them, and holds the others",
    { timeout: 120_000 },
    () => {
      forSeeds(8, file, (seed) => {
        const random = seededRandom(seed);
        const { changes, whole } = someEditing(random, 20);
        const heads = A.getHeads(whole);
        const panics = aChange(heads, { pred: ["99@bb"] });
        const hanging = aChange([hashOf(panics)], {}, "abce");
        const nowhere = aChange(heads, { obj: "99@bb" }, "abcf");
        const fine = aChange(heads, {}, "abd0");
        const bad = new Set([panics, hanging, nowhere, Uint8Array.of(1, 2, 3), A.save(whole).subarray(0, -1)]);
        const parts = shuffled(random, [...changes, fine, ...bad]);
        const { unapplied, state } = shadowOf(parts);
        expect(unapplied).toEqual(parts.flatMap((part, at) => (bad.has(part) ? [at] : [])));
        expect(A.toJS(A.load(state))).toEqual({ ...A.toJS(whole), extra: new A.ImmutableString("x") });
      });
    },
  );

  test("what hangs on something missing is named, and nothing of it is in the state", () => {
    const { changes } = someEditing(seededRandom(1), 20);
    const { unapplied, state, stateVector } = shadowOf([changes[0]!, aChange(["ab".repeat(32)], {})]);
    expect(unapplied).toEqual([1]);
    expect(A.getAllChanges(A.load(state)).map(hashOf)).toEqual([hashOf(changes[0]!)]);
    expect(Buffer.from(stateVector).toString("hex")).toBe(hashOf(changes[0]!));
  });
});

describe("values that nest deep", () => {
  /** One change of so many maps, each in the one before. */
  function nested(levels: number): Uint8Array {
    const ops = Array.from({ length: levels }, (_, at) => ({
      action: "makeMap",
      obj: at === 0 ? "_root" : `${at}@ab`,
      key: "a",
      pred: [],
    }));
    return A.encodeChange({ actor: "ab", seq: 1, startOp: 1, time: 0, message: null, deps: [], ops } as never);
  }

  test.each([
    [64, []],
    [65, [0]],
    [300, [0]],
  ])("%i levels, where 64 are taken", { timeout: 60_000 }, (levels, unapplied) => {
    expect(shadowOf([nested(levels)]).unapplied).toEqual(unapplied);
  });

  test("what is not looked at for how deep it is comes out as JSON, as far as that reaches", { timeout: 60_000 }, () => {
    for (const levels of [400, 1_200])
      expect(Buffer.from(performed({ type: "content", parts: [nested(levels)], format: "json" })).toString()).toContain('{"a":null}');
  });
});

describe("what a worker answers of Automerge's documents", () => {
  test("a difference brings whoever has any part of the changes up to all of them, and no more", { timeout: 120_000 }, () => {
    forSeeds(8, file, (seed) => {
      const random = seededRandom(seed);
      const { changes, whole } = someEditing(random, 30);
      const had = changes.slice(0, randomInteger(random, changes.length + 1));
      const { index } = engine.indexOf(had);
      const update = performed({ type: "diff", parts: changes, stateVector: index.stateVector() });
      const [replica] = A.applyChanges(A.init(), [...had]);
      expect(A.toJS(A.loadIncremental(replica, update))).toEqual(A.toJS(whole));
      expect(engine.indexOf([update, ...had]).unapplied).toEqual([]);
      const again = A.getAllChanges(A.loadIncremental(A.init(), update)).map(hashOf);
      expect(again.filter((hash) => had.some((change) => hashOf(change) === hash))).toEqual([]);
    });
  });

  test("heads that are not here bring everything; what are no heads is refused", () => {
    const { changes, whole } = someEditing(seededRandom(2), 10);
    const update = performed({ type: "diff", parts: changes, stateVector: new Uint8Array(32).fill(7) });
    expect(A.toJS(A.loadIncremental(A.init(), update))).toEqual(A.toJS(whole));
    expect(engine.perform({ type: "diff", parts: changes, stateVector: new Uint8Array(5) })).toMatchObject({ ok: false });
  });

  test("a document as JSON, and as Automerge's bytes", () => {
    const document = A.from({
      text: "héllo",
      count: new A.Counter(3),
      at: new Date(0),
      raw: new Uint8Array([1, 2]),
      list: [1, null, { deep: true }],
      old: new A.ImmutableString("kept"),
      ["__proto__x"]: 1,
    });
    const parts = A.getAllChanges(document);
    expect(textOf(performed({ type: "content", parts, format: "json" }))).toEqual({
      text: "héllo",
      count: 3,
      at: "1970-01-01T00:00:00.000Z",
      raw: [1, 2],
      list: [1, null, { deep: true }],
      old: "kept",
      ["__proto__x"]: 1,
    });
    expect(A.toJS(A.load(performed({ type: "content", parts, format: "update" })))).toEqual(A.toJS(document));
    expect(textOf(performed({ type: "content", parts: [], format: "json" }))).toEqual({});
  });

  test.each(["text", "markdown", "html"] as const)("it is not answered as %s, and nothing is written into it", (format) => {
    const unsayable = { ok: false, refusal: { code: "UNSAYABLE" } };
    expect(engine.perform({ type: "content", parts: [], format })).toMatchObject(unsayable);
    const author = { type: "given", client: 1, clock: 0 } as const;
    expect(engine.perform({ type: "write", parts: [], format, body: "a", kind: "text", author })).toMatchObject(unsayable);
  });

  test("damaged parts are left out or read, and nothing is thrown", { timeout: 120_000 }, () => {
    forSeeds(6, file, (seed) => {
      const random = seededRandom(seed);
      const { changes, whole } = someEditing(random, 12);
      for (let round = 0; round < 12; round++) {
        const parts = [A.save(whole), ...changes].map((part) => damaged(part, random));
        expect(engine.perform({ type: "content", parts, format: "json" }).ok).toBe(true);
        expect(engine.perform({ type: "diff", parts, stateVector: noBytes }).ok).toBe(true);
      }
    });
  });
});

function damaged(part: Uint8Array, random: Random): Uint8Array {
  if (random.fraction() < 0.7) return part;
  const bytes = Uint8Array.from(part);
  bytes[randomInteger(random, bytes.length)]! ^= 1 + randomInteger(random, 255);
  return bytes;
}
