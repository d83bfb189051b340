/**
 * HocuspocusFileSource: the file of @hocuspocus/extension-sqlite: `documents(name, data)`, each row a document's whole state.
 *
 * Its table allows one row of a name. Where another one does not, the rows of a name are updates of one document: Yjs merges them, and none
 * of them is lost. Where reading alone would write, beside a file with a write-ahead log or into one that has to be rolled back, a copy is
 * read; any other file is opened where it is, for reading only. Rows are found by their number, so that a damaged index keeps nothing from being read.
 * Source of the schema: packages/extension-sqlite/src/SQLite.ts of ueberdosis/hocuspocus.
 */
import { closeSync, existsSync, openSync, readSync } from "node:fs";
import { basename, join } from "node:path";
import Database from "better-sqlite3";
import type { ImportSource, SourceNames } from "./import-source.ts";
import { SourceCopy } from "./source-copy.ts";

/** Of the file's format, for writing and for reading: SQLite's `fileformat2.html`, 1.3.2. */
const versions = { at: 18, length: 2, writeAhead: 2 } as const;

interface NameRow {
  readonly id: number;
  readonly name: unknown;
}

export class HocuspocusFileSource implements ImportSource {
  readonly kind = "hocuspocus-sqlite";
  /** Undefined: it is read where it is. */
  readonly #copy: SourceCopy | undefined;
  readonly #database: Database.Database;
  /** Name → its rows, in the order in which they were stored. */
  readonly #rows = new Map<string, number[]>();

  /** Throws an Error in words where it is no such file. */
  constructor(file: string) {
    this.#copy = isReadInPlace(file) ? undefined : new SourceCopy([file, `${file}-wal`, `${file}-journal`]);
    try {
      const opened = this.#copy === undefined ? file : join(this.#copy.folder, basename(file));
      this.#database = new Database(opened, { readonly: this.#copy === undefined, fileMustExist: true });
    } catch (error) {
      this.#copy?.remove();
      throw error;
    }
    try {
      this.#database.prepare("SELECT name, data FROM documents LIMIT 0").all();
    } catch (error) {
      void this.close();
      throw error;
    }
  }

  names(): Promise<SourceNames> {
    let nameless = 0;
    const problems: string[] = [];
    this.#rows.clear();
    try {
      // `+`: without the index.
      const rows = this.#database.prepare<[], NameRow>("SELECT rowid AS id, +name AS name FROM documents NOT INDEXED ORDER BY rowid");
      for (const { id, name } of rows.iterate()) {
        if (typeof name === "string") this.#rowsOf(name).push(id);
        else nameless += 1;
      }
    } catch (error) {
      problems.push(wordsOf(error));
    }
    if (nameless > 0) problems.push(`${nameless} rows have a name that is no text`);
    return Promise.resolve({ names: [...this.#rows.keys()], problem: problems.length === 0 ? undefined : problems.join("; ") });
  }

  updates(name: string): Promise<readonly Uint8Array[]> {
    try {
      const row = this.#database.prepare<[number], { data: unknown }>("SELECT data FROM documents WHERE rowid = ?");
      const data = (this.#rows.get(name) ?? []).map((id) => row.get(id)?.data);
      if (data.length > 0 && data.every((each) => each instanceof Uint8Array))
        return Promise.resolve(data.map((each) => new Uint8Array(each)));
      return Promise.reject(new Error("its row holds no bytes"));
    } catch (error) {
      return Promise.reject(new Error(wordsOf(error)));
    }
  }

  #rowsOf(name: string): number[] {
    const rows = this.#rows.get(name) ?? [];
    this.#rows.set(name, rows);
    return rows;
  }

  close(): Promise<void> {
    this.#database.close();
    this.#copy?.remove();
    return Promise.resolve();
  }
}

/** Reading a file with a write-ahead log makes files beside it, and one with a journal is written to: it is rolled back first. */
function isReadInPlace(file: string): boolean {
  const head = Buffer.alloc(versions.length);
  const descriptor = openSync(file, "r");
  try {
    readSync(descriptor, head, 0, head.length, versions.at);
  } finally {
    closeSync(descriptor);
  }
  return !head.includes(versions.writeAhead) && !existsSync(`${file}-journal`);
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
