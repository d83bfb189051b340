/**
 * What is read of Automerge's changes without Automerge, against Automerge: heads of random concurrent documents, in any order, whole or damaged.
 */
import * as A from "automerge";
import { randomInteger, seededRandom, shuffled, type Random } from "@inkmesh/shared/base/random";
import { concatBytes } from "@inkmesh/shared/base/bytes";
import { readChanges } from "@inkmesh/shared/engine/automerge-change";
import { AutomergeContentIndex } from "@inkmesh/shared/engine/automerge-content-index";
import type { ContentLimits } from "@inkmesh/shared/engine/crdt-engine";
import { describe, expect, test } from "vitest";
import { someEditing } from "./automerge-editing.ts";
import { forSeeds } from "./seeds.ts";

const file = "automerge.test.ts";
const limits: ContentLimits = {
  partsPerUpdateMax: 50_000,
  authorsPerEditMax: 16,
  clockMax: 2 ** 40,
  nestingMax: 64,
  authorsPerRoomMax: 100,
};

function headsOf(update: Uint8Array): { hash: string; deps: readonly string[]; actor: string; seq: number; startOp: number }[] {
  const read = readChanges(update, limits);
  if (!read.ok) throw new Error(`${read.refusal.code}: ${read.refusal.detail}`);
  return read.value.map(({ hash, deps, actor, seq, startOp }) => ({ hash, deps, actor, seq, startOp }));
}

/** What a room with this index lets in. */
function offer(index: AutomergeContentIndex, update: Uint8Array, kind: "edit" | "state"): "known" | "admitted" | "left out" | "gap" {
  const before = index.hash();
  const admission = index.examine(update, kind, limits);
  expect(index.hash(), "examining changes nothing").toBe(before);
  if (admission.type === "refused") throw new Error(`${admission.refusal.code}: ${admission.refusal.detail}`);
  if (admission.type !== "admitted") return admission.type;
  index.join(admission.change);
  expect(index.hash(), "what is let in was not known").not.toBe(before);
  expect(index.examine(admission.payload, kind, limits), "what is let in is known afterwards").toEqual({ type: "known" });
  return admission.leftOut ? "left out" : "admitted";
}

/** The changes in pieces of one to five. */
function inPieces(changes: readonly Uint8Array[], random: Random): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let from = 0, length = 0; from < changes.length; from += length) {
    length = 1 + randomInteger(random, 5);
    pieces.push(concatBytes(changes.slice(from, from + length)));
  }
  return pieces;
}

describe("Automerge's changes, read without Automerge", () => {
  test("hashes, deps, actors and numbers are those that Automerge decodes", () => {
    let deflated = 0;
    forSeeds(15, file, (seed) => {
      const { changes } = someEditing(seededRandom(seed), 40);
      const expected = changes
        .map((change) => A.decodeChange(change))
        .map(({ hash, deps, actor, seq, startOp }) => ({ hash, deps, actor, seq, startOp }));
      expect(headsOf(concatBytes(changes))).toEqual(expected);
      deflated += changes.filter((change) => change[8] === 2).length;
    });
    expect(deflated, "some changes must have been deflated").toBeGreaterThan(0);
  });

  test("changed bytes are read or refused, and never read as a change that Automerge does not find there", { timeout: 120_000 }, () => {
    let refused = 0;
    forSeeds(10, file, (seed) => {
      const random = seededRandom(seed);
      const { changes } = someEditing(random, 30);
      for (let round = 0; round < 300; round++) {
        const update = Uint8Array.from(concatBytes(changes.slice(randomInteger(random, changes.length))));
        for (let left = 1 + randomInteger(random, 3); left > 0; left--)
          update[randomInteger(random, update.length)] = randomInteger(random, 256);
        const cut = random.fraction() < 0.3 ? update.subarray(0, randomInteger(random, update.length)) : update;
        const read = readChanges(cut, limits);
        if (!read.ok) refused++;
        else for (const change of read.value) expect(A.decodeChange(change.bytes).hash).toBe(change.hash);
      }
    });
    expect(refused).toBeGreaterThan(1_000);
  });
});

describe("what a room contains of Automerge's changes", () => {
  test("in whatever order it comes, it has Automerge's heads, and hashes and encodes alike", { timeout: 120_000 }, () => {
    let gaps = 0;
    forSeeds(15, file, (seed) => {
      const random = seededRandom(seed);
      const { changes, whole } = someEditing(random, 40);
      const inOrder = new AutomergeContentIndex();
      expect(offer(inOrder, concatBytes(changes), "state")).toBe("admitted");
      expect(inOrder.heads).toEqual(A.getHeads(whole).toSorted());

      const index = new AutomergeContentIndex();
      let waiting = shuffled(random, inPieces(changes, random));
      for (let round = 0; waiting.length > 0; round++) {
        if (round > changes.length) throw new Error("it never ends");
        waiting = waiting.filter((piece) => {
          const kind = random.fraction() < 0.5 ? "edit" : "state";
          const answer = offer(index, piece, kind);
          if (answer === "gap") gaps++;
          return answer === "gap" || answer === "left out";
        });
      }
      expect(index.heads).toEqual(inOrder.heads);
      expect(index.hash()).toBe(inOrder.hash());
      expect(index.encode()).toEqual(inOrder.encode());
      expect(index.coveredBy(inOrder.stateVector())).toEqual({ ok: true, value: true });
    });
    expect(gaps, "the deliveries must have had gaps").toBeGreaterThan(0);
  });

  test("what is let in, in that order, is a document that Automerge builds", { timeout: 120_000 }, () => {
    forSeeds(12, file, (seed) => {
      const random = seededRandom(seed);
      const { changes, whole } = someEditing(random, 40);
      const index = new AutomergeContentIndex();
      let document = A.init<object>();
      for (const piece of shuffled(random, inPieces(changes, random))) {
        const admission = index.examine(piece, "state", limits);
        if (admission.type !== "admitted") continue;
        index.join(admission.change);
        document = A.loadIncremental(document, admission.payload);
        expect(A.getMissingDeps(document, []), "nothing waits").toEqual([]);
        expect(A.getHeads(document).toSorted()).toEqual(index.heads);
      }
      document = A.loadIncremental(document, A.save(whole));
      expect(A.toJS(document)).toEqual(A.toJS(whole));
    });
  });

  test("an index comes back as it was encoded, and damaged bytes are refused or read as another", () => {
    forSeeds(8, file, (seed) => {
      const random = seededRandom(seed);
      const index = new AutomergeContentIndex();
      offer(index, concatBytes(someEditing(random, 20).changes), "state");
      const bytes = index.encode();
      const decoded = AutomergeContentIndex.decode(bytes);
      expect(decoded.ok && decoded.value.encode()).toEqual(bytes);
      expect(decoded.ok && decoded.value.hash()).toBe(index.hash());
      for (let round = 0; round < 50; round++) {
        const damaged = Uint8Array.from(bytes);
        damaged[randomInteger(random, bytes.length)]! ^= 1 + randomInteger(random, 255);
        const cut = damaged.subarray(0, random.fraction() < 0.5 ? bytes.length : randomInteger(random, bytes.length));
        const read = AutomergeContentIndex.decode(cut);
        if (read.ok) expect(read.value.encode()).toEqual(Uint8Array.from(cut));
      }
    });
  });
});
