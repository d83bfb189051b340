/**
 * A deleted document is gone: those who have it open are told, and no old tab brings it back. Only an explicit create
 * opens the name again, for clients that can say which generation they hold.
 */
import { afterEach, expect, test } from "vitest";
import { endInkClients, InkClient } from "../harness/ink-client.ts";
import { changeRoom, contentOf, roomOf } from "../harness/relay-api.ts";
import { endRelays, startRelayProcess } from "../harness/relay-process.ts";
import { until } from "../harness/until.ts";
import { endYClients, YClient, yVersions } from "../harness/y-client.ts";

afterEach(async () => {
  endYClients();
  await endInkClients();
  await endRelays();
});

test("[P10] a deleted room does not come back from clients of any kind, nor after a crash", async () => {
  const relay = await startRelayProcess();
  const ys = yVersions.map((version) => new YClient(relay, "gone", { version }));
  const ours = new InkClient(relay, "gone");
  await Promise.all([...ys.map((client) => client.synced()), ours.synced()]);
  ours.insert(0, "soon gone");
  await Promise.all(ys.map((client) => client.reads("soon gone")));
  await ours.saved();

  expect(await changeRoom(relay, "DELETE", "gone")).toBe(204);
  await until("everybody is told", () => ys.every((client) => client.closeCodes.includes(4404)) && ours.room.status.phase === "deleted", {
    seen: () => [ys.map((client) => client.closeCodes), ours.room.status.phase],
  });
  await relay.crashAndRestart();
  const late = new YClient(relay, "gone");
  await until("a late client is sent away for good", () => late.closeCodes.includes(4404));
  expect(await contentOf(relay, "gone").catch((error: Error) => error.message)).not.toContain("soon");

  expect(await changeRoom(relay, "POST", "gone")).toBe(201);
  expect((await roomOf(relay, "gone")).generation).toBe(1);
  const fresh = await new InkClient(relay, "gone").synced();
  fresh.insert(0, "anew");
  await fresh.saved();
  expect(await contentOf(relay, "gone")).toBe("anew");
});
