/**
 * Histories in the SQLite store: over upgrades and settings, after interrupted compactions, and after damage.
 */
import Database from "better-sqlite3";
import * as fs from "node:fs";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import * as Y from "yjs";
import type { Lineage } from "@inkmesh/shared/base/ids";
import { YjsEngine } from "@inkmesh/shared/engine/yjs-engine";
import { aRecord } from "../../contract/update-log.contract.ts";
import { dotsOf } from "../../contract/history.contract.ts";
import { LogAuthor, textOf } from "../../contract/log-author.ts";
import { nothingUnnamed } from "../../../server/core/stored-room.ts";
import { decodeSegment, encodeSegment, type HistorySegment } from "../../../server/log/history-segment.ts";
import type { SegmentParcel } from "../../../server/log/history-shelf.ts";
import { draftBase } from "../../../server/log/history-expiry.ts";
import { unpackHistory } from "../../../server/log/room-parcel.ts";
import { checkSnapshot, draftSnapshot } from "../../../server/log/snapshot-draft.ts";
import { openReader } from "../../../server/log/sqlite-connection.ts";
import { verifyStore } from "../../../server/log/store-verification.ts";
import { dropBlobTables, SqliteFolder } from "./sqlite-folder.ts";

// Longer than usual: a slow disk syncs slowly.
vi.setConfig({ testTimeout: 30_000 });

const engine = new YjsEngine();
let folder: SqliteFolder;
let author: LogAuthor;

beforeEach(() => {
  folder = new SqliteFolder();
  folder.open();
  author = new LogAuthor();
});
afterEach(() => folder.dispose());

function tamper(...statements: readonly string[]): void {
  const database = new Database(folder.file);
  for (const sql of statements) database.exec(sql);
  database.close();
}

function count(of: string): number {
  const database = openReader(folder.file);
  const rows = database.prepare(`SELECT count(*) FROM ${of}`).pluck().get() as number;
  database.close();
  return rows;
}

const compact = (): void => folder.compact(author.lineage.room, author.clock.entries());
const history = () => folder.readHistory((reader) => unpackHistory(reader.list(author.lineage.room)));

/** What the history says that was ever written, deleted or not. */
function everWritten(): string {
  const { base, segments, tail } = folder.readHistory((reader) => reader.read(author.lineage));
  const document = new Y.Doc({ gc: false });
  if (base) Y.applyUpdate(document, base.state);
  for (const { part } of segments) Y.applyUpdateV2(document, part.bytes);
  for (const { payload } of tail) Y.applyUpdate(document, payload);
  const items = [...document.store.clients.values()].flat();
  return items.map((item) => (item instanceof Y.Item && item.content instanceof Y.ContentString ? item.content.str : "")).join("");
}

test("a document of a store that kept no history begins one with the snapshot that it has", () => {
  folder.keepsHistory = false;
  folder.append(author.type("from before"));
  compact();
  const before = author.clock;
  folder.close();
  tamper(...dropBlobTables, "DROP TABLE segment", "PRAGMA user_version = 2");
  folder.keepsHistory = true;
  expect(folder.open()).toMatchObject({ complete: true, damage: [] });
  folder.append(author.type(", since"), author.erase(0, 4));
  expect(history().base.compare(before)).toBe("equal");
  compact();
  expect(history().base.compare(before)).toBe("equal");
  expect(history().minutes).toMatchObject([{ entries: 8 }]);
  expect(everWritten()).toBe("from before, since");
  compact();
  folder.append(author.type("!"));
  compact();
  expect(history().base.compare(before)).toBe("equal");
  expect(everWritten()).toBe("from before, since!");
  expect(textOf(folder.load(author.lineage.room))).toBe(author.text);
  expect(verifyStore(openReader(folder.file))).toEqual([]);
});

test("where no history is wanted any more it goes with the next snapshot, and begins anew where it is again", () => {
  folder.append(author.type("first"));
  compact();
  folder.keepsHistory = false;
  folder.append(author.type(", unseen"));
  compact();
  expect([count("segment"), count("snapshot")]).toEqual([0, 1]);
  folder.keepsHistory = true;
  const before = author.clock;
  folder.append(author.type(", again"));
  compact();
  expect(history().base.compare(before)).toBe("equal");
  expect(everWritten()).toBe("first, unseen, again");
});

test("a history that is forgotten leaves the document, and begins anew with it", () => {
  folder.append(author.type("first"));
  compact();
  folder.append(author.type(", second"));
  compact();
  const before = author.clock;
  folder.store.forgetHistory(1);
  expect([count("segment"), count("snapshot")]).toEqual([0, 1]);
  expect(textOf(folder.load(author.lineage.room))).toBe(author.text);
  folder.append(author.type(", third"));
  compact();
  expect(history().base.compare(before)).toBe("equal");
  expect(everWritten()).toBe(author.text);
});

test.each<[string, () => void]>([
  ["forgotten", () => folder.store.forgetHistory(1)],
  [
    "removed with its generation",
    () => folder.store.putRecord(aRecord("a room", { deleted: { hlc: author.entries[0]!.hlc, by: "" }, everDeleted: true })),
  ],
])("a base that was built of a history which was %s meanwhile leaves nothing", (_, away) => {
  folder.append(author.type("old"));
  compact();
  const draft = folder.readHistory((reader) => draftBase(reader, engine, author.lineage, Infinity))!;
  away();
  const id = folder.store.nextSnapshot();
  folder.store.putChunk(id, 0, draft.bytes);
  folder.store.putSnapshot(id, draft.lineage, draft.body);
  expect(folder.store.adoptBase(id, author.lineage, draft.segments)).toBe(false);
  expect(count("snapshot WHERE verified <> 1")).toBe(0);
  expect(count("chunk WHERE snapshot NOT IN (SELECT id FROM snapshot)")).toBe(0);
});

test("what an interrupted compaction wrote of a history is gone with the next start, and what an earlier one wrote is not", () => {
  folder.append(author.type("kept"));
  compact();
  folder.append(author.type(", cut off"));
  folder.compact(author.lineage.room, author.clock.entries(), "written");
  expect(count("segment")).toBe(2);
  folder.close();
  folder.open();
  expect(count("segment")).toBe(1);
  expect(dotsOf(history())).toHaveLength(author.entries.length);
  compact();
  expect(count("segment")).toBe(2);
  expect(everWritten()).toBe("kept, cut off");
});

/** Writes a draft whose segments were changed on the way, and answers whether the check takes it. */
function isTaken(change: (segments: readonly SegmentParcel[]) => readonly SegmentParcel[]): boolean {
  const lineage: Lineage = author.lineage;
  const draft = folder.read((reader) =>
    draftSnapshot(
      { reader, engine, nestingMax: 64, keepsHistory: true },
      { lineage, upTo: author.clock.entries(), unnaming: nothingUnnamed },
    ),
  );
  if (draft?.type !== "new") throw new Error("there is something to compact");
  const id = folder.store.nextSnapshot();
  folder.store.putChunk(id, 0, draft.bytes);
  folder.store.putSnapshot(id, draft.lineage, draft.body);
  folder.store.putSegments(id, draft.lineage, lineage, change(draft.segments));
  return folder.readHistory((reader) => checkSnapshot(reader, engine, { lineage, id, hash: draft.hash })) !== undefined;
}

function changed({ body, minute }: SegmentParcel, change: (segment: HistorySegment) => Partial<HistorySegment>): SegmentParcel {
  const segment = decodeSegment(body);
  if (!segment.ok) throw new Error(segment.refusal.detail);
  return { minute, body: encodeSegment({ ...segment.value, ...change(segment.value) }) };
}

test.each<[string, boolean, (segments: readonly SegmentParcel[]) => readonly SegmentParcel[]]>([
  ["as it was drafted", true, (segments) => segments],
  ["without a segment", false, (segments) => segments.slice(1)],
  [
    "without a dot",
    false,
    ([first, ...rest]) => [changed(first!, ({ dots }) => ({ dots: dots.map((each) => ({ ...each, length: 2 })) })), ...rest],
  ],
  ["with bytes of somebody else", false, ([, ...rest]) => [{ minute: 0, body: Uint8Array.of(1, 2, 3) }, ...rest]],
  [
    "with a payload less",
    false,
    ([first, ...rest]) => [
      changed(first!, () => ({ part: engine.mergeHistory(author.entries.slice(0, 2).map(({ payload }) => payload)) })),
      ...rest,
    ],
  ],
  ["with what belongs to another minute", false, ([first, ...rest]) => [changed(first!, () => ({ minute: 5 })), ...rest]],
])("[P2] a history that was written %s is taken for the draft: %s", (_, taken, change) => {
  folder.append(author.type("abc"));
  author.pass(60_000);
  folder.append(author.type("def"));
  expect(isTaken(change)).toBe(taken);
});

test("[P9] a segment that is not as it was written is found, told of and set aside; the others are served", () => {
  folder.append(author.type("abc"));
  author.pass(60_000);
  folder.append(author.type("def"));
  compact();
  folder.close();
  tamper("UPDATE segment SET body = substr(body, 1, 20) || x'00' || substr(body, 22) WHERE id = 1");
  folder.open();
  expect(verifyStore(openReader(folder.file))).toMatchObject([{ where: "table segment", room: "a room" }]);
  expect(history().minutes).toMatchObject([{ entries: 3 }]);
  const [found] = folder.found;
  expect(found).toMatchObject({ where: "segment", lineage: author.lineage, row: { table: "segment", id: 1 } });
  folder.store.setAside(found!.row!, found!.lineage, found!.what);
  expect(verifyStore(openReader(folder.file))).toEqual([]);
  expect(textOf(folder.load(author.lineage.room))).toBe("abcdef");
  expect(count("damage WHERE bytes IS NOT NULL")).toBe(1);
});

test("a store in which snapshots and segments have lower numbers than their documents is looked at to the end", () => {
  for (const room of ["first", "second", "third"]) folder.append(new LogAuthor({ room, life: 9 }).type("x"));
  folder.append(author.type("the fourth"));
  compact();
  expect(verifyStore(openReader(folder.file))).toEqual([]);
});

test("[P2] a store that is salvaged has its histories, and what they begin with", () => {
  folder.keepsHistory = false;
  folder.append(author.type("from before"));
  compact();
  folder.keepsHistory = true;
  const before = author.clock;
  for (const words of [", one", ", two"]) {
    folder.append(author.type(words));
    compact();
  }
  folder.close();
  // The first page after the header: SQLite finds no tables any more.
  folder.overwrite(folder.file, 100, new Uint8Array(40));
  expect(folder.open()).toMatchObject({ complete: false });
  expect(history().base.compare(before)).toBe("equal");
  expect(dotsOf(history())).toHaveLength(author.entries.length - 11);
  expect(everWritten()).toBe("from before, one, two");
  expect(textOf(folder.load(author.lineage.room))).toBe(author.text);
  expect(fs.existsSync(`${folder.file}.damaged-1`)).toBe(true);
});
