import type { RelayId } from "@inkmesh/shared/base/ids";
import { compareHlc, HybridLogicalClock } from "@inkmesh/shared/clock/hybrid-logical-clock";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { holds } from "../replayable.ts";

const self = "a" as RelayId;
const other = "b" as RelayId;
const offsetMaxMs = 500;
const wallMs = fc.oneof(fc.integer({ min: 1_000, max: 1_020 }), fc.double({ min: 0, max: 1e12, noNaN: true }));

const anyEvent = fc.oneof(
  fc.record({ type: fc.constant("local" as const), wallMs }),
  fc.record({
    type: fc.constant("remote" as const),
    wallMs,
    aheadMs: fc.integer({ min: -2_000, max: 2_000 }),
    logical: fc.oneof(fc.nat(5), fc.integer({ min: 0xfffe, max: 0xffff })),
  }),
);

describe("a hybrid logical clock", () => {
  test("strictly increases, whatever wall clock and remote stamps do", () => {
    holds(
      fc.property(fc.array(anyEvent, { maxLength: 60 }), fc.nat(2_000), (events, floorMs) => {
        const clock = new HybridLogicalClock({ relay: self, offsetMaxMs, floorMs });
        let last = clock.last();
        for (const event of events) {
          if (event.type === "local") {
            const stamp = clock.stamp(event.wallMs);
            expect(compareHlc(stamp, last)).toBeGreaterThan(0);
            last = stamp;
          } else {
            const remote = { physicalMs: Math.max(0, Math.floor(event.wallMs) + event.aheadMs), logical: event.logical, relay: other };
            const adopted = clock.observe(remote, event.wallMs);
            expect(adopted).toBe(remote.physicalMs - event.wallMs <= offsetMaxMs);
            if (adopted) expect(compareHlc(clock.last(), remote)).toBeGreaterThan(0);
            expect(compareHlc(clock.last(), last)).toBeGreaterThanOrEqual(0);
            last = clock.last();
          }
          expect(Number.isSafeInteger(last.physicalMs) && last.logical >= 0 && last.logical <= 0xffff).toBe(true);
        }
      }),
      500,
    );
  });

  test("stays with wall time when wall time moves on", () => {
    const clock = new HybridLogicalClock({ relay: self, offsetMaxMs });
    expect(clock.stamp(5_000.7)).toEqual({ physicalMs: 5_000, logical: 0, relay: self });
    expect(clock.stamp(5_000.9)).toEqual({ physicalMs: 5_000, logical: 1, relay: self });
    expect(clock.stamp(4_000)).toEqual({ physicalMs: 5_000, logical: 2, relay: self });
    expect(clock.stamp(5_001)).toEqual({ physicalMs: 5_001, logical: 0, relay: self });
  });

  test("a stamp too far ahead changes nothing", () => {
    const clock = new HybridLogicalClock({ relay: self, offsetMaxMs });
    clock.stamp(1_000);
    expect(clock.observe({ physicalMs: 1_501, logical: 0, relay: other }, 1_000)).toBe(false);
    expect(clock.last()).toEqual({ physicalMs: 1_000, logical: 0, relay: self });
    expect(clock.observe({ physicalMs: 1_500, logical: 3, relay: other }, 1_000)).toBe(true);
    expect(clock.last()).toEqual({ physicalMs: 1_500, logical: 4, relay: self });
  });

  test("a new life begins after every stamp of the floor's millisecond, though the wall clock stands there or behind", () => {
    const before = new HybridLogicalClock({ relay: self, offsetMaxMs });
    const stamps = Array.from({ length: 5 }, () => before.stamp(9_000));
    for (const wallMs of [8_000, 9_000]) {
      const after = new HybridLogicalClock({ relay: self, offsetMaxMs, floorMs: stamps.at(-1)!.physicalMs });
      expect(compareHlc(after.stamp(wallMs), stamps.at(-1)!)).toBeGreaterThan(0);
    }
  });

  test("goes on after a restart above the floor", () => {
    const clock = new HybridLogicalClock({ relay: self, offsetMaxMs, floorMs: 9_000 });
    expect(clock.stamp(1_000).physicalMs).toBeGreaterThanOrEqual(9_000);
  });

  test("a full logical counter carries into the physical part", () => {
    const clock = new HybridLogicalClock({ relay: self, offsetMaxMs });
    clock.observe({ physicalMs: 1_000, logical: 0xffff, relay: other }, 1_000);
    expect(clock.last()).toEqual({ physicalMs: 1_001, logical: 0, relay: self });
  });

  test("equal stamps of two relays are ordered by relay", () => {
    const stamp = { physicalMs: 1, logical: 1 };
    expect(compareHlc({ ...stamp, relay: self }, { ...stamp, relay: other })).toBeLessThan(0);
    expect(compareHlc({ ...stamp, relay: self }, { ...stamp, relay: self })).toBe(0);
  });
});
