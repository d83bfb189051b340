/**
 * A relay that leaves on purpose: it has left only when all that is on its disk is on every replica's, proven, so that its folder may be
 * thrown away. Relay cores as they ship (`relay-cluster.ts`).
 */
import { expect, test } from "vitest";
import type { RoomName } from "@inkmesh/shared/base/ids";
import { refused } from "@inkmesh/shared/base/result";
import { ClusterTypist } from "./cluster-typist.ts";
import { aCluster } from "./relay-cluster.ts";
import { aWrittenCluster, minuteMs, onlyAt, runUntilLeft, slowDisks, slowLines, statusOf } from "./written-cluster.ts";

test("[P3] a relay that drains has left when all it has is elsewhere: texts, titles, and that documents were deleted", () => {
  const cluster = aWrittenCluster();
  const leaver = cluster.seat(3);
  cluster.order(leaver, { type: "drain" });
  cluster.run(50);
  expect(statusOf(leaver)).toBe("leaving");
  runUntilLeft(cluster, leaver, minuteMs);
  cluster.wipe(leaver);
  cluster.run(5_000);
  const reader = new ClusterTypist(cluster, "note 3", 99).connect(cluster.seat(0));
  cluster.run(5_000);
  expect(reader.text).toBe("some words");
  for (const seat of cluster.running())
    for (let index = 0; index < 4; index++) expect(seat.disk.records.get(`gone ${index}` as RoomName)?.deleted?.by).toBe("ada");
});

test.each([
  ["texts over slow lines", { texts: 12, titles: 0 }, slowLines],
  ["texts to slow disks", { texts: 12, titles: 0 }, slowDisks],
  ["titles over slow lines", { texts: 0, titles: 4 }, slowLines],
  ["tombstones over slow lines", { texts: 0, titles: 0 }, slowLines],
  ["tombstones to slow disks", { texts: 0, titles: 0 }, slowDisks],
] as const)("[P3] %s: it takes its time", (_, what, slow) => {
  for (let seed = 1; seed <= 3; seed++) {
    const cluster = aWrittenCluster(seed, what);
    const leaver = cluster.seat(3);
    slow(cluster);
    cluster.order(leaver, { type: "drain" });
    runUntilLeft(cluster, leaver, 10 * minuteMs);
  }
});

test("[P3] it does not leave while a replica cannot be reached, and does once it can", () => {
  const cluster = aWrittenCluster();
  const leaver = cluster.seat(3);
  cluster.cut(leaver, cluster.seat(1));
  cluster.run(1_000);
  cluster.order(leaver, { type: "drain" });
  cluster.run(minuteMs);
  expect(statusOf(leaver)).toBe("leaving");
  const waiting = leaver.life!.relay.census();
  expect(waiting.roomsToHandOver).toBeGreaterThan(0);
  expect(waiting.roomsBeingHandedOver).toBeGreaterThan(0);
  expect(waiting.roomsToHandOverMost).toBeGreaterThanOrEqual(waiting.roomsToHandOver);
  cluster.heal();
  runUntilLeft(cluster, leaver, minuteMs);
  cluster.run(10_000);
  const done = leaver.life!.relay.census();
  expect(done).toMatchObject({ roomsToHandOver: 0, roomsBeingHandedOver: 0 });
  expect(done.roomsToHandOverMost).toBeGreaterThan(0);
});

test("[P3] it goes on leaving after it was killed", () => {
  const cluster = aWrittenCluster();
  const leaver = cluster.seat(3);
  cluster.order(leaver, { type: "drain" });
  cluster.run(300);
  cluster.crash(leaver);
  cluster.run(2_000);
  cluster.start(leaver);
  runUntilLeft(cluster, leaver, minuteMs);
});

test("[P3] its clients are sent away, a group at a time, and go on elsewhere", () => {
  const cluster = aWrittenCluster();
  const leaver = cluster.seat(3);
  const typists = Array.from({ length: 40 }, (_, index) => new ClusterTypist(cluster, `note ${index % 4}`, 100 + index).connect(leaver));
  cluster.run(3_000);
  for (const typist of typists) typist.append("x");
  cluster.order(leaver, { type: "drain" });
  const there: number[] = [];
  for (let second = 0; second < 5; second++) {
    cluster.run(1_000);
    there.push(typists.filter(({ isConnected }) => isConnected).length);
  }
  expect(there).toEqual([24, 8, 0, 0, 0]);
  for (const typist of typists) typist.connect(cluster.seat(0));
  cluster.run(5_000);
  expect(typists.map(({ unsaved }) => unsaved)).toEqual(typists.map(() => 0));
});

test("[P2] [P3] somebody who knows no other relay types at it meanwhile: all of that is elsewhere, too, and saved", () => {
  const cluster = aWrittenCluster();
  const leaver = cluster.seat(3);
  const typist = new ClusterTypist(cluster, "note 1", 99).connect(leaver);
  cluster.run(3_000);
  cluster.order(leaver, { type: "drain" });
  for (let index = 0; index < 200 && statusOf(leaver) !== "left"; index++) {
    if (!typist.isConnected) typist.connect(leaver);
    typist.append(`${index} `);
    cluster.run(100);
    if (statusOf(leaver) === "left") expect(onlyAt(cluster, leaver)).toEqual([]);
  }
  if (!typist.isConnected) typist.connect(leaver);
  cluster.run(3_000);
  expect([statusOf(leaver), typist.unsaved]).toEqual(["left", 0]);
  const reader = new ClusterTypist(cluster, "note 1", 100).connect(cluster.seat(0));
  cluster.run(3_000);
  expect(reader.text).toBe(typist.text);
});

test("[P3] what a replica said before it lost its folder proves nothing", () => {
  const cluster = aWrittenCluster(1, { relays: 5 });
  const [leaver, lost, far] = [cluster.seat(3), cluster.seat(1), cluster.seat(2)];
  cluster.cut(leaver, far);
  cluster.run(1_000);
  const before = leaver.disk.list({ limit: 100, deleted: true }).rooms.length;
  cluster.order(leaver, { type: "drain" });
  cluster.run(20_000);
  // Some are proven already: those that are not placed on the one that cannot be reached.
  expect(leaver.life!.relay.census().roomsToHandOver).toBeLessThan(before);
  cluster.wipe(lost);
  cluster.run(2_000);
  slowDisks(cluster);
  cluster.start(lost);
  cluster.heal();
  runUntilLeft(cluster, leaver, 10 * minuteMs);
});

test("[P3] it does not leave when the last other relay is forgotten meanwhile: nobody could take what it has", () => {
  const cluster = aCluster({ relays: 2 });
  const [leaver, lost] = [cluster.seat(0), cluster.seat(1)];
  const typist = new ClusterTypist(cluster, "note", 1).connect(leaver);
  cluster.run(2_000);
  cluster.wipe(lost);
  cluster.run(5_000);
  typist.append("only here");
  cluster.order(leaver, { type: "drain" });
  cluster.run(10_000);
  cluster.order(leaver, { type: "forget-relay", relay: lost.self });
  cluster.run(minuteMs);
  expect(statusOf(leaver)).toBe("leaving");
});

test("[P3] two that are cut apart and both drain stay, both of them", () => {
  const cluster = aCluster({ relays: 2 });
  const [one, other] = [cluster.seat(0), cluster.seat(1)];
  cluster.cut(one, other);
  const typists = [one, other].map((seat, index) => new ClusterTypist(cluster, `note of ${seat.self}`, index + 1).connect(seat));
  cluster.run(2_000);
  for (const typist of typists) typist.append("only here");
  cluster.run(2_000);
  for (const seat of [one, other]) cluster.order(seat, { type: "drain" });
  cluster.run(5_000);
  cluster.heal();
  cluster.run(minuteMs);
  expect([statusOf(one), statusOf(other)]).toEqual(["leaving", "leaving"]);
});

test("[P3] a document that cannot be read keeps it from leaving", () => {
  const cluster = aWrittenCluster();
  const leaver = cluster.seat(3);
  for (const seat of cluster.seats) if (seat !== leaver) cluster.cut(leaver, seat);
  const typist = new ClusterTypist(cluster, "unreadable", 99).connect(leaver);
  cluster.run(2_000);
  typist.append("only here");
  cluster.run(3_000);
  cluster.crash(leaver);
  const load = leaver.disk.load.bind(leaver.disk);
  leaver.disk.load = (room) => (room === "unreadable" ? refused("STORE_FAILED", "") : load(room));
  leaver.disk.hashes.clear();
  cluster.heal();
  cluster.start(leaver);
  cluster.run(3_000);
  cluster.order(leaver, { type: "drain" });
  cluster.run(minuteMs);
  expect([statusOf(leaver), leaver.life!.relay.census().roomsToHandOver]).toEqual(["leaving", 1]);
  leaver.disk.load = load;
  runUntilLeft(cluster, leaver, minuteMs);
});

test("[P3] it leaves though it has a tombstone of a document that was made anew elsewhere", () => {
  const cluster = aCluster({ relays: 5 });
  const rooms = Array.from({ length: 8 }, (_, index) => `r${index}` as RoomName);
  const created = { type: "create", principal: "ada", title: "A title", kind: undefined } as const;
  for (const room of rooms) cluster.ask(cluster.seat(0), { ...created, room });
  cluster.run(3_000);
  for (const [index, room] of rooms.entries()) cluster.ask(cluster.seat(index % 5), { type: "delete", room, principal: "ada" });
  cluster.run(5_000);
  for (const [index, room] of rooms.entries()) {
    cluster.ask(cluster.seat((index + 2) % 5), { ...created, room });
    cluster.run(2_000);
  }
  cluster.run(5_000);
  for (const leaver of [cluster.seat(2), cluster.seat(4)]) {
    cluster.order(leaver, { type: "drain" });
    runUntilLeft(cluster, leaver, 2 * minuteMs);
  }
});

test("its clients are sent away though it has nothing to hand over", () => {
  const cluster = aCluster({ relays: 3 });
  const leaver = cluster.seat(0);
  const typists = Array.from({ length: 20 }, (_, index) => new ClusterTypist(cluster, `note ${index}`, 1 + index).connect(leaver));
  cluster.run(3_000);
  cluster.order(leaver, { type: "drain" });
  cluster.run(5_000);
  expect(typists.filter(({ isConnected }) => isConnected)).toEqual([]);
});

test("histories: relays are killed, cut off and wiped while one of four drains", () => {
  for (let seed = 1; seed <= 12; seed++) {
    const cluster = aWrittenCluster(seed);
    const leaver = cluster.seat(cluster.chance(4));
    const others = cluster.seats.filter((seat) => seat !== leaver);
    cluster.order(leaver, { type: "drain" });
    cluster.run(1);
    for (let step = 0; step < 12 && statusOf(leaver) !== "left"; step++) {
      const seat = others[cluster.chance(3)]!;
      const what = cluster.chance(4);
      if (what === 0) cluster.cut(leaver, seat);
      else if (what === 1) cluster.crash(seat);
      else if (what === 2) cluster.crash(leaver);
      else cluster.cut(seat, others[cluster.chance(3)]!);
      cluster.runUntil(() => statusOf(leaver) === "left", cluster.chance(3_000));
      cluster.startAll();
      if (cluster.chance(2) === 0) cluster.heal();
      cluster.runUntil(() => statusOf(leaver) === "left", cluster.chance(3_000));
    }
    cluster.heal();
    cluster.startAll();
    runUntilLeft(cluster, leaver, 2 * minuteMs);
  }
});

test("[P2] [P3] many who know no other relay type at it and come back at once: it leaves all the same, and all of that is saved", () => {
  const cluster = aWrittenCluster();
  const leaver = cluster.seat(3);
  const typists = Array.from({ length: 24 }, (_, index) => new ClusterTypist(cluster, `note ${index % 12}`, 100 + index).connect(leaver));
  cluster.run(3_000);
  cluster.order(leaver, { type: "drain" });
  for (let passedMs = 0; passedMs < 30_000 && statusOf(leaver) !== "left"; passedMs += 50) {
    for (const typist of typists) {
      if (!typist.isConnected) typist.connect(leaver);
      typist.append("x");
    }
    cluster.run(50);
    if (statusOf(leaver) === "left") expect(onlyAt(cluster, leaver)).toEqual([]);
  }
  expect(statusOf(leaver)).toBe("left");
  // The moment in which nobody is let in ends by itself.
  for (let second = 0; second < 8; second++) {
    for (const typist of typists) if (!typist.isConnected) typist.connect(leaver);
    cluster.run(1_000);
  }
  expect(typists.map(({ unsaved }) => unsaved)).toEqual(typists.map(() => 0));
});
