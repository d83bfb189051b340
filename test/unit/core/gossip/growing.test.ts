/**
 * One relay with documents becomes three: relay cores as they ship (`relay-cluster.ts`).
 */
import { expect, test } from "vitest";
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
