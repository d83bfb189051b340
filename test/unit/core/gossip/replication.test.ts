/**
 * Rooms of the relay core as copies of each other: three relays as they ship, wired by sockets (`relay-cluster.ts`).
 */
import { describe, expect, test } from "vitest";
import { aLineage } from "../core-world.ts";
import { isLinked } from "./cluster-seat.ts";
import { ClusterTypist } from "./cluster-typist.ts";
import { aCluster, RelayCluster } from "./relay-cluster.ts";

const lineage = aLineage("note");

function hashes(cluster: RelayCluster): readonly string[] {
  return cluster.seats.map(({ disk }) => disk.index(lineage).hash());
}

describe("rooms over several relays", () => {
  test("[P2] an edit is on every replica's disk, and its ack says on how many", () => {
    const cluster = aCluster();
    const typist = new ClusterTypist(cluster, "note", 1).connect(cluster.seat(0));
    cluster.run(2_000);
    typist.type("hello");
    cluster.run(2_000);
    expect(typist.edits).toMatchObject([{ isSaved: true }]);
    expect(typist.acks.at(-1)).toMatchObject({ copies: 3, replicas: 3, needed: 2 });
    expect(new Set(hashes(cluster)).size).toBe(1);
  });

  test("what is typed at one relay is seen at the others", () => {
    const cluster = aCluster();
    const typists = cluster.seats.map((seat, index) => new ClusterTypist(cluster, "note", index + 1).connect(seat));
    cluster.run(2_000);
    for (let round = 0; round < 20; round++) {
      for (const typist of typists) typist.type(String(round));
      cluster.run(cluster.chance(60));
    }
    cluster.run(3_000);
    expect(typists[0]!.text.length).toBeGreaterThan(60);
    for (const typist of typists) expect(typist.text).toBe(typists[0]!.text);
    for (const typist of typists) expect(typist.unsaved).toBe(0);
    expect(new Set(hashes(cluster)).size).toBe(1);
  });

  // What one says to another before both have heard of the same ring counts for nothing: seeds in which that decided once.
  test.each([1, 2, 6, 27, 37])("joining relays become members once they have what there is, seed %i", (seed) => {
    const cluster = new RelayCluster({ seed, relays: 3 });
    cluster.lineMsMax = 1 + cluster.chance(100);
    for (const seat of cluster.seats) {
      cluster.start(seat);
      cluster.run(cluster.chance(2_000));
    }
    cluster.run(25_000);
    for (const { kept } of cluster.seats) expect(kept!.ring.map(({ status }) => status)).toEqual(["member", "member", "member"]);
    for (const { disk } of cluster.seats) expect(disk.wholeRing?.map(({ status }) => status)).toEqual(["member", "member", "member"]);
  });

  test("[P2] [P4] alone an edit is taken and said to be on one of three disks; it is saved when another relay is back", () => {
    const cluster = aCluster();
    cluster.crash(cluster.seat(1));
    cluster.crash(cluster.seat(2));
    cluster.run(1_000);
    const typist = new ClusterTypist(cluster, "note", 1).connect(cluster.seat(0));
    typist.type("alone");
    cluster.run(5_000);
    expect(typist.unsaved).toBe(1);
    expect(typist.acks.at(-1)).toMatchObject({ copies: 1, replicas: 3, needed: 2 });
    cluster.start(cluster.seat(1));
    cluster.run(40_000);
    expect(typist.unsaved).toBe(0);
    expect(hashes(cluster)[1]).toBe(hashes(cluster)[0]);
  });

  test("[P2] a relay whose disk was lost vouches for nothing before it has compared, and gets everything", () => {
    const cluster = aCluster();
    const typist = new ClusterTypist(cluster, "note", 1).connect(cluster.seat(0));
    cluster.run(1_000);
    for (const word of ["one ", "two ", "three "]) typist.type(word);
    cluster.run(2_000);
    cluster.wipe(cluster.seat(1));
    cluster.run(1_000);
    cluster.start(cluster.seat(1));
    expect(cluster.seat(1).disk.marks.size).toBe(0);
    cluster.run(60_000);
    expect(hashes(cluster)[1]).toBe(hashes(cluster)[0]);
    expect(cluster.seat(1).disk.marks.has(lineage.room)).toBe(true);
  });
});

describe("a room at a relay that was away, or is none of its replicas", () => {
  test("[P6] what is shown first is all that the others have, not what this disk had", () => {
    const cluster = aCluster();
    const typist = new ClusterTypist(cluster, "note", 1).connect(cluster.seat(0));
    cluster.run(500);
    typist.type("before ");
    cluster.run(1_000);
    for (const index of [0, 2]) cluster.cut(cluster.seat(1), cluster.seat(index));
    for (const word of ["while ", "away "]) typist.type(word);
    cluster.run(1_000);
    // Slow enough that a comparison of all rooms would come too late.
    cluster.lineMsMax = 300;
    cluster.heal();
    while (!isLinked(cluster.seat(1))) cluster.run(1);
    const reader = new ClusterTypist(cluster, "note", 2).connect(cluster.seat(1));
    expect(cluster.runUntil(() => reader.isSynced, 3_000)).toBe(true);
    expect(reader.textAtSynced).toBe(typist.text);
  });

  test("[P4] a relay that reaches others who do not answer shows what it has after two seconds", () => {
    const cluster = aCluster();
    const typist = new ClusterTypist(cluster, "note", 1).connect(cluster.seat(0));
    cluster.run(500);
    typist.type("hello");
    cluster.run(1_000);
    cluster.crash(cluster.seat(0));
    cluster.start(cluster.seat(0));
    cluster.run(5_000);
    cluster.lineMsMax = 60_000;
    const reader = new ClusterTypist(cluster, "note", 2).connect(cluster.seat(0));
    cluster.run(1_000);
    expect(reader.isSynced).toBe(false);
    cluster.run(2_000);
    expect([reader.isSynced, reader.text]).toEqual([true, "hello"]);
  });

  test("[P2] its own copy does not count, and what is typed there is saved by the replicas", () => {
    const cluster = aCluster({ relays: 5 });
    const replicas = cluster.seat(0).life!.relay.replicasOf(lineage.room);
    const edge = cluster.seats.find(({ self }) => !replicas.includes(self))!;
    const typist = new ClusterTypist(cluster, "note", 1).connect(edge);
    const reader = new ClusterTypist(cluster, "note", 2).connect(cluster.seats.findLast(({ self }) => !replicas.includes(self))!);
    cluster.run(1_000);
    typist.type("from the edge");
    cluster.run(3_000);
    expect(typist.acks.at(-1)).toMatchObject({ copies: 3, replicas: 3, needed: 2 });
    expect(reader.text).toBe("from the edge");
    const there = cluster.seats.filter(({ self }) => replicas.includes(self));
    for (const seat of there.slice(0, 2)) cluster.crash(seat);
    cluster.run(2_000);
    typist.type("more");
    cluster.run(3_000);
    expect(typist.unsaved).toBe(1);
    expect(typist.acks.at(-1)).toMatchObject({ copies: 1, needed: 2 });
    cluster.start(there[0]!);
    cluster.run(20_000);
    expect(typist.unsaved).toBe(0);
  });
});
