/**
 * What of a history is damaged on disk is set aside, found to be lacking, and brought again from another relay's history.
 */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import Database from "better-sqlite3";
import { expect, onTestFinished, test } from "vitest";
import type { RoomName } from "@inkmesh/shared/base/ids";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import { MemoryUpdateLog } from "../../server/log/memory-update-log.ts";
import { SqliteUpdateLog } from "../../server/log/sqlite-update-log.ts";
import type { UpdateLog } from "../../server/log/update-log.ts";
import { bring } from "./history-copies.contract.ts";
import { LogAuthor } from "./log-author.ts";
import { must } from "./update-log.contract.ts";
import { engineOfRoom } from "../engines.ts";

const room = "a room" as RoomName;
const minute = 60_000;

async function threeMinutes(logs: readonly UpdateLog[]): Promise<LogAuthor> {
  const author = new LogAuthor({ physicalMs: 10 * minute });
  for (const words of ["one ", "two ", "three"]) {
    const append = author.type(words);
    for (const log of logs) {
      await must(log.append([append]));
      await must(log.compact(author.lineage, author.clock));
    }
    author.pass(minute);
  }
  return author;
}

interface Folder {
  readonly open: () => Promise<SqliteUpdateLog>;
  /** Runs SQL on the closed store, and says how many rows that changed. */
  readonly tamper: (sql: string) => number;
}

function aFolder(): Folder {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "inkmesh-healing-"));
  onTestFinished(() => fs.rmSync(folder, { recursive: true }));
  return {
    open: async () => {
      const log = new SqliteUpdateLog({ folder, nestingMax: 64, keepsHistory: true });
      await log.open();
      return log;
    },
    tamper: (sql) => {
      const file = fs.readdirSync(folder).find((name) => /\.(db|sqlite)$/.test(name)) as string;
      const database = new Database(path.join(folder, file));
      const { changes } = database.prepare(sql).run();
      database.close();
      return changes;
    },
  };
}

const aMemory = (): MemoryUpdateLog => new MemoryUpdateLog({ engineOf: engineOfRoom, nestingMax: 64, keepsHistory: true });

test("what a history begins with is told of as lacking once it is damaged, and healed", async () => {
  const { open, tamper } = aFolder();
  const there = aMemory();
  let log = await open();
  const author = await threeMinutes([log, there]);
  for (const each of [log, there]) await must(each.expireHistory({ cutMs: 12 * minute, dueMs: 12 * minute }));
  const before = await must(log.history(room));
  await log.close();
  expect(tamper("UPDATE chunk SET bytes = zeroblob(40) WHERE snapshot IN (SELECT id FROM snapshot WHERE verified = 2)")).toBe(1);
  log = await open();
  expect((await must(log.history(room))).base).toEqual(VectorClock.empty);
  await log.close();
  log = await open();
  expect((await must(log.historyGaps(0, 10))).lineages).toEqual([author.lineage]);
  await bring(there, log, 12 * minute);
  expect(await must(log.history(room))).toEqual(before);
  expect((await must(log.historyGaps(0, 10))).lineages).toEqual([]);
  await log.close();
});

test("after a salvage, which does not say of what something was lost, all documents are looked at once", async () => {
  const { open, tamper } = aFolder();
  const there = aMemory();
  let log = await open();
  const author = await threeMinutes([log, there]);
  await log.close();
  expect(tamper("DELETE FROM segment WHERE minute = 11")).toBe(1);
  log = await open();
  expect((await must(log.historyGaps(0, 10))).lineages).toEqual([]);
  await log.close();
  expect(tamper("INSERT INTO damage (place, what, reported) VALUES ('store.sqlite', '8 entries were saved', 1)")).toBe(1);
  log = await open();
  expect((await must(log.historyGaps(0, 10))).lineages).toEqual([author.lineage]);
  expect((await must(log.historyGaps(0, 10))).lineages).toEqual([]);
  await log.close();
});

test("a damaged segment is set aside, told of as lacking after a restart, and healed by what another relay has", async () => {
  const { open, tamper } = aFolder();
  const there = aMemory();
  let log = await open();
  const author = await threeMinutes([log, there]);
  const before = await must(log.history(room));
  await log.close();
  expect(tamper("UPDATE segment SET body = zeroblob(40) WHERE minute = 11")).toBe(1);

  log = await open();
  expect((await must(log.history(room))).minutes.map((each) => each.minute)).toEqual([10, 12]);
  await log.close();
  log = await open();
  expect((await must(log.historyGaps(0, 10))).lineages).toEqual([author.lineage]);
  await bring(there, log);
  expect(await must(log.history(room))).toEqual(before);
  expect((await must(log.historyGaps(0, 10))).lineages).toEqual([]);
  expect(await must(log.verify())).toEqual([]);
  await log.close();
});
