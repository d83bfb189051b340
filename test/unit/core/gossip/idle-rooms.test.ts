/**
 * Documents that lie in memory and that nobody has open, when links are made anew: relay cores as they ship (`relay-cluster.ts`).
 */
import { expect, test } from "vitest";
import { ClusterTypist } from "./cluster-typist.ts";
import { aCluster, type RelayCluster } from "./relay-cluster.ts";

const documents = Array.from({ length: 20 }, (_, index) => `note ${index}`);

/** The documents that are asked about or compared from now on, once for each time. */
function askedAbout(cluster: RelayCluster): string[] {
  const rooms: string[] = [];
  cluster.tap = (_from, _to, { messages }) => {
    for (const message of messages) if (message.type === "durable-query" || message.type === "compare") rooms.push(message.lineage.room);
  };
  return rooms;
}

/** Every link is lost and made anew. */
function relink(cluster: RelayCluster): void {
  const [a, b, c] = [cluster.seat(0), cluster.seat(1), cluster.seat(2)];
  for (const [one, other] of [
    [a, b],
    [a, c],
    [b, c],
  ] as const)
    cluster.cut(one, other);
  cluster.run(500);
  cluster.heal();
  cluster.run(10_000);
}

/** Somebody types a letter into each document, and everybody goes. */
function write(cluster: RelayCluster): void {
  const typists = documents.map((room, index) => new ClusterTypist(cluster, room, index + 1).connect(cluster.seat(index % 3)));
  cluster.run(2_000);
  for (const typist of typists) typist.append("x");
  cluster.run(5_000);
  expect(typists.map(({ unsaved }) => unsaved)).toEqual(documents.map(() => 0));
  for (const typist of typists) typist.leave();
  for (const seat of cluster.seats) for (const socket of [...seat.life!.sockets.values()]) cluster.hangUp(seat, socket);
  cluster.run(2_000);
}

test("a link that is made anew costs nothing for documents that nobody has open, and does for the one that somebody has", () => {
  const cluster = aCluster();
  write(cluster);
  const open = new ClusterTypist(cluster, documents[0]!, 91).connect(cluster.seat(0));
  cluster.run(2_000);
  const rooms = askedAbout(cluster);
  relink(cluster);
  expect(new Set(rooms)).toEqual(new Set([documents[0]]));
  open.append("y");
  cluster.run(2_000);
  expect(open.unsaved).toBe(0);
});

test("[P2] [P5] a document that is opened again after that is counted on the new links, and has what was written meanwhile", () => {
  const cluster = aCluster();
  write(cluster);
  const [a, b, c] = [cluster.seat(0), cluster.seat(1), cluster.seat(2)];
  cluster.cut(a, b);
  cluster.cut(a, c);
  cluster.run(500);
  const other = new ClusterTypist(cluster, documents[0]!, 91).connect(b);
  cluster.run(3_000);
  other.append("y");
  cluster.run(3_000);
  expect(other.unsaved).toBe(0);
  cluster.heal();
  cluster.run(10_000);
  const again = new ClusterTypist(cluster, documents[0]!, 92).connect(a);
  cluster.run(3_000);
  expect(again.text).toBe("xy");
  again.append("z");
  cluster.run(3_000);
  expect([again.unsaved, other.text]).toEqual([0, "xyz"]);
});
