import type { RelayId } from "@inkmesh/shared/base/ids";
import { seededRandom } from "@inkmesh/shared/base/random";
import { describe, expect, test } from "vitest";
import { DialPlan, type KnownAddress } from "../../../../server/core/membership/dial-plan.ts";
import { membershipLimits } from "./a-membership.ts";

const [a, c] = ["a", "c"] as RelayId[] as [RelayId, RelayId];
const aPlan = (seeds: readonly string[] = [], changes = {}, remembered: readonly KnownAddress[] = []): DialPlan =>
  new DialPlan({
    self: "b" as RelayId,
    ownAddress: "ws://b",
    seeds,
    remembered,
    limits: membershipLimits(changes),
    random: seededRandom(3),
    nowMs: 0,
  });

/** When attempts come, each failing at once. */
function attempts(plan: DialPlan, untilMs: number): readonly number[] {
  const at: number[] = [];
  for (let nowMs = 0; nowMs <= untilMs; nowMs = Math.max(nowMs, plan.nextDeadline())) {
    for (const address of plan.due(nowMs)) {
      at.push(nowMs);
      plan.failed(address, undefined, nowMs);
    }
  }
  return at;
}

describe("a seed", () => {
  test("is dialled at once and for ever, with waits that double up to a limit and are half chance", () => {
    const at = attempts(aPlan(["ws://a"]), 3_600_000);
    const waits = at.slice(1).map((moment, index) => moment - at[index]!);
    expect(at[0]).toBe(0);
    for (const [index, wait] of waits.entries()) {
      const full = Math.min(30_000, 500 * 2 ** index);
      expect(wait).toBeGreaterThanOrEqual(full / 2);
      expect(wait).toBeLessThanOrEqual(full);
    }
    expect(waits.length).toBeGreaterThan(120);
    expect(new Set(waits.slice(10)).size).toBeGreaterThan(50);
  });

  test("at which a relay was met that has a link already is left alone while it has", () => {
    const plan = aPlan(["ws://alias"]);
    plan.linkUp(a, undefined);
    plan.due(0);
    plan.failed("ws://alias", a, 0);
    expect(plan.nextDeadline()).toBe(Number.POSITIVE_INFINITY);
    plan.linkDown(a, 5_000);
    expect(plan.due(6_000)).toEqual(["ws://alias"]);
  });

  test("that is this relay's own address is not dialled, and one that leads back here is only seldom", () => {
    expect(aPlan(["ws://b"]).due(0)).toEqual([]);
    const plan = aPlan(["ws://alias"]);
    plan.due(0);
    plan.isOwn("ws://alias", 0);
    expect(plan.nextDeadline()).toBeGreaterThanOrEqual(15_000);
    expect(plan.due(30_000)).toEqual(["ws://alias"]);
  });

  test("is left alone while its relay is linked, and dialled soon after the link is gone", () => {
    const plan = aPlan(["ws://a"]);
    plan.due(0);
    plan.linkUp(a, "ws://a");
    expect(plan.due(1_000_000)).toEqual([]);
    plan.linkDown(a, 1_000_000);
    expect(plan.nextDeadline()).toBeLessThanOrEqual(1_000_500);
    expect(plan.due(1_000_500)).toEqual(["ws://a"]);
  });

  test("stays when its relay is dropped", () => {
    const plan = aPlan(["ws://a"]);
    plan.due(0);
    plan.linkUp(a, "ws://a");
    plan.linkDown(a, 0);
    plan.drop(a);
    expect(plan.due(1_000)).toEqual(["ws://a"]);
  });
});

describe("an address that was heard of", () => {
  test("is dialled at once by the lower name, and after a while by the higher one", () => {
    const plan = aPlan();
    plan.learn(c, "ws://c", 0);
    plan.learn(a, "ws://a", 0);
    expect(plan.due(0)).toEqual(["ws://c"]);
    expect(plan.due(500)).toEqual(["ws://a"]);
  });

  test("is not dialled twice at a time; an attempt without an end counts as failed", () => {
    const plan = aPlan();
    plan.learn(c, "ws://c", 0);
    plan.due(0);
    expect(plan.due(9_999)).toEqual([]);
    expect(plan.due(10_000)).toEqual([]);
    expect(plan.due(10_500)).toEqual(["ws://c"]);
  });

  test("is remembered for the next start until its relay is dropped", () => {
    const plan = aPlan(["ws://seed"]);
    plan.learn(c, "ws://c", 0);
    expect(plan.addresses()).toEqual([{ relay: c, address: "ws://c" }]);
    plan.drop(c);
    expect(plan.addresses()).toEqual([]);
  });

  test("that was remembered is dialled at once, and remembered on, reached or not; unlike a seed it is dropped with its relay", () => {
    const plan = aPlan([], {}, [{ relay: c, address: "ws://c" }]);
    expect(plan.due(0)).toEqual(["ws://c"]);
    plan.failed("ws://c", undefined, 0);
    expect(plan.addresses()).toEqual([{ relay: c, address: "ws://c" }]);
    plan.drop(c);
    expect(plan.nextDeadline()).toBe(Number.POSITIVE_INFINITY);
  });

  test("[P8] past the limit of addresses it is not", () => {
    const plan = aPlan(["ws://one", "ws://two"], { addressesMax: 2 });
    plan.learn(c, "ws://c", 0);
    expect(plan.due(0)).toEqual(["ws://one", "ws://two"]);
  });
});

test("a link to a second life of a relay keeps its address quiet until both are gone", () => {
  const plan = aPlan();
  plan.learn(c, "ws://c", 0);
  plan.linkUp(c, undefined);
  plan.linkUp(c, undefined);
  plan.linkDown(c, 0);
  expect(plan.nextDeadline()).toBe(Number.POSITIVE_INFINITY);
  plan.linkDown(c, 0);
  expect(plan.nextDeadline()).toBeLessThanOrEqual(500);
});
