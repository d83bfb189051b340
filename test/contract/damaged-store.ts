/**
 * DamagedStore: a store in a folder of its own, that is changed behind the relay's back.
 */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import Database from "better-sqlite3";
import { expect } from "vitest";
import { SqliteUpdateLog } from "../../server/log/sqlite-update-log.ts";
import { storeFile } from "../../server/log/store-opening.ts";
import type { Damage } from "../../server/log/update-log.ts";

export class DamagedStore {
  readonly #folder = fs.mkdtempSync(path.join(os.tmpdir(), "inkmesh-damaged-"));
  log = new SqliteUpdateLog({ folder: this.#folder, nestingMax: 64 });
  /** What this life of the log told of. */
  reported: Damage[] = [];

  static async open(): Promise<DamagedStore> {
    const store = new DamagedStore();
    await store.#begin();
    return store;
  }

  async reopen(): Promise<void> {
    await this.log.close();
    this.log = new SqliteUpdateLog({ folder: this.#folder, nestingMax: 64 });
    await this.#begin();
  }

  async remove(): Promise<void> {
    await this.log.close();
    fs.rmSync(this.#folder, { recursive: true });
  }

  /** Changes rows. */
  tamper(sql: string): void {
    const database = new Database(storeFile(this.#folder));
    expect(database.prepare(sql).run().changes).toBeGreaterThan(0);
    database.close();
  }

  run(sql: string): void {
    const database = new Database(storeFile(this.#folder));
    database.exec(sql);
    database.close();
  }

  /** Changes the first byte of `words` within one tree, a table or an index, as bytes flip on a disk; the next life begins. */
  async flipIn(tree: string, words: string): Promise<void> {
    await this.log.close();
    const file = storeFile(this.#folder);
    const database = new Database(file);
    const root = database.prepare<[string], number>("SELECT rootpage FROM sqlite_schema WHERE name = ?").pluck().get(tree) as number;
    const size = database.pragma("page_size", { simple: true }) as number;
    database.close();
    const bytes = fs.readFileSync(file);
    const at = bytes.indexOf(words, (root - 1) * size);
    expect(at).toBeGreaterThan(0);
    expect(at).toBeLessThan(root * size);
    bytes[at]! += 1;
    fs.writeFileSync(file, bytes);
    this.log = new SqliteUpdateLog({ folder: this.#folder, nestingMax: 64 });
    await this.#begin();
  }

  rowsOf(table: string): unknown[] {
    const database = new Database(storeFile(this.#folder), { readonly: true });
    const rows = database.prepare(`SELECT * FROM ${table}`).all();
    database.close();
    return rows;
  }

  async #begin(): Promise<void> {
    this.reported = [];
    this.log.onDamage((damage) => this.reported.push(damage));
    expect(await this.log.open()).toMatchObject({ complete: true, damage: [] });
  }
}
