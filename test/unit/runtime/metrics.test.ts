import { expect, test } from "vitest";
import type { RelayId, RoomName } from "@inkmesh/shared/base/ids";
import { refused } from "@inkmesh/shared/base/result";
import { Metrics } from "../../../server/runtime/metrics.ts";

const none = { sessions: 0, roomsInUse: 0, roomsIdle: 0, cacheBytes: 0, appendsInFlight: 0, waitingBytes: 0 };
const upkeep = { roomsToHandOver: 0, roomsBeingHandedOver: 0, roomsToHandOverMost: 0, roomsToComplete: 0, roomsToDrop: 0, roomsDropped: 0 };
const census = { ...none, connections: 0, waitingMessages: 0, waitingMessageBytes: 0, waitingRequests: 0, deadlines: 0, ...upkeep };
const room = "a-secret-room-name" as RoomName;

test("reports, commits and the census are counted, and no room's name appears", async () => {
  const metrics = new Metrics({ relay: "a", processMetrics: false });
  metrics.watch(() => ({ ...census, roomsInUse: 3 }));
  metrics.report({ type: "admitted", room, bytes: 10 });
  metrics.report({ type: "known", room });
  metrics.report({ type: "gap", room, missing: "x" });
  metrics.report({ type: "left-out", room });
  metrics.report({ type: "quarantined", room, count: 2 });
  metrics.report({ type: "too-big", room, from: "b" as RelayId, bytes: 9, bytesMax: 5 });
  metrics.report({ type: "acked", count: 7 });
  metrics.report({ type: "refused", refusal: refused("BAD_UPDATE").refusal, connection: undefined, room });
  metrics.report({ type: "store-full", full: true });
  metrics.committed({ durationMs: 3, entries: 9, ok: false });
  const text = await metrics.registry.metrics();
  for (const line of [
    'inkmesh_updates_admitted_total{relay="a"} 1',
    'inkmesh_updates_admitted_bytes_total{relay="a"} 10',
    'inkmesh_updates_known_total{relay="a"} 1',
    'inkmesh_gaps_total{relay="a"} 1',
    'inkmesh_states_left_out_total{relay="a"} 1',
    'inkmesh_quarantined_total{relay="a"} 2',
    'inkmesh_differences_too_big_total{relay="a"} 1',
    'inkmesh_updates_acked_total{relay="a"} 7',
    'inkmesh_refused_total{code="BAD_UPDATE",relay="a"} 1',
    'inkmesh_store_full{relay="a"} 1',
    'inkmesh_commit_entries_sum{relay="a"} 9',
    'inkmesh_commit_failures_total{relay="a"} 1',
    'inkmesh_rooms_in_use{relay="a"} 3',
  ]) {
    expect(text).toContain(line);
  }
  expect(text).not.toContain(room);
});

test("the process's own metrics come with it when asked for", async () => {
  const metrics = new Metrics({ relay: "a", processMetrics: true });
  expect(await metrics.registry.metrics()).toContain("nodejs_eventloop_lag_seconds");
});
