import type { RelayId } from "@inkmesh/shared/base/ids";
import { expect, test } from "vitest";
import { roomDigest } from "../../../../server/core/gossip/room-digest.ts";
import { aLife } from "../membership/a-membership.ts";
import { aClock } from "./a-room.ts";

const [old, a] = [aLife("old"), aLife("a")];
const b = "b" as RelayId;
const clock = aClock({ [old]: 7, [a]: 3 });

test("a room comes to something else with another content, clock or record", () => {
  const record = {
    room: "notes",
    generation: 0,
    title: undefined,
    kind: undefined,
    deleted: undefined,
    everDeleted: false,
    created: { physicalMs: 1, logical: 0, relay: b },
  };
  const base = { record: undefined, content: { high: 0, low: 1 }, clock };
  const digests = [
    base,
    { ...base, content: { high: 1, low: 0 } },
    { ...base, clock: aClock({ [a]: 3 }) },
    { ...base, record: record as never },
  ].map(roomDigest);
  expect(new Set(digests.map((digest) => JSON.stringify(digest))).size).toBe(4);
  expect(roomDigest({ ...base })).toEqual(digests[0]);
});
