import { describe, expect, test } from "vitest";
import { LocalHealth } from "../../../../server/core/membership/local-health.ts";
import { Suspicion, suspicionBounds } from "../../../../server/core/membership/suspicion.ts";
import { aLife, membershipLimits } from "./a-membership.ts";

const limits = membershipLimits();

describe("the bounds of a suspicion", () => {
  test.each([
    { members: 2, minMs: 4_000, expected: 0 },
    { members: 3, minMs: 4_000, expected: 0 },
    { members: 4, minMs: 4_000, expected: 2 },
    { members: 10, minMs: 4_000, expected: 2 },
    { members: 100, minMs: 8_000, expected: 2 },
  ])("of $members members are $minMs ms to six times that, $expected confirmations", ({ members, minMs, expected }) => {
    expect(suspicionBounds(members, limits)).toEqual({ minMs, maxMs: 6 * minMs, expected });
  });
});

describe("a suspicion", () => {
  const begun = (members: number): Suspicion =>
    new Suspicion({ accuser: aLife("a"), bounds: suspicionBounds(members, limits), nowMs: 100_000 });

  test("waits 24 s alone, 11.4 s with one confirmation and 4 s with two", () => {
    const suspicion = begun(5);
    expect(suspicion.endsMs).toBe(124_000);
    expect(suspicion.confirm(aLife("b"))).toBe(true);
    expect(suspicion.endsMs).toBeCloseTo(111_381, 0);
    expect(suspicion.confirm(aLife("c"))).toBe(true);
    expect(suspicion.endsMs).toBe(104_000);
  });

  test("is not shortened by the accuser, nor twice by one relay, nor by another life of it", () => {
    const suspicion = begun(5);
    suspicion.confirm(aLife("b"));
    const endsMs = suspicion.endsMs;
    for (const actor of [aLife("a"), aLife("a", 2), aLife("b"), aLife("b", 2)]) expect(suspicion.confirm(actor)).toBe(false);
    expect(suspicion.endsMs).toBe(endsMs);
  });

  test("more confirmations than expected change nothing, and are not worth passing on", () => {
    const suspicion = begun(9);
    for (const relay of ["b", "c"]) suspicion.confirm(aLife(relay));
    expect(suspicion.confirm(aLife("d"))).toBe(false);
    expect(suspicion.endsMs).toBe(104_000);
  });

  test("among three relays nobody could confirm, and it takes 4 s at once", () => {
    expect(begun(3).endsMs).toBe(104_000);
  });

  test("time that this relay slept through does not count", () => {
    const suspicion = begun(3);
    suspicion.postpone(60_000);
    expect(suspicion.endsMs).toBe(164_000);
  });
});

describe("local health", () => {
  test("stretches timeouts by its score, and comes back with good probes", () => {
    const health = new LocalHealth(limits);
    expect(health.scaled(500)).toBe(500);
    health.count(3);
    expect(health.scaled(500)).toBe(2_000);
    for (let probe = 0; probe < 3; probe++) health.count(-1);
    expect(health.scaled(500)).toBe(500);
  });

  test("stays between 0 and 7, so that eight bad probes are not remembered longer than seven", () => {
    const health = new LocalHealth(limits);
    health.count(100);
    expect(health.score).toBe(7);
    health.count(-7);
    expect(health.score).toBe(0);
    health.count(-5);
    health.count(1);
    expect(health.score).toBe(1);
  });

  test("a late event loop is a gauge: it counts while it lasts", () => {
    const health = new LocalHealth(limits);
    health.count(1);
    health.runsLate(250);
    expect(health.score).toBe(3);
    health.runsLate(20);
    expect(health.score).toBe(1);
    health.runsLate(90_000);
    expect(health.score).toBe(7);
  });
});
