/**
 * A relay that is asked to stop flushes, sends its clients away with 1012 (released clients come back after it), and
 * ends with 0.
 */
import { seededRandom } from "@inkmesh/shared/base/random";
import { afterEach, expect, test } from "vitest";
import { faults, History, noFaults } from "../harness/checker.ts";
import { endInkClients, InkClient } from "../harness/ink-client.ts";
import { endRawSockets } from "../harness/raw-socket.ts";
import { contentOf } from "../harness/relay-api.ts";
import { endRelays, startRelayProcess } from "../harness/relay-process.ts";
import { Typist } from "../harness/typist.ts";
import { until } from "../harness/until.ts";
import { endYClients, YClient, yVersions } from "../harness/y-client.ts";

afterEach(async () => {
  endYClients();
  endRawSockets();
  await endInkClients();
  await endRelays();
});

test("[P2] SIGTERM under load: 1012 for everybody, exit code 0, and all that anybody saw is on disk", async () => {
  const relay = await startRelayProcess();
  const ys = yVersions.map((version) => new YClient(relay, "stop", { version }));
  const history = new History();
  const typist = await new Typist(relay, { name: "t", history, random: seededRandom(1) }).join("stop");
  await Promise.all(ys.map((client) => client.synced()));
  for (let index = 0; index < 200; index++) {
    typist.type();
    if (index % 10 === 0) await new Promise(setImmediate);
  }
  await until("somebody else sees all of it", () => ys.every((client) => client.read().split("]").length === 201));
  expect(await relay.end("SIGTERM")).toEqual({ code: 0, signal: null });
  await until("everybody was sent away", () => ys.every((client) => client.closeCodes.length > 0) && typist.closeCode !== undefined);
  expect(ys.map((client) => client.closeCodes[0])).toEqual([1012, 1012, 1012, 1012]);
  expect(typist.closeCode).toBe(1012);
  const seen = ys[0]!.read();
  endYClients();
  await relay.start();
  expect(await contentOf(relay, "stop")).toBe(seen);
  expect(faults(history.judge([{ reader: "HTTP", text: seen }]))).toEqual(noFaults);
});

test("[P7] released clients and ours come back by themselves after a restart", async () => {
  const relay = await startRelayProcess();
  const ys = yVersions.map((version) => new YClient(relay, "return", { version }));
  const ours = new InkClient(relay, "return");
  await Promise.all([...ys.map((client) => client.synced()), ours.synced()]);
  await relay.end("SIGTERM");
  await relay.start();
  ours.insert(0, "back");
  await Promise.all(ys.map((client) => client.reads("back")));
});

test("a stop does not wait for a client that never answers", { timeout: 60_000 }, async () => {
  const relay = await startRelayProcess();
  const client = await new YClient(relay, "mute").synced();
  client.provider.ws?.pause();
  const startedAt = performance.now();
  expect((await relay.end("SIGTERM")).code).toBe(0);
  expect(performance.now() - startedAt).toBeLessThan(15_000);
});
