/**
 * The list of documents over several relays: relay cores as they ship, wired by sockets (`relay-cluster.ts`).
 */
import type { RoomName } from "@inkmesh/shared/base/ids";
import { expect, test } from "vitest";
import type { RoomAnswer } from "../../../../server/core/effect.ts";
import { ClusterViewer } from "./cluster-viewer.ts";
import { RelayCluster, type Seat } from "./relay-cluster.ts";

const names = ["a", "b", "c", "d", "e", "f"];

/** Five relays, two copies of each document. */
function aCluster(): RelayCluster {
  const cluster = new RelayCluster({ seed: 3, relays: 5, replicas: 2 });
  cluster.startAll();
  cluster.run(15_000);
  for (const [index, room] of names.entries()) {
    cluster.ask(cluster.seat(index % 5), {
      type: "create",
      room: room as RoomName,
      principal: "",
      title: `title ${room}`,
      kind: undefined,
    });
    cluster.run(500);
  }
  return cluster;
}

type Listing = Extract<RoomAnswer, { type: "rooms" }>;

function list(
  cluster: RelayCluster,
  seat: Seat,
  page: { after?: string; limit?: number; search?: string } = {},
): () => Listing | undefined {
  const { after, limit = 50, search } = page;
  return cluster.ask(seat, { type: "list", after, limit, search }) as () => Listing | undefined;
}

function listed(answer: Listing | undefined): readonly string[] | undefined {
  return answer?.rooms.map(({ room }) => room);
}

test("any relay lists what is anywhere, with who holds it and who is in it", () => {
  const cluster = aCluster();
  new ClusterViewer(cluster, "a", 1).connect(cluster.seat(0));
  new ClusterViewer(cluster, "a", 2).connect(cluster.seat(1));
  cluster.run(500);
  for (const seat of cluster.seats) {
    const answer = list(cluster, seat);
    cluster.run(300);
    expect(listed(answer())).toEqual(names);
    expect(answer()).toMatchObject({ next: undefined, unanswered: [] });
    expect(answer()!.rooms[0]).toMatchObject({ title: "title a", sessions: 2, copies: 2, replicas: 2, needed: 2 });
    expect(answer()!.rooms[0]!.heldBy).toEqual(seat.life!.relay.replicasOf("a" as RoomName).toSorted());
  }
  // Not everything is on one disk, or this would show nothing.
  expect(cluster.seats.every(({ disk }) => disk.records.size < names.length)).toBe(true);
});

test("in pages, each document once", () => {
  const cluster = aCluster();
  const seen: string[] = [];
  for (let after: string | undefined = ""; after !== undefined;) {
    const answer = list(cluster, cluster.seat(2), { after, limit: 4 });
    cluster.run(300);
    seen.push(...listed(answer())!);
    after = answer()!.next;
  }
  expect(seen).toEqual(names);
});

test("[P10] without what was deleted, as soon as the relay that is asked knows", () => {
  const cluster = aCluster();
  cluster.ask(cluster.seat(4), { type: "delete", room: "b" as RoomName, principal: "" });
  cluster.run(1_000);
  const answer = list(cluster, cluster.seat(0));
  cluster.run(300);
  expect(listed(answer())).toEqual(["a", "c", "d", "e", "f"]);
});

test("[P10] nor while only another relay knows of it, and the one that is asked still has the document", () => {
  const cluster = aCluster();
  const [one, other] = cluster
    .seat(0)
    .life!.relay.replicasOf("b" as RoomName)
    .map((relay) => cluster.seats.find(({ self }) => self === relay)!);
  cluster.diskMsMax = 1;
  cluster.ask(other!, { type: "delete", room: "b" as RoomName, principal: "" });
  for (let ms = 0; other!.disk.records.get("b" as RoomName)?.deleted === undefined && ms < 200; ms++) cluster.run(1);
  expect(one!.disk.records.get("b" as RoomName)?.deleted).toBeUndefined();
  const answer = list(cluster, one!);
  cluster.run(300);
  expect(listed(answer())).toEqual(["a", "c", "d", "e", "f"]);
});

test("within a second, with the names of those that did not answer: one is dead, one stands still", () => {
  const cluster = aCluster();
  cluster.crash(cluster.seat(1));
  cluster.run(1_000);
  cluster.freeze(cluster.seat(3));
  const answer = list(cluster, cluster.seat(0));
  cluster.run(900);
  expect(answer()).toBeUndefined();
  cluster.run(150);
  expect(answer()!.unanswered).toEqual([cluster.seat(1).self, cluster.seat(3).self]);
  expect(answer()!.rooms.length).toBeGreaterThan(0);
  expect(cluster.seat(0).life!.relay.census()).toMatchObject({ waitingRequests: 0 });
});

test("at once where a relay that was asked dies meanwhile", () => {
  const cluster = aCluster();
  cluster.freeze(cluster.seat(3));
  const answer = list(cluster, cluster.seat(0));
  cluster.run(100);
  cluster.crash(cluster.seat(3));
  cluster.run(100);
  expect(answer()!.unanswered).toEqual([cluster.seat(3).self]);
});

test("alone on a ring nobody is asked, and nobody is missed", () => {
  const cluster = new RelayCluster({ seed: 1, relays: 1 });
  cluster.startAll();
  cluster.ask(cluster.seat(0), { type: "create", room: "a" as RoomName, principal: "", title: undefined, kind: undefined });
  cluster.run(1_000);
  const answer = list(cluster, cluster.seat(0));
  cluster.run(50);
  expect(answer()).toMatchObject({ type: "rooms", rooms: [{ room: "a", heldBy: ["a"] }], unanswered: [] });
});
