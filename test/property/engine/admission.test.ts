/**
 * Admission against real documents: whatever order, duplication, merging and slicing the updates of several people come
 * in, what a room admits, replayed in the order of admission, is their document.
 */
import { describe, expect, test } from "vitest";
import * as Y from "yjs";
import { randomInteger, seededRandom, type Random } from "@inkmesh/shared/base/random";
import type { YjsContentChange } from "@inkmesh/shared/engine/admission";
import type { ContentChange, ContentIndex, ContentLimits, UpdateKind } from "@inkmesh/shared/engine/crdt-engine";
import { YjsEngine } from "@inkmesh/shared/engine/yjs-engine";
import { anAuthor, edit, hear, shown, tell, type Author } from "./random-editing.ts";
import { forSeeds } from "./seeds.ts";

const engine = new YjsEngine();
const limits: ContentLimits = {
  partsPerUpdateMax: 50_000,
  authorsPerEditMax: 16,
  clockMax: 2 ** 40,
  nestingMax: 64,
  authorsPerRoomMax: 100,
};

/** A relay reduced to admission: an index and the payloads that it let in. */
class Room {
  readonly index: ContentIndex;
  readonly log: Uint8Array[] = [];
  gaps = 0;

  constructor(index = engine.emptyIndex()) {
    this.index = index;
  }

  /** Offers an update; answers whether the sender must send the difference. Checks the rules of admission. */
  offer(update: Uint8Array, kind: UpdateKind): boolean {
    const before = this.index.hash();
    const admission = this.index.examine(update, kind, limits);
    expect(this.index.hash(), "examining changes nothing").toBe(before);
    if (admission.type === "known") return false;
    if (admission.type === "gap") {
      this.gaps++;
      return true;
    }
    if (admission.type === "refused") throw new Error(`refused: ${admission.refusal.code} ${admission.refusal.detail}`);
    if (kind === "edit") expect(admission.leftOut, "an edit is admitted whole").toBe(false);
    this.index.join(admission.change);
    expect(this.index.hash(), "what is admitted was not known").not.toBe(before);
    expect(this.index.examine(admission.payload, kind, limits), "what is admitted is known afterwards").toEqual({ type: "known" });
    this.log.push(admission.payload);
    return admission.leftOut;
  }
}

/** People edit and hear of each other; answers them, and what they sent, in the order of writing. */
function someEditing(random: Random): {
  readonly authors: readonly Author[];
  readonly sent: readonly { update: Uint8Array; author: Author }[];
} {
  const authors = [11, 4_000_000_000, 77].map(anAuthor);
  const sent: { update: Uint8Array; author: Author }[] = [];
  for (let step = 0; step < 60; step++) {
    const author = authors[randomInteger(random, authors.length)]!;
    const before = author.sent.length;
    if (random.fraction() < 0.15) tell(author, authors[randomInteger(random, authors.length)]!);
    edit(author, random);
    for (const update of author.sent.slice(before)) sent.push({ update, author });
  }
  return { authors, sent };
}

/** What reaches a relay: late, twice, merged, or in place of it the difference to some older state. */
function deliveries(
  random: Random,
  sent: readonly { update: Uint8Array; author: Author }[],
): { update: Uint8Array; kind: UpdateKind; author: Author }[] {
  const kept: { update: Uint8Array; kind: UpdateKind; author: Author; at: number }[] = [];
  for (const [index, { update, author }] of sent.entries()) {
    const late = random.fraction() < 0.3 ? randomInteger(random, 20) : 0;
    const chance = random.fraction();
    if (chance < 0.1) continue;
    const others = sent.slice(Math.max(0, index - 4), index + 2).map((each) => each.update);
    if (chance < 0.2) kept.push({ update: Y.mergeUpdates(others), kind: "state", author, at: index + late });
    else if (chance < 0.25)
      kept.push({ update: Y.encodeStateAsUpdate(author.doc, randomVector(random, author)), kind: "state", author, at: index + late });
    else kept.push({ update, kind: "edit", author, at: index + late });
    if (random.fraction() < 0.1) kept.push({ update, kind: "edit", author, at: index + randomInteger(random, 30) });
  }
  return kept.sort((left, right) => left.at - right.at);
}

/** A state vector that cuts through structs. */
function randomVector(random: Random, author: Author): Uint8Array {
  const clocks = [...Y.decodeStateVector(Y.encodeStateVector(author.doc))].map(
    ([client, clock]) => [client, randomInteger(random, clock + 1)] as const,
  );
  return Y.encodeStateVector(new Map(clocks.filter(([, clock]) => clock > 0)));
}

function replayed(log: readonly Uint8Array[]): Y.Doc {
  const doc = new Y.Doc();
  for (const payload of log) {
    Y.applyUpdate(doc, payload);
    expect(doc.store.pendingStructs ?? doc.store.pendingDs, "what is admitted can be placed at once").toBeNull();
  }
  return doc;
}

function checkConvergence(room: Room, authors: readonly Author[]): void {
  // Twice: what integration deletes by itself is named by a full state only after everybody heard of everything.
  for (const round of [1, 2]) {
    for (const author of authors) {
      const left = room.offer(Y.encodeStateAsUpdate(author.doc, room.index.stateVector()), "state");
      expect(left, `a whole state leaves nothing out in round ${round}`).toBe(false);
    }
    for (const author of authors) for (const payload of room.log) hear(author, payload);
  }
  const doc = replayed(room.log);
  const full = engine.indexOf([Y.encodeStateAsUpdate(doc)]);
  expect(full.unapplied).toEqual([]);
  expect(room.index.hash()).toBe(full.index.hash());
  for (const author of authors) {
    expect(shown(author.doc)).toBe(shown(doc));
    expect(room.offer(Y.encodeStateAsUpdate(author.doc), "state"), "a synced client's whole state is known").toBe(false);
  }
  expect(room.index.hash()).toBe(full.index.hash());
}

function deliverAll(room: Room, random: Random): readonly Author[] {
  const { authors, sent } = someEditing(random);
  for (const { update, kind, author } of deliveries(random, sent)) {
    if (room.offer(update, kind)) room.offer(Y.encodeStateAsUpdate(author.doc, room.index.stateVector()), "state");
  }
  return authors;
}

describe("admission of random concurrent editing", () => {
  test("[P1] what a room admits, replayed in that order, is everybody's document", { timeout: 120_000 }, () => {
    let gaps = 0;
    forSeeds(60, "admission.test.ts", (seed) => {
      const random = seededRandom(seed);
      const room = new Room();
      checkConvergence(room, deliverAll(room, random));
      gaps += room.gaps;
    });
    expect(gaps, "the deliveries must have had gaps").toBeGreaterThan(0);
  });

  test("[P1] a shadow of the log holds the same, in any order of its parts", { timeout: 120_000 }, () => {
    forSeeds(25, "admission.test.ts", (seed) => {
      const random = seededRandom(seed);
      const room = new Room();
      deliverAll(room, random);
      const shuffled = room.log.map((part) => ({ part, at: random.fraction() })).sort((left, right) => left.at - right.at);
      const shadow = engine.shadow(
        shuffled.map(({ part }) => part),
        { nestingMax: 64 },
      );
      expect(shadow.unapplied).toEqual([]);
      const doc = replayed(room.log);
      expect(shown(replayed([shadow.state]))).toBe(shown(doc));
      expect(shadow.stateVector).toEqual(Y.encodeStateVector(doc));
      expect(room.index.stateVector()).toEqual(shadow.stateVector);
      expect(shown(replayed([...room.log.slice(0, 5), shadow.state, shadow.deleteSetUpdate]))).toBe(shown(doc));
    });
  });

  test("an index survives being encoded and decoded", { timeout: 60_000 }, () => {
    forSeeds(25, "admission.test.ts", (seed) => {
      const room = new Room();
      deliverAll(room, seededRandom(seed));
      const decoded = engine.decodeIndex(room.index.encode());
      expect(decoded.ok && decoded.value.hash()).toBe(room.index.hash());
      expect(decoded.ok && decoded.value.encode()).toEqual(room.index.encode());
      expect(decoded.ok && decoded.value.stateVector()).toEqual(room.index.stateVector());
    });
  });
});

describe("the checks above are able to fail", () => {
  /** An index that takes gaps for content, as a relay without admission would. */
  function credulous(): ContentIndex {
    const index = engine.emptyIndex();
    return {
      ...bound(index),
      examine: (update, kind) => {
        const admission = index.examine(update, kind, limits);
        return admission.type === "gap"
          ? {
              type: "admitted",
              payload: update,
              change: { engine: "yjs", structs: [], deletes: [{ author: 1, from: update.length, to: update.length + 1 }] },
              leftOut: false,
            }
          : admission;
      },
    };
  }

  /** An index that forgets deletions. */
  function forgetful(): ContentIndex {
    const index = engine.emptyIndex();
    const withoutDeletions = (change: ContentChange): YjsContentChange => ({ ...(change as YjsContentChange), deletes: [] });
    return { ...bound(index), join: (change) => index.join(withoutDeletions(change)) };
  }

  function bound(index: ContentIndex): ContentIndex {
    return {
      examine: index.examine.bind(index),
      join: index.join.bind(index),
      stateVector: index.stateVector.bind(index),
      coveredBy: index.coveredBy.bind(index),
      hash: index.hash.bind(index),
      encode: index.encode.bind(index),
      clockOf: index.clockOf.bind(index),
      holds: index.holds.bind(index),
      get authors() {
        return index.authors;
      },
    };
  }

  test.each([
    ["that takes what has a gap is noticed", credulous, true],
    ["that forgets deletions is noticed", forgetful, true],
    ["without such a fault is not", () => bound(engine.emptyIndex()), false],
  ])("an index %s, within twenty seeds", { timeout: 60_000 }, (_fault, make, noticed) => {
    const failures = Array.from({ length: 20 }, (_, seed) => {
      try {
        const room = new Room(make());
        checkConvergence(room, deliverAll(room, seededRandom(seed)));
        return false;
      } catch {
        return true;
      }
    });
    expect(failures.includes(true)).toBe(noticed);
  });
});
