/**
 * HistoryLoad: what a history costs beside the snapshots that compactions write anyway: a recorded trace, typed at a steady pace, goes into
 * two stores, of which one keeps a history, in turns; and how long its last version takes.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import * as Y from "yjs";
import { encodeEntry } from "@inkmesh/shared/wire/entry-codec";
import { SqliteUpdateLog } from "../../server/log/sqlite-update-log.ts";
import { storeFile } from "../../server/log/store-opening.ts";
import { LogAuthor } from "../contract/log-author.ts";
import { must } from "../contract/update-log.contract.ts";
import { sequentialTrace, typePatches } from "../harness/traces.ts";

/** As fast as somebody types, and as many as a relay compacts at once. */
const editsPerMinute = 240;
const editsPerCompaction = 2_000;
const minuteMs = 60_000;

export interface HistoryFigures {
  readonly trace: string;
  readonly edits: number;
  readonly logBytes: number;
  readonly segmentBytes: number;
  readonly segments: number;
  /** Milliseconds of each compaction. */
  readonly without: readonly number[];
  readonly withHistory: readonly number[];
  readonly versionMs: number;
}

export async function measureHistory(trace: "sveltecomponent" | "automerge-paper"): Promise<HistoryFigures> {
  const folders = ["without", "with"].map((name) => mkdtempSync(join(tmpdir(), `inkmesh-history-${name}-`)));
  const logs = folders.map((folder, at) => new SqliteUpdateLog({ folder, nestingMax: 64, keepsHistory: at === 1 }));
  const spent: [number[], number[]] = [[], []];
  const author = new LogAuthor({ physicalMs: 10 * minuteMs });
  const { startContent, txns } = sequentialTrace(trace);
  const text = author.document.getText("text");
  let logBytes = 0;
  for (const log of logs) await log.open();
  text.insert(0, startContent);
  let batch = [Y.encodeStateAsUpdate(author.document)];
  author.document.on("update", (update: Uint8Array) => void batch.push(update));
  for (let from = 0; from < txns.length; from += editsPerCompaction) {
    for (const { patches } of txns.slice(from, from + editsPerCompaction)) typePatches(text, patches);
    const appends = batch.map((payload) => {
      author.pass(minuteMs / editsPerMinute - 1);
      return author.push(payload);
    });
    batch = [];
    for (const { entries } of appends) for (const entry of entries) logBytes += encodeEntry(entry).length;
    for (const at of spent[0].length % 2 === 0 ? [0, 1] : [1, 0]) {
      await must(logs[at]!.append(appends));
      const begunMs = performance.now();
      await must(logs[at]!.compact(author.lineage, author.clock));
      spent[at]!.push(performance.now() - begunMs);
    }
  }
  const { room, generation } = author.lineage;
  const begunMs = performance.now();
  const last = (await must(logs[1]!.history(room))).minutes.at(-1)!.minute;
  const content = await must(logs[1]!.version({ room, generation, minute: last, format: "text" }));
  const versionMs = performance.now() - begunMs;
  if (content === undefined || new TextDecoder().decode(content).length < text.length)
    throw new Error("the last version is not the document");
  for (const log of logs) await log.close();
  const { bytes, count } = segmentsIn(folders[1]!);
  for (const folder of folders) rmSync(folder, { recursive: true });
  const [without, withHistory] = spent;
  return { trace, edits: author.entries.length, logBytes, segmentBytes: bytes, segments: count, without, withHistory, versionMs };
}

function segmentsIn(folder: string): { bytes: number; count: number } {
  const database = new Database(storeFile(folder), { readonly: true });
  const [row] = database
    .prepare<[], { bytes: number; count: number }>("SELECT total(length(body)) AS bytes, count(*) AS count FROM segment")
    .all();
  database.close();
  return row!;
}
