/**
 * Images in the SQLite store: what is damaged, what is collected and what is not, older stores, and stores that had to be salvaged.
 */
import Database from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { noBytes, sameBytes } from "@inkmesh/shared/base/bytes";
import { YjsEngine } from "@inkmesh/shared/engine/yjs-engine";
import { aPicture, PictureAuthor, type Picture } from "../../contract/blobs.contract.ts";
import { aRecord } from "../../contract/update-log.contract.ts";
import { BlobReader } from "../../../server/log/blob-reader.ts";
import { pieceBytes } from "../../../server/log/blob-shelf.ts";
import type { MentionScan } from "../../../server/log/mention-scan.ts";
import { openReader } from "../../../server/log/sqlite-connection.ts";
import { SqliteReader, type FoundDamage } from "../../../server/log/sqlite-reader.ts";
import { verifyStore } from "../../../server/log/store-verification.ts";
import { dropBlobTables, SqliteFolder } from "./sqlite-folder.ts";

// Longer than usual: a slow disk syncs slowly.
vi.setConfig({ testTimeout: 30_000 });

const engine = new YjsEngine();
const large = aPicture(1, 2 * pieceBytes + 1);
const other = aPicture(2);
let folder: SqliteFolder;
let author: PictureAuthor;
let found: FoundDamage[];

beforeEach(() => {
  folder = new SqliteFolder();
  folder.open();
  author = new PictureAuthor();
  found = [];
});
afterEach(() => folder.dispose());

function put({ name, bytes }: Picture, sinceMs = 10): void {
  const blob = { name, size: bytes.length, sinceMs };
  const begun = folder.store.beginBlob(author.lineage, { ...blob, isCopy: false });
  if (begun.type !== "begun") throw new Error(begun.type);
  const pieces = Math.ceil(bytes.length / pieceBytes);
  for (let part = 0; part < pieces; part++) folder.store.putPiece(begun.id, part, bytes.slice(part * pieceBytes, (part + 1) * pieceBytes));
  folder.store.endBlob(begun.id, author.lineage, { ...blob, pieces });
}

function reading<Value>(work: (blobs: BlobReader) => Value): Value {
  const database = openReader(folder.file);
  const note = (damage: FoundDamage): unknown => found.push(damage);
  try {
    return work(new BlobReader(database, new SqliteReader(database, engine, note), note));
  } finally {
    database.close();
  }
}

const read = ({ name }: Picture): Uint8Array | undefined => reading((blobs) => blobs.bytes(author.lineage, name));
const isHere = (picture: Picture): boolean => sameBytes(read(picture) ?? noBytes, picture.bytes);
const blobs = () => reading((reader) => reader.of(author.lineage));

function tamper(...statements: readonly string[]): void {
  const database = new Database(folder.file);
  for (const sql of statements) expect(database.prepare(sql).run().changes, sql).toBeGreaterThan(0);
  database.close();
}

function rowsOf(table: string): unknown[] {
  const database = openReader(folder.file);
  const rows = database.prepare(`SELECT * FROM ${table}`).all();
  database.close();
  return rows;
}

function verified(): unknown[] {
  const database = openReader(folder.file);
  const damage = verifyStore(database);
  database.close();
  return damage;
}

/** What the writer does with what a reader found. */
function setAside(): void {
  for (const { row, lineage, what } of found.splice(0)) if (row) folder.store.setAside(row, lineage, what);
  while (folder.store.sweepBlobs() === "more") continue;
}

/** A collection, with something between its reading and its removing. */
function collect(between: () => void = () => undefined, beforeMs = 500): number {
  const due = reading((reader) => reader.collectable({ after: 0, beforeMs, limit: 10 }));
  const scans = due.map(({ id, lineage }): MentionScan => reading((reader) => reader.mentions(id, lineage)));
  between();
  return due.reduce((sum, { lineage }, at) => sum + folder.store.settleBlobs(lineage, scans[at]!, beforeMs), 0);
}

const compact = (): void => folder.compact(author.lineage.room, author.clock.entries());

describe("[P9] an image that is not as it was written", () => {
  const flip = "bytes = cast(x'7a7b' || substr(bytes, 3) AS BLOB)";
  test.each([
    ["a flipped byte in a piece", `UPDATE piece SET ${flip} WHERE part = 1`],
    ["a missing piece", "DELETE FROM piece WHERE part = 2"],
    ["a head without pieces", "DELETE FROM piece WHERE blob = (SELECT id FROM blob WHERE pieces = 3)"],
    ["pieces in another order", "UPDATE piece SET part = 7 WHERE part = 0 AND blob = (SELECT id FROM blob WHERE pieces = 3)"],
    ["a head that says another size", "UPDATE blob SET size = size - 1 WHERE pieces = 3"],
  ])("%s: is found by reading and by looking, set aside, and lacking from then on", (_, sql) => {
    folder.append({ ...author.insert(large), completes: true }, author.insert(other));
    put(large);
    put(other);
    tamper(sql);
    expect(verified()).toMatchObject([{ where: expect.stringMatching(/^table (blob|piece)$/), room: author.lineage.room }]);
    expect(read(large)).toBeUndefined();
    expect(found).toMatchObject([{ where: "blob", lineage: author.lineage, row: { table: "blob" } }]);
    setAside();
    expect(rowsOf("damage")).toMatchObject([{ place: "blob", room: author.lineage.room, bytes: expect.any(Buffer) }]);
    expect(blobs()).toEqual({ held: [other.name], lacking: [large.name] });
    expect(isHere(other)).toBe(true);
    expect([verified(), rowsOf("leftover"), rowsOf("piece").length]).toEqual([[], [], 1]);
    expect(folder.load(author.lineage.room).isMarked).toBe(true);
    put(large);
    expect(isHere(large)).toBe(true);
  });

  test("a mention that is not as it was written is read anew", () => {
    folder.append(author.insert(other));
    put(other);
    tamper("UPDATE mention SET noted = noted + 1");
    expect(verified()).toMatchObject([{ where: "table mention" }]);
    blobs();
    setAside();
    expect([rowsOf("mention"), rowsOf("unread").length]).toEqual([[], 1]);
    expect(collect()).toBe(0);
    expect([rowsOf("mention").length, rowsOf("unread"), verified()]).toEqual([1, [], []]);
  });

  test("its head does not count before all of its pieces are there", () => {
    const blob = { name: large.name, size: large.bytes.length, sinceMs: 10 };
    const begun = folder.store.beginBlob(author.lineage, { ...blob, isCopy: false });
    const id = begun.type === "begun" ? begun.id : 0;
    folder.store.putPiece(id, 0, large.bytes.slice(0, pieceBytes));
    expect(() => folder.store.endBlob(id, author.lineage, { ...blob, pieces: 3 })).toThrow("1 pieces");
    expect(blobs().held).toEqual([]);
  });
});

describe("[P2] what is collected", () => {
  test("what is mentioned after the document was read stays", () => {
    put(other);
    expect(collect(() => folder.append(author.insert(other)))).toBe(0);
    folder.append(author.remove(0));
    folder.keepsHistory = false;
    compact();
    // The mention that went comes back while the document is looked at.
    expect(collect(() => folder.append(author.insert(other)))).toBe(0);
    expect(collect()).toBe(0);
    expect(isHere(other)).toBe(true);
  });

  test("what is given again after it was read stays", () => {
    put(other);
    const again = () => folder.store.beginBlob(author.lineage, { name: other.name, size: 1, sinceMs: 600, isCopy: false });
    expect(collect(again)).toBe(0);
  });

  test("what the table does not say and the document does stays, and is noted", () => {
    folder.append(author.insert(other));
    put(other);
    tamper("DELETE FROM mention");
    expect(collect()).toBe(0);
    expect(blobs()).toEqual({ held: [other.name], lacking: [] });
    expect(rowsOf("mention")).toHaveLength(1);
  });

  test("nothing of a document of which something cannot be read", () => {
    folder.append(author.insert(other), author.type("a"));
    put(other);
    put(large);
    compact();
    tamper("UPDATE segment SET body = cast(substr(body, 1, length(body) - 2) || x'7a7a' AS BLOB)");
    expect(collect()).toBe(0);
    expect(blobs().held).toEqual([large.name, other.name].sort());
    // Once that was set aside its mentions stay, since nothing tells what it mentioned; what was never mentioned goes.
    folder.readHistory((history) => history.read(author.lineage));
    for (const { row, lineage, what } of folder.found.splice(0)) if (row) folder.store.setAside(row, lineage, what);
    folder.append(author.remove(0));
    compact();
    expect(collect()).toBe(1);
    expect(blobs().held).toEqual([other.name]);
  });

  test("what an entry mentions that was set aside as damaged stays", () => {
    folder.append(author.insert(other));
    put(other);
    tamper("UPDATE entry SET seq = seq + 10");
    folder.load(author.lineage.room);
    for (const { row, lineage, what } of folder.found.splice(0)) if (row) folder.store.setAside(row, lineage, what);
    tamper("DELETE FROM mention");
    expect(collect()).toBe(0);
  });

  test("a name across the border of two parts of a snapshot is found", () => {
    const bytes = new TextEncoder().encode(`…${other.name}…`);
    folder.append(author.type("a"));
    put(other);
    const id = folder.store.nextSnapshot();
    for (const [part, cut] of [bytes.slice(0, 40), bytes.slice(40)].entries()) folder.store.putChunk(id, part, cut);
    folder.store.putSnapshot(id, 1, { ...author.lineage, clock: [], quarantined: [], lengths: [0, 0, bytes.length], chunks: 2 });
    const scan = reading((reader) => reader.mentions(1, author.lineage));
    expect(scan.names).toEqual([other.name]);
  });

  test("what was read of a copy that was dropped meanwhile is noted nowhere", () => {
    folder.append(author.insert(other));
    put(other);
    tamper("DELETE FROM mention");
    expect(collect(() => folder.store.dropCopies([author.lineage]))).toBe(0);
    expect([rowsOf("mention"), rowsOf("blob"), rowsOf("leftover").length]).toEqual([[], [], 1]);
  });

  test("a document is read once, and again only when something left it", () => {
    folder.append(author.insert(other));
    put(other);
    const due = () => reading((reader) => reader.collectable({ after: 0, beforeMs: 500, limit: 10 })).length;
    expect(due()).toBe(0);
    compact();
    expect(due()).toBe(1);
    collect();
    expect(due()).toBe(0);
  });
});

test("pieces of a number that is an image's again are not swept", () => {
  put(large);
  tamper("INSERT INTO leftover SELECT id FROM blob");
  while (folder.store.sweepBlobs() === "more") continue;
  expect([isHere(large), rowsOf("leftover")]).toEqual([true, []]);
});

test("a store of version 3 is read for what it mentions", () => {
  folder.append(author.insert(other), author.insert(large));
  compact();
  folder.append(author.remove(0));
  compact();
  folder.close();
  const database = new Database(folder.file);
  for (const sql of [...dropBlobTables, "PRAGMA user_version = 3"]) database.exec(sql);
  database.close();
  expect(folder.open()).toMatchObject({ complete: true, damage: [] });
  expect(blobs()).toEqual({ held: [], lacking: [large.name, other.name].sort() });
});

describe("[P2] out of a store that cannot be read", () => {
  /** Opens what is left of a process that was killed, with a tear in its write-ahead log: earlier images of rows that are gone are behind it. */
  function salvaged(): void {
    const copy = folder.killed();
    folder.dispose();
    folder = copy;
    folder.overwrite(`${folder.file}-wal`, 40, Buffer.alloc(8, 0x21));
    expect(folder.open()).toMatchObject({ complete: false });
  }

  test("images come back whole, with what is mentioned, and what was on its way does not", () => {
    folder.append(author.insert(large), author.insert(other));
    put(large);
    put(aPicture(3));
    const begun = folder.store.beginBlob(author.lineage, { name: other.name, size: 9, sinceMs: 10, isCopy: false });
    if (begun.type === "begun") folder.store.putPiece(begun.id, 0, other.bytes);
    salvaged();
    expect(isHere(large)).toBe(true);
    expect(blobs()).toEqual({ held: [large.name, aPicture(3).name].sort(), lacking: [other.name] });
    expect([rowsOf("piece").length, verified()]).toEqual([4, []]);
    put(other);
    expect(isHere(other)).toBe(true);
  });

  test("[P10] those of a closed generation do not", () => {
    folder.append(author.insert(other));
    put(other);
    const deleted = { hlc: aRecord("").created, by: "" };
    folder.store.putRecord(aRecord(author.lineage.room, { deleted, everDeleted: true }));
    salvaged();
    expect([rowsOf("blob"), rowsOf("piece"), rowsOf("mention")]).toEqual([[], [], []]);
  });
});
