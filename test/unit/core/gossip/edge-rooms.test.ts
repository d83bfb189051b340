/**
 * Rooms at relays that are none of their replicas, edges: relay cores as they ship, wired by sockets (`relay-cluster.ts`).
 */
import type { MeshRoomMessage } from "@inkmesh/shared/wire/mesh-room-message";
import { describe, expect, test } from "vitest";
import { aLineage } from "../core-world.ts";
import { ClusterTypist } from "./cluster-typist.ts";
import { aCluster, type RelayCluster, type Seat } from "./relay-cluster.ts";

const lineage = aLineage("note");

/** Five relays, three of which replicate the document: those in the ring's order, and the two others. */
function withEdges(options: Parameters<typeof aCluster>[0] = {}): { cluster: RelayCluster; replicas: Seat[]; edges: Seat[] } {
  const cluster = aCluster({ relays: 5, ...options });
  const names = cluster.seat(0).life!.relay.replicasOf(lineage.room);
  const replicas = names.map((name) => cluster.seats.find(({ self }) => self === name)!);
  return { cluster, replicas, edges: cluster.seats.filter((seat) => !replicas.includes(seat)) };
}

type Told = { readonly from: Seat; readonly message: MeshRoomMessage };

/** What arrives at `seat` about rooms from now on. */
function toldTo(cluster: RelayCluster, seat: Seat): Told[] {
  const told: Told[] = [];
  cluster.tap = (from, to, frame) => {
    if (to === seat) told.push(...frame.messages.map((message) => ({ from, message: message as MeshRoomMessage })));
  };
  return told;
}

const ofType = (told: readonly Told[], type: MeshRoomMessage["type"]): readonly Told[] =>
  told.filter(({ message }) => message.type === type);

/** Its socket is closed, and the relay hears of it. */
function goes(cluster: RelayCluster, typist: ClusterTypist): void {
  const { seat } = typist;
  typist.leave();
  for (const socket of [...seat!.life!.sockets.values()]) cluster.hangUp(seat!, socket);
}

describe("what an edge is sent", () => {
  test("each edit once, by the first replica that it reaches, whoever wrote it", () => {
    const { cluster, replicas, edges } = withEdges();
    const writers = replicas.map((seat, index) => new ClusterTypist(cluster, "note", index + 1).connect(seat));
    const reader = new ClusterTypist(cluster, "note", 9).connect(edges[0]!);
    cluster.run(3_000);
    const told = toldTo(cluster, edges[0]!);
    for (let round = 0; round < 10; round++) {
      for (const writer of writers) writer.append("x");
      cluster.run(300);
    }
    cluster.run(3_000);
    expect(reader.text).toBe("x".repeat(30));
    const entries = ofType(told, "entries").flatMap(({ from, message }) =>
      message.type === "entries" ? message.entries.map(({ dot }) => ({ from, dot: `${dot.actor} ${dot.counter}` })) : [],
    );
    expect(new Set(entries.map(({ from }) => from.self))).toEqual(new Set([replicas[0]!.self]));
    expect(entries).toHaveLength(30);
    expect(new Set(entries.map(({ dot }) => dot)).size).toBe(30);
    expect(ofType(told, "difference")).toEqual([]);
  });

  test("a document that it has nothing of comes from one replica", () => {
    const { cluster, replicas, edges } = withEdges();
    const writer = new ClusterTypist(cluster, "note", 1).connect(replicas[1]!);
    cluster.run(1_000);
    writer.append("a long document");
    cluster.run(3_000);
    const told = toldTo(cluster, edges[0]!);
    const reader = new ClusterTypist(cluster, "note", 9).connect(edges[0]!);
    expect(cluster.runUntil(() => reader.isSynced, 3_000)).toBe(true);
    expect(reader.textAtSynced).toBe("a long document");
    cluster.run(5_000);
    expect(ofType(told, "cover").map(({ from }) => from.self)).toEqual([replicas[0]!.self]);
  });

  test.each(["dies", "is cut off from it without a word"])("[P4] it goes on with the next replica when that one %s", (how) => {
    const { cluster, replicas, edges } = withEdges();
    const [first, second] = replicas as [Seat, Seat, Seat];
    const writer = new ClusterTypist(cluster, "note", 1).connect(second);
    const reader = new ClusterTypist(cluster, "note", 9).connect(edges[0]!);
    cluster.run(3_000);
    if (how === "dies") cluster.crash(first);
    else cluster.hush(first, edges[0]!);
    writer.append("one ");
    expect(cluster.runUntil(() => reader.text === "one ", 5_500)).toBe(true);
    const told = toldTo(cluster, edges[0]!);
    writer.append("two ");
    cluster.run(2_000);
    expect(reader.text).toBe("one two ");
    expect(ofType(told, "entries").map(({ from }) => from.self)).toEqual([second.self]);
  });

  test("nothing any more when nobody there has the document open, and all of it when somebody has again", () => {
    const { cluster, replicas, edges } = withEdges();
    const writer = new ClusterTypist(cluster, "note", 1).connect(replicas[0]!);
    const reader = new ClusterTypist(cluster, "note", 9).connect(edges[0]!);
    cluster.run(3_000);
    goes(cluster, reader);
    cluster.run(2_000);
    const told = toldTo(cluster, edges[0]!);
    writer.append("while nobody looks");
    cluster.run(5_000);
    expect(ofType(told, "entries")).toEqual([]);
    const next = new ClusterTypist(cluster, "note", 10).connect(edges[0]!);
    expect(cluster.runUntil(() => next.isSynced, 3_000)).toBe(true);
    expect(next.textAtSynced).toBe("while nobody looks");
    writer.append(", and now");
    cluster.run(1_000);
    expect(next.text).toBe("while nobody looks, and now");
  });

  test("not even how far others are, once it has let the document go: who asked is not remembered for as long as the link lasts", () => {
    const { cluster, replicas, edges } = withEdges({ limits: { roomCacheBytes: 0 } });
    const writer = new ClusterTypist(cluster, "note", 1).connect(replicas[0]!);
    const reader = new ClusterTypist(cluster, "note", 9).connect(edges[0]!);
    cluster.run(3_000);
    writer.append("seen");
    cluster.run(2_000);
    goes(cluster, reader);
    cluster.run(2_000);
    goes(cluster, writer);
    cluster.run(2_000);
    const told = toldTo(cluster, edges[0]!);
    expect(edges[0]!.life!.relay.census()).toMatchObject({ roomsInUse: 0, roomsIdle: 0 });
    const other = new ClusterTypist(cluster, "note", 2).connect(replicas[1]!);
    cluster.run(1_000);
    other.append("by nobody");
    cluster.run(3_000);
    expect(told.flatMap(({ message }) => ("lineage" in message && message.type !== "presence-watch" ? [message.type] : []))).toEqual([]);
  });
});

describe("what was typed at an edge", () => {
  const contents = (seats: readonly Seat[]): readonly string[] => seats.map(({ disk }) => disk.index(lineage).hash());

  test.each([
    ["was killed meanwhile, and nobody opens it there again", "crash"],
    ["has let it go from memory", "idle"],
  ])("[P2] [P4] comes to the replicas when they can be reached, though the edge %s", (_, how) => {
    const { cluster, replicas, edges } = withEdges({ limits: { roomCacheBytes: 0 } });
    const [edge] = edges as [Seat, Seat];
    for (const seat of cluster.seats) if (seat !== edge) cluster.cut(edge, seat);
    const typist = new ClusterTypist(cluster, "note", 1).connect(edge);
    cluster.run(3_000);
    typist.append("hinted");
    cluster.run(3_000);
    expect([typist.unsaved, edge.disk.entries(lineage).length]).toEqual([1, 1]);
    const [typed] = contents([edge]);
    goes(cluster, typist);
    if (how === "crash") cluster.crash(edge);
    cluster.run(20_000);
    if (how === "idle") expect(edge.life!.relay.census()).toMatchObject({ roomsInUse: 0, roomsIdle: 0 });
    cluster.heal();
    cluster.start(edge);
    cluster.run(20_000);
    expect(contents(replicas)).toEqual(Array(3).fill(typed));
    expect(edge.life!.relay.census()).toMatchObject({ roomsInUse: 0, roomsIdle: 0 });
  });

  test("[P2] comes to a replica that was away for longer than the edge keeps the document in memory", () => {
    const { cluster, replicas, edges } = withEdges({ limits: { roomCacheBytes: 0 } });
    const [edge] = edges as [Seat, Seat];
    cluster.crash(replicas[2]!);
    const typist = new ClusterTypist(cluster, "note", 1).connect(edge);
    cluster.run(3_000);
    typist.append("hinted");
    cluster.run(3_000);
    expect(typist.unsaved).toBe(0);
    const typed = contents([edge]);
    goes(cluster, typist);
    cluster.run(15_000);
    expect(edge.life!.relay.census()).toMatchObject({ roomsInUse: 0, roomsIdle: 0 });
    // Only the edge can bring it.
    for (const seat of replicas.slice(0, 2)) cluster.cut(seat, replicas[2]!);
    cluster.start(replicas[2]!);
    cluster.run(20_000);
    expect(contents([replicas[2]!])).toEqual(typed);
  });

  test("is known there to be at the replicas while somebody still has it open", () => {
    const { cluster, edges } = withEdges();
    const [edge] = edges as [Seat, Seat];
    const typist = new ClusterTypist(cluster, "note", 1).connect(edge);
    cluster.run(2_000);
    for (let letters = 0; letters < 20; letters++) {
      typist.append("x");
      cluster.run(100);
    }
    cluster.run(3_000);
    expect([typist.isConnected, edge.life!.relay.census().roomsToHandOver]).toEqual([true, 0]);
  });

  test("[P2] [P5] is counted there under a new ring, though the replicas have it in memory no more", () => {
    const { cluster, replicas, edges } = withEdges({ limits: { roomCacheBytes: 0 } });
    const [edge, other] = edges as [Seat, Seat];
    const typist = new ClusterTypist(cluster, "note", 1).connect(edge);
    cluster.run(2_000);
    typist.append("x");
    cluster.run(3_000);
    const told = toldTo(cluster, edge);
    cluster.wipe(other);
    cluster.forget(edge, other);
    cluster.run(5_000);
    const names = new Set(ofType(told, "durable").map(({ from }) => from.self));
    expect([...names].sort()).toEqual(replicas.map(({ self }) => self).sort());
    expect(edge.life!.relay.census().roomsToHandOver).toBe(0);
  });

  test("[P10] does not bring back a document that was deleted while it waited", () => {
    const { cluster, replicas, edges } = withEdges({ limits: { roomCacheBytes: 0 } });
    const [edge] = edges as [Seat, Seat];
    const first = new ClusterTypist(cluster, "note", 1).connect(edge);
    cluster.run(3_000);
    first.append("before ");
    cluster.run(3_000);
    for (const seat of cluster.seats) if (seat !== edge) cluster.cut(edge, seat);
    first.append("hinted");
    cluster.run(3_000);
    expect(first.unsaved).toBe(1);
    goes(cluster, first);
    const deleted = cluster.ask(replicas[0]!, { type: "delete", room: lineage.room, principal: "ada" });
    cluster.run(20_000);
    expect(deleted()).toEqual({ type: "done" });
    cluster.heal();
    cluster.run(30_000);
    for (const { disk } of [edge, ...replicas]) {
      expect(disk.records.get(lineage.room)?.deleted?.by).toBe("ada");
      expect(disk.entries(lineage)).toEqual([]);
    }
  });
});

describe("an edge that is asked over HTTP", () => {
  const room = lineage.room;

  test("[P6] of a document that it never had answers as its replicas would, and creates no second one", () => {
    const { cluster, replicas, edges } = withEdges({ limits: { roomCacheBytes: 0 } });
    const [edge] = edges as [Seat, Seat];
    const ask = (question: Parameters<RelayCluster["ask"]>[1]) => {
      const answer = cluster.ask(edge, question);
      cluster.run(3_000);
      return answer();
    };
    expect(ask({ type: "show", room })).toMatchObject({ type: "refused", refusal: { code: "NOT_FOUND" } });
    cluster.ask(replicas[0]!, { type: "create", room, title: "Plan", kind: undefined, principal: "" });
    const writer = new ClusterTypist(cluster, "note", 1).connect(replicas[0]!);
    cluster.run(1_000);
    writer.append("read me");
    cluster.run(2_000);
    expect(ask({ type: "show", room })).toMatchObject({ type: "room", room: { title: "Plan" } });
    const content = ask({ type: "content", room, format: "text", token: "" });
    expect(content?.type === "content" ? new TextDecoder().decode(content.bytes) : content).toBe("read me");
    writer.append(" again");
    cluster.run(1_000);
    const later = ask({ type: "content", room, format: "text", token: "" });
    expect(later?.type === "content" ? new TextDecoder().decode(later.bytes) : later).toBe("read me again");
    const again = ask({ type: "create", room, title: undefined, kind: undefined, principal: "" });
    expect(again).toMatchObject({ type: "refused", refusal: { code: "ROOM_EXISTS" } });
    expect(ask({ type: "delete", room, principal: "ada" })).toEqual({ type: "done" });
    for (const { disk } of replicas) expect(disk.records.get(room)?.deleted?.by).toBe("ada");
    expect(cluster.seats.map(({ life }) => life!.relay.census().waitingRequests)).toEqual(Array(5).fill(0));
  });

  test("[P4] and reaches replicas that do not answer says what it has after two seconds", () => {
    const { cluster, replicas, edges } = withEdges();
    const [edge] = edges as [Seat, Seat];
    for (const seat of replicas) cluster.hush(edge, seat);
    const answer = cluster.ask(edge, { type: "show", room });
    cluster.run(1_800);
    expect(answer()).toBeUndefined();
    cluster.run(500);
    expect(answer()).toMatchObject({ type: "refused", refusal: { code: "NOT_FOUND" } });
  });
});
