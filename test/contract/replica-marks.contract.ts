/**
 * What a log keeps of itself as one of several replicas. Part of the contract of every update log.
 */
import { expect, test } from "vitest";
import type { RelayId, RoomName } from "@inkmesh/shared/base/ids";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { RingRecord } from "@inkmesh/shared/ring/ring-record";
import type { UpdateLog } from "../../server/log/update-log.ts";
import { anActor, LogAuthor, textOf } from "./log-author.ts";
import { aRecord, must } from "./update-log.contract.ts";

const other = anActor(9);
const ring: readonly RingRecord[] = ["a", "b"].map((relay) => ({
  relay: relay as RelayId,
  status: "member",
  counter: 1,
  weight: 1,
  zone: "",
  moves: 0,
}));

/** `log` is the one under test now; `again` closes and opens it. */
export function replicaMarksContract(log: () => UpdateLog, again: () => Promise<void>): void {
  const load = (room: string) => must(log().load(room as RoomName));

  test("[P2] a room is complete from the commit that says so, and stays it", async () => {
    const author = new LogAuthor();
    await must(log().append([author.type("a")]));
    expect((await load("a room")).isMarked).toBe(false);
    await must(log().append([{ ...author.type("b"), completes: true }]));
    await must(log().append([author.type("c")]));
    await must(log().putRecord(aRecord("created"), true));
    await must(log().putRecord(aRecord("heard of")));
    await again();
    expect((await load("a room")).isMarked).toBe(true);
    expect((await load("created")).isMarked).toBe(true);
    expect((await load("heard of")).isMarked).toBe(false);
  });

  test("a mark alone makes no room that a list would show", async () => {
    await must(log().append([{ lineage: { room: "empty" as RoomName, generation: 0 }, entries: [], completes: true }]));
    await again();
    expect((await load("empty")).isMarked).toBe(true);
    expect((await must(log().rooms({ limit: 10, deleted: true }))).rooms).toEqual([]);
  });

  test("a room stays complete when its generation is closed", async () => {
    const author = new LogAuthor();
    await must(log().append([{ ...author.type("a"), completes: true }]));
    await must(log().putRecord(aRecord("a room", { deleted: { hlc: aRecord("").created, by: "" }, everDeleted: true })));
    expect((await load("a room")).isMarked).toBe(true);
  });

  test("a cover is named by the clock, and so are the entries that follow it", async () => {
    const author = new LogAuthor();
    const cover = VectorClock.of([[other, 5]]);
    await must(log().append([{ ...author.type("ab"), cover }]));
    await must(log().append([{ lineage: author.lineage, entries: [], cover: VectorClock.of([[anActor(8), 2]]) }]));
    const named = author.clock.join(cover).join(VectorClock.of([[anActor(8), 2]]));
    const summary = async () => (await must(log().rooms({ limit: 1 }))).rooms[0]!;
    await again();
    expect((await load("a room")).clock.compare(named)).toBe("equal");
    expect((await summary()).clock.compare(named)).toBe("equal");
    const { snapshot } = await must(log().compact(author.lineage, named));
    expect(snapshot.clock.compare(named)).toBe("equal");
    await must(log().append([author.type("c")]));
    await again();
    expect((await load("a room")).clock.compare(named.join(author.clock))).toBe("equal");
    expect(textOf(await load("a room"))).toBe("abc");
  });

  test("a snapshot up to a clock from before a cover claims nothing of it", async () => {
    const author = new LogAuthor();
    await must(log().append([author.type("ab")]));
    const before = author.clock;
    await must(log().append([{ ...author.type("c"), cover: VectorClock.of([[other, 5]]) }]));
    expect((await must(log().compact(author.lineage, before))).snapshot.clock.compare(before)).toBe("equal");
  });

  test("[P2] a snapshot up to a clock from before a cover sets nothing aside that hangs on what it leaves out", async () => {
    const author = new LogAuthor();
    await must(log().append([{ ...author.type("ab"), cover: VectorClock.of([[other, 5]]) }]));
    author.restart(2);
    const { lineage, entries } = author.type("c");
    const sixth = entries.map((entry) => ({
      ...entry,
      dot: { actor: other, counter: 6 },
      deps: entry.deps.join(VectorClock.of([[other, 5]])),
    }));
    await must(log().append([{ lineage, entries: sixth }]));
    author.restart(3);
    await must(log().append([author.type("d")]));
    const before = VectorClock.of([
      [anActor(1), 2],
      [other, 6],
      [anActor(3), 1],
    ]);
    await must(log().append([{ lineage, entries: [], cover: VectorClock.of([[anActor(8), 2]]) }]));
    const { snapshot, quarantined } = await must(log().compact(lineage, before));
    expect([quarantined, snapshot.clock.entries()]).toEqual([[], [[anActor(1), 2]]]);
    await again();
    expect(textOf(await load("a room"))).toBe("abcd");
  });

  test("[P10] a closed generation takes no cover", async () => {
    const author = new LogAuthor();
    const closing = { deleted: { hlc: aRecord("").created, by: "" }, everDeleted: true };
    await must(log().append([{ ...author.type("a"), cover: VectorClock.of([[other, 5]]) }]));
    await must(log().putRecord(aRecord("a room", closing)));
    await must(log().append([{ lineage: author.lineage, entries: [], cover: VectorClock.of([[other, 6]]) }]));
    expect((await load("a room")).clock.size).toBe(0);
  });

  test("deleted rooms are listed with their tombstones where they are asked for", async () => {
    const deleted = { hlc: aRecord("").created, by: "somebody" };
    await must(log().putRecord(aRecord("gone", { deleted, everDeleted: true })));
    await must(log().putRecord(aRecord("here")));
    const listed = await must(log().rooms({ limit: 10, deleted: true }));
    expect(listed.rooms.map(({ record }) => [record.room, record.deleted])).toEqual([
      ["gone", deleted],
      ["here", undefined],
    ]);
  });

  test("the ring under which a disk was whole is kept", async () => {
    await must(log().putWholeRing(ring.slice(0, 1)));
    await must(log().putWholeRing(ring));
    await again();
    expect(await must(log().verify())).toEqual([]);
  });
}
