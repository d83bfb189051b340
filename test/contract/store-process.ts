/**
 * StoreProcess: a process of its own that appends to a log until it is killed, and says on stdout what it was promised:
 * one line per answered append, the number of entries of each room that are durable. Compacts now and then, so that
 * kills fall into every step of it.
 *
 *     node --import tsx --conditions=inkmesh-source store-process.ts FOLDER LIFE
 */
import { argv, stdout } from "node:process";
import { SqliteUpdateLog } from "../../server/log/sqlite-update-log.ts";
import { LogAuthor } from "./log-author.ts";

const [folder = "", life = "1"] = argv.slice(2);
const log = new SqliteUpdateLog({ folder, nestingMax: 64, keepsHistory: true });
const { complete } = await log.open();
stdout.write(`opened ${complete}\n`);
const authors = ["r0", "r1", "r2"].map((room, number) => new LogAuthor({ room, life: Number(life), clientId: Number(life) * 10 + number }));

for (let turn = 1; ; turn++) {
  const answered = await log.append(authors.map((author) => author.type("abc")));
  if (!answered.ok) throw new Error(answered.refusal.detail);
  stdout.write(`durable ${turn * 3}\n`);
  const author = authors[turn % authors.length]!;
  if (turn % 20 === 0) void log.compact(author.lineage, author.clock);
}
