/**
 * A store that was truncated, overwritten or lost while the relay was away. The relay starts, says that it is not
 * complete, keeps the damaged file, serves what is readable, and is healed by whoever still has the rest.
 */
import { closeSync, existsSync, openSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { endInkClients, InkClient } from "../harness/ink-client.ts";
import { MetricsReading } from "../harness/relay-api.ts";
import { endRelays, startRelayProcess, type RelayProcess } from "../harness/relay-process.ts";
import { until } from "../harness/until.ts";
import { endYClients, YClient } from "../harness/y-client.ts";

const rooms = ["one", "two", "three"];
let relay: RelayProcess;
let keepers: readonly YClient[];

beforeEach(async () => {
  relay = await startRelayProcess();
  keepers = await Promise.all(rooms.map((room) => new YClient(relay, room).synced()));
  for (const [index, keeper] of keepers.entries()) {
    for (let word = 0; word < 200; word++) keeper.insert(keeper.text.length, `word ${word} `);
    const copy = new YClient(relay, rooms[index]!);
    await copy.reads(keeper.read());
    copy.end();
  }
  for (const keeper of keepers) keeper.goOffline();
  expect((await relay.end("SIGTERM")).code).toBe(0);
});

afterEach(async () => {
  endYClients();
  await endInkClients();
  await endRelays();
});

/** All files of the data folder, with their folders. */
function filesOf(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** The store is the largest file that begins as SQLite's do. */
function storeFile(): string {
  const stores = filesOf(relay.data).filter((path) => readFileSync(path).subarray(0, 15).toString("latin1") === "SQLite format 3");
  expect(stores.length).toBeGreaterThan(0);
  return stores.toSorted((left, right) => statSync(right).size - statSync(left).size)[0]!;
}

function overwrite(path: string, from: number, length: number): void {
  const noise = Buffer.alloc(length, 0xa7);
  const file = openSync(path, "r+");
  writeSync(file, noise, 0, length, from);
  closeSync(file);
}

const damages: readonly (readonly [what: string, damage: (path: string) => void])[] = [
  ["truncated to a half", (path) => truncateSync(path, Math.floor(statSync(path).size / 2))],
  ["truncated to nothing", (path) => truncateSync(path, 0)],
  ["truncated in the middle of a page", (path) => truncateSync(path, statSync(path).size - 1_000)],
  ["overwritten at its head", (path) => overwrite(path, 0, 4_096)],
  ["overwritten in the middle", (path) => overwrite(path, Math.floor(statSync(path).size / 2), 8_192)],
  ["lost", (path) => ["", "-wal", "-shm"].forEach((tail) => rmSync(`${path}${tail}`, { force: true }))],
];

describe("[P2, P9] a store that was", () => {
  test.each(damages)("%s: the relay starts as incomplete, keeps the file, and is healed by its clients", async (what, damage) => {
    const path = storeFile();
    const size = statSync(path).size;
    damage(path);
    await relay.start();
    const ready = (await (await fetch(`${relay.url}/ready`)).json()) as { complete?: boolean };
    expect(ready.complete, JSON.stringify(ready)).toBe(false);
    expect((await MetricsReading.of(relay)).value("inkmesh_store_damage_total")).toBeGreaterThan(0);
    if (what !== "lost") {
      const kept = filesOf(relay.data).filter((file) => file.includes(".damaged-"));
      expect(kept.length, filesOf(relay.data).join()).toBeGreaterThan(0);
      expect(kept.some((file) => existsSync(file) && statSync(file).size <= size)).toBe(true);
    }
    for (const keeper of keepers) keeper.goOnline();
    await Promise.all(keepers.map((keeper) => keeper.synced()));
    for (const [index, room] of rooms.entries()) {
      const expected = keepers[index]!.read();
      expect(expected.split("word").length).toBe(201); // What is damaged here must not damage the clients.
      const fresh = await new InkClient(relay, room).synced();
      await until("a fresh client reads all that a keeper brought", () => fresh.read() === expected, { seen: () => fresh.read().length });
    }
  });
});

test("a store that is whole starts as complete", async () => {
  await relay.start();
  expect(await (await fetch(`${relay.url}/ready`)).json()).toMatchObject({ complete: true });
  const fresh = await new YClient(relay, "two").synced();
  expect(fresh.read()).toBe(keepers[1]!.read());
});
