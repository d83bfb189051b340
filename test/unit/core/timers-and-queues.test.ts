import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ActorId, RoomName } from "@inkmesh/shared/base/ids";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import { AckQueue } from "../../../server/core/ack-queue.ts";
import { AppendQueue } from "../../../server/core/append-queue.ts";
import { Deadlines, type Deadline } from "../../../server/core/deadlines.ts";
import { DurabilityGate } from "../../../server/core/durability-gate.ts";
import { NumberedUpdates } from "../../../server/core/numbered-updates.ts";
import { StoreHealth } from "../../../server/core/store-health.ts";
import { TokenBucket } from "../../../server/core/token-bucket.ts";
import { holds } from "../../property/replayable.ts";

const deadline = (room: number): Deadline => ({ type: "verify-tail", room: `room-${room}` as RoomName });

describe("Deadlines", () => {
  test("[C5] come in order of their moment, then of being set, whatever is moved or cleared", () => {
    const action = fc.tuple(fc.constantFrom("set", "set", "set", "clear", "take"), fc.nat(20), fc.nat(50));
    holds(
      fc.property(fc.array(action, { maxLength: 300 }), (actions) => {
        const deadlines = new Deadlines();
        const model = new Map<number, { atMs: number; order: number }>();
        const first = () => [...model].sort(([, left], [, right]) => left.atMs - right.atMs || left.order - right.order)[0];
        for (const [order, [what, room, atMs]] of actions.entries()) {
          if (what === "set") {
            deadlines.set(deadline(room), atMs);
            model.set(room, { atMs, order });
          } else if (what === "clear") {
            deadlines.clear(deadline(room));
            model.delete(room);
          } else {
            const due = first();
            const isDue = due !== undefined && due[1].atMs <= atMs;
            expect(deadlines.take(atMs)).toEqual(isDue ? deadline(due[0]) : undefined);
            if (isDue) model.delete(due[0]);
          }
          expect(deadlines.next()).toBe(first()?.[1].atMs);
          expect(deadlines.size).toBe(model.size);
        }
      }),
    );
  });
});

describe("TokenBucket", () => {
  test("what is over the rate is debt, paid at the rate, never more than a burst", () => {
    const bucket = new TokenBucket({ perSecond: 10, burst: 5, nowMs: 0 });
    expect(bucket.spend(5, 0)).toBe(0);
    expect(bucket.spend(1, 0)).toBe(100);
    expect(bucket.spend(1_000, 0)).toBe(500);
    expect(bucket.debtMs(499)).toBeGreaterThan(0);
    expect(bucket.debtMs(500)).toBe(0);
    expect(bucket.spend(5, 60_000)).toBe(0);
  });
});

describe("AppendQueue", () => {
  const entry = (counter: number) => ({
    dot: { actor: "a.0" as ActorId, counter },
    deps: VectorClock.empty,
    hlc: { physicalMs: 0, logical: 0, relay: "a" as never },
    author: "",
    payload: new Uint8Array(counter),
  });

  test("[C3] becomes durable in order and exactly once, whatever fails and however late answers come", () => {
    const action = fc.constantFrom("add", "depart", "land", "fail", "release", "stale");
    holds(
      fc.property(fc.array(action, { maxLength: 200 }), fc.infiniteStream(fc.nat(100)), (actions, numbers) => {
        const queue = new AppendQueue();
        const [added, durable]: [number[], number[]] = [[], []];
        let flights: number[] = [];
        let seq = 0;
        for (const what of actions) {
          const pick = numbers.next().value ?? 0;
          if (what === "add") {
            added.push(added.length + 1);
            expect(queue.add(entry(added.length))).toBe(added.length);
          } else if (what === "depart") {
            seq += 1;
            if (queue.depart(seq).length > 0) flights.push(seq);
          } else if (what === "land" && flights.length > 0) {
            const upTo = flights[pick % flights.length]!;
            flights = flights.filter((flight) => flight > upTo);
            durable.push(...queue.landed(upTo).map(({ dot }) => dot.counter));
          } else if (what === "fail" && flights.length > 0) {
            expect(queue.failed(flights[pick % flights.length]!)).toBe(true);
            flights = [];
          } else if (what === "release") queue.release();
          else if (what === "stale") expect(queue.failed(seq + 1) || queue.landed(0).length > 0).toBe(false);
        }
        expect(durable).toEqual(added.slice(0, durable.length));
        expect(queue.durable).toBe(durable.length);
        expect(queue.position).toBe(added.length);
        expect(queue.waitingBytes).toBe(added.slice(durable.length).reduce((sum, bytes) => sum + bytes, 0));
      }),
    );
  });

  test("after a failure nothing leaves until it is released, then everything that is not durable does", () => {
    const queue = new AppendQueue();
    for (const counter of [1, 2]) queue.add(entry(counter));
    expect(queue.depart(1)).toHaveLength(2);
    queue.failed(1);
    queue.add(entry(3));
    expect(queue.depart(2)).toEqual([]);
    expect(queue.landed(1)).toEqual([]);
    queue.release();
    expect(queue.depart(3)).toHaveLength(3);
  });
});

describe("AckQueue and DurabilityGate", () => {
  test("[P2] acks are cumulative and wait for their position", () => {
    const acks = new AckQueue();
    for (const [number, position] of [
      [1, 1],
      [2, 3],
      [3, 3],
      [4, 7],
    ] as const)
      acks.add(number, position);
    expect([acks.settle(0), acks.acknowledged, acks.size]).toEqual([0, 0, 4]);
    expect([acks.settle(2), acks.acknowledged]).toEqual([1, 1]);
    expect([acks.settle(3), acks.acknowledged]).toEqual([2, 3]);
    expect([acks.settle(9), acks.acknowledged, acks.size]).toEqual([1, 4, 0]);
  });

  test("[C3] what is held is released in order, not before its position", () => {
    const gate = new DurabilityGate();
    const said: number[] = [];
    for (const position of [1, 1, 4]) gate.hold(position, () => void said.push(position));
    gate.open(0);
    expect(said).toEqual([]);
    gate.open(3);
    expect([said, gate.size]).toEqual([[1, 1], 1]);
  });
});

describe("NumberedUpdates", () => {
  test("after a refusal of k nothing beyond k is taken before k is", () => {
    const numbers = new NumberedUpdates();
    expect(numbers.receive(1, 2)).toEqual({ type: "take", from: 0 });
    numbers.taken(1);
    numbers.refuse();
    expect(numbers.receive(3, 5)).toEqual({ type: "ignore" });
    expect(numbers.receive(1, 1)).toEqual({ type: "ignore" });
    expect(numbers.receive(1, 3)).toEqual({ type: "take", from: 1 });
    expect(numbers.receive(4, 1)).toEqual({ type: "out-of-order", expected: 2 });
  });
});

describe("StoreHealth", () => {
  test("one failing room refuses updates everywhere, and patients are told once when all have recovered", () => {
    const store = new StoreHealth({ waitingBytesMax: 100 });
    let told = 0;
    const [one, two] = ["one", "two"] as [RoomName, RoomName];
    store.failed(one, "STORE_FULL");
    store.failed(two, "STORE_FAILED");
    store.wait({ storeRecovered: () => (told += 1) });
    store.recovered(two);
    expect([store.refusal, told]).toEqual(["STORE_FULL", 0]);
    store.recovered(one);
    store.recovered(one);
    expect([store.refusal, told]).toEqual([undefined, 1]);
  });
});
