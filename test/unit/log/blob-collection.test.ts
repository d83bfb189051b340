/**
 * Images in the SQLite store: what is collected and what is not, also in stores that were older.
 */
import Database from "better-sqlite3";
import { describe, expect, test, vi } from "vitest";
import { PictureAuthor } from "../../contract/blobs.contract.ts";
import { mentionsMax } from "../../../server/log/blob-admission.ts";
import { scanMentions } from "../../../server/log/mention-scan.ts";
import { openReader } from "../../../server/log/sqlite-connection.ts";
import { dropBlobTables } from "./sqlite-folder.ts";
import {
  large,
  other,
  folder,
  author,
  put,
  begin,
  reading,
  isHere,
  blobs,
  tamper,
  rowsOf,
  verified,
  collect,
  compact,
  writtenBy,
} from "./blob-folder.ts";

// Longer than usual: a slow disk syncs slowly.
vi.setConfig({ testTimeout: 30_000 });

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
    writtenBy(new PictureAuthor({ room: "another", clientId: 9 }));
    put(other);
    expect(collect(() => folder.append(author.insert(other)), 10_000)).toBe(0);
    expect(blobs()).toEqual({ held: [other.name], lacking: [] });
  });

  test("nothing is done to a number that is another document's since it was read", () => {
    const { lineage } = author;
    folder.append(author.type("a"));
    writtenBy(new PictureAuthor({ room: "another", clientId: 9 }));
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
