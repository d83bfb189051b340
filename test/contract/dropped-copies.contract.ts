/**
 * What is left of a room whose copy a log was told to drop. Part of the contract of every update log.
 */
import { expect, test } from "vitest";
import type { RoomName } from "@inkmesh/shared/base/ids";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import { YjsEngine } from "@inkmesh/shared/engine/yjs-engine";
import type { UpdateLog } from "../../server/log/update-log.ts";
import { anActor, LogAuthor, textOf } from "./log-author.ts";
import { aRecord, must } from "./update-log.contract.ts";

const nothing = new YjsEngine().emptyIndex().encode();

export function droppedCopiesContract(log: () => UpdateLog, again: () => Promise<void>): void {
  const title = { value: "Plan", hlc: aRecord("").created };
  const load = (room = "a room") => must(log().load(room as RoomName));

  /** A room with a snapshot, a tail, a cover, a mark and a record. */
  async function aRoom(): Promise<LogAuthor> {
    const author = new LogAuthor();
    await must(log().append([{ ...author.type("folded"), completes: true, cover: VectorClock.of([[anActor(9), 3]]) }]));
    await must(log().putRecord(aRecord("a room", { title })));
    await must(log().compact(author.lineage, author.clock));
    await must(log().append([author.type(" and more")]));
    return author;
  }

  test("[P2] a copy that was dropped is gone with its mark and all that it named; its record stays", async () => {
    const author = await aRoom();
    await must(log().dropCopies([author.lineage]));
    for (const _ of ["at once", "by the next process"]) {
      const stored = await load();
      expect(stored).toMatchObject({ snapshot: undefined, tail: [], isMarked: false, record: { title } });
      expect([stored.clock.size, stored.index]).toEqual([0, nothing]);
      const listed = (await must(log().rooms({ limit: 10, hashes: true }))).rooms;
      expect(listed).toMatchObject([{ record: { room: "a room", title }, bytes: 0, entries: 0, isMarked: false, contentHash: undefined }]);
      expect(listed[0]!.clock.size).toBe(0);
      await again();
    }
    expect(await must(log().verify())).toEqual([]);
  });

  test("only those that were named, and only up to the generation that was named", async () => {
    const author = await aRoom();
    const other = new LogAuthor({ room: "another" });
    const later = new LogAuthor({ generation: 1, clientId: 5 });
    await must(log().append([{ ...other.type("stays"), completes: true }, later.type("newer")]));
    await must(log().dropCopies([author.lineage]));
    await again();
    expect([textOf(await load("another")), (await load("another")).isMarked]).toEqual(["stays", true]);
    expect(textOf(await load())).toBe("newer");
  });

  test("[P1] what was dropped may come again, under the names that it had, and is kept", async () => {
    const author = await aRoom();
    await must(log().dropCopies([author.lineage]));
    await must(log().append([{ lineage: author.lineage, entries: author.entries }]));
    await again();
    const stored = await load();
    expect([textOf(stored), stored.isMarked]).toEqual(["folded and more", false]);
    expect(stored.clock.compare(author.clock)).toBe("equal");
    expect(await must(log().verify())).toEqual([]);
  });

  test("what a content hashed to is not said of what is there after it was dropped", async () => {
    const author = await aRoom();
    const { clock, tail } = await load();
    log().keepHash({ lineage: author.lineage, clock, entries: tail.length, hash: "0123456789abcdef" });
    await must(log().dropCopies([author.lineage]));
    await must(log().append([new LogAuthor({ room: "zebra" }).type("x")]));
    expect((await must(log().rooms({ limit: 1, hashes: true }))).rooms[0]?.contentHash).toBeUndefined();
  });

  test("[P10] a deleted room that is dropped stays deleted, and vouches no more", async () => {
    const author = await aRoom();
    const deleted = { hlc: aRecord("").created, by: "somebody" };
    await must(log().putRecord(aRecord("a room", { deleted, everDeleted: true })));
    await must(log().dropCopies([author.lineage]));
    await must(log().append([author.type("late")]));
    await again();
    expect(await load()).toMatchObject({ record: { deleted }, tail: [], isMarked: false });
  });
}
