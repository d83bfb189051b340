/**
 * Whose word on names a relay follows, and when it prunes by itself. Three relays, each with the room, all of it on every disk.
 */
import type { ActorId } from "@inkmesh/shared/base/ids";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import { describe, expect, test } from "vitest";
import { PrunedNames } from "../../../../server/core/gossip/pruned-names.ts";
import type { RelayContext } from "../../../../server/core/relay-context.ts";
import type { RoomCopy } from "../../../../server/core/gossip/room-copy.ts";
import { aLife } from "../membership/a-membership.ts";
import { aClock, lineage } from "./a-room.ts";

const [a, b, c, old, older] = [aLife("a"), aLife("b"), aLife("c"), aLife("old"), aLife("older")];
const everything = aClock({ [a]: 3, [b]: 2, [c]: 2, [old]: 7, [older]: 3 });

/** The names of relay a, on whose disk is what `clock` names and what `pruned` names. */
function names(options: { clock?: VectorClock; pruned?: VectorClock; holds?: (actor: ActorId) => boolean } = {}): PrunedNames {
  const { clock = everything, pruned = VectorClock.empty, holds = () => true } = options;
  const peers = { linked: [b, c], lifeOf: () => b, understands: () => true, ring: { isAtRest: true } };
  const context = { actor: a, peers, placement: { isAlone: false, others: ["b", "c"] }, limits: { clockActorsMax: 2 } };
  const copy = { lineage, log: { durableClock: clock }, content: { clock, pruned, tail: [], snapshot: undefined } };
  return new PrunedNames({
    context: context as unknown as RelayContext,
    copy: copy as unknown as RoomCopy,
    mayHold: holds,
    isOnAll: () => true,
  });
}

function word(clock: Readonly<Record<string, number>>, pruned: Readonly<Record<string, number>>): Parameters<PrunedNames["came"]>[1] {
  return { type: "pruned", lineage, clock: aClock(clock), pruned: aClock(pruned) };
}

/** To be compared: a clock keeps its counters to itself. */
function counters(clock: VectorClock): Readonly<Record<string, number>> {
  return Object.fromEntries(clock.entries());
}

describe("another relay's word", () => {
  test("is followed where all by which it is so is on this disk", () => {
    const told = names();
    told.came(b, word({ [a]: 3 }, { [old]: 7 }));
    expect(told.isTold).toBe(true);
    told.came(c, word({ [a]: 4 }, { [older]: 3 }));
    const { clock, pruned } = told.unnaming().told;
    expect([counters(clock), counters(pruned)]).toEqual([{ [a]: 3 }, { [old]: 7 }]);
  });

  test("[P2] makes known what this disk never named, as soon as that is here by which it is so", () => {
    const told = names({ clock: aClock({ [a]: 3 }) });
    told.came(b, word({ [a]: 4 }, { [old]: 7 }));
    expect(counters(told.known())).toEqual({ [a]: 3 });
    told.came(b, word({ [a]: 3 }, { [old]: 7 }));
    expect(counters(told.known())).toEqual({ [a]: 3, [old]: 7 });
  });

  test.each([
    { of: "by which nothing is so", said: word({}, { [old]: 7, [older]: 3 }) },
    { of: "on names that it names itself", said: word({ [a]: 3, [old]: 7 }, { [old]: 7 }) },
    { of: "on lives that are linked", said: word({ [a]: 3 }, { [a]: 3, [b]: 2, [c]: 2 }) },
  ])("[P2] $of is not followed", ({ said }) => {
    const told = names();
    told.came(b, said);
    expect(told.isTold).toBe(false);
    expect(counters(told.unnaming().told.pruned)).toEqual({});
  });

  test("[P2] leaves lives that are linked named beside those that go", () => {
    const told = names();
    told.came(b, word({ [a]: 3 }, { [c]: 2, [old]: 7 }));
    expect(counters(told.unnaming().told.pruned)).toEqual({ [old]: 7 });
  });
});

describe("nothing is pruned", () => {
  test("[P8] while somebody who holds the room names what was pruned before, and again once it holds it no more", () => {
    let holds = true;
    const own = names({ pruned: aClock({ [older]: 3 }), clock: everything.past(aClock({ [older]: 3 })), holds: () => holds });
    expect(own.mayPrune).toBe(true);
    own.unnamedWith(c, everything);
    expect(own.mayPrune).toBe(false);
    holds = false;
    expect(own.mayPrune).toBe(true);
  });
});
