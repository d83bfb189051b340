/**
 * Histories that are brought together between relays: relay cores as they ship (`relay-cluster.ts`), on disks that keep histories.
 */
import { describe, expect, test } from "vitest";
import { refused } from "@inkmesh/shared/base/result";
import type { MeshHistoryMessage } from "@inkmesh/shared/wire/mesh-history-message";
import { isAboutHistory } from "@inkmesh/shared/wire/mesh-history-message";
import { takenAuthor, tellsAllOf } from "../../../../server/core/stored-history.ts";
import { aLineage } from "../core-world.ts";
import { ClusterTypist } from "./cluster-typist.ts";
import { RelayCluster, type Seat } from "./relay-cluster.ts";
import { minuteMs, statusOf } from "./written-cluster.ts";

const lineage = aLineage("note");
const day = 24 * 3_600_000;
/** Everything is compacted at once, so that whoever was away gets a state. */
const limits = { tailEntriesMax: 0, roomCacheBytes: 0, replication: { keptHistoryMs: 30 * day } };

function aKeepingCluster(seed = 1, started = 3, relays = 3): RelayCluster {
  const cluster = new RelayCluster({ seed, relays, limits });
  for (const seat of cluster.seats.slice(0, started)) cluster.start(seat);
  cluster.runUntil(() => cluster.running().every((seat) => statusOf(seat) === "member"), minuteMs);
  return cluster;
}

/** Somebody writes a few words in each of some minutes, and goes. */
function write(cluster: RelayCluster, seat: Seat, minutes: number, clientId = 1, room = "note"): void {
  const typist = new ClusterTypist(cluster, room, clientId).connect(seat);
  cluster.run(2_000);
  for (let minute = 0; minute < minutes; minute++) {
    for (const word of ["one ", "two ", "three "]) typist.append(word);
    cluster.run(minuteMs);
  }
  expect(typist.unsaved).toBe(0);
  typist.leave();
  for (const socket of [...seat.life!.sockets.values()]) cluster.hangUp(seat, socket);
  cluster.run(5_000);
}

/** What each relay's disk tells of the document, as people are shown it. */
const told = (seat: Seat, of = lineage) =>
  seat.disk.histories.minutes(of).map(({ minute, author, entries }) => ({ minute, author, entries }));

function expectAlike(cluster: RelayCluster, of = lineage): void {
  const [first, ...others] = cluster.running();
  for (const other of others) expect(told(other, of), other.self).toEqual(told(first!, of));
}

const editsOf = (seat: Seat): number => told(seat).reduce((sum, { entries }) => sum + entries, 0);

/** What is said of histories from now on. */
function listenTo(cluster: RelayCluster): { from: Seat; to: Seat; message: MeshHistoryMessage }[] {
  const heard: { from: Seat; to: Seat; message: MeshHistoryMessage }[] = [];
  cluster.tap = (from, to, { messages }) => {
    for (const message of messages) if (isAboutHistory(message)) heard.push({ from, to, message });
  };
  return heard;
}

describe("a relay that took over a state gets the history that it was made of", () => {
  test.each([1, 2, 3])("when it is new (seed %i)", (seed) => {
    const cluster = aKeepingCluster(seed, 2);
    write(cluster, cluster.seat(0), 3);
    cluster.start(cluster.seat(2));
    cluster.runUntil(() => statusOf(cluster.seat(2)) === "member", minuteMs);
    cluster.run(minuteMs);
    expect(editsOf(cluster.seat(2))).toBe(9);
    expectAlike(cluster);
    // It holds a state, whose author is nobody, and shows it no more.
    expect(
      cluster
        .seat(2)
        .disk.histories.covered(lineage)
        .coverage.told.some(({ actor }) => actor.startsWith("c.")),
    ).toBe(true);
    expect(told(cluster.seat(2)).filter(({ author }) => author === takenAuthor)).toEqual([]);
  });

  test.each([1, 2])("when its folder was lost (seed %i)", (seed) => {
    const cluster = aKeepingCluster(seed);
    write(cluster, cluster.seat(0), 3);
    cluster.wipe(cluster.seat(1));
    cluster.start(cluster.seat(1));
    cluster.run(2 * minuteMs);
    expect(editsOf(cluster.seat(1))).toBe(9);
    expectAlike(cluster);
  });

  test.each([1, 2])("when it was away for long (seed %i)", (seed) => {
    const cluster = aKeepingCluster(seed);
    write(cluster, cluster.seat(0), 2);
    cluster.crash(cluster.seat(2));
    write(cluster, cluster.seat(1), 3, 2);
    cluster.start(cluster.seat(2));
    cluster.run(2 * minuteMs);
    expect(told(cluster.seat(2))).toHaveLength(5);
    expectAlike(cluster);
  });

  test("when two wrote while they were cut from each other, both get what the other one has", () => {
    const cluster = aKeepingCluster(4);
    write(cluster, cluster.seat(0), 1);
    cluster.cut(cluster.seat(0), cluster.seat(1));
    cluster.cut(cluster.seat(0), cluster.seat(2));
    write(cluster, cluster.seat(1), 2, 2);
    const typist = new ClusterTypist(cluster, "note", 3).connect(cluster.seat(0));
    cluster.run(5_000);
    typist.append("alone");
    cluster.run(minuteMs);
    cluster.heal();
    cluster.run(2 * minuteMs);
    expect(typist.unsaved).toBe(0);
    expect(editsOf(cluster.seat(0))).toBe(10);
    expectAlike(cluster);
  });

  test("when it is killed amid of that, once it runs again", () => {
    const cluster = aKeepingCluster(8, 2);
    write(cluster, cluster.seat(0), 3);
    const [, , third] = cluster.seats as [Seat, Seat, Seat];
    const heard = listenTo(cluster);
    cluster.start(third);
    cluster.runUntil(() => heard.length > 0, minuteMs);
    expect(heard.length).toBeGreaterThan(0);
    cluster.crash(third);
    expect(editsOf(third)).toBeLessThan(9);
    cluster.run(5_000);
    cluster.start(third);
    cluster.run(2 * minuteMs);
    expectAlike(cluster);
  });
});

test("what a relay lost of a history it gets again", () => {
  const cluster = aKeepingCluster(6);
  write(cluster, cluster.seat(0), 3);
  const [first, second] = cluster.seats as [Seat, Seat];
  cluster.crash(second);
  second.disk.histories.loseFirst(lineage);
  expect(editsOf(second)).toBe(6);
  cluster.start(second);
  cluster.run(minuteMs);
  expect(told(second)).toEqual(told(first));
});

test("[P8] at most two histories are on their way to one relay, and each piece is asked for when the one before is on its disk", () => {
  const cluster = aKeepingCluster(7, 2);
  for (let index = 0; index < 8; index++) write(cluster, cluster.seat(index % 2), 1, index + 1, `note ${index}`);
  const heard = listenTo(cluster);
  cluster.start(cluster.seat(2));
  const open = new Set<string>();
  let most = 0;
  cluster.runUntil(() => {
    for (const { from, message } of heard.splice(0)) {
      const key = `${message.lineage.room} ${"exchange" in message ? message.exchange : ""}`;
      if (message.type === "history-request" && from === cluster.seat(2)) open.add(key);
      if (message.type === "history-part" && message.remaining === 0) open.delete(key);
      most = Math.max(most, open.size);
    }
    return false;
  }, 2 * minuteMs);
  expect([most > 0, most <= 2, open.size]).toEqual([true, true, 0]);
  for (let index = 0; index < 8; index++) expectAlike(cluster, aLineage(`note ${index}`));
});

test("a relay of an older version is told no word of histories, and one that took over a state then keeps it as an edit of nobody", () => {
  const cluster = new RelayCluster({ seed: 8, relays: 3, limits });
  for (const seat of cluster.seats.slice(0, 2)) seat.version = 11;
  for (const seat of cluster.seats.slice(0, 2)) cluster.start(seat);
  cluster.runUntil(() => cluster.running().every((seat) => statusOf(seat) === "member"), minuteMs);
  write(cluster, cluster.seat(0), 2);
  const heard = listenTo(cluster);
  cluster.start(cluster.seat(2));
  cluster.run(3 * minuteMs);
  expect(heard).toEqual([]);
  expect(told(cluster.seat(2))).toMatchObject([{ author: "", entries: 1 }]);
  // Then these are upgraded.
  for (const seat of cluster.seats.slice(0, 2)) {
    cluster.crash(seat);
    seat.version = 12;
    cluster.start(seat);
    cluster.run(minuteMs);
  }
  expect(editsOf(cluster.seat(2))).toBe(6);
  expectAlike(cluster);
});

test("where no histories are kept nobody says a word of them", () => {
  const cluster = new RelayCluster({ seed: 9, relays: 3, limits: { tailEntriesMax: 0 } });
  for (const seat of cluster.seats.slice(0, 2)) cluster.start(seat);
  cluster.runUntil(() => cluster.running().every((seat) => statusOf(seat) === "member"), minuteMs);
  write(cluster, cluster.seat(0), 1);
  const heard = listenTo(cluster);
  cluster.start(cluster.seat(2));
  cluster.run(minuteMs);
  expect(heard).toEqual([]);
});

describe("a copy that the ring places elsewhere", () => {
  /** Four relays, of which the fourth comes to documents that were written at the others, entry by entry. */
  function aGrownCluster(seed: number, written: number, of: { version?: number; keptHistoryMs?: number } = {}, all = limits): RelayCluster {
    const cluster = new RelayCluster({ seed, relays: 4, limits: { ...all, replication: { ...all.replication, sweepMs: minuteMs } } });
    const last = cluster.seat(3);
    for (const seat of cluster.seats.slice(0, 3)) cluster.start(seat);
    cluster.runUntil(() => cluster.running().every((seat) => statusOf(seat) === "member"), minuteMs);
    for (let index = 0; index < written; index++) write(cluster, cluster.seat(index % 3), 1, index + 1, `note ${index}`);
    last.version = of.version ?? last.version;
    last.keptHistoryMs = of.keptHistoryMs;
    cluster.start(last);
    return cluster;
  }

  /** From now on, whenever a copy goes: what its history told is told by each replica's. How many went. */
  function auditHistories(cluster: RelayCluster): { count: number } {
    const went = { count: 0 };
    for (const seat of cluster.seats) {
      const { disk } = seat;
      const drop = disk.dropCopies.bind(disk);
      disk.dropCopies = (lineages) => {
        went.count += lineages.length;
        for (const each of lineages) {
          const replicas = cluster.seats.filter(({ self }) => seat.life!.relay.replicasOf(each.room).includes(self));
          const lacking = replicas.filter(
            (replica) => !tellsAllOf(replica.disk.histories.covered(each).coverage, disk.histories.covered(each).coverage),
          );
          expect(lacking.map(({ self }) => `${self} does not tell all that ${seat.self} does of ${each.room}`)).toEqual([]);
          expect(replicas).toHaveLength(3);
        }
        return drop(lineages);
      };
    }
    return went;
  }

  const misplaced = (cluster: RelayCluster): number =>
    cluster
      .running()
      .reduce(
        (sum, { self, disk, life }) =>
          sum +
          disk
            .list({ limit: 1_000 })
            .rooms.filter(({ record, clock }) => clock.size > 0 && !life!.relay.replicasOf(record.room).includes(self)).length,
        0,
      );

  test.each([1, 2, 3])("[P2] goes once each replica tells all that its history tells (seed %i)", (seed) => {
    const cluster = aGrownCluster(seed, 12);
    const went = auditHistories(cluster);
    cluster.runUntil(() => misplaced(cluster) === 0 && statusOf(cluster.seat(3)) === "member", 5 * minuteMs);
    expect(misplaced(cluster)).toBe(0);
    expect(went.count).toBeGreaterThan(3);
    for (let index = 0; index < 12; index++) {
      const of = aLineage(`note ${index}`);
      const holders = cluster.seats.filter(({ self }) => cluster.seat(0).life!.relay.replicasOf(of.room).includes(self));
      for (const holder of holders) expect(told(holder, of), `${of.room} at ${holder.self}`).toEqual(told(holders[0]!, of));
    }
  });

  test("stays while one of its replicas has no word for histories, and goes when that one was upgraded", () => {
    const cluster = aGrownCluster(4, 8, { version: 11 });
    const went = auditHistories(cluster);
    cluster.run(4 * minuteMs);
    const before = misplaced(cluster);
    expect([before > 0, went.count]).toEqual([true, 0]);
    cluster.crash(cluster.seat(3));
    cluster.seat(3).version = 12;
    cluster.start(cluster.seat(3));
    cluster.runUntil(() => misplaced(cluster) === 0, 5 * minuteMs);
    expect([misplaced(cluster), went.count]).toEqual([0, before]);
  });

  test("stays where one of its replicas keeps no histories, though its log still has each entry", () => {
    const cluster = aGrownCluster(4, 8, { keptHistoryMs: 0 }, { ...limits, tailEntriesMax: 1_000 });
    const went = auditHistories(cluster);
    cluster.run(4 * minuteMs);
    expect([misplaced(cluster) > 0, went.count]).toEqual([true, 0]);
  });

  test("stays while a replica lacks something that nobody but this relay tells, and gives it to that one", () => {
    const cluster = aGrownCluster(5, 8);
    const went = auditHistories(cluster);
    const heard = listenTo(cluster);
    cluster.runUntil(() => cluster.ring.newest.members.length === 4, minuteMs);
    // What the others have of them is gone, all of it, before anything could be brought together.
    for (let index = 0; index < 8; index++)
      for (const seat of cluster.seats.slice(0, 3)) {
        const of = aLineage(`note ${index}`);
        const isPlaced = cluster.ring.newest.preferenceList(of.room, 3).includes(seat.self);
        if (isPlaced) while (told(seat, of).length > 0 && seat.disk.histories.loseFirst(of));
      }
    cluster.runUntil(() => misplaced(cluster) === 0 && statusOf(cluster.seat(3)) === "member", 5 * minuteMs);
    expect(misplaced(cluster)).toBe(0);
    expect(went.count).toBeGreaterThan(1);
    expect(heard.some(({ message }) => message.type === "history-covered")).toBe(true);
  });

  test("goes where it tells no more than the replicas do, though all of them lack something that nobody has any more", () => {
    const cluster = aGrownCluster(5, 8);
    const went = auditHistories(cluster);
    for (let index = 0; index < 8; index++)
      for (const seat of cluster.seats) while (seat.disk.histories.loseFirst(aLineage(`note ${index}`)));
    cluster.runUntil(() => misplaced(cluster) === 0 && statusOf(cluster.seat(3)) === "member", 5 * minuteMs);
    expect(misplaced(cluster)).toBe(0);
    expect(went.count).toBeGreaterThan(1);
  });

  test("stays while a replica's disk cannot take in what it lacks, and goes when it can", () => {
    const cluster = aGrownCluster(6, 8);
    const went = auditHistories(cluster);
    const { histories } = cluster.seat(3).disk;
    const take = histories.take.bind(histories);
    histories.take = () => refused("STORE_FULL", "no space left on device");
    cluster.run(4 * minuteMs);
    const before = misplaced(cluster);
    expect([before > 0, went.count]).toEqual([true, 0]);
    histories.take = take;
    cluster.runUntil(() => misplaced(cluster) === 0, 5 * minuteMs);
    expect([misplaced(cluster), went.count]).toEqual([0, before]);
  });
});

describe("a relay that leaves", () => {
  const documents = Array.from({ length: 24 }, (_, index) => `note ${index}`);

  /** One relay on which documents were written, and one that came when they were, with what it keeps. */
  function aSuccession(keptHistoryMs?: number): readonly [RelayCluster, Seat, Seat] {
    const cluster = new RelayCluster({ seed: 3, relays: 2, limits });
    const [first, second] = cluster.seats as [Seat, Seat];
    cluster.start(first);
    cluster.runUntil(() => statusOf(first) === "member", minuteMs);
    for (const [index, room] of documents.entries()) {
      const typist = new ClusterTypist(cluster, room, index + 1).connect(first);
      cluster.run(500);
      for (const word of ["one ", "two ", "three "]) typist.append(word);
      cluster.run(500);
      typist.leave();
    }
    for (const socket of [...first.life!.sockets.values()]) cluster.hangUp(first, socket);
    second.keptHistoryMs = keptHistoryMs;
    cluster.start(second);
    cluster.runUntil(() => statusOf(second) === "member", minuteMs);
    cluster.order(first, { type: "drain" });
    cluster.runUntil(() => statusOf(first) === "left", 10 * minuteMs);
    return [cluster, first, second];
  }

  test("[P2] has left when its histories are with those who hold the documents", () => {
    const [, first, second] = aSuccession();
    expect(statusOf(first)).toBe("left");
    const covered = (seat: Seat, room: string) => seat.disk.histories.covered(aLineage(room)).coverage;
    expect(documents.filter((room) => !tellsAllOf(covered(second, room), covered(first, room)))).toEqual([]);
  });

  test("leaves all the same where nobody keeps histories", () => {
    const [, first] = aSuccession(0);
    expect(statusOf(first)).toBe("left");
  });
});
