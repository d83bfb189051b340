/**
 * Relays join those that have documents: relay cores as they ship (`relay-cluster.ts`).
 */
import { expect, test } from "vitest";
import type { RoomName } from "@inkmesh/shared/base/ids";
import { ClusterTypist } from "./cluster-typist.ts";
import { RelayCluster, type Seat } from "./relay-cluster.ts";

function placeOf({ self, life }: Seat): string | undefined {
  return life?.relay.meshView()?.ring.status(self);
}

test.each([1, 20])("[P3] two relays that join one with %i documents become members, with all of it", (documents) => {
  const cluster = new RelayCluster({ seed: 1, relays: 3 });
  const [first, ...others] = cluster.seats as [Seat, Seat, Seat];
  cluster.start(first);
  cluster.run(3_000);
  const typists = Array.from({ length: documents }, (_, index) => new ClusterTypist(cluster, `note ${index}`, index + 1).connect(first));
  cluster.run(2_000);
  for (const typist of typists) typist.append("some words");
  cluster.run(3_000);
  expect(typists.map(({ unsaved }) => unsaved)).toEqual(typists.map(() => 0));
  for (const typist of typists) typist.leave();
  for (const socket of [...first.life!.sockets.values()]) cluster.hangUp(first, socket);
  cluster.run(2_000);
  for (const other of others) cluster.start(other);
  cluster.runUntil(() => cluster.seats.every((seat) => placeOf(seat) === "member"), 30_000);
  expect(cluster.seats.map(placeOf)).toEqual(["member", "member", "member"]);
  for (const { disk } of cluster.seats) expect(disk.marks.size).toBe(documents);
});

test.each([1, 2, 3])("[P3] two relays that join three at once become members, while people write (seed %i)", (seed) => {
  const cluster = new RelayCluster({ seed, relays: 5 });
  const [a, b, c, d, e] = cluster.seats as [Seat, Seat, Seat, Seat, Seat];
  for (const seat of [a, b, c]) cluster.start(seat);
  cluster.runUntil(() => [a, b, c].every((seat) => placeOf(seat) === "member"), 30_000);
  const authors = Array.from({ length: 20 }, (_, index) => new ClusterTypist(cluster, `note ${index}`, index + 1).connect(a));
  cluster.run(2_000);
  for (const author of authors) author.append("some words");
  cluster.run(3_000);
  for (const author of authors) author.leave();
  for (const socket of [...a.life!.sockets.values()]) cluster.hangUp(a, socket);
  const typists = [a, b, c].map((seat, index) => new ClusterTypist(cluster, "busy", 100 + index).connect(seat));
  cluster.run(2_000);
  cluster.start(d);
  cluster.run(cluster.chance(300));
  cluster.start(e);
  for (let typed = 0; typed < 100; typed++) {
    for (const typist of typists) typist.append("x");
    cluster.run(20);
  }
  cluster.runUntil(() => [d, e].every((seat) => placeOf(seat) === "member"), 60_000);
  expect(cluster.seats.map(placeOf)).toEqual(cluster.seats.map(() => "member"));
  for (const { disk, self } of [d, e]) {
    const placed = [...Array.from({ length: 20 }, (_, index) => `note ${index}`), "busy"].filter((room) =>
      cluster.ring.newest.preferenceList(room as RoomName, 3).includes(self),
    );
    for (const room of placed) expect(disk.marks.has(room as RoomName), `${room} at ${self}`).toBe(true);
  }
});
