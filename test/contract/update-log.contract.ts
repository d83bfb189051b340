/**
 * What every update log does, whatever it is made of. Run over each store by its own `*.test.ts`.
 */
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Lineage, RoomName } from "@inkmesh/shared/base/ids";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import { YjsEngine } from "@inkmesh/shared/engine/yjs-engine";
import type { RoomPage, RoomRecord, StoredRoom } from "../../server/core/stored-room.ts";
import type { BlobLimits } from "../../server/log/blob-admission.ts";
import type { LogResult, UpdateLog } from "../../server/log/update-log.ts";
import { automergeRoomsContract } from "./automerge-rooms.contract.ts";
import { blobsContract } from "./blobs.contract.ts";
import { droppedCopiesContract } from "./dropped-copies.contract.ts";
import { historyCopiesContract } from "./history-copies.contract.ts";
import { historyContract } from "./history.contract.ts";
import { keptHashesContract } from "./kept-hashes.contract.ts";
import { prunedClocksContract } from "./pruned-clocks.contract.ts";
import { replicaMarksContract } from "./replica-marks.contract.ts";
import { anActor, aRelay, LogAuthor, textOf } from "./log-author.ts";

/** A store under test: opened; `reopen` closes and opens it again, where it outlives its object. */
export interface LogUnderTest {
  readonly log: UpdateLog;
  readonly reopen: (() => Promise<UpdateLog>) | undefined;
  dispose(): Promise<void>;
}

const engine = new YjsEngine();
const at = (physicalMs: number) => ({ physicalMs, logical: 0, relay: aRelay });
/** Few, for a suite that is to reach them. */
export const fewBlobs: BlobLimits = { blobsPerRoomMax: 4, blobBytesPerRoomMax: 9 * 2 ** 20 };
const nothingApplies = Uint8Array.of(0xff, 0xff, 0xff);

export function aRecord(room: string, change: Partial<RoomRecord> = {}): RoomRecord {
  return {
    room: room as RoomName,
    generation: 0,
    title: undefined,
    kind: undefined,
    deleted: undefined,
    everDeleted: false,
    created: at(5),
    ...change,
  };
}

export async function must<Value>(result: Promise<LogResult<Value>>): Promise<Value> {
  const settled = await result;
  if (!settled.ok) throw new Error(`${settled.refusal.code}: ${settled.refusal.detail}`);
  return settled.value;
}

/** `keepsHistory`: whether the logs that `open` gives do; `blobs`: how many they take. */
export function updateLogContract(
  open: () => Promise<LogUnderTest>,
  { keepsHistory = false, blobs }: { keepsHistory?: boolean; blobs?: BlobLimits } = {},
): void {
  let under: LogUnderTest;
  let log: UpdateLog;

  beforeEach(async () => {
    under = await open();
    log = under.log;
  });
  afterEach(() => under.dispose());

  const load = ({ room, generation }: Lineage): Promise<StoredRoom> => must(log.load(room, generation));

  /** The log as the next process would find it. */
  async function again(): Promise<void> {
    if (under.reopen) log = await under.reopen();
  }

  replicaMarksContract(() => log, again);
  prunedClocksContract(() => log, again);
  keptHashesContract(() => log, again);
  blobsContract(() => log, again, { keepsHistory, limits: blobs });
  droppedCopiesContract(() => log, again);
  if (keepsHistory) historyContract(() => log, again);
  if (keepsHistory) automergeRoomsContract(() => log, again);
  if (keepsHistory) historyCopiesContract(() => log, again);

  test("a room that nobody has written to is empty", async () => {
    const room = await must(log.load("nobody's" as RoomName));
    expect(room).toMatchObject({ record: undefined, snapshot: undefined, tail: [] });
    expect(room.clock.size).toBe(0);
    expect(room.index).toEqual(engine.emptyIndex().encode());
  });

  test("[P2] what was appended comes back as it was, in the order of admission", async () => {
    const author = new LogAuthor();
    await must(log.append([author.type("hello"), author.type(" world")]));
    await must(log.append([author.erase(0, 1)]));
    await again();
    const room = await load(author.lineage);
    expect(room.tail).toEqual(author.entries);
    expect(room.clock.compare(author.clock)).toBe("equal");
    expect(room.index).toEqual(engine.indexOf(author.entries.map((entry) => entry.payload)).index.encode());
    expect(textOf(room)).toBe("ello world");
  });

  test("a batch holds entries of many rooms and generations, and each comes back in its own", async () => {
    const authors = Array.from(
      { length: 20 },
      (_, number) => new LogAuthor({ room: `room ${number % 10}`, generation: number < 10 ? 0 : 1, clientId: number + 1 }),
    );
    await must(log.append(authors.map((author, number) => author.type(`letters of ${number}`))));
    await again();
    for (const author of authors) expect(textOf(await load(author.lineage))).toBe(author.text);
  });

  test("without a generation the newest that was written to is loaded", async () => {
    await must(log.append([new LogAuthor({ generation: 0 }).type("old"), new LogAuthor({ generation: 2 }).type("new")]));
    expect(textOf(await must(log.load("a room" as RoomName)))).toBe("new");
  });

  test("a dot that is there already is skipped, before and after a snapshot took it in", async () => {
    const author = new LogAuthor();
    const batch = author.type("abc");
    await must(log.append([batch]));
    await must(log.append([batch, author.type("d")]));
    expect((await load(author.lineage)).tail).toEqual(author.entries);
    await must(log.compact(author.lineage, author.clock));
    await must(log.append([batch]));
    expect((await load(author.lineage)).tail).toEqual([]);
  });

  test("the same dot with other bytes is refused, and nothing of its batch is kept", async () => {
    const author = new LogAuthor();
    await must(log.append([author.type("a")]));
    const impostor = new LogAuthor({ clientId: 8 }).type("b");
    const other = new LogAuthor({ room: "another" });
    const batch = other.type("x");
    const refused = await log.append([batch, impostor]);
    expect(refused).toMatchObject({ ok: false, refusal: { code: "STORE_FAILED" } });
    expect((await load(author.lineage)).tail).toEqual(author.entries);
    expect((await load(other.lineage)).tail).toEqual([]);
    await must(log.append([batch]));
    expect((await load(other.lineage)).tail).toEqual(other.entries);
  });

  test("the clock names no entry past a gap, and names it once the gap is closed", async () => {
    const author = new LogAuthor();
    const { entries } = author.type("abcd");
    const [first, second, third, fourth] = entries;
    const part = (...some: typeof entries) => [{ lineage: author.lineage, entries: some }];
    await must(log.append(part(first!, third!, fourth!)));
    expect((await load(author.lineage)).clock.counter(anActor(1))).toBe(1);
    await again();
    await must(log.append(part(second!)));
    const room = await load(author.lineage);
    expect(room.clock.counter(anActor(1))).toBe(4);
    expect(room.tail.map((entry) => entry.dot.counter)).toEqual([1, 3, 4, 2]);
    expect((await must(log.rooms({ limit: 1 }))).rooms[0]?.clock.counter(anActor(1))).toBe(4);
  });

  test("[P2] a snapshot holds exactly what it names, and the rest stays", async () => {
    const author = new LogAuthor();
    await must(log.append([author.type("taken in")]));
    const cut = author.clock;
    await must(log.append([author.type(", left")]));
    const compaction = await must(log.compact(author.lineage, cut));
    expect(compaction.snapshot.clock.compare(cut)).toBe("equal");
    expect(textOf({ snapshot: compaction.snapshot, tail: [] })).toBe("taken in");
    expect(compaction.removed).toEqual(author.entries.slice(0, 8).map((entry) => entry.dot));
    expect(compaction.quarantined).toEqual([]);
    await again();
    const room = await load(author.lineage);
    expect(room.snapshot).toEqual(compaction.snapshot);
    expect(room.tail).toEqual(author.entries.slice(8));
    expect(room.clock.compare(author.clock)).toBe("equal");
    expect(engine.decodeIndex(room.index)).toMatchObject({ ok: true });
    expect(room.index).toEqual(compaction.index);
    expect(textOf(room)).toBe("taken in, left");
  });

  test("a later snapshot takes the earlier one in", async () => {
    const author = new LogAuthor();
    for (const words of ["one ", "two ", "three "]) {
      await must(log.append([author.type(words), author.erase(0, 1)]));
      await must(log.compact(author.lineage, author.clock));
    }
    author.restart(2);
    await must(log.append([author.type("four")]));
    await must(log.compact(author.lineage, author.clock));
    await again();
    const room = await load(author.lineage);
    expect(room.tail).toEqual([]);
    expect(room.clock.compare(author.clock)).toBe("equal");
    expect(textOf(room)).toBe(author.text);
  });

  test("compacting where there is nothing new answers the snapshot that is there", async () => {
    const author = new LogAuthor();
    await must(log.append([author.type("abc")]));
    const first = await must(log.compact(author.lineage, author.clock));
    const second = await must(log.compact(author.lineage, author.clock));
    expect(second).toStrictEqual({ ...first, removed: [] });
  });

  test("what a snapshot's clock names lies here without a gap", async () => {
    const author = new LogAuthor();
    const { entries } = author.type("abcd");
    await must(log.append([{ lineage: author.lineage, entries: [entries[0]!, entries[1]!, entries[3]!] }]));
    const compaction = await must(log.compact(author.lineage, author.clock));
    expect(compaction.snapshot.clock.counter(anActor(1))).toBe(2);
    expect((await load(author.lineage)).tail).toEqual([entries[3]]);
  });

  test("[P9] an entry that does not apply is kept out of snapshot and tail, and its dot counts as here", async () => {
    const author = new LogAuthor();
    await must(log.append([author.type("so"), author.push(nothingApplies), author.type("und")]));
    expect(textOf({ snapshot: undefined, tail: (await load(author.lineage)).tail.filter((entry) => entry.payload.length > 3) })).toBe(
      "sound",
    );
    const compaction = await must(log.compact(author.lineage, author.clock));
    expect(compaction.quarantined).toEqual([{ actor: anActor(1), counter: 3 }]);
    expect(compaction.removed.map((dot) => dot.counter)).toEqual([1, 2, 4, 5, 6]);
    await again();
    const room = await load(author.lineage);
    expect(room.tail).toEqual([]);
    expect(room.clock.compare(author.clock)).toBe("equal");
    expect(textOf(room)).toBe("sound");
  });

  test("compacting a generation that nobody has written to is refused", async () => {
    expect(await log.compact({ room: "nobody's" as RoomName, generation: 0 }, VectorClock.empty)).toMatchObject({
      ok: false,
      refusal: { code: "STORE_FAILED" },
    });
  });

  test("a record replaces the one before it", async () => {
    const title = { value: "Plans", hlc: at(9) };
    await must(log.putRecord(aRecord("a room")));
    await must(log.putRecord(aRecord("a room", { title })));
    await again();
    expect((await must(log.load("a room" as RoomName))).record).toEqual(aRecord("a room", { title }));
  });

  test("[P10] closing a generation removes its content, and what comes for it afterwards leaves nothing", async () => {
    const author = new LogAuthor();
    await must(log.append([author.type("gone")]));
    await must(log.compact(author.lineage, author.clock));
    await must(log.append([author.type(" for good")]));
    const closed = aRecord("a room", { deleted: { hlc: at(2_000), by: "somebody" }, everDeleted: true });
    await must(log.putRecord(closed));
    await must(log.append([author.type("too late")]));
    await again();
    await must(log.append([author.type("later still")]));
    expect(await must(log.load("a room" as RoomName))).toMatchObject({ record: closed, snapshot: undefined, tail: [] });
    expect((await must(log.rooms({ limit: 10 }))).rooms).toEqual([]);
    expect(await log.compact(author.lineage, author.clock)).toMatchObject({ ok: false });
  });

  test("[P10] the next generation begins empty and is the current one", async () => {
    await must(log.append([new LogAuthor().type("first life")]));
    await must(log.putRecord(aRecord("a room", { deleted: { hlc: at(2_000), by: "" }, everDeleted: true })));
    const reopened = aRecord("a room", { generation: 1, everDeleted: true });
    await must(log.putRecord(reopened));
    await again();
    expect(await must(log.load("a room" as RoomName))).toMatchObject({ record: reopened, tail: [] });
    await must(log.append([new LogAuthor({ generation: 1 }).type("second life")]));
    expect(textOf(await must(log.load("a room" as RoomName)))).toBe("second life");
    expect((await must(log.load("a room" as RoomName, 0))).tail).toEqual([]);
  });

  test("rooms are listed by name, a page at a time, deleted ones left out", async () => {
    const names = ["b", "a", "d", "c", "é", "zebra", "𝒳", "\uffee", "Ä", "%", "_"];
    for (const name of names) await must(log.putRecord(aRecord(name)));
    await must(log.append([new LogAuthor({ room: "no record" }).type("x")]));
    await must(log.putRecord(aRecord("d", { deleted: { hlc: at(6), by: "" }, everDeleted: true })));
    await again();
    const listed: string[] = [];
    for (let after: string | undefined; ;) {
      const page: RoomPage = await must(log.rooms({ limit: 3, after }));
      expect(page.rooms.length).toBeLessThanOrEqual(3);
      listed.push(...page.rooms.map((room) => room.record.room));
      if (page.next === undefined) break;
      after = page.next;
    }
    const expected = [...names.filter((name) => name !== "d"), "no record"].sort((left, right) =>
      Buffer.compare(Buffer.from(left), Buffer.from(right)),
    );
    expect(listed).toEqual(expected);
  });

  test("search looks into names and titles, ignoring case, and takes every sign literally", async () => {
    const titled = (room: string, title: string) => must(log.putRecord(aRecord(room, { title: { value: title, hlc: at(9) } })));
    await titled("r1", "Überblick 100%");
    await titled("r2", "Plan_B");
    await titled("Recipes", "");
    const search = async (text: string) => (await must(log.rooms({ limit: 10, search: text }))).rooms.map((room) => room.record.room);
    expect(await search("überBLICK")).toEqual(["r1"]);
    expect(await search("%")).toEqual(["r1"]);
    expect(await search("_")).toEqual(["r2"]);
    expect(await search("RECIP")).toEqual(["Recipes"]);
    expect(await search("")).toEqual(["Recipes", "r1", "r2"]);
    expect(await search("\\")).toEqual([]);
  });

  test("a summary follows appends and compactions without reading content", async () => {
    const author = new LogAuthor();
    await must(log.append([author.type("abcdefgh")]));
    await again();
    await must(log.append([author.type("ij")]));
    const summary = async () => (await must(log.rooms({ limit: 1 }))).rooms[0]!;
    expect(await summary()).toMatchObject({ entries: 10, lastHlc: author.entries.at(-1)?.hlc });
    expect((await summary()).clock.compare(author.clock)).toBe("equal");
    const { snapshot } = await must(log.compact(author.lineage, author.clock));
    expect(await summary()).toMatchObject({
      entries: 0,
      bytes: snapshot.state.length + snapshot.stateVector.length + snapshot.deleteSetUpdate.length,
    });
  });

  test("calls that are not waited for are carried out in their order", async () => {
    const author = new LogAuthor();
    const appends = Array.from({ length: 50 }, () => log.append([author.type("x")]));
    const loaded = load(author.lineage);
    const compacted = log.compact(author.lineage, author.clock);
    const closed = log.putRecord(aRecord("another"));
    expect(textOf(await loaded)).toBe(author.text);
    for (const result of await Promise.all([...appends, closed])) expect(result.ok).toBe(true);
    expect((await must(compacted)).snapshot.clock.compare(author.clock)).toBe("equal");
  });

  test("a sound log has nothing to report", async () => {
    const author = new LogAuthor();
    await must(log.append([author.type("abc"), author.push(nothingApplies)]));
    await must(log.compact(author.lineage, author.clock));
    await must(log.append([author.type("def")]));
    await must(log.putRecord(aRecord("a room")));
    expect(await must(log.verify())).toEqual([]);
  });

  test("room names and titles of every kind are kept as they are", async () => {
    for (const name of ["a\u2028b", "🖋️ ink", "'; DROP TABLE entry; --", "x".repeat(256), "../../etc/passwd", "__proto__"]) {
      const author = new LogAuthor({ room: name });
      await must(log.append([author.type(name.slice(0, 4))]));
      await must(log.putRecord(aRecord(name, { title: { value: name, hlc: at(9) } })));
      const room = await must(log.load(name as RoomName));
      expect(room.record?.title?.value).toBe(name);
      expect(textOf(room)).toBe(author.text);
    }
  });
}
