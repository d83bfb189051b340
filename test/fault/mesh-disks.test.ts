/**
 * What happens to the disks of real relays while people type at each of them: one is full, and all are killed again and again while they
 * compact. An independent checker judges by what clients were told and by what readers with nothing see.
 */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { seededRandom } from "@inkmesh/shared/base/random";
import Database from "better-sqlite3";
import { afterEach, expect, test } from "vitest";
import { faults, noFaults } from "../harness/checker.ts";
import { endInkClients, InkClient } from "../harness/ink-client.ts";
import { relaysToStart, startMesh, type MeshProcess } from "../harness/mesh-processes.ts";
import { kill, MeshRun } from "../harness/mesh-run.ts";
import { endRawSockets } from "../harness/raw-socket.ts";
import { contentOf, MetricsReading } from "../harness/relay-api.ts";
import { endRelays, temporaryFolder } from "../harness/relay-process.ts";
import { aSeed } from "../harness/seed.ts";
import { aSmallDisk, removeSmallDisks } from "../harness/small-disk.ts";
import { until } from "../harness/until.ts";

afterEach(async () => {
  endRawSockets();
  await endInkClients();
  await endRelays({ keepFolders: true });
  removeSmallDisks();
  await endRelays();
});

const names = ["a", "b", "c"];

/** Entries that no snapshot has taken in. */
function entriesIn(relay: MeshProcess): number {
  const store = new Database(join(relay.data, "log.sqlite"), { readonly: true });
  const { count } = store.prepare("SELECT count(*) AS count FROM entry").get() as { count: number };
  store.close();
  return count;
}

const isFull = async (relay: MeshProcess): Promise<boolean> => (await MetricsReading.of(relay)).value("inkmesh_store_full") === 1;

test(
  "[P2] [P3] [P8] the disk of one of three is full: the others save without it, and it has everything once there is space again",
  { timeout: 120_000 },
  async (context) => {
    const disk = aSmallDisk(12);
    if (disk.reason !== undefined) return context.skip(disk.reason);
    const planned = await relaysToStart({ a: names, b: names, c: names });
    const [a, b] = [planned["a"]!, planned["b"]!];
    const c = planned["c"]!.againWith({ data: join(disk.folder, "data") });
    const ballast = join(disk.folder, "ballast");
    writeFileSync(ballast, Buffer.alloc(4 * 1_048_576));
    await startMesh([a, b, c]);
    const writer = await new InkClient(a, "growing").synced();
    // In portions that the link takes: until the disk of "c" takes no more.
    for (let parts = 0; parts < 60 && !(await isFull(c)); parts++) {
      writer.doc.getMap("parts").set(`part ${parts}`, new Uint8Array(200_000).fill(parts));
      writer.insert(writer.read().length, `[w:${parts}]`);
      await writer.saved();
    }
    expect(await isFull(c), c.stderr).toBe(true);
    writer.insert(writer.read().length, "[w:last]");
    await writer.saved();
    expect(writer.room.status).toMatchObject({ copies: 2 });
    const text = writer.read();
    for (const relay of [a, b]) expect(await contentOf(relay, "growing")).toBe(text);
    expect(await isFull(a)).toBe(false);

    rmSync(ballast);
    await until("there is space again", async () => !(await isFull(c)), { timeoutMs: 30_000 });
    await until("it has everything", async () => (await contentOf(c, "growing")) === text, { timeoutMs: 60_000 });
    writer.insert(0, "[w:again]");
    await until("all three have it on disk", () => writer.room.status.copies === 3, { timeoutMs: 60_000, seen: () => writer.room.status });
  },
);

test(
  "[P1] [P2] relays that compact all the time are killed while people type: what was called saved is there, everywhere, and once",
  { timeout: 180_000 },
  async () => {
    const seed = aSeed("test/fault/mesh-disks.test.ts", "fault");
    const random = seededRandom(seed.value);
    const config = join(temporaryFolder("config"), "relay.json");
    // A snapshot after every few edits.
    writeFileSync(config, JSON.stringify({ limits: { tailEntriesMax: 8, tailBytesMin: 0 } }));
    const joins = Object.values(await relaysToStart({ a: names, b: names, c: names }));
    const list = joins.flatMap(({ meshAddress }) => ["--join", meshAddress]);
    const relays = joins.map((relay) => relay.againWith({ args: [...list, "--config", config] }));
    await startMesh(relays);
    const run = new MeshRun({ relays, room: "compacted", random });
    for (let round = 0; round < 4; round++) {
      const victim = relays[Math.floor(random.fraction() * 3)]!;
      const { meanwhile, verdict } = await run.round(kill, [victim], 700);
      expect(faults(verdict), `round ${round + 1}, without ${victim.name}; again: ${seed.replay}`).toEqual(noFaults);
      expect(meanwhile).toBeGreaterThan(0);
    }
    for (const relay of relays) {
      await relay.end("SIGKILL");
      expect(entriesIn(relay)).toBeLessThan(run.history.acknowledged / 4);
    }
  },
);
