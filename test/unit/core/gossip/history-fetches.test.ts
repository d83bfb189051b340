/**
 * What it costs to have many documents wait for their histories, counted in looks at the clock: not in time.
 */
import { expect, test } from "vitest";
import { HistoryFetches } from "../../../../server/core/gossip/history-fetches.ts";
import type { RelayContext } from "../../../../server/core/relay-context.ts";
import { aLineage } from "../core-world.ts";

test("[P8] with thousands of documents that wait, a look at what is due is as short as with one", () => {
  let [looks, monotonicMs] = [0, 0];
  const begun: string[] = [];
  const context = {
    get now() {
      looks += 1;
      return { monotonicMs, wallMs: 0 };
    },
    placement: { limits: { keptHistoryMs: 1, compareChangedMs: 1_000 } },
    histories: { readCoverage: ({ room }: { room: string }) => void begun.push(room) },
  };
  const fetches = new HistoryFetches(context as unknown as RelayContext);
  for (let index = 0; index < 4_096; index++) fetches.note(aLineage(`room ${index}`));
  expect([fetches.size, fetches.nextDeadline()]).toEqual([4_096, 1_000]);
  looks = 0;
  fetches.due();
  expect([begun, looks < 10]).toEqual([[], true]);
  monotonicMs = 1_000;
  looks = 0;
  fetches.due();
  expect([begun, looks < 10]).toEqual([["room 0", "room 1"], true]);
  // Nothing is due while two are at the disk.
  expect(fetches.nextDeadline()).toBe(Number.POSITIVE_INFINITY);
});
