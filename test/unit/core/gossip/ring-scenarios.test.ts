/**
 * Changes of the ring that cross each other, told by hand: relay cores as they ship (`relay-cluster.ts`).
 */
import { expect, test } from "vitest";
import type { RoomName } from "@inkmesh/shared/base/ids";
import { ClusterTypist } from "./cluster-typist.ts";
import { aCluster, RelayCluster, type Seat } from "./relay-cluster.ts";
import { aWrittenCluster, minuteMs, onlyAt, runUntilLeft, slowLines, statusOf } from "./written-cluster.ts";

function ringsOf(cluster: RelayCluster): ReadonlySet<string> {
  return new Set(cluster.running().map(({ life }) => life!.relay.meshView()!.ring.id));
}

function textAt(cluster: RelayCluster, seat: Seat, room: string, clientId: number): string {
  const reader = new ClusterTypist(cluster, room, clientId).connect(seat);
  cluster.run(5_000);
  expect(reader.isSynced).toBe(true);
  reader.leave();
  return reader.text;
}

test.each([1, 2, 3, 4])(
  "[P3] two replicas leave one after the other: what one proved counts no more once the other leaves (seed %i)",
  (seed) => {
    const cluster = aWrittenCluster(seed, { relays: 5 });
    const [first, second] = [cluster.seat(3), cluster.seat(2)];
    slowLines(cluster);
    cluster.order(first, { type: "drain" });
    // The first has proofs of the second by now, and the second may have some of its own before it hears of the first.
    cluster.run(cluster.chance(8_000));
    cluster.order(second, { type: "drain" });
    let [isFirstGone, isSecondGone] = [false, false];
    const look = (): boolean => {
      if (!isFirstGone && statusOf(first) === "left") {
        isFirstGone = true;
        expect(onlyAt(cluster, first)).toEqual([]);
      }
      if (!isSecondGone && statusOf(second) === "left") {
        isSecondGone = true;
        expect(onlyAt(cluster, second)).toEqual([]);
      }
      return isFirstGone && isSecondGone;
    };
    cluster.runUntil(look, 10 * minuteMs);
    expect([statusOf(first), statusOf(second)]).toEqual(["left", "left"]);
    cluster.lineMsMax = 20;
    for (const gone of [first, second]) cluster.wipe(gone);
    cluster.run(10_000);
    for (let index = 0; index < 12; index++)
      expect(textAt(cluster, cluster.seat(index % 2), `note ${index}`, 200 + index)).toBe("some words");
  },
);

test.each(["its folder", "an empty folder"])(
  "[P1] [P3] a relay is forgotten on one side of a cut while it comes back with %s on the other",
  (folder) => {
    const cluster = aCluster({ relays: 4 });
    const [operator, near, lost, other] = cluster.seats as [Seat, Seat, Seat, Seat];
    const typist = new ClusterTypist(cluster, "note", 1).connect(near);
    cluster.run(2_000);
    typist.append("before ");
    cluster.run(3_000);
    if (folder === "its folder") cluster.crash(lost);
    else cluster.wipe(lost);
    cluster.run(20_000);
    // The operator's side has one more; the other one has the relay that comes back.
    for (const left of [operator, other]) for (const right of [near, lost]) cluster.cut(left, right);
    cluster.order(operator, { type: "forget-relay", relay: lost.self });
    cluster.start(lost);
    typist.append("meanwhile ");
    cluster.run(10_000);
    cluster.heal();
    cluster.run(minuteMs);
    // It had joined before it was forgotten: that stays, whatever it writes, and all say so.
    expect(ringsOf(cluster).size).toBe(1);
    expect(statusOf(lost)).toBe("forgotten");
    typist.append("after");
    cluster.run(5_000);
    expect(typist.unsaved).toBe(0);
    for (const [index, seat] of cluster.seats.entries()) expect(textAt(cluster, seat, "note", 100 + index)).toBe("before meanwhile after");
    // A new join, and only that, brings it back.
    cluster.wipe(lost);
    cluster.run(2_000);
    cluster.start(lost);
    cluster.runUntil(() => statusOf(lost) === "member", minuteMs);
    cluster.run(5_000); // Until all have heard of it.
    expect(cluster.seats.map(statusOf)).toEqual(["member", "member", "member", "member"]);
    expect(ringsOf(cluster).size).toBe(1);
  },
);

test("a relay on which no document is placed belongs at once", () => {
  const cluster = new RelayCluster({ seed: 1, relays: 4 });
  const [a, b, c, d] = cluster.seats as [Seat, Seat, Seat, Seat];
  for (const seat of [a, b, c]) cluster.start(seat);
  cluster.runUntil(() => [a, b, c].every((seat) => statusOf(seat) === "member"), 30_000);
  const all = cluster.ring.join(d.self, { weight: 1, zone: "" });
  const elsewhere = Array.from({ length: 100 }, (_, index) => `note ${index}`)
    .filter((room) => !all.newest.preferenceList(room as RoomName, 3).includes(d.self))
    .slice(0, 3);
  const typists = elsewhere.map((room, index) => new ClusterTypist(cluster, room, index + 1).connect(a));
  cluster.run(2_000);
  for (const typist of typists) typist.append("some words");
  cluster.run(5_000);
  cluster.start(d);
  cluster.runUntil(() => statusOf(d) === "member", 10_000);
  expect(statusOf(d)).toBe("member");
  expect(d.disk.list({ limit: 10, deleted: true }).rooms).toEqual([]);
});

test.each([1, 2, 3])("[P10] documents that are deleted while they are handed over stay deleted, and the relay leaves (seed %i)", (seed) => {
  const cluster = aWrittenCluster(seed);
  const leaver = cluster.seat(3);
  slowLines(cluster);
  cluster.order(leaver, { type: "drain" });
  for (let index = 0; index < 6; index++) {
    cluster.ask(cluster.seat(index % 4), { type: "delete", room: `note ${index}` as RoomName, principal: "ada" });
    cluster.run(cluster.chance(1_500));
  }
  runUntilLeft(cluster, leaver, 10 * minuteMs);
  cluster.wipe(leaver);
  cluster.lineMsMax = 20;
  cluster.run(20_000);
  for (const { disk } of cluster.running())
    for (let index = 0; index < 6; index++) {
      expect(disk.records.get(`note ${index}` as RoomName)?.deleted?.by).toBe("ada");
      expect(disk.list({ limit: 100, deleted: false }).rooms.map(({ record }) => record.room)).not.toContain(`note ${index}`);
    }
});
