/**
 * HocuspocusFileSource: the file of @hocuspocus/extension-sqlite: `documents(name, data)`, each row a document's whole state.
 *
 * Its table allows one row of a name. Where another one does not, the rows of a name are updates of one document: Yjs merges them, and none
 * of them is lost. It is opened for reading only. Rows are found by their number, so that a damaged index keeps nothing from being read.
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
  /** Name → its rows, in the order in which they were stored. */
  readonly #rows = new Map<string, number[]>();

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
    let nameless = 0;
    const problems: string[] = [];
    this.#rows.clear();
    try {
      // `+`: without the index.
      const rows = this.#database.prepare<[], NameRow>("SELECT rowid AS id, +name AS name FROM documents NOT INDEXED ORDER BY rowid");
      for (const { id, name } of rows.iterate()) {
        if (typeof name === "string") this.#rows.set(name, [...(this.#rows.get(name) ?? []), id]);
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

  close(): Promise<void> {
    this.#database.close();
    return Promise.resolve();
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
