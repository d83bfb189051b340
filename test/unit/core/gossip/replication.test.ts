/**
 * Rooms of the relay core as copies of each other: three relays as they ship, wired by sockets (`relay-cluster.ts`).
 */
import type { RoomName } from "@inkmesh/shared/base/ids";
import { describe, expect, test } from "vitest";
import type { RoomAnswer } from "../../../../server/core/effect.ts";
import { aLineage } from "../core-world.ts";
import { ClusterTypist } from "./cluster-typist.ts";
import { aCluster, RelayCluster, type Seat } from "./relay-cluster.ts";

const lineage = aLineage("note");

function hashes(cluster: RelayCluster): readonly string[] {
  return cluster.seats.map(({ disk }) => disk.index(lineage).hash());
}

function isLinked({ life }: Seat): boolean {
  return life!.relay.meshView()!.members.some((member) => member.isLinked);
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

describe("records over several relays", () => {
  const deletes = { type: "delete", room: lineage.room, principal: "ada" } as const;
  const notConfirmed = { type: "refused", refusal: { code: "NOT_CONFIRMED" } };

  test("[P10] a deletion is done when enough replicas know it, and everybody is told", () => {
    const cluster = aCluster();
    const typists = cluster.seats.map((seat, index) => new ClusterTypist(cluster, "note", index + 1).connect(seat));
    cluster.run(1_000);
    typists[0]!.type("hello");
    cluster.run(1_000);
    const answer = cluster.ask(cluster.seat(1), deletes);
    cluster.run(2_000);
    expect(answer()).toEqual({ type: "done" });
    for (const typist of typists) expect(typist.isDeleted).toBe(true);
    for (const { disk } of cluster.seats) {
      expect(disk.records.get(lineage.room)?.deleted?.by).toBe("ada");
      expect(disk.entries(lineage)).toEqual([]);
    }
  });

  test.each([
    ["", {}],
    [", also where the room leaves memory meanwhile", { roomCacheBytes: 0 }],
  ] as const)("[P2] [P10] a deletion that only this disk knows is not done, and is when another relay is back%s", (_, limits) => {
    const cluster = aCluster({ limits });
    const typist = new ClusterTypist(cluster, "note", 1).connect(cluster.seat(0));
    cluster.run(500);
    typist.type("hello");
    cluster.run(1_000);
    cluster.crash(cluster.seat(1));
    cluster.crash(cluster.seat(2));
    cluster.run(1_000);
    const answer = cluster.ask(cluster.seat(0), deletes);
    cluster.run(1_900);
    expect(cluster.seat(0).disk.records.get(lineage.room)?.deleted).toBeDefined();
    expect(answer()).toBeUndefined();
    cluster.run(300);
    expect(answer()).toMatchObject(notConfirmed);
    const again = cluster.ask(cluster.seat(0), deletes);
    cluster.run(2_500);
    expect(again()).toMatchObject(notConfirmed);
    cluster.start(cluster.seat(2));
    cluster.run(20_000);
    expect(cluster.seat(2).disk.records.get(lineage.room)?.deleted).toBeDefined();
    const atLast = cluster.ask(cluster.seat(0), deletes);
    cluster.run(500);
    expect(atLast()).toMatchObject({ type: "refused", refusal: { code: "ROOM_DELETED" } });
  });

  test("[P10] a deletion, a title and a creation that too few replicas hear of in 2 s are kept, said not to be confirmed, and spread", () => {
    const cluster = aCluster();
    const create = (room: string): (() => RoomAnswer | undefined) =>
      cluster.ask(cluster.seat(0), { type: "create", room: room as RoomName, principal: "", title: "first", kind: undefined });
    create("note");
    create("old");
    cluster.run(1_000);
    cluster.crash(cluster.seat(1));
    cluster.crash(cluster.seat(2));
    cluster.run(1_000);
    const change = { type: "change", room: lineage.room, principal: "", title: "second", kind: undefined } as const;
    const answers = [
      cluster.ask(cluster.seat(0), change),
      cluster.ask(cluster.seat(0), { ...deletes, room: "old" as RoomName }),
      create("new"),
    ];
    cluster.run(2_300);
    for (const answer of answers) expect(answer()).toMatchObject(notConfirmed);
    expect(cluster.seat(0).life!.relay.census()).toMatchObject({ waitingRequests: 0 });
    cluster.start(cluster.seat(1));
    cluster.run(20_000);
    const { records } = cluster.seat(1).disk;
    expect(records.get(lineage.room)?.title?.value).toBe("second");
    expect(records.get("old" as RoomName)?.deleted).toBeDefined();
    expect(records.get("new" as RoomName)?.title?.value).toBe("first");
  });

  test("[P2] [P10] what is confirmed within 2 s is answered as done, and nobody waits longer", () => {
    const cluster = aCluster();
    cluster.ask(cluster.seat(0), { type: "create", room: lineage.room, principal: "", title: undefined, kind: undefined });
    cluster.run(1_000);
    for (const seat of [1, 2]) cluster.hush(cluster.seat(0), cluster.seat(seat));
    const answer = cluster.ask(cluster.seat(0), deletes);
    cluster.run(1_000);
    expect(answer()).toBeUndefined();
    cluster.heal();
    cluster.run(300);
    expect(answer()).toEqual({ type: "done" });
    cluster.run(5_000);
    expect(answer()).toEqual({ type: "done" });
  });

  test("[P10] a relay that was away while a document was deleted does not bring it back", () => {
    const cluster = aCluster();
    const typist = new ClusterTypist(cluster, "note", 1).connect(cluster.seat(2));
    cluster.run(500);
    typist.type("hello");
    cluster.run(1_000);
    cluster.crash(cluster.seat(2));
    cluster.run(500);
    const answer = cluster.ask(cluster.seat(0), deletes);
    cluster.run(2_000);
    expect(answer()).toEqual({ type: "done" });
    cluster.start(cluster.seat(2));
    typist.connect(cluster.seat(2));
    typist.type("more");
    cluster.run(20_000);
    expect(typist.isDeleted).toBe(true);
    for (const { disk } of cluster.seats) expect(disk.entries(lineage)).toEqual([]);
    for (const { disk } of cluster.seats) expect(disk.records.get(lineage.room)?.deleted?.by).toBe("ada");
  });

  test("[P10] the next generation is opened everywhere, and nothing of the closed one comes into it", () => {
    const cluster = aCluster();
    const old = new ClusterTypist(cluster, "note", 1).connect(cluster.seat(2));
    cluster.run(500);
    old.type("hello");
    cluster.run(1_000);
    cluster.crash(cluster.seat(2));
    cluster.run(500);
    const deleted = cluster.ask(cluster.seat(0), deletes);
    cluster.run(2_000);
    const created = cluster.ask(cluster.seat(1), { type: "create", room: lineage.room, title: "anew", kind: undefined, principal: "" });
    cluster.run(2_000);
    expect([deleted()?.type, created()?.type]).toEqual(["done", "room"]);
    cluster.start(cluster.seat(2));
    cluster.run(20_000);
    const next = new ClusterTypist(cluster, "note", 2).connect(cluster.seat(2));
    cluster.run(2_000);
    next.type("anew");
    cluster.run(3_000);
    expect(next.text).toBe("anew");
    expect(next.unsaved).toBe(0);
    for (const { disk } of cluster.seats) {
      expect(disk.records.get(lineage.room)).toMatchObject({ generation: 1, deleted: undefined, everDeleted: true });
      expect(disk.entries(lineage)).toEqual([]);
      expect(disk.entries(aLineage("note", 1))).toHaveLength(1);
    }
  });

  // The one relay is asked before it reaches anybody, the other one while it hears what it has missed.
  test.each(["closed", "open"])("[P6] who edits the new generation goes on at a relay where the old one is still %s", (there) => {
    const cluster = aCluster();
    const [first, , late] = cluster.seats as [Seat, Seat, Seat];
    const old = new ClusterTypist(cluster, "note", 1).connect(late);
    cluster.run(500);
    old.type("hello");
    cluster.run(1_000);
    if (there === "open") cluster.crash(late);
    cluster.ask(first, deletes);
    cluster.run(2_000);
    cluster.crash(late);
    cluster.ask(first, { type: "create", room: lineage.room, title: "anew", kind: undefined, principal: "" });
    cluster.run(2_000);
    const typist = new ClusterTypist(cluster, "note", 2).connect(first);
    cluster.run(1_000);
    cluster.crash(first);
    typist.type("anew");
    cluster.lineMsMax = 300;
    cluster.start(late);
    while (there === "open" && !isLinked(late)) cluster.run(1);
    typist.connect(late);
    cluster.run(3_000);
    if (!typist.isConnected) typist.connect(late);
    cluster.start(first);
    cluster.run(20_000);
    expect([typist.generation, typist.isDeleted, typist.unsaved]).toEqual([1, false, 0]);
  });

  test("a title that was given at two relays apart is the same everywhere afterwards", () => {
    const cluster = aCluster();
    cluster.ask(cluster.seat(0), { type: "create", room: lineage.room, title: "first", kind: undefined, principal: "" });
    cluster.run(2_000);
    cluster.cut(cluster.seat(0), cluster.seat(1));
    cluster.cut(cluster.seat(0), cluster.seat(2));
    for (const [index, title] of ["left", "right"].entries())
      cluster.ask(cluster.seat(index), { type: "change", room: lineage.room, title, kind: undefined, principal: "" });
    cluster.run(3_000);
    cluster.heal();
    cluster.run(20_000);
    const titles = cluster.seats.map(({ disk }) => disk.records.get(lineage.room)?.title?.value);
    expect(new Set(titles).size).toBe(1);
    expect(["left", "right"]).toContain(titles[0]);
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
