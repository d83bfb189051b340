import type { ActorId, RelayId } from "@inkmesh/shared/base/ids";
import type { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { Entry } from "@inkmesh/shared/engine/entry";
import { describe, expect, test } from "vitest";
import { CausalDelivery, type DeliveryStep } from "../../../../server/core/gossip/causal-delivery.ts";
import type { ReplicationLimits } from "../../../../server/core/gossip/replication-limits.ts";
import { aLife } from "../membership/a-membership.ts";
import { aClock, anEntry, replicationLimits } from "./a-room.ts";

const [a, b, c] = [aLife("a"), aLife("b"), aLife("c")];
const [relayA, relayB, relayC, self] = ["a", "b", "c", "self"] as RelayId[] as [RelayId, RelayId, RelayId, RelayId];

/** A room that lets in what is delivered. */
class TakingRoom {
  clock: VectorClock = aClock({});
  readonly delivery: CausalDelivery;

  constructor(limits: Partial<ReplicationLimits> = {}, replicas: readonly RelayId[] = [relayA, relayB, self, relayC]) {
    this.delivery = new CausalDelivery({
      self,
      limits: replicationLimits(limits),
      room: { known: () => this.clock, replicas: () => replicas },
    });
  }

  offer(entry: Entry, sender: RelayId = relayA, upstream?: RelayId, nowMs = 0): readonly string[] {
    return this.take(this.delivery.offer(entry, { sender, upstream }, nowMs));
  }

  take(steps: readonly DeliveryStep[]): readonly string[] {
    return steps.map((step) => {
      if (step.type === "exchange") return `exchange with ${step.with}`;
      if (step.type === "ask") return `ask ${step.of} for ${nameOf(step.run.actor)}${step.run.from}-${step.run.to}`;
      this.clock = this.clock.advance(step.entry.dot);
      return `deliver ${nameOf(step.entry.dot.actor)}${step.entry.dot.counter}`;
    });
  }
}

const nameOf = (actor: ActorId): string => actor.slice(0, actor.indexOf("."));

describe("[P3] an entry", () => {
  test("that is its actor's next and hangs on what is here is delivered, once", () => {
    const room = new TakingRoom();
    expect(room.offer(anEntry(a, 1))).toEqual(["deliver a1"]);
    expect(room.offer(anEntry(a, 1))).toEqual([]);
    expect(room.offer(anEntry(b, 1, { [a]: 1 }))).toEqual(["deliver b1"]);
  });

  test("behind a gap waits, and comes with what closes it", () => {
    const room = new TakingRoom();
    expect(room.offer(anEntry(a, 3))).toEqual(["ask a for a1-2"]);
    expect(room.offer(anEntry(a, 3))).toEqual([]);
    expect(room.offer(anEntry(a, 2))).toEqual([]);
    expect(room.clock.counter(a)).toBe(0);
    expect(room.offer(anEntry(a, 1))).toEqual(["deliver a1", "deliver a2", "deliver a3"]);
    expect(room.delivery.size).toBe(0);
    expect(room.delivery.nextDeadline()).toBe(Number.POSITIVE_INFINITY);
  });

  test("that hangs on somebody else's waits for it", () => {
    const room = new TakingRoom();
    expect(room.offer(anEntry(b, 1, { [a]: 1 }), relayB)).toEqual(["ask b for a1-1"]);
    expect(room.offer(anEntry(c, 1, { [b]: 1 }), relayC)).toEqual([]);
    expect(room.offer(anEntry(a, 1))).toEqual(["deliver a1", "deliver b1", "deliver c1"]);
  });

  test("that came to be contained by a comparison waits no more, and lets others go", () => {
    const room = new TakingRoom();
    room.offer(anEntry(a, 3));
    room.offer(anEntry(b, 1, { [a]: 3 }), relayB);
    room.clock = room.clock.join(aClock({ [a]: 3 }));
    expect(room.take(room.delivery.advanced(0))).toEqual(["deliver b1"]);
    expect(room.delivery.size).toBe(0);
  });
});

describe("a gap is asked for", () => {
  test("at once of the sender, then of the edge's upstream, then of the replicas, never of itself", () => {
    const room = new TakingRoom();
    const edge = "edge" as RelayId;
    expect(room.offer(anEntry(aLife("edge"), 1, { [a]: 2 }), edge, relayC)).toEqual(["ask edge for a1-2"]);
    const asked = [1, 2, 3, 4].flatMap(() => room.take(room.delivery.expire(room.delivery.nextDeadline())));
    expect(asked).toEqual(["ask c for a1-2", "ask a for a1-2", "ask b for a1-2", "ask edge for a1-2"]);
  });

  test("of the replicas where what was here is forgotten, and one that waits hangs on it", () => {
    const room = new TakingRoom();
    room.clock = aClock({ [a]: 2 });
    expect(room.offer(anEntry(b, 2, { [a]: 2 }), relayB)).toEqual(["ask b for b1-1"]);
    room.clock = aClock({});
    expect(room.take(room.delivery.advanced(0))).toEqual(["ask a for a1-2"]);
  });

  test("of the next one as soon as somebody has not got it or is gone, but not in circles", () => {
    const room = new TakingRoom({}, [relayB, relayC]);
    room.offer(anEntry(a, 2));
    expect(room.take(room.delivery.unanswered(relayB, a, 0))).toEqual([]);
    expect(room.take(room.delivery.unanswered(relayA, a, 0))).toEqual(["ask b for a1-1"]);
    expect(room.take(room.delivery.unanswered(relayB, undefined, 0))).toEqual(["ask c for a1-1"]);
    expect(room.take(room.delivery.unanswered(relayC, a, 0))).toEqual([]);
    expect(room.take(room.delivery.expire(499))).toEqual([]);
    expect(room.take(room.delivery.expire(500))).toEqual(["ask a for a1-1"]);
  });

  test("only for what was not asked for before", () => {
    const room = new TakingRoom();
    expect(room.offer(anEntry(a, 3))).toEqual(["ask a for a1-2"]);
    expect(room.offer(anEntry(a, 4))).toEqual([]);
    expect(room.offer(anEntry(a, 7), relayB)).toEqual(["ask b for a5-6"]);
  });
});

describe("an entry that waits too long", () => {
  test("is handed out, causes first, and again later while its content does not apply", () => {
    const room = new TakingRoom();
    room.offer(anEntry(a, 3));
    room.offer(anEntry(a, 2), relayA, undefined, 100);
    expect(room.delivery.overdue(1_999)).toEqual([]);
    expect(room.delivery.overdue(2_100).map(({ dot }) => dot.counter)).toEqual([2, 3]);
    expect(room.delivery.overdue(4_099)).toEqual([]);
    expect(room.delivery.overdue(4_100)).toHaveLength(2);
  });

  test("and was passed over is not handed out again, and its dot still comes in when the gap closes", () => {
    const room = new TakingRoom();
    room.offer(anEntry(a, 2));
    for (const { dot } of room.delivery.overdue(2_000)) room.delivery.passedOver(dot);
    expect(room.delivery.overdue(10_000)).toEqual([]);
    expect(room.offer(anEntry(a, 1))).toEqual(["deliver a1", "deliver a2"]);
  });
});

describe("[P8] past the bound", () => {
  test.each([
    { what: "of entries", limits: { waitingEntriesMax: 2 }, bytes: 1 },
    { what: "of bytes", limits: { waitingBytesMax: 25 }, bytes: 10 },
  ])("$what nothing is held, and the room is compared as a whole", ({ limits, bytes }) => {
    const room = new TakingRoom(limits);
    room.offer(anEntry(a, 2, {}, bytes));
    room.offer(anEntry(a, 3, {}, bytes));
    expect(room.offer(anEntry(a, 4, {}, bytes), relayB)).toEqual(["exchange with b"]);
    expect(room.delivery.size).toBe(0);
    expect(room.offer(anEntry(a, 1, {}, bytes))).toEqual(["deliver a1"]);
  });

  test("one comparison is asked for at a time, with a replica rather than an edge", () => {
    const room = new TakingRoom({ waitingEntriesMax: 1 });
    room.offer(anEntry(a, 2));
    expect(room.offer(anEntry(a, 3), relayB, relayC, 0)).toEqual(["exchange with c"]);
    room.offer(anEntry(a, 2));
    expect(room.offer(anEntry(a, 3), relayB, self, 9_999)).toEqual([]);
    expect(room.offer(anEntry(a, 3), relayB, self, 10_000)).toEqual(["exchange with b"]);
  });

  test("what is ready is let through", () => {
    const room = new TakingRoom({ waitingEntriesMax: 0 });
    expect(room.offer(anEntry(a, 1))).toEqual(["deliver a1"]);
  });
});
