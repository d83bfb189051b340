/**
 * Images in the SQLite store: what is damaged, what is collected and what is not, older stores, and stores that had to be salvaged.
 */
import Database from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { noBytes, sameBytes } from "@inkmesh/shared/base/bytes";
import { YjsEngine } from "@inkmesh/shared/engine/yjs-engine";
import { aPicture, PictureAuthor, type Picture } from "../../contract/blobs.contract.ts";
import { aRecord } from "../../contract/update-log.contract.ts";
import { mentionsMax } from "../../../server/log/blob-admission.ts";
import { BlobReader } from "../../../server/log/blob-reader.ts";
import { pieceBytes } from "../../../server/log/blob-shelf.ts";
import type { BlobAsk, BlobBeginning } from "../../../server/log/blob-shelf.ts";
import { scanMentions, type MentionScan } from "../../../server/log/mention-scan.ts";
import { openReader } from "../../../server/log/sqlite-connection.ts";
import { SqliteReader, type FoundDamage } from "../../../server/log/sqlite-reader.ts";
import { blobChecksum, type BlobRow } from "../../../server/log/store-row.ts";
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
  const begun = begin({ name, bytes }, { sinceMs });
  if (begun.type !== "begun") throw new Error(begun.type);
  const pieces = Math.ceil(bytes.length / pieceBytes);
  for (let part = 0; part < pieces; part++) folder.store.putPiece(begun.id, part, bytes.slice(part * pieceBytes, (part + 1) * pieceBytes));
  folder.store.endBlob(begun.id, author.lineage, { ...blob, pieces });
}

function begin({ name, bytes }: Picture, change: Partial<BlobAsk> = {}): BlobBeginning {
  return folder.store.beginBlob(author.lineage, { name, size: bytes.length, sinceMs: 10, isCopy: false, isHere: false, ...change });
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
function collect(between: () => void = () => undefined, nowMs = 1_000): number {
  const grace = { nowMs, graceMs: 500 };
  const due = reading((reader) => reader.collectable({ after: 0, beforeMs: nowMs - grace.graceMs, limit: 10 })).lineages;
  const scans = due.map((numbered): MentionScan => reading((reader) => reader.mentions(numbered)));
  between();
  return due.reduce((sum, numbered, at) => sum + (folder.store.settleBlobs(numbered, scans[at]!, grace) ?? 0), 0);
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
    expect(rowsOf("damage")).toMatchObject([{ place: "blob", room: author.lineage.room, bytes: null }]);
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

  test.each([
    ["whose pieces are gone", "DELETE FROM piece WHERE blob = (SELECT id FROM blob WHERE pieces = 3)"],
    ["whose head is damaged", "UPDATE blob SET size = size + 8 WHERE pieces = 3"],
  ])("one %s is written anew when it comes again, and not vouched for", (_, sql) => {
    folder.append(author.insert(large));
    put(large);
    tamper(sql);
    expect(begin(large, { isHere: sql.startsWith("UPDATE") }).type).toBe("begun");
    put(large);
    expect([isHere(large), found, rowsOf("blob").length]).toEqual([true, [], 1]);
    while (folder.store.sweepBlobs() === "more") continue;
    expect([verified(), rowsOf("piece").length]).toEqual([[], 3]);
  });

  test("one whose head says another size, and vouches for it, is not served", () => {
    put(large);
    const [row] = rowsOf("blob") as BlobRow[];
    const size = row!.size + 8;
    tamper(`UPDATE blob SET size = ${size}, crc = ${blobChecksum({ ...row!, size })}`);
    expect([read(large), found.length, verified().length]).toEqual([undefined, 1, 1]);
  });

  test("an entry that is missing beside it is found", () => {
    folder.append(author.insert(large), author.type("a"));
    put(large);
    tamper("DELETE FROM entry WHERE seq = (SELECT max(seq) FROM entry)", "DELETE FROM piece WHERE part = 0");
    expect(verified()).toMatchObject([{ where: "table blob" }, { where: "table summary" }]);
  });

  test("its head does not count before all of its pieces are there", () => {
    const blob = { name: large.name, size: large.bytes.length, sinceMs: 10 };
    const begun = begin(large);
    const id = begun.type === "begun" ? begun.id : 0;
    folder.store.putPiece(id, 0, large.bytes.slice(0, pieceBytes));
    expect(() => folder.store.endBlob(id, author.lineage, { ...blob, pieces: 3 })).toThrow("1 pieces");
    expect(blobs().held).toEqual([]);
  });
});

test.each([
  ["the copy of its document is dropped", "dropped", () => folder.store.dropCopies([author.lineage])],
  [
    "its generation is closed",
    "closed",
    () => folder.store.putRecord(aRecord(author.lineage.room, { deleted: { hlc: aRecord("").created, by: "" }, everDeleted: true })),
  ],
] as const)("[P10] an image that is on its way when %s does not come", (_, outcome, away) => {
  folder.append(author.insert(other));
  const begun = begin(other);
  const id = begun.type === "begun" ? begun.id : 0;
  folder.store.putPiece(id, 0, other.bytes);
  away();
  expect(folder.store.endBlob(id, author.lineage, { name: other.name, size: other.bytes.length, sinceMs: 10, pieces: 1 })).toBe(outcome);
  while (folder.store.sweepBlobs() === "more") continue;
  expect([rowsOf("blob"), rowsOf("piece")]).toEqual([[], []]);
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
    const again = () => expect(begin(other, { sinceMs: 600, isHere: true })).toEqual({ type: "here" });
    expect(collect(again)).toBe(0);
    begin(other, { sinceMs: 20, isHere: true });
    expect(collect(undefined, 1_100), "never older than it was").toBe(0);
    expect(collect(undefined, 1_101)).toBe(1);
  });

  test("[P2] the grace begins when the last mention is found to be gone, and anew where the relay was away", () => {
    folder.keepsHistory = false;
    folder.append(author.insert(other));
    put(other);
    folder.append(author.remove(0));
    compact();
    expect(collect(undefined, 10_000)).toBe(0);
    expect(collect(undefined, 10_500)).toBe(0);
    folder.store.beginGrace(20_000);
    expect(collect(undefined, 20_500)).toBe(0);
    expect([collect(undefined, 20_501), verified()]).toEqual([1, []]);
  });

  test("[P8] forty thousand mentions in one edit are told apart in no time", () => {
    const names = Array.from({ length: 40_000 }, (_, at) => `sha256-${at.toString(16).padStart(64, "0")}`);
    const began = performance.now();
    folder.append(author.push(new TextEncoder().encode(names.join(" "))));
    put(other);
    collect();
    expect(performance.now() - began).toBeLessThan(10_000);
    expect(rowsOf("mention")).toHaveLength(mentionsMax);
    expect(blobs().held).toEqual([other.name]);
  });

  test("a mention that came while the table was full is found by the next look", () => {
    folder.keepsHistory = false;
    const names = Array.from({ length: mentionsMax }, (_, at) => `sha256-${at.toString(16).padStart(64, "0")}`);
    for (const picture of [other, large]) put(picture);
    folder.append(author.push(new TextEncoder().encode(names.join(" "))));
    tamper("DELETE FROM entry");
    expect(collect(() => folder.append(author.insert(other)))).toBe(0);
    expect(collect()).toBe(1);
    expect(blobs().held).toEqual([other.name]);
  });

  test("[P8] a document is read up to so many bytes, and is not whole beyond", () => {
    folder.append(author.insert(other), author.type("more"));
    const database = openReader(folder.file);
    const scan = scanMentions(database, { id: 1, lineage: author.lineage }, 100);
    database.close();
    expect(scan.isWhole).toBe(false);
  });

  test("[P8] what was refused, or collected, leaves no row of its document", () => {
    expect(begin(other, { size: 2 ** 31 })).toMatchObject({ type: "refused", refusal: { code: "TOO_MANY_BLOBS" } });
    expect(rowsOf("lineage")).toEqual([]);
    put(other);
    expect(collect(undefined, 10_000)).toBe(1);
    expect(rowsOf("lineage")).toEqual([]);
    folder.append(author.type("a"));
    author = new PictureAuthor({ room: "another", clientId: 9 });
    put(other);
    expect(collect(() => folder.append(author.insert(other)), 10_000)).toBe(0);
    expect(blobs()).toEqual({ held: [other.name], lacking: [] });
  });

  test("nothing is done to a number that is another document's since it was read", () => {
    const { lineage } = author;
    folder.append(author.type("a"));
    author = new PictureAuthor({ room: "another", clientId: 9 });
    put(other);
    const scan = { names: [], isWhole: true, bytes: 0, commits: 99 };
    expect(folder.store.settleBlobs({ id: 2, lineage }, scan, { nowMs: 10_000, graceMs: 1 })).toBe(0);
    expect(isHere(other)).toBe(true);
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
    expect(collect(undefined, 10_000)).toBe(0);
    expect(blobs().held).toEqual([other.name]);
  });

  test("what a document mentioned stays while a damaged row of it is there, though nothing tells any more", () => {
    folder.keepsHistory = false;
    folder.append(author.insert(other), author.type("a"));
    put(other);
    tamper("UPDATE entry SET record = zeroblob(length(record)) WHERE seq = (SELECT min(seq) FROM entry)");
    folder.load(author.lineage.room);
    for (const { row, lineage, what } of folder.found.splice(0)) if (row) folder.store.setAside(row, lineage, what);
    tamper("INSERT OR REPLACE INTO unread VALUES (1, 0)");
    for (const nowMs of [10_000, 20_000]) expect(collect(undefined, nowMs)).toBe(0);
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
    const scan = reading((reader) => reader.mentions({ id: 1, lineage: author.lineage }));
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
    const due = () => reading((reader) => reader.collectable({ after: 0, beforeMs: 500, limit: 10 })).lineages.length;
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
  expect(collect()).toBe(0);
  expect(blobs()).toEqual({ held: [], lacking: [large.name, other.name].sort() });
  expect(rowsOf("unread")).toEqual([]);
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
    const begun = begin(other);
    if (begun.type === "begun") folder.store.putPiece(begun.id, 0, other.bytes);
    salvaged();
    expect(isHere(large)).toBe(true);
    expect(blobs()).toEqual({ held: [large.name, aPicture(3).name].sort(), lacking: [other.name] });
    expect([rowsOf("piece").length, verified()]).toEqual([4, []]);
    put(other);
    expect(isHere(other)).toBe(true);
  });

  test("earlier images of mentions do not keep what nothing mentions any more", () => {
    folder.keepsHistory = false;
    folder.append(author.insert(other));
    put(other);
    folder.append(author.remove(0));
    compact();
    collect();
    expect(rowsOf("mention")).toEqual([]);
    salvaged();
    expect(rowsOf("unread")).toMatchObject([{ noted: 0 }]);
    // Its entry came back, too.
    folder.append(author.type("a"));
    compact();
    for (const nowMs of [10_000, 20_000]) collect(undefined, nowMs);
    expect([rowsOf("mention"), rowsOf("blob")]).toEqual([[], []]);
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
