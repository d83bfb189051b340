/**
 * Which kind of source a path is: told by what is there, never by its name. Each is loaded when it is needed: its library is of no use to
 * the others.
 */
import { closeSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import type { ImportSource } from "./import-source.ts";
import { isLevelFile } from "./level-file.ts";
import { UpdateFolderSource } from "./update-folder-source.ts";

export type SourceOpening = { readonly ok: true; readonly source: ImportSource } | { readonly ok: false; readonly sentence: string };

const sqliteHead = Buffer.from("SQLite format 3\0");

const right =
  "SOURCE must be a folder of y-leveldb, a file of Hocuspocus' SQLite extension with its table documents(name, data), or a folder of Yjs updates";

/** Opens it for reading; `ok: false` says in a sentence what would be right. */
export async function openSource(path: string): Promise<SourceOpening> {
  try {
    const source = await sourceAt(path);
    return source === undefined ? refusal(path, "") : { ok: true, source };
  } catch (error) {
    return refusal(path, error instanceof Error ? error.message : String(error));
  }
}

async function sourceAt(path: string): Promise<ImportSource | undefined> {
  if (statSync(path).isDirectory()) {
    if (!readdirSync(path).some(isLevelFile)) return new UpdateFolderSource(path);
    const { YLeveldbSource } = await import("./y-leveldb-source.ts");
    return YLeveldbSource.open(path);
  }
  if (!isSqlite(path)) return undefined;
  const { HocuspocusFileSource } = await import("./hocuspocus-file-source.ts");
  return new HocuspocusFileSource(path);
}

function isSqlite(file: string): boolean {
  const descriptor = openSync(file, "r");
  try {
    const head = Buffer.alloc(sqliteHead.length);
    readSync(descriptor, head, 0, head.length, 0);
    return head.equals(sqliteHead);
  } finally {
    closeSync(descriptor);
  }
}

function refusal(path: string, why: string): SourceOpening {
  return { ok: false, sentence: `${right}, not ${JSON.stringify(path)}${why === "" ? "" : ` (${why})`}.` };
}
