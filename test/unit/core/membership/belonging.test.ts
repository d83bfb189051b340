import { expect, test } from "vitest";
import type { RelayId } from "@inkmesh/shared/base/ids";
import { Belonging } from "../../../../server/core/membership/belonging.ts";
import { RingRecords, type RingPlace } from "../../../../server/core/membership/ring-records.ts";

const self = "b" as RelayId;

function startedIn(place: RingPlace): Belonging {
  return new Belonging({ self, place, address: "", join: [], foundAfterMs: 0, nowMs: 0 });
}

test("a relay that belongs and is started in another zone moves there, once, and keeps its status", () => {
  const ring = RingRecords.empty.join(self, { weight: 1, zone: "x" }).advance(self, "member");
  const belonging = startedIn({ weight: 1, zone: "y" });
  expect(belonging.heard(ring)?.entries()).toEqual([{ relay: "b", status: "member", counter: 1, weight: 1, zone: "y", moves: 1 }]);
  expect(belonging.heard(ring)).toBeUndefined();
  expect(startedIn({ weight: 1, zone: "x" }).heard(ring)).toBeUndefined();
});

test("a relay that was forgotten does not come back by moving", () => {
  const ring = RingRecords.empty.join(self, { weight: 1, zone: "x" }).forget(self);
  expect(startedIn({ weight: 1, zone: "y" }).heard(ring)).toBeUndefined();
});
