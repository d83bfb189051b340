/**
 * Trials of updates that are right by their heads and checksums and damaged inside: nothing is thrown, what is said to apply does, and documents go on.
 */
import * as A from "automerge";
import { digest } from "lib0/hash/sha256";
import { describe, expect, test } from "vitest";
import { concatBytes } from "@inkmesh/shared/base/bytes";
import { randomInteger, seededRandom, type Random } from "@inkmesh/shared/base/random";
import { objectsMadeIn } from "@inkmesh/shared/engine/automerge-change";
import { changesOf } from "@inkmesh/shared/engine/automerge-document";
import { loadAutomerge, someTrials } from "../../engines.ts";
import { someEditing } from "./automerge-editing.ts";
import { forSeeds } from "./seeds.ts";

await loadAutomerge();

/** A byte of its second half (the columns, mostly) is another one, and the checksum says that this is right. */
function damaged(change: Uint8Array, random: Random): Uint8Array {
  const bytes = Uint8Array.from(change);
  const at = 9 + randomInteger(random, bytes.length - 9);
  bytes[at]! ^= 1 << randomInteger(random, 8);
  bytes.set(digest(bytes.subarray(8)).subarray(0, 4), 4);
  return bytes;
}

test("what a change makes is read as Automerge reads it, also where it is deflated", { timeout: 60_000 }, () => {
  let made = 0;
  forSeeds(6, "automerge-trials.test.ts", (seed) => {
    const { changes } = someEditing(seededRandom(seed), 30);
    for (const bytes of changes) {
      const [change] = changesOf(bytes)!;
      const { ops } = A.decodeChange(bytes);
      const rows = ops.flatMap(({ action }, row) => (action.startsWith("make") ? [row] : []));
      expect(objectsMadeIn(change!, Infinity)).toEqual(rows);
      made += rows.length;
    }
  });
  expect(made).toBeGreaterThan(10);
});

describe("[P9] changes that are damaged inside", () => {
  test("are refused or apply, and what applies makes a document that Automerge reads", { timeout: 120_000 }, () => {
    let refused = 0;
    forSeeds(10, "automerge-trials.test.ts", (seed) => {
      const random = seededRandom(seed);
      const { changes: all } = someEditing(random, 20);
      const changes = all.filter(([, , , , , , , , type]) => type === 1);
      const trials = someTrials();
      let held: Uint8Array[] = [];
      // The first time it knows no document either.
      let isSpent = true;
      for (let round = 0; round < 12; round++) {
        const update =
          random.fraction() < 0.5 ? changes[round % changes.length]! : damaged(changes[randomInteger(random, changes.length)]!, random);
        const answer = trials.try("r", { parts: isSpent ? held : undefined, news: [], updates: [update] });
        if (answer.type !== "tried") throw new Error("the document was told");
        const [verdict] = answer.verdicts;
        isSpent = answer.isSpent;
        if (verdict?.type === "refused") refused += 1;
        if (verdict?.type === "applies") held = [...held, update];
      }
      expect(A.getAllChanges(A.loadIncremental(A.init(), concatBytes(held))).length).toBe(new Set(held.map(String)).size);
    });
    expect(refused, "some are refused").toBeGreaterThan(0);
  });
});
