/**
 * How documents came to be, between real relays: one that is new, one whose folder was lost, one that was away and one whose disk was
 * damaged tell the same in the end as those that were there; and where a copy goes, those that have the document tell all of it.
 *
 * One wall clock for all relays, which is set on by a minute between edits: a history is told by minutes.
 */
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, expect, test } from "vitest";
import { relaysToStart, startMesh, type MeshProcess } from "../harness/mesh-processes.ts";
import { MetricsReading } from "../harness/relay-api.ts";
import { endRelays, temporaryFolder } from "../harness/relay-process.ts";
import { SteppedClock } from "../harness/stepped-clock.ts";
import { until } from "../harness/until.ts";
import { endYClients, YClient } from "../harness/y-client.ts";

const rooms = ["one", "two", "three", "four", "five", "six"];
const minuteMs = 60_000;

interface ToldVersion {
  readonly version: string;
  readonly edits: number;
}

afterEach(async () => {
  endYClients();
  await endRelays();
});

/** Relays that do not run yet, and the clock on their walls. */
async function keepingRelays(names: readonly string[]): Promise<{ relays: Record<string, MeshProcess>; clock: SteppedClock }> {
  const config = join(temporaryFolder("config"), "relay.json");
  // A snapshot after every few edits, so that whoever was not there gets a state; and looks that do not take ten minutes.
  const limits = { tailEntriesMax: 4, tailBytesMin: 0, verifyMs: 500, sweepMs: 3_000, roomCacheBytes: 1 };
  writeFileSync(config, JSON.stringify({ limits }));
  const clock = new SteppedClock();
  const first = await relaysToStart(Object.fromEntries(names.map((name, at) => [name, names.slice(0, at)])));
  const changed = Object.values(first).map((relay, at) => {
    const list = Object.values(first)
      .slice(0, at)
      .flatMap(({ meshAddress }) => ["--join", meshAddress]);
    return [relay.name, relay.againWith({ args: [...list, "--config", config, "--history", "30d"], env: clock.environment })] as const;
  });
  return { relays: Object.fromEntries(changed), clock };
}

async function history(relay: MeshProcess, room: string): Promise<readonly ToldVersion[]> {
  const answer = await fetch(`${relay.url}/api/rooms/${room}/history?limit=200`);
  // A relay that has just begun may not have the document yet.
  if (answer.status === 404) return [];
  expect(answer.status, await answer.clone().text()).toBe(200);
  return ((await answer.json()) as { versions: ToldVersion[] }).versions;
}

async function textAt(relay: MeshProcess, room: string, version: string): Promise<string> {
  const answer = await fetch(`${relay.url}/api/rooms/${room}/history/${version}?format=text`);
  expect(answer.status).toBe(200);
  return answer.text();
}

/** Writes into each document in each of so many minutes, and deletes a little. */
async function write(at: MeshProcess, clock: SteppedClock, minutes: { readonly from: number; readonly to: number }): Promise<void> {
  const authors = await Promise.all(rooms.map((room) => new YClient(at, room).synced()));
  for (let minute = minutes.from; minute < minutes.to; minute++) {
    await clock.step(minute * minuteMs);
    for (const author of authors) {
      for (let word = 0; word < 6; word++) author.insert(author.text.length, `word ${minute}.${word} `);
      author.text.delete(0, 3);
    }
    await until("all of it is on a disk", async () => {
      const texts = await Promise.all(rooms.map(async (room) => (await fetch(`${at.url}/api/rooms/${room}/content?format=text`)).text()));
      return texts.every((text, index) => text.trimEnd() === authors[index]!.read().trimEnd());
    });
  }
  endYClients();
}

type Histories = ReadonlyMap<string, readonly ToldVersion[]>;

async function historiesOf(relay: MeshProcess): Promise<Histories> {
  return new Map(await Promise.all(rooms.map(async (room) => [room, await history(relay, room)] as const)));
}

/** Waits until `relay` tells of each document what `expected` has, and compares what the versions were. */
async function tellsTheSame(relay: MeshProcess, other: MeshProcess, expected: Histories): Promise<void> {
  const same = async (): Promise<boolean> => JSON.stringify([...(await historiesOf(relay))]) === JSON.stringify([...expected]);
  await until(`${relay.name} tells the same`, same, { timeoutMs: 60_000, seen: async () => [...(await historiesOf(relay))].slice(0, 2) });
  for (const { version } of expected.get("one")!) expect(await textAt(relay, "one", version)).toBe(await textAt(other, "one", version));
}

function supervise(relay: MeshProcess): void {
  const watch = async (): Promise<void> => {
    while ((await relay.exited).code === 1) await relay.start();
  };
  watch().catch(() => undefined);
}

function isPlaced(relay: MeshProcess): Promise<boolean> {
  return relay.place().then((place) => place === "member");
}

test("[P2] relays that were new, lost their folder, were away or lost a part of a history tell all of it in the end", async () => {
  const { relays, clock } = await keepingRelays(["a", "b", "c"]);
  const [a, b, c] = [relays["a"]!, relays["b"]!, relays["c"]!];
  await startMesh([a, b]);
  await write(a, clock, { from: 0, to: 3 });
  const written = await historiesOf(a);
  expect(written.get("one")!.map(({ edits }) => edits)).toEqual([7, 7, 7]);
  await tellsTheSame(b, a, written);

  await c.start();
  await until("it belongs", () => isPlaced(c), { timeoutMs: 30_000 });
  await tellsTheSame(c, a, written);

  // Away for a while.
  await c.end("SIGKILL");
  await write(b, clock, { from: 3, to: 5 });
  const more = await historiesOf(b);
  expect(more.get("six")).toHaveLength(5);
  await c.start();
  await tellsTheSame(c, b, more);

  // Without its folder.
  await c.end("SIGKILL");
  const blank = c.againWith({ data: temporaryFolder("blank") });
  await blank.start();
  await until("it belongs again", () => isPlaced(blank), { timeoutMs: 30_000 });
  await tellsTheSame(blank, a, more);

  // With a part of each history that is not as it was.
  await blank.end("SIGTERM");
  const file = readdirSync(blank.data).find((name) => name === "log.sqlite");
  const database = new Database(join(blank.data, file!));
  expect(
    database.prepare("UPDATE segment SET body = zeroblob(20) WHERE id IN (SELECT min(id) FROM segment GROUP BY lineage)").run().changes,
  ).toBe(rooms.length);
  database.close();
  await blank.start();
  supervise(blank);
  const isAnswering = (): Promise<boolean> =>
    historiesOf(blank).then(
      () => true,
      () => false,
    );
  await until("it has seen the damage and begun anew", isAnswering, { timeoutMs: 30_000 });
  await until(
    "it tells the same again",
    async () => {
      const told = await historiesOf(blank).catch(() => new Map());
      return JSON.stringify([...told]) === JSON.stringify([...more]);
    },
    { timeoutMs: 60_000, seen: () => historiesOf(blank).then((told) => [...told], String) },
  );
}, 240_000);

test("[P2] where the ring places documents elsewhere their copies go, and those that have them tell all that the copies told", async () => {
  const { relays, clock } = await keepingRelays(["a", "b", "c", "d"]);
  const all = Object.values(relays);
  await startMesh(all.slice(0, 3));
  await write(relays["a"]!, clock, { from: 0, to: 3 });
  const written = await historiesOf(relays["a"]!);
  const d = relays["d"]!;
  await d.start();
  await until("it belongs", () => isPlaced(d), { timeoutMs: 60_000 });
  const counted = async (name: string): Promise<number> =>
    (await Promise.all(all.map(async (relay) => (await MetricsReading.of(relay)).value(name)))).reduce((sum, value) => sum + value, 0);
  // Four relays, three copies each: one for each document has gone.
  await until("the copies have gone", async () => (await counted("inkmesh_rooms_dropped")) >= rooms.length, {
    timeoutMs: 90_000,
    seen: async () => [await counted("inkmesh_rooms_to_drop"), await counted("inkmesh_rooms_dropped")],
  });
  for (const room of rooms) {
    // Whoever is asked and holds no copy any more gets one to answer from, and its history behind that.
    const told = (): Promise<readonly (readonly ToldVersion[])[]> => Promise.all(all.map((relay) => history(relay, room)));
    const isWhole = (versions: readonly ToldVersion[]): boolean => JSON.stringify(versions) === JSON.stringify(written.get(room));
    expect((await told()).filter(isWhole).length, room).toBeGreaterThanOrEqual(3);
    const areAll = async (): Promise<boolean> => (await told()).every((versions) => versions.length === 0 || isWhole(versions));
    await until(`all tell the same of ${room}`, areAll, { timeoutMs: 30_000, seen: told });
  }
}, 240_000);
