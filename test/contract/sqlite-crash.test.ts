/**
 * Kills a process that appends and compacts, again and again, in one folder, and looks for what it had been promised.
 */
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { RoomName } from "@inkmesh/shared/base/ids";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import { dotKey } from "@inkmesh/shared/clock/dot";
import { nothingUnnamed } from "../../server/core/stored-room.ts";
import type { BlobStep } from "../../server/log/blob-intake.ts";
import type { CompactionStep } from "../../server/log/compaction-run.ts";
import { SqliteUpdateLog } from "../../server/log/sqlite-update-log.ts";
import { unpackHistory } from "../../server/log/room-parcel.ts";
import { chunkChecksum, type ChunkRow } from "../../server/log/store-row.ts";
import { openReader } from "../../server/log/sqlite-connection.ts";
import { verifyStore } from "../../server/log/store-verification.ts";
import { SqliteFolder } from "../unit/log/sqlite-folder.ts";
import { aPicture, PictureAuthor } from "./blobs.contract.ts";
import { anActor, LogAuthor, textOf } from "./log-author.ts";
import { dotsOf } from "./history.contract.ts";
import { aRecord, must } from "./update-log.contract.ts";

const kills = Number(process.env["INKMESH_ROUNDS"] ?? 1) * 4;
let folder: string;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "inkmesh-crash-"));
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

/** Runs the process of one life until `after` ms past its first promise; answers the last promise it printed. */
async function killedLife(life: number, after: number): Promise<number> {
  const script = path.join(import.meta.dirname, "store-process.ts");
  const child = spawn(process.execPath, ["--import", "tsx", "--conditions=inkmesh-source", script, folder, String(life)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.stdout.on("data", (chunk: Buffer) => {
    const first = !said.includes("durable");
    said += chunk.toString();
    if (first && said.includes("durable")) setTimeout(() => child.kill("SIGKILL"), after);
  });
  await ended;
  expect(said).toContain("opened true");
  return Math.max(0, ...[...said.matchAll(/^durable (\d+)$/gm)].map(([, count]) => Number(count)));
}

test(`[P2] what was promised before a kill is there after it, ${kills} kills in one folder`, { timeout: 60_000 * kills }, async () => {
  const promised = new Map<number, number>();
  for (let life = 1; life <= kills; life++) promised.set(life, await killedLife(life, 20 + ((life * 137) % 400)));
  const log = new SqliteUpdateLog({ folder, nestingMax: 64, keepsHistory: true });
  expect(await log.open()).toMatchObject({ complete: true, damage: [] });
  for (const room of ["r0", "r1", "r2"]) {
    const stored = await must(log.load(room as RoomName));
    let letters = 0;
    for (const [life, count] of promised) {
      const here = stored.clock.counter(anActor(life));
      expect(here, `life ${life} of ${room}`).toBeGreaterThanOrEqual(count);
      letters += here;
    }
    expect(textOf(stored)).toHaveLength(letters);
    expect(dotsOf(await must(log.history(room as RoomName))), room).toHaveLength(letters);
    expect(new Set(stored.tail.map(({ dot }) => `${dot.actor} ${dot.counter}`)).size).toBe(stored.tail.length);
  }
  expect(await must(log.verify())).toEqual([]);
  expect(Math.min(...promised.values())).toBeGreaterThan(0);
  await log.close();
});

test("[P2] a crash at any step of a compaction loses nothing, of the document or of its history", async () => {
  const author = new LogAuthor();
  const cuts = new Map<CompactionStep, SqliteFolder>();
  const log = new SqliteUpdateLog({
    folder,
    nestingMax: 64,
    keepsHistory: true,
    onStep: (step) => cuts.set(step, new SqliteFolder(folder).killed()),
  });
  await log.open();
  await must(log.append([author.type("taken in, "), author.push(Uint8Array.of(0xff, 0xff)), author.type("too. ")]));
  await must(log.compact(author.lineage, author.clock));
  await log.close();
  expect([...cuts.keys()]).toEqual(["drafted", "chunk-written", "written", "segments-written", "checked", "adopted", "swept"]);
  const left = author.type("Left.");
  for (const [step, cut] of cuts) {
    expect(cut.open(), step).toMatchObject({ complete: true, damage: [] });
    const stored = cut.load("a room");
    expect(textOf({ ...stored, tail: stored.tail.filter((entry) => entry.payload.length > 2) }), step).toBe("taken in, too. ");
    // The third does not apply: it is neither in the history nor gone before the snapshot without it counts.
    const told = dotsOf(cut.readHistory((history) => unpackHistory(history.list(author.lineage.room))));
    const expected = author.entries.slice(0, -left.entries.length).map((entry) => dotKey(entry.dot));
    const isAdopted = step === "adopted" || step === "swept";
    expect(told, step).toEqual(expected.filter((_, at) => !isAdopted || at !== 10));
    cut.append(left);
    cut.compact("a room", author.clock.entries());
    const finished = cut.load("a room");
    expect(textOf(finished), step).toBe(author.text);
    expect(finished.clock.compare(author.clock), step).toBe("equal");
    expect(finished.tail, step).toEqual([]);
    const whole = cut.readHistory((history) => history.read(author.lineage));
    expect(
      whole.segments.reduce((sum, { entries }) => sum + entries, 0),
      step,
    ).toBe(author.entries.length - 1);
    expect(
      whole.segments.every(({ part }) => part.encoding === "yjs-v2"),
      step,
    ).toBe(true);
    expect(verifyStore(openReader(cut.file)), step).toEqual([]);
    cut.dispose();
  }
});

test("[P2] a crash before what was pruned has left the log brings nothing of it back once it is remembered no more", async () => {
  const author = new LogAuthor();
  const cuts = new Map<CompactionStep, SqliteFolder>();
  const log = new SqliteUpdateLog({
    folder,
    nestingMax: 64,
    keepsHistory: true,
    onStep: (step) => cuts.set(step, new SqliteFolder(folder).killed()),
  });
  await log.open();
  const livesOf = (lives: readonly number[]): VectorClock => VectorClock.of(lives.map((life) => [anActor(life), 1]));
  const type = async (into: SqliteUpdateLog, life: number): Promise<void> => {
    author.restart(life);
    await must(into.append([author.type(String(life))]));
  };
  for (const life of [1, 2, 3]) await type(log, life);
  await must(log.compact(author.lineage, author.clock, { ...nothingUnnamed, prunable: livesOf([1, 2]), rememberedMax: 1 }));
  await log.close();
  const cut = cuts.get("adopted") as SqliteFolder;
  const again = new SqliteUpdateLog({ folder: cut.path, nestingMax: 64, keepsHistory: true });
  expect(await again.open()).toMatchObject({ complete: true, damage: [] });
  await type(again, 4);
  await must(again.compact(author.lineage, livesOf([3, 4]), { ...nothingUnnamed, prunable: livesOf([3]), rememberedMax: 1 }));
  const stored = await must(again.load(author.lineage.room));
  expect([...stored.clock.entries()]).toEqual([[anActor(4), 1]]);
  expect([...(stored.snapshot?.pruned.entries() ?? [])]).toEqual([[anActor(3), 1]]);
  expect(stored.tail).toEqual([]);
  await type(again, 5);
  await must(again.compact(author.lineage, livesOf([4, 5])));
  expect(dotsOf(await must(again.history(author.lineage.room)))).toHaveLength(5);
  expect(textOf(await must(again.load(author.lineage.room)))).toBe("12345");
  await again.close();
  for (const each of cuts.values()) each.dispose();
});

test("[P2] a room's clock that is counted anew names nothing that was pruned and has not left the log yet", async () => {
  const author = new LogAuthor();
  const at = new SqliteFolder(folder);
  at.open();
  for (const life of [1, 2, 3]) {
    author.restart(life);
    at.append(author.type(String(life)));
  }
  const prunable = VectorClock.of([[anActor(1), 1] as const, [anActor(2), 1] as const]);
  at.compact("a room", author.clock.entries(), "adopted", { ...nothingUnnamed, prunable, rememberedMax: 8 });
  at.close();
  const database = new Database(at.file);
  database.exec("DELETE FROM summary");
  database.close();
  const log = new SqliteUpdateLog({ folder, nestingMax: 64, keepsHistory: true });
  await log.open();
  author.restart(4);
  await must(log.append([author.type("4")]));
  const [listed] = (await must(log.rooms({ limit: 1 }))).rooms;
  expect(listed?.clock.counter(anActor(1))).toBe(0);
  expect(listed?.clock.counter(anActor(3))).toBe(1);
  await log.close();
});

test("[P2] a crash while a history is cut leaves it as it was, or cut, and the next start goes on from there", async () => {
  const author = new LogAuthor({ physicalMs: 600_000 });
  const cuts = new Map<CompactionStep, SqliteFolder>();
  let isCutting = false;
  const onStep = (step: CompactionStep): void => void (isCutting && cuts.set(step, new SqliteFolder(folder).killed()));
  const log = new SqliteUpdateLog({ folder, nestingMax: 64, keepsHistory: true, onStep });
  await log.open();
  await must(log.append([author.type("old, "), author.erase(0, 1)]));
  author.pass(60_000);
  await must(log.append([author.type("new.")]));
  await must(log.compact(author.lineage, author.clock));
  isCutting = true;
  const horizon = { dueMs: 660_000, cutMs: 660_000 };
  expect(await must(log.expireHistory(horizon))).toBe(1);
  await log.close();
  expect([...cuts.keys()]).toEqual(["chunk-written", "written", "checked", "adopted"]);
  for (const [step, cut] of cuts) {
    expect(cut.open(), step).toMatchObject({ complete: true, damage: [] });
    const { base, segments } = cut.readHistory((history) => history.read(author.lineage));
    const isCut = step === "adopted";
    expect([base === undefined, segments.length], step).toEqual([!isCut, isCut ? 1 : 2]);
    expect(textOf(cut.load("a room")), step).toBe(author.text);
    expect(verifyStore(openReader(cut.file)), step).toEqual([]);
    cut.dispose();
  }
});

test("[P2] the base of a history that was damaged before it was checked removes nothing", async () => {
  const author = new LogAuthor({ physicalMs: 600_000 });
  let isCutting = false;
  const onStep = (step: CompactionStep): void => {
    if (!isCutting || step !== "written") return;
    const database = new Database(path.join(folder, "log.sqlite"));
    // With a checksum that fits: what was written is whole, and it is something else.
    const bytes = Uint8Array.of(0, 0);
    const { snapshot, part } = database.prepare("SELECT * FROM chunk ORDER BY snapshot DESC").get() as ChunkRow;
    database
      .prepare("UPDATE chunk SET bytes = ?, crc = ? WHERE snapshot = ?")
      .run(bytes, chunkChecksum({ snapshot, part, bytes }), snapshot);
    database.close();
  };
  const log = new SqliteUpdateLog({ folder, nestingMax: 64, keepsHistory: true, onStep });
  await log.open();
  await must(log.append([author.type("old")]));
  await must(log.compact(author.lineage, author.clock));
  isCutting = true;
  const horizon = { dueMs: 6_000_000, cutMs: 6_000_000 };
  expect(await log.expireHistory(horizon)).toMatchObject({
    ok: false,
    refusal: { detail: expect.stringContaining("not the one that was built") },
  });
  expect(await must(log.history(author.lineage.room))).toMatchObject({ minutes: [{ entries: 3 }] });
  isCutting = false;
  expect(await must(log.expireHistory(horizon))).toBe(1);
  await must(log.append([author.type(", new")]));
  await must(log.compact(author.lineage, author.clock));
  expect(await must(log.expireHistory(horizon))).toBe(1);
  expect(await must(log.verify())).toEqual([]);
  const database = openReader(path.join(folder, "log.sqlite"));
  // One that serves, and one base: not the one before it, too.
  expect(database.prepare("SELECT verified FROM snapshot ORDER BY verified").pluck().all()).toEqual([1, 2]);
  database.close();
  await log.close();
});

test("[P2] a crash at any step of keeping an image, or of removing one, leaves it whole or not there, and nothing else", async () => {
  const cuts = new Map<string, SqliteFolder>();
  let prefix = "keeping";
  const note = (step: BlobStep): void => {
    const name = `${prefix}: ${step}`;
    if (!cuts.has(name)) cuts.set(name, new SqliteFolder(folder).killed());
  };
  const log = new SqliteUpdateLog({ folder, nestingMax: 64, onBlobStep: note });
  await log.open();
  const author = new PictureAuthor();
  // More than one portion is swept of.
  const picture = aPicture(1, 9 * 256 * 1024);
  await must(log.append([author.insert(picture)]));
  await must(log.putBlob(author.lineage, picture.name, picture.bytes, { atMs: 10 }));
  prefix = "removing";
  const deleted = { hlc: aRecord("").created, by: "" };
  await must(log.putRecord(aRecord(author.lineage.room, { deleted, everDeleted: true })));
  await vi.waitFor(() => expect([...cuts.keys()]).toContain("removing: swept"), 5_000);
  await log.close();
  expect([...cuts.keys()].slice(0, 5)).toEqual([
    ...["keeping: begun", "keeping: piece-written", "keeping: head-written"],
    ...["removing: portion-swept", "removing: swept"],
  ]);
  for (const [step, cut] of [...cuts].slice(0, 5)) {
    expect(cut.open(), step).toMatchObject({ complete: true, damage: [] });
    while (cut.store.sweepBlobs() === "more") continue;
    expect(verifyStore(openReader(cut.file)), step).toEqual([]);
    const database = openReader(cut.file);
    const count = (table: string): number => database.prepare<[], number>(`SELECT count(*) FROM ${table}`).pluck().get() ?? 0;
    const isHere = step === "keeping: head-written";
    expect([count("blob"), count("piece"), count("leftover")], step).toEqual(isHere ? [1, 9, 0] : [0, 0, 0]);
    expect(count("mention"), step).toBe(step.startsWith("keeping") ? 1 : 0);
    database.close();
  }
  for (const each of cuts.values()) each.dispose();
});
