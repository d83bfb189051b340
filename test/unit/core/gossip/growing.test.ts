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

test("[P3] one that joins over slow lines while somebody types there becomes a member", () => {
  for (let seed = 1; seed <= 12; seed++) {
    const cluster = new RelayCluster({ seed, relays: 2 });
    const [first, second] = cluster.seats as [Seat, Seat];
    cluster.start(first);
    cluster.run(3_000);
    cluster.lineMsMax = 1_500;
    cluster.start(second);
    const typist = new ClusterTypist(cluster, "note", 1).connect(second);
    for (let letters = 0; letters < 20; letters++) {
      cluster.run(cluster.chance(1_500));
      typist.append("x");
    }
    cluster.runUntil(() => placeOf(second) === "member", 60_000);
    expect(placeOf(second), `seed ${seed}`).toBe("member");
  }
});

test("[P2] one that joins after another was given up vouches for nothing before it has heard all who may know of it", () => {
  const cluster = new RelayCluster({ seed: 1, relays: 4 });
  const [a, b, c, d] = cluster.seats as [Seat, Seat, Seat, Seat];
  for (const seat of [a, b, c]) cluster.start(seat);
  cluster.run(15_000);
  const typist = new ClusterTypist(cluster, "note", 1).connect(a);
  cluster.run(2_000);
  typist.append("saved on all, ");
  cluster.run(3_000);
  cluster.crash(b);
  cluster.run(2_000);
  typist.append("saved on two");
  cluster.run(3_000);
  expect(typist.unsaved).toBe(0);
  cluster.crash(c);
  cluster.start(b);
  cluster.wipe(a);
  cluster.run(5_000);
  cluster.forget(b, a);
  cluster.run(3_000);
  cluster.start(d);
  cluster.run(20_000);
  expect([...d.disk.marks]).toEqual([]);
  cluster.start(c);
  cluster.run(20_000);
  expect([...d.disk.marks]).toEqual(["note"]);
  const reader = new ClusterTypist(cluster, "note", 2).connect(d);
  cluster.run(3_000);
  expect([placeOf(d), reader.text]).toEqual(["member", "saved on all, saved on two"]);
});

test("[P2] one that comes anew where the only other is joining does not belong before it has what that one has", () => {
  const cluster = new RelayCluster({ seed: 1, relays: 2 });
  const [a, b] = cluster.seats as [Seat, Seat];
  cluster.start(a);
  cluster.run(3_000);
  const typist = new ClusterTypist(cluster, "note", 1).connect(a);
  cluster.run(2_000);
  cluster.start(b);
  cluster.runUntil(() => {
    typist.append("x");
    return b.disk.marks.has("note" as RoomName);
  }, 10_000);
  expect([placeOf(b), b.disk.marks.size]).toEqual(["joining", 1]);
  cluster.crash(b);
  cluster.wipe(a);
  cluster.start(b);
  cluster.run(3_000);
  cluster.forget(b, a);
  cluster.run(1_000);
  expect(placeOf(b)).toBe("joining");
  cluster.start(a);
  cluster.runUntil(() => placeOf(a) === "member", 30_000);
  expect([placeOf(a), ...a.disk.marks]).toEqual(["member", "note"]);
});

test("[P3] a relay that joins becomes a member while people write in sixty documents, at every moment", () => {
  const cluster = new RelayCluster({ seed: 1, relays: 4 });
  const [a, b, c, d] = cluster.seats as [Seat, Seat, Seat, Seat];
  for (const seat of [a, b, c]) cluster.start(seat);
  cluster.runUntil(() => [a, b, c].every((seat) => placeOf(seat) === "member"), 30_000);
  const typists = Array.from({ length: 60 }, (_, index) =>
    new ClusterTypist(cluster, `busy ${index}`, 100 + index).connect(cluster.seat(index % 3)),
  );
  cluster.run(3_000);
  cluster.start(d);
  for (let step = 0; step < 300 && placeOf(d) !== "member"; step++) {
    for (const [index, typist] of typists.entries()) if (index % 6 === step % 6) typist.append("x");
    cluster.run(100);
  }
  expect(placeOf(d)).toBe("member");
  const placed = typists
    .map((_, index) => `busy ${index}` as RoomName)
    .filter((room) => cluster.ring.newest.preferenceList(room, 3).includes(d.self));
  for (const room of placed) expect(d.disk.marks.has(room), room).toBe(true);
  cluster.run(10_000);
  expect(typists.map(({ unsaved }) => unsaved)).toEqual(typists.map(() => 0));
});
