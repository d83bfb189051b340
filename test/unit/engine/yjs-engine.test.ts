import { existsSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import * as Y from "yjs";
import { YjsEngine } from "@inkmesh/shared/engine/yjs-engine";
import { aDoc, anUpdate, contents, item, roomyLimits, stateOf, updatesOf } from "./an-update.ts";

const engine = new YjsEngine();
const text = (word: string, at: Parameters<typeof item>[1] = {}) => item(contents.string(word), at);
const options = { nestingMax: 8 };

function textOf(update: Uint8Array): string {
  const doc = new Y.Doc();
  Y.applyUpdate(doc, update);
  expect(doc.store.pendingStructs ?? doc.store.pendingDs).toBeNull();
  return doc.getText("text").toString();
}

/** Types nested `depth` deep over as many updates. */
function nested(client: number, depth: number): Uint8Array[] {
  return Array.from({ length: depth }, (_, at) =>
    anUpdate([[client, at, item(contents.type(0), at === 0 ? {} : { parent: [client, at - 1] })]]),
  );
}

describe("a shadow", () => {
  const words = updatesOf(aDoc(), (doc) => ["a", "b", "c"].forEach((word, at) => doc.getText("text").insert(at, word)));

  test("holds all parts, encoded anew, and names what it holds", () => {
    const shadow = engine.shadow(words, options);
    expect(shadow.unapplied).toEqual([]);
    expect(textOf(shadow.state)).toBe("abc");
    expect(shadow.state.length).toBeLessThan(words.reduce((sum, { length }) => sum + length, 0));
    const index = engine.decodeIndex(shadow.index);
    expect(index.ok && index.value.hash()).toBe(engine.indexOf(words).index.hash());
    expect(index.ok && index.value.stateVector()).toEqual(shadow.stateVector);
  });

  test("of nothing is an empty document", () => {
    const shadow = engine.shadow([], options);
    expect(shadow).toMatchObject({
      unapplied: [],
      state: Uint8Array.from([0, 0]),
      stateVector: Uint8Array.from([0]),
      deleteSetUpdate: Uint8Array.from([0, 0]),
    });
  });

  test("takes parts whatever their order", () => {
    expect(engine.shadow(words.toReversed(), options).unapplied).toEqual([]);
    expect(textOf(engine.shadow(words.toReversed(), options).state)).toBe("abc");
  });

  test("[P9] leaves out what is no update, what hangs on something missing, and what hangs on that", () => {
    const parts = [
      words[0]!,
      Uint8Array.from([9, 9, 9]),
      anUpdate([[2, 0, text("x", { origin: [3, 0] })]]),
      anUpdate([[4, 0, text("y", { origin: [2, 0] })]]),
      anUpdate([[5, 0, text("z")]], [[6, 0, 1]]),
      words[1]!,
    ];
    const shadow = engine.shadow(parts, options);
    expect(shadow.unapplied).toEqual([1, 2, 3, 4]);
    expect(textOf(shadow.state)).toBe("ab");
    expect(engine.indexOf(parts).unapplied).toEqual([1, 2, 3, 4]);
  });

  test("[P9] leaves out parts that nest deeper than a document may, and keeps what came before and after", () => {
    const deep = nested(9, 12);
    const shadow = engine.shadow([words[0]!, ...deep, words[1]!, ...nested(10, 9)], options);
    expect(shadow.unapplied).toEqual([10, 11, 12]);
    expect(textOf(shadow.state)).toBe("ab");
    expect(engine.shadow([shadow.state, words[2]!], options).unapplied).toEqual([]);
  });

  test("[P9] a bad part in each ten costs time in proportion", { timeout: 20_000 }, () => {
    const parts = Array.from({ length: 100 }, (_, at) => nested(1_000 + at, 10)).flat();
    const shadow = engine.shadow(parts, options);
    expect(shadow.unapplied).toHaveLength(100);
  });

  test("gives a delete set that brings a client without deletions up to date", () => {
    const parts = updatesOf(aDoc(), (doc) => {
      doc.getText("text").insert(0, "hello");
      doc.getText("text").delete(1, 3);
    });
    const { deleteSetUpdate } = engine.shadow(parts, options);
    const client = new Y.Doc();
    Y.applyUpdate(client, parts[0]!);
    Y.applyUpdate(client, deleteSetUpdate);
    expect(client.getText("text").toString()).toBe("ho");
  });

  test("is the same bytes every time", () => {
    expect(engine.shadow(words, options)).toEqual(engine.shadow(words, options));
  });
});

describe("engine calls", () => {
  const words = updatesOf(aDoc(), (doc) => ["a", "b", "c"].forEach((word, at) => doc.getText("text").insert(at, word)));

  test("a difference brings a replica up to all parts", () => {
    const client = new Y.Doc();
    Y.applyUpdate(client, words[0]!);
    const answer = engine.perform({ type: "diff", parts: words, stateVector: Y.encodeStateVector(client) });
    if (!answer.ok) throw new Error(answer.refusal.detail);
    Y.applyUpdate(client, answer.value);
    expect(client.getText("text").toString()).toBe("abc");
    expect(answer.value.length).toBeLessThan(stateOf((doc) => doc.getText("text").insert(0, "abc")).length + 8);
  });

  test("[P9] a part that does not apply does not keep the others from being answered", () => {
    const parts = [words[0]!, Uint8Array.from([1, 2, 3]), anUpdate([[2, 0, text("x", { origin: [3, 0] })]]), words[1]!];
    const diff = engine.perform({ type: "diff", parts, stateVector: Uint8Array.from([0]) });
    expect(diff.ok && textOf(diff.value)).toBe("ab");
    const content = engine.perform({ type: "content", parts, format: "text" });
    expect(content.ok && new TextDecoder().decode(content.value)).toBe("ab");
  });

  test("[P9] a state vector that is none is refused", () => {
    expect(engine.perform({ type: "diff", parts: [], stateVector: Uint8Array.from([5]) })).toMatchObject({
      ok: false,
      refusal: { code: "BAD_FRAME" },
    });
  });
});

const trace = new URL("../../../../shared/traces/sveltecomponent.json.gz", import.meta.url);

interface Trace {
  readonly startContent: string;
  readonly endContent: string;
  readonly txns: readonly { readonly patches: readonly (readonly [at: number, deleted: number, inserted: string])[] }[];
}

describe.skipIf(!existsSync(trace))("a recorded editing history (skipped when the traces folder is not beside the project)", () => {
  test("[P1] is admitted keystroke by keystroke as it is, and its index is that of the final state", { timeout: 60_000 }, () => {
    const { startContent, endContent, txns } = JSON.parse(gunzipSync(readFileSync(trace)).toString()) as Trace;
    const doc = aDoc(1_234_567);
    const document = doc.getText("text");
    const index = engine.emptyIndex();
    const log: Uint8Array[] = [];
    doc.on("update", (update: Uint8Array) => {
      const admission = index.examine(update, "edit", roomyLimits);
      if (admission.type !== "admitted") throw new Error(`update ${log.length}: ${admission.type}`);
      index.join(admission.change);
      log.push(admission.payload);
      expect(admission.payload).toBe(update);
    });
    if (startContent !== "") document.insert(0, startContent);
    for (const { patches } of txns) {
      doc.transact(() => {
        for (const [at, deleted, inserted] of patches) {
          document.delete(at, deleted);
          document.insert(at, inserted);
        }
      });
    }
    expect(log.length).toBeGreaterThan(18_000);
    const state = Y.encodeStateAsUpdate(doc);
    expect(index.hash()).toBe(engine.indexOf([state]).index.hash());
    expect(index.examine(state, "state", roomyLimits)).toEqual({ type: "known" });
    const content = engine.perform({ type: "content", parts: log, format: "text" });
    expect(content.ok && new TextDecoder().decode(content.value)).toBe(endContent);
  });
});
