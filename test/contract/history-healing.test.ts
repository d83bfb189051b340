/**
 * A segment of a history that is damaged on disk is set aside, found to be lacking, and brought again from another relay's history.
 */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import Database from "better-sqlite3";
import { expect, onTestFinished, test } from "vitest";
import type { RoomName } from "@inkmesh/shared/base/ids";
import { YjsEngine } from "@inkmesh/shared/engine/yjs-engine";
import { MemoryUpdateLog } from "../../server/log/memory-update-log.ts";
import { SqliteUpdateLog } from "../../server/log/sqlite-update-log.ts";
import type { UpdateLog } from "../../server/log/update-log.ts";
import { bring } from "./history-copies.contract.ts";
import { LogAuthor } from "./log-author.ts";
import { must } from "./update-log.contract.ts";

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

test("a damaged segment is set aside, told of as lacking after a restart, and healed by what another relay has", async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "inkmesh-healing-"));
  onTestFinished(() => fs.rmSync(folder, { recursive: true }));
  const open = async (): Promise<SqliteUpdateLog> => {
    const log = new SqliteUpdateLog({ folder, nestingMax: 64, keepsHistory: true });
    await log.open();
    return log;
  };
  const there = new MemoryUpdateLog({ engine: new YjsEngine(), nestingMax: 64, keepsHistory: true });
  let log = await open();
  const author = await threeMinutes([log, there]);
  const before = await must(log.history(room));
  await log.close();
  const file = fs.readdirSync(folder).find((name) => /\.(db|sqlite)$/.test(name)) as string;
  const database = new Database(path.join(folder, file));
  expect(database.prepare("UPDATE segment SET body = zeroblob(40) WHERE minute = 11").run().changes).toBe(1);
  database.close();

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
