import type { RelayId } from "@inkmesh/shared/base/ids";
import { expect, test } from "vitest";
import { StampOffsets } from "../../../../server/core/peers/stamp-offsets.ts";

const [b, c] = ["b", "c"] as RelayId[] as [RelayId, RelayId];

test("the offset is that of each relay's latest stamp: what comes again after a cut changes nothing", () => {
  const offsets = new StampOffsets();
  expect(offsets.of(b)).toBeUndefined();
  offsets.heard({ physicalMs: 10_400, logical: 0, relay: b }, 10_000);
  offsets.heard({ physicalMs: 9_990, logical: 0, relay: c }, 10_000);
  expect([offsets.of(b), offsets.of(c)]).toEqual([400, -10]);
  offsets.heard({ physicalMs: 10_400, logical: 0, relay: b }, 30_000);
  offsets.heard({ physicalMs: 9_000, logical: 0, relay: b }, 30_000);
  expect(offsets.of(b)).toBe(400);
  offsets.heard({ physicalMs: 10_400, logical: 1, relay: b }, 10_402);
  expect(offsets.of(b)).toBe(-2);
});
