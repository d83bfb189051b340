/**
 * Damaged and invented bytes against admission: nothing throws, what is refused changes nothing, and what is admitted
 * applies to a real document at once.
 */
import { describe, expect, test } from "vitest";
import * as Y from "yjs";
import { randomInteger, seededRandom, type Random } from "@inkmesh/shared/base/random";
import type { ContentLimits, UpdateKind } from "@inkmesh/shared/engine/crdt-engine";
import { YjsEngine } from "@inkmesh/shared/engine/yjs-engine";
import { anAuthor, edit, tell } from "./random-editing.ts";
import { forSeeds } from "./seeds.ts";

const engine = new YjsEngine();
const limits: ContentLimits = {
  partsPerUpdateMax: 5_000,
  authorsPerEditMax: 16,
  clockMax: 2 ** 40,
  nestingMax: 64,
  authorsPerRoomMax: 1_000,
};

/** What is damaged: updates of two people who heard of each other now and then, and their states. */
function specimens(random: Random): Uint8Array[] {
  const authors = [3, 200].map(anAuthor);
  for (let step = 0; step < 24; step++) {
    const author = authors[step % 2]!;
    if (random.fraction() < 0.3) tell(author, authors[(step + 1) % 2]!);
    edit(author, random);
  }
  const states = authors.map(({ doc }) => Y.encodeStateAsUpdate(doc));
  return [...authors.flatMap(({ sent }) => sent), ...states, Y.mergeUpdates(states)];
}

type Damage = (bytes: Uint8Array, random: Random, others: readonly Uint8Array[]) => Uint8Array;

const damages: readonly Damage[] = [
  (bytes, random) => changed(bytes, random, (byte) => byte ^ (1 << randomInteger(random, 8))),
  (bytes, random) => changed(bytes, random, () => randomInteger(random, 256)),
  (bytes, random) => changed(bytes, random, (byte) => byte + (random.fraction() < 0.5 ? 1 : -1)),
  (bytes, random) => bytes.slice(0, randomInteger(random, bytes.length + 1)),
  (bytes, random) => spliced(bytes, random, random.bytes(1 + randomInteger(random, 4)), 0),
  (bytes, random) => spliced(bytes, random, new Uint8Array(), 1 + randomInteger(random, 8)),
  (bytes, random, others) => {
    const other = others[randomInteger(random, others.length)]!;
    const from = randomInteger(random, other.length);
    return spliced(bytes, random, other.slice(from, from + randomInteger(random, 24)), randomInteger(random, 24));
  },
  (_bytes, random) => random.bytes(randomInteger(random, 40)),
  (bytes) => bytes,
];

function changed(bytes: Uint8Array, random: Random, change: (byte: number) => number): Uint8Array {
  const copy = bytes.slice();
  for (let count = 1 + randomInteger(random, 3); count > 0 && copy.length > 0; count--) {
    const at = randomInteger(random, copy.length);
    copy[at] = change(copy[at]!);
  }
  return copy;
}

function spliced(bytes: Uint8Array, random: Random, insert: Uint8Array, remove: number): Uint8Array {
  const at = randomInteger(random, bytes.length + 1);
  return Uint8Array.from([...bytes.subarray(0, at), ...insert, ...bytes.subarray(at + remove)]);
}

describe("admission of damaged updates", () => {
  test("[P9] damaged bytes never throw, refusals change nothing, and what is admitted applies", { timeout: 120_000 }, () => {
    const outcomes = { known: 0, admitted: 0, gap: 0, refused: 0 };
    forSeeds(30, "fuzz.test.ts", (seed) => {
      const random = seededRandom(seed);
      const samples = specimens(random);
      const index = engine.emptyIndex();
      const doc = new Y.Doc();
      const log: Uint8Array[] = [];
      for (let round = 0; round < 120; round++) {
        const damage = damages[randomInteger(random, damages.length)]!;
        const update = damage(samples[randomInteger(random, samples.length)]!, random, samples);
        const kind: UpdateKind = random.fraction() < 0.5 ? "edit" : "state";
        const before = index.hash();
        const admission = index.examine(update, kind, limits);
        outcomes[admission.type]++;
        expect(index.hash()).toBe(before);
        if (admission.type !== "admitted") continue;
        index.join(admission.change);
        log.push(admission.payload);
        Y.applyUpdate(doc, admission.payload);
        expect(doc.store.pendingStructs ?? doc.store.pendingDs).toBeNull();
        expect(index.stateVector()).toEqual(Y.encodeStateVector(doc));
      }
      const shadow = engine.shadow(log, { nestingMax: 64 });
      expect(shadow.unapplied).toEqual([]);
      expect(shadow.stateVector).toEqual(index.stateVector());
      for (const format of ["text", "markdown", "html", "json", "update"] as const)
        expect(engine.perform({ type: "content", parts: log, format }).ok).toBe(true);
    });
    for (const [outcome, count] of Object.entries(outcomes)) expect(count, `some updates were ${outcome}`).toBeGreaterThan(50);
  });

  test("[P9] a shadow holds exactly the parts that apply, whatever the parts are", { timeout: 120_000 }, () => {
    forSeeds(30, "fuzz.test.ts", (seed) => {
      const random = seededRandom(seed);
      const samples = specimens(random);
      const parts = Array.from({ length: 40 }, () => {
        const damage = damages[randomInteger(random, damages.length)]!;
        return damage(samples[randomInteger(random, samples.length)]!, random, samples);
      });
      const shadow = engine.shadow(parts, { nestingMax: 4 });
      const doc = new Y.Doc();
      Y.applyUpdate(doc, shadow.state);
      expect(doc.store.pendingStructs ?? doc.store.pendingDs).toBeNull();
      expect(Y.encodeStateVector(doc)).toEqual(shadow.stateVector);
      const applied = parts.filter((_, part) => !shadow.unapplied.includes(part));
      expect(engine.shadow(applied, { nestingMax: 4 }).unapplied).toEqual([]);
    });
  });

  test("[P9] damaged index bytes and state vectors never throw", { timeout: 60_000 }, () => {
    forSeeds(40, "fuzz.test.ts", (seed) => {
      const random = seededRandom(seed);
      const { index } = engine.indexOf(specimens(random));
      for (let round = 0; round < 60; round++) {
        const damage = damages[randomInteger(random, damages.length)]!;
        const bytes = damage(round % 2 === 0 ? index.encode() : index.stateVector(), random, [index.encode()]);
        const decoded = engine.decodeIndex(bytes);
        if (decoded.ok) expect(engine.decodeIndex(decoded.value.encode())).toMatchObject({ ok: true });
        index.coveredBy(bytes);
        engine.perform({ type: "diff", parts: [], stateVector: bytes });
      }
    });
  });
});
