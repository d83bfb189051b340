/**
 * WrittenCluster: relays with documents, titles and tombstones on their disks, and what is asked about one of them that leaves.
 */
import { expect } from "vitest";
import type { RelayId, RoomName } from "@inkmesh/shared/base/ids";
import { recordDigest } from "@inkmesh/shared/wire/record-codec";
import { ClusterTypist } from "./cluster-typist.ts";
import { aCluster, type RelayCluster, type Seat } from "./relay-cluster.ts";

export const minuteMs = 60_000;

export function statusOf({ self, life }: Seat): string | undefined {
  return life?.relay.meshView()?.ring.status(self);
}

/** What is on that relay's disk and not on one of the replicas'; nothing where its folder may be thrown away. */
export function onlyAt(cluster: RelayCluster, leaver: Seat, named?: readonly RelayId[]): readonly string[] {
  const seats = new Map(cluster.seats.map((seat) => [seat.self, seat]));
  const rooms = leaver.disk.list({ limit: 10_000, deleted: true }).rooms;
  return rooms.flatMap(({ record, clock }) => {
    const replicas = named ?? cluster.ring.newest.preferenceList(record.room, 3);
    return replicas.flatMap((relay) => {
      const { disk } = seats.get(relay)!;
      const [own, other] = [leaver.disk.records.get(record.room), disk.records.get(record.room)];
      const isOutdated = (other?.generation ?? 0) > (own?.generation ?? 0);
      const isRecordThere = own === undefined || isOutdated || JSON.stringify(recordDigest(own)) === JSON.stringify(recordDigest(other));
      const { rooms: there } = disk.list({ limit: 10_000, deleted: true });
      const isContentThere = there.find(({ record: { room } }) => room === record.room)?.clock.covers(clock) === true;
      const isVouchedFor = record.deleted !== undefined || disk.marks.has(record.room);
      return isRecordThere && isContentThere && isVouchedFor ? [] : [`${record.room} at ${relay}`];
    });
  });
}

/** Documents written at four relays: of some there is only a record, some are deleted. Everybody goes then. */
export function aWrittenCluster(seed = 1, what: { texts?: number; titles?: number; relays?: number } = {}): RelayCluster {
  const { texts = 12, titles = 4, relays = 4 } = what;
  const cluster = aCluster({ seed, relays });
  const typists = Array.from({ length: texts }, (_, index) =>
    new ClusterTypist(cluster, `note ${index}`, index + 1).connect(cluster.seat(index % 4)),
  );
  cluster.run(2_000);
  for (const typist of typists) typist.append("some words");
  for (let index = 0; index < 4; index++) {
    const titled = { room: `titled ${index}` as RoomName, principal: "ada", title: "A title", kind: undefined };
    if (index < titles) cluster.ask(cluster.seat(index), { type: "create", ...titled });
    cluster.ask(cluster.seat(3 - index), { type: "create", ...titled, room: `gone ${index}` as RoomName });
  }
  cluster.run(3_000);
  for (let index = 0; index < 4; index++)
    cluster.ask(cluster.seat(index), { type: "delete", room: `gone ${index}` as RoomName, principal: "ada" });
  cluster.run(5_000);
  expect(typists.map(({ unsaved }) => unsaved)).toEqual(typists.map(() => 0));
  for (const typist of typists) typist.leave();
  for (const seat of cluster.seats) for (const socket of [...seat.life!.sockets.values()]) cluster.hangUp(seat, socket);
  cluster.run(2_000);
  return cluster;
}

export function slowLines(cluster: RelayCluster): void {
  cluster.lineMsMax = 4_000;
}

export function slowDisks(cluster: RelayCluster): void {
  cluster.diskMsMax = 4_000;
}

interface Drops {
  /** One for each time that a relay dropped something; `of`: how many of its copies might have gone then. */
  readonly all: readonly { readonly seat: Seat; readonly rooms: number; readonly of: number }[];
  readonly count: number;
}

/** From now on what a disk is told to drop is looked for, at that moment, on the disks of all that its relay believes to be replicas. */
export function auditedDrops(cluster: RelayCluster): Drops {
  const all: { seat: Seat; rooms: number; of: number }[] = [];
  for (const seat of cluster.seats) {
    const { disk } = seat;
    const drop = disk.dropCopies.bind(disk);
    disk.dropCopies = (lineages) => {
      const of = seat.life!.relay.census().roomsToDrop + lineages.length;
      all.push({ seat, rooms: lineages.length, of });
      for (const { room } of lineages)
        expect(
          onlyAt(cluster, seat, seat.life!.relay.replicasOf(room)).filter((what) => what.startsWith(`${room} at`)),
          `dropped at ${seat.self}`,
        ).toEqual([]);
      return drop(lineages);
    };
  }
  return {
    all,
    get count() {
      return all.reduce((sum, { rooms }) => sum + rooms, 0);
    },
  };
}

/** Lets time pass until it has left, and looks that nothing is only there. */
export function runUntilLeft(cluster: RelayCluster, leaver: Seat, withinMs: number): void {
  cluster.runUntil(() => statusOf(leaver) === "left", withinMs);
  expect(statusOf(leaver)).toBe("left");
  expect(onlyAt(cluster, leaver)).toEqual([]);
}
