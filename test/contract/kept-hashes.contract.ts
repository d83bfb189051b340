/**
 * What a log keeps of what contents hash to, so that a list tells it without reading them. Part of the contract of every update log.
 */
import { describe, expect, test } from "vitest";
import type { RoomName } from "@inkmesh/shared/base/ids";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import { YjsEngine } from "@inkmesh/shared/engine/yjs-engine";
import type { HashedContent } from "../../server/core/stored-room.ts";
import type { Append, UpdateLog } from "../../server/log/update-log.ts";
import { anActor, LogAuthor } from "./log-author.ts";
import { aRecord, must } from "./update-log.contract.ts";

const engine = new YjsEngine();

/** What the log has of the author's room, as whoever read it would say. */
async function hashedBy(log: UpdateLog, { lineage }: LogAuthor): Promise<HashedContent> {
  const { index, clock, tail } = await must(log.load(lineage.room, lineage.generation));
  const decoded = engine.decodeIndex(index);
  if (!decoded.ok) throw new Error(decoded.refusal.detail);
  return { lineage, clock, entries: tail.length, hash: decoded.value.hash() };
}

export function keptHashesContract(log: () => UpdateLog, again: () => Promise<void>): void {
  /** Written behind what was kept: another room. */
  const another = new LogAuthor({ room: "zebra", life: 7 });
  const behind = (append: Append = another.type("x")) => must(log().append([append]));
  const listed = async (room = "a room") =>
    (await must(log().rooms({ limit: 10, hashes: true, deleted: true }))).rooms.find(({ record }) => record.room === room);

  /** A room with a record, some letters, and the hash of them. */
  async function hashedRoom(): Promise<{ author: LogAuthor; hash: string }> {
    const author = new LogAuthor();
    await must(log().append([{ ...author.type("abc"), completes: true }]));
    await must(log().putRecord(aRecord("a room")));
    const hashed = await hashedBy(log(), author);
    log().keepHash(hashed);
    await behind();
    expect((await listed())?.contentHash).toBe(hashed.hash);
    return { author, hash: hashed.hash };
  }

  test("[P1] what a content hashes to is listed to whoever asks for it, by the next process, too", async () => {
    const { hash } = await hashedRoom();
    await again();
    expect(await listed()).toMatchObject({ contentHash: hash, isMarked: true });
    expect((await must(log().rooms({ limit: 10 }))).rooms[0]).toMatchObject({ contentHash: undefined, isMarked: true });
    expect(await listed("zebra")).toMatchObject({ contentHash: undefined, isMarked: false });
  });

  test("[P1] what was told last is kept when the log is closed", async () => {
    const { author } = await hashedRoom();
    await must(log().append([author.type("d")]));
    const hashed = await hashedBy(log(), author);
    log().keepHash(hashed);
    await again();
    expect((await listed())?.contentHash).toBe(hashed.hash);
  });

  describe("[P1] a hash is gone with the commit that changes what it stands for:", () => {
    test("an entry", async () => {
      const { author } = await hashedRoom();
      await must(log().append([author.type("d")]));
      expect((await listed())?.contentHash).toBeUndefined();
      await again();
      expect((await listed())?.contentHash).toBeUndefined();
    });

    test("a snapshot", async () => {
      const { author } = await hashedRoom();
      await must(log().compact(author.lineage, author.clock));
      expect((await listed())?.contentHash).toBeUndefined();
    });

    test("the end of the generation, and the next one begins without", async () => {
      await hashedRoom();
      await must(log().putRecord(aRecord("a room", { deleted: { hlc: aRecord("").created, by: "" }, everDeleted: true })));
      expect((await listed())?.contentHash).toBeUndefined();
      await must(log().putRecord(aRecord("a room", { generation: 1, everDeleted: true })));
      expect((await listed())?.contentHash).toBeUndefined();
    });
  });

  test("a title, a mark, a cover and an entry that is there already change no content", async () => {
    const { author, hash } = await hashedRoom();
    const { lineage, entries } = author;
    const title = { value: "Plans", hlc: aRecord("").created };
    await must(log().putRecord(aRecord("a room", { title })));
    await must(log().append([{ lineage, entries, completes: true, cover: VectorClock.of([[anActor(9), 2]]) }]));
    await again();
    expect(await listed()).toMatchObject({ contentHash: hash, record: { title } });
    expect((await listed())?.clock.counter(anActor(9))).toBe(2);
  });

  describe("[P1] a hash of anything but what is on disk is not kept:", () => {
    test.each<[string, (hashed: HashedContent) => Partial<HashedContent>]>([
      ["from before the last entry", () => ({ clock: VectorClock.of([[anActor(1), 2]]), entries: 2 })],
      ["of something that is not there yet", ({ clock }) => ({ clock: clock.advance({ actor: anActor(1), counter: 4 }), entries: 4 })],
      ["with fewer entries", () => ({ entries: 2 })],
      ["with another clock", ({ clock }) => ({ clock: clock.join(VectorClock.of([[anActor(5), 1]])) })],
      ["of another generation", () => ({ lineage: { room: "a room" as RoomName, generation: 1 } })],
      ["of a room that nobody has written to", () => ({ lineage: { room: "nobody's" as RoomName, generation: 0 } })],
    ])("%s", async (_, change) => {
      const author = new LogAuthor();
      await must(log().append([author.type("abc")]));
      await must(log().putRecord(aRecord("a room")));
      const hashed = await hashedBy(log(), author);
      log().keepHash({ ...hashed, ...change(hashed) });
      await behind();
      await again();
      expect((await listed())?.contentHash).toBeUndefined();
      expect(await listed("nobody's")).toBeUndefined();
    });

    test("where entries lie past a gap", async () => {
      const author = new LogAuthor();
      const { entries } = author.type("abc");
      await must(log().append([{ lineage: author.lineage, entries: [entries[0]!, entries[2]!] }]));
      await must(log().putRecord(aRecord("a room")));
      log().keepHash(await hashedBy(log(), author));
      await behind();
      expect((await listed())?.contentHash).toBeUndefined();
    });

    test("told before a snapshot that came first", async () => {
      const author = new LogAuthor();
      await must(log().append([author.type("abc")]));
      await must(log().putRecord(aRecord("a room")));
      log().keepHash(await hashedBy(log(), author));
      await must(log().compact(author.lineage, author.clock));
      await behind();
      expect((await listed())?.contentHash).toBeUndefined();
    });
  });

  test("a room without a record is listed without a hash", async () => {
    const author = new LogAuthor();
    await must(log().append([author.type("abc")]));
    log().keepHash(await hashedBy(log(), author));
    await behind();
    expect((await listed())?.contentHash).toBeUndefined();
  });

  test("a room that has a record and nothing else has a hash, too", async () => {
    await must(log().putRecord(aRecord("a room")));
    const hash = engine.emptyIndex().hash();
    log().keepHash({ lineage: { room: "a room" as RoomName, generation: 0 }, clock: VectorClock.empty, entries: 0, hash });
    await behind();
    expect((await listed())?.contentHash).toBe(hash);
  });
}
