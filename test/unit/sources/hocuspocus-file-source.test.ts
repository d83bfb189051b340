/**
 * Files of @hocuspocus/extension-sqlite that are not as it writes them on a good day.
 */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import Database from "better-sqlite3";
import { afterAll, expect, test } from "vitest";
import { HocuspocusFileSource } from "../../../server/sources/hocuspocus-file-source.ts";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "inkmesh-hocuspocus-file-"));
afterAll(() => fs.rmSync(folder, { recursive: true }));

function aFile(name: string, rows: readonly (readonly [name: unknown, data: Uint8Array])[], { unique = "" } = {}): string {
  const file = path.join(folder, name);
  const database = new Database(file);
  database.exec(`CREATE TABLE documents (name varchar(255), data blob NOT NULL${unique})`);
  for (const row of rows) database.prepare("INSERT INTO documents VALUES (?, ?)").run(...row);
  database.close();
  return file;
}

const bytes = (...values: readonly number[]): Uint8Array => Uint8Array.from(values);

test("[P2] rows of one name are one document's updates, none of them left out", async () => {
  const file = aFile("twice.sqlite", [
    ["a", bytes(0, 0)],
    ["b", bytes(0, 1)],
    ["a", bytes(0, 2)],
  ]);
  const source = new HocuspocusFileSource(file);
  expect(await source.names()).toEqual({ names: ["a", "b"], problem: undefined });
  expect([await source.updates("a"), await source.updates("b")]).toEqual([[bytes(0, 0), bytes(0, 2)], [bytes(0, 1)]]);
  await source.close();
});

test("[P2] a row whose name is no text is nobody's document, and said", async () => {
  const file = aFile("nameless.sqlite", [
    ["null", bytes(0, 0)],
    [null, bytes(0, 1)],
    [Buffer.from("null"), bytes(0, 2)],
    [7, bytes(0, 3)],
  ]);
  const source = new HocuspocusFileSource(file);
  // The column turns a number into text.
  expect(await source.names()).toEqual({ names: ["null", "7.0"], problem: "2 rows have a name that is no text" });
  expect(await source.updates("null")).toEqual([bytes(0, 0)]);
  await source.close();
});
