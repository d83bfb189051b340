/**
 * HocuspocusFileSource: the file of @hocuspocus/extension-sqlite: `documents(name, data)`, each row a document's whole state.
 *
 * It is opened for reading only. Rows are found by their number, so that a damaged index keeps nothing from being read.
 * Source of the schema: packages/extension-sqlite/src/SQLite.ts of ueberdosis/hocuspocus.
 */
import Database from "better-sqlite3";
import type { ImportSource, SourceNames } from "./import-source.ts";

interface NameRow {
  readonly id: number;
  readonly name: unknown;
}

export class HocuspocusFileSource implements ImportSource {
  readonly kind = "hocuspocus-sqlite";
  readonly #database: Database.Database;
  readonly #rows = new Map<string, number>();

  /** Throws an Error in words where it is no such file. */
  constructor(file: string) {
    this.#database = new Database(file, { readonly: true, fileMustExist: true });
    try {
      this.#database.prepare("SELECT name, data FROM documents LIMIT 0").all();
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  names(): Promise<SourceNames> {
    try {
      // `+`: without the index.
      const rows = this.#database.prepare<[], NameRow>("SELECT rowid AS id, +name AS name FROM documents NOT INDEXED ORDER BY rowid");
      for (const { id, name } of rows.iterate()) this.#rows.set(String(name), id);
    } catch (error) {
      return Promise.resolve({ names: [...this.#rows.keys()], problem: wordsOf(error) });
    }
    return Promise.resolve({ names: [...this.#rows.keys()], problem: undefined });
  }

  updates(name: string): Promise<readonly Uint8Array[]> {
    try {
      const row = this.#database
        .prepare<[number], { data: unknown }>("SELECT data FROM documents WHERE rowid = ?")
        .get(this.#rows.get(name) ?? 0);
      if (row?.data instanceof Uint8Array) return Promise.resolve([new Uint8Array(row.data)]);
      return Promise.reject(new Error("its row holds no bytes"));
    } catch (error) {
      return Promise.reject(new Error(wordsOf(error)));
    }
  }

  close(): Promise<void> {
    this.#database.close();
    return Promise.resolve();
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
