/**
 * By what names a copy asks for what it lacks.
 */
import type { RelayId } from "@inkmesh/shared/base/ids";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import { YjsEngine } from "@inkmesh/shared/engine/yjs-engine";
import type { MeshRoomMessage } from "@inkmesh/shared/wire/mesh-room-message";
import { expect, test } from "vitest";
import type { RoomCopy } from "../../../../server/core/gossip/room-copy.ts";
import { RoomRepair, type RepairStanding } from "../../../../server/core/gossip/room-repair.ts";
import type { RelayContext } from "../../../../server/core/relay-context.ts";
import { RoomContent } from "../../../../server/core/room-content.ts";
import { limitsWith } from "../../../../server/config.ts";
import { aLife } from "../membership/a-membership.ts";
import { aClock, lineage, replicationLimits, ringOne } from "./a-room.ts";

const [a, b] = [aLife("a"), aLife("b")];
const known = aClock({ [a]: 3 });

/** The names by which relay a, one of the replicas, asks b; with `isCompared` b has said before that it has something else. */
function askedBy({ isComplete, isCompared, isUnnamed }: Record<"isComplete" | "isCompared" | "isUnnamed", boolean>): object {
  const told: MeshRoomMessage[] = [];
  const peers = { lifeOf: () => b, tell: (_: unknown, message: MeshRoomMessage) => void told.push(message) };
  const content = RoomContent.empty(new YjsEngine(), limitsWith());
  content.cover(known);
  const copy = { lineage, isOpen: true, isSettled: true, content, log: { durableClock: known }, storedRecord: undefined };
  const names = { tell: () => undefined, known: () => known, isUnnamedWith: () => isUnnamed, unnamedWith: () => VectorClock.empty };
  const standing = {
    ...{ isComplete, isReplica: true, names, upstream: { relay: undefined }, review: { heard: () => undefined } },
    ...{ freshness: { isBegun: true }, isUrgent: () => true, comparedWith: () => undefined },
  };
  const repair = new RoomRepair({
    context: { peers, now: { monotonicMs: 0 }, placement: { limits: replicationLimits() } } as unknown as RelayContext,
    copy: copy as unknown as RoomCopy,
    standing: standing as unknown as RepairStanding,
    has: () => undefined,
    changed: () => undefined,
  });
  const theirs = {
    type: "compare",
    lineage,
    answer: false,
    isComplete: true,
    content: { high: 9, low: 9 },
    clock: aClock({ [b]: 1 }),
  } as const;
  if (isCompared) repair.compareCame(b, { ...theirs, record: undefined }, ringOne);
  else repair.request("b" as RelayId);
  const asked = told.find((message) => message.type === "difference-request");
  return Object.fromEntries(asked?.clock.entries() ?? [["nothing", 1]]);
}

test.each([
  { who: "that is complete asks by what is known to be on its disk", isComplete: true, isCompared: false, isUnnamed: true, all: false },
  {
    who: "that is not asks by that of whom it knows that nothing was pruned",
    isComplete: false,
    isCompared: true,
    isUnnamed: false,
    all: false,
  },
  { who: "that is not asks for all where something was pruned", isComplete: false, isCompared: true, isUnnamed: true, all: true },
  {
    who: "that is not asks for all of whom it has not heard what was pruned",
    isComplete: false,
    isCompared: false,
    isUnnamed: false,
    all: true,
  },
])("[P2] a replica $who", ({ all, ...how }) => {
  expect(askedBy(how)).toEqual(all ? {} : { [a]: 3 });
});
