/**
 * Files of @hocuspocus/extension-sqlite that are not as it writes them on a good day.
 */
import { createHash } from "node:crypto";
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

/** File → hash of its bytes, of everything in a folder. */
const contentsOf = (place: string): Record<string, string> =>
  Object.fromEntries(
    fs.readdirSync(place).map((name) => [
      name,
      createHash("sha256")
        .update(fs.readFileSync(path.join(place, name)))
        .digest("hex"),
    ]),
  );

/** As a server leaves it that is killed: what it wrote last is in the log beside the file. */
function aKilledFile(place: string, mode: "wal" | "delete"): string {
  const [living, killed] = [path.join(folder, `${place} living`), path.join(folder, place)];
  fs.mkdirSync(living);
  const database = new Database(path.join(living, "a.sqlite"));
  database.pragma(`journal_mode = ${mode}`);
  database.exec("CREATE TABLE documents (name varchar(255) NOT NULL, data blob NOT NULL, UNIQUE(name))");
  database.prepare("INSERT INTO documents VALUES (?, ?)").run("a", bytes(0, 0));
  if (mode === "delete") {
    // Enough that the file itself is written before the transaction ends.
    database.pragma("cache_size = 2");
    database.pragma("cache_spill = 1");
    database.exec("BEGIN");
    for (let row = 0; row < 200; row++) database.prepare("INSERT INTO documents VALUES (?, ?)").run(`b${row}`, Buffer.alloc(4_000));
  }
  fs.cpSync(living, killed, { recursive: true });
  fs.rmSync(path.join(killed, "a.sqlite-shm"), { force: true });
  database.close();
  return path.join(killed, "a.sqlite");
}

test.each(["wal", "delete"] as const)(
  "[P2] a file with a journal of the kind %s is read whole, and nothing is written beside it",
  async (mode) => {
    const file = aKilledFile(mode, mode);
    const before = contentsOf(path.dirname(file));
    expect(Object.keys(before)).toEqual(["a.sqlite", mode === "wal" ? "a.sqlite-wal" : "a.sqlite-journal"]);
    const source = new HocuspocusFileSource(file);
    expect(await source.names()).toEqual({ names: ["a"], problem: undefined });
    expect(await source.updates("a")).toEqual([bytes(0, 0)]);
    expect(contentsOf(path.dirname(file))).toEqual(before);
    await source.close();
    expect(contentsOf(path.dirname(file))).toEqual(before);
  },
);
