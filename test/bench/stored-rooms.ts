/**
 * StoredRooms: many documents of one letter in the data folders of relays that do not run yet, the same in each, as if they had
 * been replicated long ago. Written through the log itself, into one folder that is copied: over sockets they would take longer than what is
 * measured. A relay's name is not in its store, and its life is drawn at its start: such copies are relays of their own.
 */
import { copyFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { HashedContent } from "../../server/core/stored-room.ts";
import { SqliteUpdateLog } from "../../server/log/sqlite-update-log.ts";
import type { LogResult } from "../../server/log/update-log.ts";
import { YjsEngine } from "@inkmesh/shared/engine/yjs-engine";
import { LogAuthor } from "../contract/log-author.ts";
import { aRecord } from "../contract/update-log.contract.ts";
import type { MeshProcess } from "../harness/mesh-processes.ts";

/** Rooms in one transaction. */
const together = 1_000;

const engine = new YjsEngine();

/** `areHashed`: with what each content hashes to, as relays leave it. */
export async function storeRooms(relays: readonly MeshProcess[], count: number, areHashed = true): Promise<void> {
  const [first, ...others] = relays.map(({ data }) => data);
  await store(first!, count, areHashed);
  for (const folder of others) for (const name of readdirSync(first!)) copyFileSync(join(first!, name), join(folder, name));
}

async function store(folder: string, count: number, areHashed: boolean): Promise<void> {
  const log = new SqliteUpdateLog({ folder, nestingMax: 64 });
  await log.open();
  for (let stored = 0; stored < count; stored += together) {
    const authors = Array.from({ length: Math.min(together, count - stored) }, (_, index) => anAuthor(stored + index));
    const appended = log.append(authors.map(({ lineage, entries }) => ({ lineage, entries, completes: true })));
    const created = authors.map(({ lineage, entries }) => log.putRecord(aRecord(lineage.room, { created: entries[0]!.hlc })));
    for (const written of await Promise.all([appended, ...created])) must(written);
    for (const author of areHashed ? authors : []) log.keepHash(hashedBy(author));
  }
  await log.close();
}

function anAuthor(number: number): LogAuthor {
  const author = new LogAuthor({ room: `stored ${number}` });
  author.type("x");
  author.document.destroy();
  return author;
}

function hashedBy({ lineage, clock, entries }: LogAuthor): HashedContent {
  const { index } = engine.indexOf(entries.map(({ payload }) => payload));
  return { lineage, clock, entries: entries.length, hash: index.hash() };
}

function must(written: LogResult<unknown>): void {
  if (!written.ok) throw new Error(written.refusal.detail);
}
