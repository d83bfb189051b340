/**
 * What is known of a room beside its content, over several relays: created, named and deleted at one of them.
 */
import type { RoomName } from "@inkmesh/shared/base/ids";
import { describe, expect, test } from "vitest";
import type { RoomAnswer } from "../../../../server/core/effect.ts";
import { aLineage } from "../core-world.ts";
import { isLinked } from "./cluster-seat.ts";
import { ClusterTypist } from "./cluster-typist.ts";
import { aCluster, type Seat } from "./relay-cluster.ts";

const lineage = aLineage("note");

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

  test("[P10] a deletion that was not confirmed is called one only when it is, also after its relay was started anew", () => {
    const cluster = aCluster();
    const [here, ...others] = cluster.seats as [Seat, Seat, Seat];
    const typist = new ClusterTypist(cluster, "note", 1).connect(here);
    cluster.run(500);
    typist.type("hello");
    cluster.run(1_000);
    for (const other of others) cluster.crash(other);
    cluster.run(1_000);
    cluster.ask(here, deletes);
    cluster.run(2_500);
    cluster.crash(here);
    cluster.start(here);
    cluster.run(1_000);
    const early = cluster.ask(here, deletes);
    cluster.run(2_500);
    expect(early()).toMatchObject(notConfirmed);
    cluster.start(others[0]);
    cluster.run(10_000);
    cluster.crash(here);
    cluster.start(here);
    cluster.run(5_000);
    const atLast = cluster.ask(here, deletes);
    cluster.run(500);
    expect(atLast()).toMatchObject({ type: "refused", refusal: { code: "ROOM_DELETED" } });
    expect(others[0].disk.records.get(lineage.room)?.deleted).toBeDefined();
  });

  test("a creation that is asked for again while the first is not confirmed is answered as the first will be", () => {
    const cluster = aCluster();
    const [here, ...others] = cluster.seats as [Seat, Seat, Seat];
    const creates = { type: "create", room: lineage.room, title: "Plans", kind: undefined, principal: "" } as const;
    for (const other of others) cluster.crash(other);
    cluster.run(1_000);
    const [first, twin, other] = [creates, creates, { ...creates, title: "Other plans" }].map((ask) => {
      const answer = cluster.ask(here, ask);
      cluster.run(300);
      return answer;
    });
    cluster.run(2_500);
    expect([first!(), twin!()]).toMatchObject([notConfirmed, notConfirmed]);
    const exists = { type: "refused", refusal: { code: "ROOM_EXISTS" } };
    expect(other!()).toMatchObject(exists);
    cluster.start(others[0]);
    cluster.run(10_000);
    const atLast = cluster.ask(here, creates);
    cluster.run(500);
    expect(atLast()).toMatchObject(exists);
  });

  test("and is called done like the first, when that is", () => {
    const cluster = aCluster();
    const [here, ...others] = cluster.seats as [Seat, Seat, Seat];
    const creates = { type: "create", room: lineage.room, title: "Plans", kind: undefined, principal: "" } as const;
    for (const other of others) cluster.hush(here, other);
    const answers = [1, 2].map(() => {
      const answer = cluster.ask(here, creates);
      cluster.run(300);
      return answer;
    });
    expect(answers.map((answer) => answer())).toEqual([undefined, undefined]);
    cluster.heal();
    cluster.run(500);
    for (const answer of answers) expect(answer()).toMatchObject({ type: "room", created: true });
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
