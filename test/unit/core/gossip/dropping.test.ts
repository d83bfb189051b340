/**
 * Copies that go once they are proven elsewhere: relay cores as they ship (`relay-cluster.ts`). At every drop what goes is looked for on
 * the disks of all replicas, whatever the relay that drops was told.
 */
import { describe, expect, test } from "vitest";
import * as Y from "yjs";
import type { Lineage, RoomName } from "@inkmesh/shared/base/ids";
import { refused } from "@inkmesh/shared/base/result";
import { aLineage } from "../core-world.ts";
import { ClusterTypist } from "./cluster-typist.ts";
import { aCluster, type RelayCluster, type Seat } from "./relay-cluster.ts";
import { auditedDrops, aWrittenCluster, minuteMs, slowLines, statusOf } from "./written-cluster.ts";

const lineage = aLineage("note");
const written = (cluster: RelayCluster): readonly RoomName[] =>
  cluster.seats.flatMap(({ disk }) => [...disk.records.keys()]).filter((room, at, all) => all.indexOf(room) === at);

/** Copies of rooms on disks of relays that are not their replicas. */
function misplaced(cluster: RelayCluster): readonly string[] {
  return cluster.running().flatMap(({ self, disk, life }) =>
    disk
      .list({ limit: 10_000, deleted: true })
      .rooms.filter(({ record, clock, isMarked }) => (clock.size > 0 || isMarked) && !life!.relay.replicasOf(record.room).includes(self))
      .map(({ record }) => `${record.room} at ${self}`),
  );
}

/** Five relays: those that replicate the document, in the ring's order, and the others. */
function withEdges(
  seed = 1,
  roomCacheBytes = 0,
  sweepMs = minuteMs,
  dropsAtOnceMax = 64,
): { cluster: RelayCluster; replicas: Seat[]; edge: Seat } {
  const cluster = aCluster({ seed, relays: 5, limits: { roomCacheBytes, replication: { sweepMs, dropsAtOnceMax } } });
  const names = cluster.seat(0).life!.relay.replicasOf(lineage.room);
  const replicas = names.map((name) => cluster.seats.find(({ self }) => self === name)!);
  return { cluster, replicas, edge: cluster.seats.find((seat) => !replicas.includes(seat))! };
}

function goes(cluster: RelayCluster, typist: ClusterTypist): void {
  const { seat } = typist;
  typist.leave();
  for (const socket of [...seat!.life!.sockets.values()]) cluster.hangUp(seat!, socket);
}

function textAt(cluster: RelayCluster, seat: Seat, room: string, clientId: number): string {
  const reader = new ClusterTypist(cluster, room, clientId).connect(seat);
  cluster.run(3_000);
  const { textAtSynced } = reader;
  goes(cluster, reader);
  return textAtSynced ?? "(not synced)";
}

/** Its copy of "note" goes: the links come anew, and nobody has it open. */
function letDrop(cluster: RelayCluster, edge: Seat): void {
  for (const seat of cluster.seats) if (seat !== edge) cluster.cut(edge, seat);
  cluster.run(1_000);
  cluster.heal();
  cluster.runUntil(() => edge.disk.parts(lineage).length === 0, minuteMs);
  expect(edge.disk.parts(lineage)).toEqual([]);
}

describe("when the ring places documents elsewhere", () => {
  test.each([1, 2])("[P2] [P3] what is here of them goes, and is found on every replica (seed %i)", (seed) => {
    const cluster = aWrittenCluster(seed, { relays: 6 });
    const drops = auditedDrops(cluster);
    const [, , , , fifth, sixth] = cluster.seats as [Seat, Seat, Seat, Seat, Seat, Seat];
    for (const seat of [fifth, sixth]) {
      cluster.order(seat, { type: "drain" });
      cluster.runUntil(() => statusOf(seat) === "left", minuteMs);
      cluster.wipe(seat);
    }
    const before = new Map(written(cluster).map((room) => [room, cluster.seat(0).disk.records.get(room)?.deleted?.by]));
    for (const seat of [fifth, sixth]) cluster.start(seat);
    cluster.runUntil(() => misplaced(cluster).length === 0 && statusOf(sixth) === "member", 5 * minuteMs);
    expect(misplaced(cluster)).toEqual([]);
    expect(drops.count).toBeGreaterThan(10);
    // What goes is content and mark: every name is still where it was, and those that are deleted say so.
    for (const [room, deletedBy] of before) {
      const records = cluster.seats.flatMap(({ disk }) => disk.records.get(room) ?? []);
      expect(records.length).toBeGreaterThanOrEqual(3);
      if (room.startsWith("gone")) expect(records.map(({ deleted }) => deleted?.by)).toEqual(records.map(() => deletedBy ?? "ada"));
    }
    for (let index = 0; index < 12; index++)
      expect(textAt(cluster, cluster.seat(index % 6), `note ${index}`, 200 + index)).toBe("some words");
    expect(cluster.running().map(({ life }) => life!.relay.census().roomsToHandOver)).toEqual([0, 0, 0, 0, 0, 0]);
  });

  test("[P8] never more than a tenth of them at a time, and none is read twice for it, nor at the next start", () => {
    const cluster = aWrittenCluster(4, { texts: 40, relays: 4 });
    const { seats } = cluster;
    for (const seat of seats) if (statusOf(seat) !== "member") throw new Error(`${seat.self} is no member`);
    // One comes anew with nothing, and takes its documents back.
    const [, , , last] = seats as [Seat, Seat, Seat, Seat];
    cluster.order(last, { type: "drain" });
    cluster.runUntil(() => statusOf(last) === "left", minuteMs);
    cluster.run(5_000); // Until all have heard of it.
    cluster.wipe(last);
    cluster.start(last);
    const drops = auditedDrops(cluster);
    cluster.runUntil(() => statusOf(last) === "member", minuteMs);
    expect(statusOf(last)).toBe("member");
    const readBefore = new Map(seats.map((seat) => [seat, seat.disk.loaded.length]));
    cluster.runUntil(() => misplaced(cluster).length === 0, 5 * minuteMs);
    expect(misplaced(cluster)).toEqual([]);
    expect(drops.count).toBeGreaterThan(20);
    for (const { seat, rooms, of } of drops.all)
      expect(rooms, `${rooms} of ${of} at ${seat.self}`).toBeLessThanOrEqual(Math.max(1, of / 10));
    for (const [seat, before] of readBefore) {
      const read = seat.disk.loaded.slice(before);
      expect(read.length).toBeLessThanOrEqual(new Set(read).size + 60);
    }
    const [first] = seats as [Seat];
    const bare = [...first.disk.records.keys()].filter((room) => first.disk.parts({ room, generation: 0 }).length === 0);
    cluster.crash(first);
    cluster.run(1_000);
    first.disk.loaded.length = 0;
    cluster.start(first);
    cluster.run(30_000);
    expect(first.disk.loaded.filter((room) => bare.includes(room) && !first.life!.relay.replicasOf(room).includes(first.self))).toEqual([]);
  });

  test.each([1, 2])("[P3] rings that follow each other over slow lines: none drops on what was said under another (seed %i)", (seed) => {
    const cluster = aWrittenCluster(seed, { relays: 6 });
    const [, , , , fifth, sixth] = cluster.seats as [Seat, Seat, Seat, Seat, Seat, Seat];
    auditedDrops(cluster);
    slowLines(cluster);
    cluster.order(fifth, { type: "drain" });
    cluster.run(cluster.chance(8_000));
    cluster.order(sixth, { type: "drain" });
    cluster.runUntil(() => [fifth, sixth].every((seat) => statusOf(seat) === "left"), 10 * minuteMs);
    for (const seat of [fifth, sixth]) cluster.wipe(seat);
    cluster.start(fifth);
    cluster.run(cluster.chance(20_000));
    cluster.start(sixth);
    cluster.run(cluster.chance(20_000));
    cluster.order(cluster.seat(0), { type: "drain" });
    cluster.runUntil(() => statusOf(cluster.seat(0)) === "left", 10 * minuteMs);
    cluster.lineMsMax = 20;
    cluster.run(20_000); // Until all have heard of it.
    cluster.wipe(cluster.seat(0));
    cluster.runUntil(() => misplaced(cluster).length === 0, 2 * minuteMs);
    expect(misplaced(cluster)).toEqual([]);
    for (let index = 0; index < 12; index++)
      expect(textAt(cluster, cluster.seat(1 + (index % 5)), `note ${index}`, 200 + index)).toBe("some words");
  });
});

describe("a copy at an edge", () => {
  /** With "words" of somebody who was there, and is gone. */
  function leftAlone(...shape: Parameters<typeof withEdges>): ReturnType<typeof withEdges> {
    const world = withEdges(...shape);
    const typist = new ClusterTypist(world.cluster, "note", 1).connect(world.edge);
    world.cluster.run(3_000);
    typist.append("words");
    world.cluster.run(3_000);
    expect(typist.unsaved).toBe(0);
    goes(world.cluster, typist);
    world.cluster.run(1_000);
    return world;
  }

  test("stays where none may go, as on relays that keep histories", () => {
    const { cluster, edge } = leftAlone(1, 0, minuteMs, 0);
    for (const seat of cluster.seats) if (seat !== edge) cluster.cut(edge, seat);
    cluster.run(1_000);
    cluster.heal();
    cluster.run(5 * minuteMs);
    expect(edge.disk.parts(lineage)).not.toEqual([]);
  });

  test("stays while somebody has the document open, and rests then, so that a page that is loaded anew finds it", () => {
    const { cluster, edge } = withEdges();
    const typist = new ClusterTypist(cluster, "note", 1).connect(edge);
    cluster.run(3_000);
    typist.append("words");
    cluster.run(3 * minuteMs);
    expect(edge.disk.parts(lineage)).not.toEqual([]);
    const { edge: other, cluster: another } = leftAlone(1, 2 ** 20);
    another.run(30_000);
    expect(other.disk.parts(lineage)).not.toEqual([]);
    expect(other.life!.relay.census()).toMatchObject({ roomsToDrop: 1, roomsDropped: 0, roomsToHandOver: 0 });
    another.runUntil(() => other.disk.parts(lineage).length === 0, 2 * minuteMs);
    expect(other.life!.relay.census()).toMatchObject({ roomsToDrop: 0, roomsDropped: 1, roomsToHandOver: 0 });
    expect(other.disk.records.has(lineage.room)).toBe(true);
  });

  test("[P2] stays while a replica is away, and is not read for it", () => {
    const { cluster, edge, replicas } = leftAlone(1, 2 ** 20);
    cluster.crash(replicas[2]!);
    cluster.run(10_000);
    edge.disk.loaded.length = 0;
    cluster.run(5 * minuteMs);
    expect(edge.disk.parts(lineage)).not.toEqual([]);
    expect(edge.disk.loaded).toEqual([]);
    auditedDrops(cluster);
    cluster.start(replicas[2]!);
    cluster.runUntil(() => edge.disk.parts(lineage).length === 0, 3 * minuteMs);
    expect(edge.disk.parts(lineage)).toEqual([]);
  });

  test("[P1] stays until a replica that has all of its content has its title, too", () => {
    const { cluster, edge, replicas } = leftAlone(1, 2 ** 20, 2_000);
    const [, , third] = replicas as [Seat, Seat, Seat];
    auditedDrops(cluster);
    const again = new ClusterTypist(cluster, "note", 2).connect(edge);
    cluster.run(2_000);
    // What it has said on its link stands, and it says nothing more.
    cluster.freeze(third);
    cluster.ask(edge, { type: "change", room: lineage.room, title: "Plan", kind: undefined, principal: "ada" });
    cluster.run(1_000);
    goes(cluster, again);
    cluster.run(5_000);
    expect([edge.disk.parts(lineage).length, third.disk.records.get(lineage.room)?.title]).toEqual([1, undefined]);
    cluster.thaw(third);
    cluster.runUntil(() => edge.disk.parts(lineage).length === 0, 5 * minuteMs);
    expect(replicas.map(({ disk }) => disk.records.get(lineage.room)?.title?.value)).toEqual(["Plan", "Plan", "Plan"]);
  });

  test.each([1, 2, 3])("[P1] goes only when a title that it was given there is on every replica, too (seed %i)", (seed) => {
    const { cluster, edge, replicas } = leftAlone(seed);
    auditedDrops(cluster);
    for (const seat of cluster.seats) if (seat !== edge) cluster.cut(edge, seat);
    cluster.ask(edge, { type: "change", room: lineage.room, title: "Plan", kind: undefined, principal: "ada" });
    cluster.run(5_000);
    cluster.crash(edge);
    cluster.run(5_000);
    cluster.heal();
    cluster.lineMsMax = 3_000;
    cluster.diskMsMax = 2_000;
    cluster.start(edge);
    cluster.runUntil(() => edge.disk.parts(lineage).length === 0, 5 * minuteMs);
    expect(edge.disk.parts(lineage)).toEqual([]);
    expect(replicas.map(({ disk }) => disk.records.get(lineage.room)?.title?.value)).toEqual(["Plan", "Plan", "Plan"]);
  });

  test("[P1] that was dropped comes back for whoever opens the document there, who writes on under the same name", () => {
    const { cluster, edge, replicas } = leftAlone();
    letDrop(cluster, edge);
    const again = new ClusterTypist(cluster, "note", 2).connect(edge);
    cluster.run(3_000);
    expect(again.textAtSynced).toBe("words");
    again.append(", more");
    cluster.run(3_000);
    expect(again.unsaved).toBe(0);
    const actors = replicas[0]!.disk.entries(lineage).map(({ dot }) => `${dot.actor} ${dot.counter}`);
    expect(new Set(actors).size).toBe(actors.length);
    expect(new Set(replicas[0]!.disk.entries(lineage).map(({ dot }) => dot.actor)).size).toBe(1);
    expect(textAt(cluster, replicas[1]!, "note", 3)).toBe("words, more");
  });

  test("[P8] that is dropped again and again, and written over HTTP each time, does not get an author each time", () => {
    const { cluster, edge, replicas } = leftAlone();
    for (const words of ["one", "two", "three"]) {
      const answer = cluster.ask(edge, {
        ...{ type: "write", room: lineage.room, format: "text", body: words, kind: "code", where: "any", principal: "" },
        ...{ base: undefined, match: undefined, key: undefined },
      });
      cluster.run(5_000);
      expect(answer()).toMatchObject({ type: "saved" });
      letDrop(cluster, edge);
    }
    const doc = new Y.Doc();
    for (const part of replicas[0]!.disk.parts(lineage)) Y.applyUpdate(doc, part);
    // Who typed at first, and the edge.
    expect([doc.store.clients.size, doc.getText("text").toString() || doc.getXmlFragment("default").toString()]).toEqual([2, "three"]);
  });

  test("[P4] that was dropped takes edits while no replica can be reached, under a name that was never used", () => {
    const { cluster, edge, replicas } = leftAlone();
    letDrop(cluster, edge);
    for (const seat of cluster.seats) if (seat !== edge) cluster.cut(edge, seat);
    const alone = new ClusterTypist(cluster, "note", 2).connect(edge);
    cluster.run(5_000);
    alone.append("alone ");
    cluster.run(3_000);
    expect(edge.disk.entries(lineage)).toHaveLength(1);
    expect(replicas[0]!.disk.entries(lineage).map(({ dot }) => dot.actor)).not.toContain(edge.disk.entries(lineage)[0]!.dot.actor);
    cluster.heal();
    cluster.run(10_000);
    expect(alone.unsaved).toBe(0);
    for (const seat of replicas) expect(textAt(cluster, seat, "note", 10 + replicas.indexOf(seat))).toBe(alone.text);
    expect(alone.text).toContain("words");
  });

  test("[P2] that was dropped vouches for nothing when the ring places the document there, nor does a backup of it from before", () => {
    const { cluster, edge, replicas } = leftAlone();
    const backup = edge.disk.copy();
    backup.marks.clear();
    backup.wholeRing = undefined;
    letDrop(cluster, edge);
    const others = cluster.seats.filter((seat) => seat !== edge && !replicas.includes(seat));
    // All but two of the others go, so that it is named.
    for (const seat of [...others, replicas[0]!]) {
      cluster.order(seat, { type: "drain" });
      cluster.runUntil(() => statusOf(seat) === "left", minuteMs);
      cluster.crash(seat);
    }
    expect(edge.life!.relay.replicasOf(lineage.room)).toContain(edge.self);
    cluster.runUntil(() => edge.disk.marks.has(lineage.room), minuteMs);
    expect(edge.disk.index(lineage).hash()).toBe(replicas[1]!.disk.index(lineage).hash());
    cluster.restore(edge, backup);
    for (const seat of replicas) cluster.cut(edge, seat);
    cluster.start(edge);
    cluster.run(10_000);
    expect(edge.disk.marks.has(lineage.room)).toBe(false);
  });

  test("that was dropped is not fetched by whoever compares: another relay, or somebody who has the disk verified", () => {
    const { cluster, edge } = leftAlone();
    letDrop(cluster, edge);
    const answer = cluster.ask(edge, { type: "compare", room: lineage.room });
    cluster.run(10_000);
    expect(answer()).toMatchObject({ type: "compared", comparison: { isReplica: false, copies: [] } });
    for (const seat of cluster.seats) {
      cluster.ask(seat, { type: "compare", room: lineage.room });
      cluster.ask(seat, { type: "list", after: undefined, limit: 10, search: undefined });
    }
    cluster.run(10_000);
    expect(edge.disk.parts(lineage)).toEqual([]);
  });

  test("[P10] of a document that was deleted keeps the tombstone and nothing else", () => {
    const { cluster, edge, replicas } = leftAlone();
    cluster.cut(edge, replicas[0]!);
    cluster.ask(replicas[0]!, { type: "delete", room: lineage.room, principal: "ada" });
    cluster.run(3_000);
    cluster.heal();
    letDrop(cluster, edge);
    expect(edge.disk.records.get(lineage.room)?.deleted?.by).toBe("ada");
    expect(edge.disk.marks.has(lineage.room)).toBe(false);
  });

  test("[P2] a drop that does not work leaves it as it was, and is tried again", () => {
    const { cluster, edge } = leftAlone();
    let fails = 2;
    const drop = edge.disk.dropCopies.bind(edge.disk);
    edge.disk.dropCopies = (lineages: readonly Lineage[]) => (fails-- > 0 ? refused("STORE_FAILED") : drop(lineages));
    letDrop(cluster, edge);
    expect(fails).toBeLessThan(0);
    expect(edge.life!.relay.census()).toMatchObject({ roomsDropped: 1, roomsToDrop: 0 });
  });
});
