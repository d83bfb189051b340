import type { ActorId } from "@inkmesh/shared/base/ids";
import { expect, test } from "vitest";
import { PeerLoads } from "../../../../server/core/peers/peer-loads.ts";

const [b, c] = ["b.0000000000000001" as ActorId, "c.0000000000000001" as ActorId];

test("without links nothing is counted, and nothing is due", () => {
  const loads = new PeerLoads({ loadEveryMs: 2_000 });
  expect(loads.nextDeadline()).toBe(Number.POSITIVE_INFINITY);
  expect(loads.toTell(() => expect.fail("counted"), 0)).toEqual([]);
});

test("who is new is told at once, the others when it is about a tenth more or less, and not more often than every two seconds", () => {
  const loads = new PeerLoads({ loadEveryMs: 2_000 });
  const to = (sessions: number, nowMs: number): readonly ActorId[] => loads.toTell(() => sessions, nowMs);
  loads.linkUp(b);
  expect(to(100, 0)).toEqual([b]);
  expect(to(500, 1_999)).toEqual([]);
  expect(loads.nextDeadline()).toBe(2_000);
  expect(to(110, 2_000)).toEqual([]);
  expect(to(111, 4_000)).toEqual([b]);
  expect(to(99, 6_000)).toEqual([b]);
  loads.linkUp(c);
  expect(to(99, 6_001)).toEqual([c]);
  expect(loads.own).toBe(99);
  loads.linkDown(b);
  loads.linkDown(c);
  expect(loads.nextDeadline()).toBe(Number.POSITIVE_INFINITY);
});

test("what a relay said of itself is gone with its link", () => {
  const loads = new PeerLoads({ loadEveryMs: 2_000 });
  loads.heard(b, 5);
  expect(loads.of(b)).toBeUndefined();
  loads.linkUp(b);
  loads.heard(b, 5);
  expect(loads.of(b)).toBe(5);
  loads.linkDown(b);
  expect(loads.of(b)).toBeUndefined();
});
