/**
 * What is let in of other relays' entries on a disk that never named what they build on, since others had pruned it before.
 */
import type { RelayId } from "@inkmesh/shared/base/ids";
import type { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { Entry } from "@inkmesh/shared/engine/entry";
import { expect, test } from "vitest";
import { EntryIntake } from "../../../../server/core/gossip/entry-intake.ts";
import type { RelayContext } from "../../../../server/core/relay-context.ts";
import type { RoomCopy } from "../../../../server/core/gossip/room-copy.ts";
import type { RoomPlace } from "../../../../server/core/gossip/room-place.ts";
import type { RoomRepair } from "../../../../server/core/gossip/room-repair.ts";
import { aLife } from "../membership/a-membership.ts";
import { aClock, anEntry, lineage, replicationLimits } from "./a-room.ts";

const [a, b, old] = [aLife("a"), aLife("b"), aLife("old")];

/** What, entries and the counters of clocks, of `entries`, which b sends, a copy takes that has one entry of its own, and knows that `old` needs no name up to its seventh. */
function taken(entries: readonly Entry[]): readonly unknown[] {
  const all: unknown[] = [];
  const clock = aClock({ [a]: 1 });
  const context = {
    self: "a",
    placement: { limits: replicationLimits() },
    store: { refusal: undefined },
    offsets: { heard: () => undefined },
    now: { monotonicMs: 0, wallMs: 0 },
    peers: { lifeOf: () => undefined, tell: () => undefined },
  };
  const copy = {
    lineage,
    isOpen: true,
    content: { clock, pruned: aClock({}) },
    takeEntry: (entry: Entry) => void all.push(entry),
    takeClock: (named: VectorClock) => void all.push(Object.fromEntries(named.entries())),
  };
  const intake = new EntryIntake({
    context: context as unknown as RelayContext,
    copy: copy as unknown as RoomCopy,
    place: { replicas: ["a", "b"] as RelayId[] } as unknown as RoomPlace,
    repair: { landed: () => undefined, request: () => undefined } as unknown as RoomRepair,
    names: { known: () => aClock({ [a]: 1, [old]: 7 }) },
    changed: () => undefined,
  });
  intake.came(b, { type: "entries", lineage, upstream: undefined, entries });
  return all;
}

test("[P2] an entry that builds on what needs no name waits for nothing", () => {
  const entry = anEntry(b, 1, { [a]: 1, [old]: 7 });
  expect(taken([entry])).toEqual([entry]);
});

test("[P2] an actor that writes on is named again with all that it had written", () => {
  const entry = anEntry(old, 8, { [a]: 1 });
  expect(taken([entry])).toEqual([{ [old]: 7 }, entry]);
});
