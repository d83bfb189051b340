/**
 * Rooms of the relay core as copies of each other: three relays as they ship, wired by sockets (`relay-cluster.ts`).
 */
import { describe, expect, test } from "vitest";
import { aLineage } from "../core-world.ts";
import { ClusterTypist } from "./cluster-typist.ts";
import { RelayCluster } from "./relay-cluster.ts";

const lineage = aLineage("note");

/** Three relays that know each other, all of them members, with nothing on their disks. */
function aCluster(options: { seed?: number; relays?: number } = {}): RelayCluster {
  const cluster = new RelayCluster({ seed: options.seed ?? 1, relays: options.relays ?? 3 });
  cluster.startAll();
  cluster.run(15_000);
  return cluster;
}

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

  test("joining relays become members once they have what there is", () => {
    const cluster = aCluster();
    for (const { kept } of cluster.seats) expect(kept!.ring.map(({ status }) => status)).toEqual(["member", "member", "member"]);
    for (const { disk } of cluster.seats) expect(disk.wholeRing?.length).toBe(3);
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
