/**
 * A full disk, a real one: a small tmpfs. Nothing acknowledged is lost, what is not acknowledged is refused in words,
 * and the relay recovers by itself when there is space again.
 */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { seededRandom } from "@inkmesh/shared/base/random";
import { afterEach, expect, test } from "vitest";
import { faults, History, noFaults } from "../harness/checker.ts";
import { settled } from "../harness/crash-run.ts";
import { endInkClients, InkClient } from "../harness/ink-client.ts";
import { endRawSockets } from "../harness/raw-socket.ts";
import { contentOf, MetricsReading } from "../harness/relay-api.ts";
import { endRelays, startRelayProcess, type RelayProcess } from "../harness/relay-process.ts";
import { aSmallDisk, removeSmallDisks } from "../harness/small-disk.ts";
import { Typist } from "../harness/typist.ts";
import { pause, until } from "../harness/until.ts";
import { endYClients, YClient } from "../harness/y-client.ts";

afterEach(async () => {
  endYClients();
  endRawSockets();
  await endInkClients();
  await endRelays({ keepFolders: true });
  removeSmallDisks();
  await endRelays();
});

/** Types until the relay refuses: at most a few edits ahead of the acks, so that the disk fills by many commits. */
async function fillTheDisk(typist: Typist): Promise<void> {
  for (let index = 0; index < 400 && typist.refusedWith === undefined; index++) {
    typist.type({ padding: 60_000 });
    const waitsAtMostUntil = performance.now() + 500;
    while (typist.unacknowledged > 4 && typist.refusedWith === undefined && performance.now() < waitsAtMostUntil) await pause(5);
  }
}

const storeFull = async (relay: RelayProcess): Promise<boolean> => (await MetricsReading.of(relay)).value("inkmesh_store_full") === 1;

test("[P2, P8] on a full disk nothing acknowledged is lost, and the relay recovers by itself", async (context) => {
  const disk = aSmallDisk(12);
  if (disk.reason !== undefined) return context.skip(disk.reason);
  const ballast = join(disk.folder, "ballast");
  writeFileSync(ballast, Buffer.alloc(4 * 1_048_576));
  const relay = await startRelayProcess({ data: join(disk.folder, "data") });
  const history = new History();
  const typist = await new Typist(relay, { name: "t", history, random: seededRandom(7) }).join("full");
  const theirs = await new YClient(relay, "full").synced();

  await fillTheDisk(typist);
  expect(typist.refusedWith, relay.stderr).toBe("STORE_FULL");
  expect(await storeFull(relay)).toBe(true);
  expect((await fetch(`${relay.url}/ready`)).status).toBe(503);
  const acknowledged = history.acknowledged;
  expect(acknowledged).toBeGreaterThan(0);
  expect(faults(history.judge([{ reader: "HTTP", text: await contentOf(relay, "full") }]))).toEqual(noFaults);

  rmSync(ballast);
  await until("the relay recovers", async () => !(await storeFull(relay)), { timeoutMs: 30_000, seen: () => relay.stderr.slice(-500) });
  typist.retry();
  await settled(typist);
  expect(history.acknowledged).toBeGreaterThan(acknowledged);
  const token = history.invoke("y");
  theirs.insert(0, token);
  await until("a y-websocket edit arrives again", () => typist.doc.getText("text").toString().includes(token));

  await relay.crashAndRestart();
  const text = await contentOf(relay, "full");
  expect(faults(history.judge([{ reader: "HTTP", text }]))).toEqual(noFaults);
  expect(typist.closeCode).toBeDefined();
});

test("[P2] a relay that is killed while its disk is full has everything acknowledged afterwards", async (context) => {
  const disk = aSmallDisk(6);
  if (disk.reason !== undefined) return context.skip(disk.reason);
  const relay = await startRelayProcess({ data: join(disk.folder, "data") });
  const history = new History();
  const typist = await new Typist(relay, { name: "t", history, random: seededRandom(8) }).join("full");
  await fillTheDisk(typist);
  expect(typist.refusedWith, relay.stderr).toBe("STORE_FULL");
  await relay.crashAndRestart();
  const ours = await new InkClient(relay, "full").synced();
  expect(faults(history.judge([{ reader: "our client", text: ours.read() }]))).toEqual(noFaults);
  expect(history.acknowledged).toBeGreaterThan(0);
});
