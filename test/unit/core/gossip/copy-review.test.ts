/**
 * A room that is compared with its other replicas because somebody asked: over relays as they ship.
 */
import { describe, expect, test } from "vitest";
import { hexOf } from "@inkmesh/shared/base/bytes";
import { actorOf, type RelayId } from "@inkmesh/shared/base/ids";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { Entry } from "@inkmesh/shared/engine/entry";
import type { RoomComparisonView } from "../../../../server/core/effect.ts";
import { isUnderWay } from "../../../../server/core/gossip/copy-review.ts";
import { aLineage } from "../core-world.ts";
import { MemoryDisk } from "../memory-disk.ts";
import { ClusterTypist } from "./cluster-typist.ts";
import { aCluster, type RelayCluster, type Seat } from "./relay-cluster.ts";

const lineage = aLineage("note");

function write(cluster: RelayCluster, seat: Seat, words: string, person = 1): void {
  const typist = new ClusterTypist(cluster, "note", person).connect(seat);
  cluster.run(1_000);
  for (const word of words.split(" ")) typist.append(`${word} `);
  expect(cluster.runUntil(() => typist.unsaved === 0, 10_000)).toBe(true);
  typist.leave();
  // What was written a moment ago may be on its way.
  cluster.run(30_000);
}

function compare(cluster: RelayCluster, seat: Seat, withinMs = 5_000): RoomComparisonView {
  const answer = cluster.ask(seat, { type: "compare", room: lineage.room });
  expect(cluster.runUntil(() => answer() !== undefined, withinMs)).toBe(true);
  const found = answer();
  if (found?.type !== "compared") throw new Error(`not compared: ${JSON.stringify(found)}`);
  return found.comparison;
}

const standings = ({ copies }: RoomComparisonView): string =>
  copies
    .map(({ relay, standing }) => `${relay} ${standing}`)
    .toSorted()
    .join();

/**
 * The disk as it is, and vouching for all that it had, but without the entries from `counter` on. Its list says what it said before, so that
 * no sweep sees a difference.
 */
function without(disk: MemoryDisk, counter: number): MemoryDisk {
  const less = new MemoryDisk();
  for (const [room, record] of disk.records) less.records.set(room, record);
  for (const room of disk.marks) less.marks.add(room);
  less.wholeRing = disk.wholeRing;
  less.append(
    lineage,
    disk.entries(lineage).filter(({ dot }) => dot.counter < counter),
  );
  less.list = (page) => disk.list(page);
  return less;
}

const texts = (cluster: RelayCluster): ReadonlySet<string> => new Set(cluster.seats.map(({ disk }) => hexOf(disk.index(lineage).encode())));

describe("comparing a room with its other replicas", () => {
  test("finds those equal that have the same, also of a deleted one", () => {
    const cluster = aCluster();
    write(cluster, cluster.seat(0), "one two three");
    for (const seat of cluster.seats)
      expect(new Set(compare(cluster, seat).copies.map(({ standing }) => standing))).toEqual(new Set(["equal"]));
    const deleted = cluster.ask(cluster.seat(1), { type: "delete", room: lineage.room, principal: "" });
    cluster.run(30_000);
    expect(deleted()).toEqual({ type: "done" });
    expect(standings(compare(cluster, cluster.seat(0)))).toBe("b equal,c equal");
  });

  test.each([
    ["asked", 0],
    ["another one", 1],
  ])("[P1] heals what the one that is %s lacks, and says so once", (_, lacking) => {
    const cluster = aCluster();
    write(cluster, cluster.seat(2), "one two three four");
    const seat = cluster.seat(lacking);
    for (const each of cluster.seats) cluster.crash(each);
    cluster.restore(seat, without(seat.disk, 2));
    expect(texts(cluster).size).toBe(2);
    cluster.startAll();
    cluster.run(20_000);
    expect(texts(cluster).size).toBe(2);
    const found = compare(cluster, cluster.seat(0), 9_000);
    expect(standings(found)).toContain("healed");
    cluster.run(1_000);
    expect(texts(cluster).size).toBe(1);
    expect(standings(compare(cluster, cluster.seat(0)))).toBe("b equal,c equal");
  });

  test("does not wait for one that no link leads to, and for a silent one no longer than it takes", () => {
    const cluster = aCluster();
    write(cluster, cluster.seat(0), "one two");
    cluster.crash(cluster.seat(1));
    cluster.run(500);
    expect(standings(compare(cluster, cluster.seat(0), 1_000))).toBe("b silent,c equal");
    cluster.freeze(cluster.seat(2));
    expect(standings(compare(cluster, cluster.seat(0), 9_000))).toBe("b silent,c silent");
  });

  test("calls what is on its way while somebody types no difference", () => {
    const cluster = aCluster();
    write(cluster, cluster.seat(0), "one two");
    const typist = new ClusterTypist(cluster, "note", 2).connect(cluster.seat(1));
    cluster.run(1_000);
    for (let round = 0; round < 30; round++) {
      typist.append(`word ${round} `);
      cluster.run(7);
      const answer = cluster.ask(cluster.seat(0), { type: "compare", room: lineage.room });
      for (let letter = 0; letter < 20; letter++) {
        typist.append("x");
        cluster.run(11);
      }
      expect(cluster.runUntil(() => answer() !== undefined, 8_500)).toBe(true);
      expect(answer()).toMatchObject({ comparison: { copies: [{ standing: "equal" }, { standing: "equal" }] } });
    }
  });
});

describe("what is under way", () => {
  const actor = actorOf("a" as RelayId, new Uint8Array(8));
  const entry = (counter: number, physicalMs: number): Entry => ({
    ...{ dot: { actor, counter }, deps: VectorClock.empty, author: "", payload: new Uint8Array() },
    hlc: { physicalMs, logical: 0, relay: "a" as RelayId },
  });
  const upTo = (counter: number): VectorClock => VectorClock.of([[actor, counter]]);
  const tail = [entry(1, 100), entry(2, 200), entry(3, 300)];

  test.each([
    ["entries written since then", 1, 3, 200, true],
    ["the same the other way round", 3, 1, 200, true],
    ["one that was written before", 0, 3, 200, false],
    ["what is not in the tail", 1, 4, 200, false],
    ["nothing that clocks name: contents differ in something else", 3, 3, 0, false],
  ])("%s", (_, mine, theirs, sinceMs, is) => {
    expect(isUnderWay({ mine: upTo(mine), theirs: upTo(theirs) }, tail, sinceMs)).toBe(is);
  });
});
