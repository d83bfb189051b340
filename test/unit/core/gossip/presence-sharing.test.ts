/**
 * Cursors of people who sit at different relays: relay cores as they ship, wired by sockets (`relay-cluster.ts`).
 */
import type { RoomName } from "@inkmesh/shared/base/ids";
import { describe, expect, test } from "vitest";
import { ClusterViewer } from "./cluster-viewer.ts";
import { RelayCluster, type Seat } from "./relay-cluster.ts";

const room = "note" as RoomName;

/** Relays that know each other. */
function aCluster(options: { relays?: number; limits?: ConstructorParameters<typeof RelayCluster>[0]["limits"] } = {}): RelayCluster {
  const cluster = new RelayCluster({ seed: 1, relays: options.relays ?? 3, limits: options.limits });
  cluster.startAll();
  cluster.run(15_000);
  return cluster;
}

function viewersAt(cluster: RelayCluster, ...seats: readonly Seat[]): readonly ClusterViewer[] {
  const viewers = seats.map((seat, index) => new ClusterViewer(cluster, room, index + 1).connect(seat));
  cluster.run(500);
  return viewers;
}

describe("cursors over several relays", () => {
  test("of everybody are seen by everybody, replica or not, and follow", () => {
    const cluster = aCluster({ relays: 5 });
    const viewers = viewersAt(cluster, ...cluster.seats);
    for (const viewer of viewers) viewer.move();
    cluster.run(500);
    expect(cluster.running().filter((seat) => !seat.life!.relay.replicasOf(room).includes(seat.self))).toHaveLength(2);
    for (const viewer of viewers) expect(viewer.others).toEqual(withoutOwn({ 1: 1, 2: 1, 3: 1, 4: 1, 5: 1 }, viewer));
  });

  test("are told to a relay whose first session comes late, and to one whose last session had left", () => {
    const cluster = aCluster();
    const [ada, bob] = viewersAt(cluster, cluster.seat(0), cluster.seat(1));
    ada!.move();
    cluster.run(5_000);
    const late = new ClusterViewer(cluster, room, 3).connect(cluster.seat(2));
    cluster.run(500);
    expect(late.others).toEqual({ 1: 1, 2: 0 });
    late.disconnect();
    cluster.run(500);
    bob!.move();
    expect(ada!.others).toEqual({ 2: 0 });
    cluster.run(500);
    late.connect(cluster.seat(2));
    cluster.run(500);
    expect(late.others).toEqual({ 1: 1, 2: 1 });
    expect(ada!.others).toEqual({ 2: 1, 3: 0 });
  });

  test("[P10] go everywhere with their sockets, the last of a relay too", () => {
    const cluster = aCluster();
    const [ada, bob, cyd] = viewersAt(cluster, cluster.seat(0), cluster.seat(1), cluster.seat(1));
    bob!.disconnect();
    cluster.run(500);
    expect(ada!.others).toEqual({ 3: 0 });
    cyd!.disconnect();
    cluster.run(500);
    expect(ada!.others).toEqual({});
  });

  test("[P10] go when their relay is killed, and those of its next life are seen", () => {
    const cluster = aCluster();
    const [ada, bob, cyd] = viewersAt(cluster, cluster.seat(0), cluster.seat(1), cluster.seat(2));
    cluster.crash(cluster.seat(1));
    cluster.run(500);
    expect(ada!.others).toEqual({ 3: 0 });
    cluster.start(cluster.seat(1));
    cluster.run(5_000);
    bob!.connect(cluster.seat(1));
    cluster.run(500);
    expect(ada!.others).toEqual({ 2: 0, 3: 0 });
    expect(cyd!.others).toEqual({ 1: 0, 2: 0 });
  });

  test("[P10] go within 5 s when their relay freezes, and are back within 5 s when it goes on, without a move", () => {
    const cluster = aCluster();
    const [ada, bob, cyd] = viewersAt(cluster, cluster.seat(0), cluster.seat(1), cluster.seat(2));
    cluster.freeze(cluster.seat(1));
    cluster.run(5_000);
    expect([ada!.others, cyd!.others]).toEqual([{ 3: 0 }, { 1: 0 }]);
    cluster.thaw(cluster.seat(1));
    cluster.run(5_000);
    expect([ada!.others, bob!.others, cyd!.others]).toEqual([
      { 2: 0, 3: 0 },
      { 1: 0, 3: 0 },
      { 1: 0, 2: 0 },
    ]);
  });

  test("[P10] go within 5 s where just one link is silent, whatever others say of that relay, and come back with it", () => {
    const cluster = aCluster();
    const [ada, bob, cyd] = viewersAt(cluster, cluster.seat(0), cluster.seat(1), cluster.seat(2));
    cluster.hush(cluster.seat(0), cluster.seat(1));
    cluster.run(5_000);
    expect([ada!.others, bob!.others, cyd!.others]).toEqual([{ 3: 0 }, { 3: 0 }, { 1: 0, 2: 0 }]);
    bob!.move();
    cluster.heal();
    cluster.run(3_000);
    expect([ada!.others, bob!.others]).toEqual([
      { 2: 1, 3: 0 },
      { 1: 0, 3: 0 },
    ]);
  });

  test("[P10] of somebody who moves to another relay are one, and go with that one", () => {
    const cluster = aCluster();
    const [ada, bob] = viewersAt(cluster, cluster.seat(0), cluster.seat(1));
    cluster.freeze(cluster.seat(1));
    bob!.connect(cluster.seat(2));
    cluster.run(500);
    expect(ada!.others).toEqual({ 2: 0 });
    cluster.run(5_000);
    expect(ada!.others).toEqual({ 2: 0 });
    // What the old relay has to say of the old socket, and its death, are not about the new one.
    cluster.thaw(cluster.seat(1));
    cluster.run(3_000);
    cluster.crash(cluster.seat(1));
    cluster.run(3_000);
    expect(ada!.others).toEqual({ 2: 0 });
    bob!.disconnect();
    cluster.run(500);
    expect(ada!.others).toEqual({});
  });

  test("of a deleted document are not seen in the next one of its name", () => {
    const cluster = aCluster();
    const [ada, bob] = viewersAt(cluster, cluster.seat(0), cluster.seat(1));
    const nobody = { principal: "", title: undefined, kind: undefined };
    cluster.ask(cluster.seat(0), { type: "create", room, ...nobody });
    cluster.ask(cluster.seat(0), { type: "delete", room, principal: "" });
    cluster.run(3_000);
    cluster.ask(cluster.seat(0), { type: "create", room, ...nobody });
    cluster.run(3_000);
    ada!.connect(cluster.seat(0));
    cluster.run(500);
    expect(ada!.others).toEqual({});
    bob!.connect(cluster.seat(1));
    cluster.run(500);
    expect([ada!.others, bob!.others]).toEqual([{ 2: 0 }, { 1: 0 }]);
  });

  test("[P10] of a closed generation are not seen in the next one, whoever has not heard of the deletion yet", () => {
    const cluster = aCluster();
    const [late] = viewersAt(cluster, cluster.seat(1));
    cluster.ask(cluster.seat(0), { type: "create", room, principal: "", title: undefined, kind: undefined });
    cluster.run(2_000);
    cluster.cut(cluster.seat(0), cluster.seat(1));
    cluster.cut(cluster.seat(1), cluster.seat(2));
    cluster.ask(cluster.seat(0), { type: "delete", room, principal: "" });
    cluster.run(2_000);
    cluster.ask(cluster.seat(0), { type: "create", room, principal: "", title: undefined, kind: undefined });
    cluster.run(2_000);
    const next = new ClusterViewer(cluster, room, 2).connect(cluster.seat(0));
    cluster.run(500);
    expect(next.seat).toBe(cluster.seat(0));
    cluster.heal();
    for (let ms = 0; ms < 20_000; ms += 10) {
      cluster.run(10);
      expect(next.others).toEqual({});
    }
    expect(late!.seat).toBeUndefined();
  });

  test("[P8] leave for another relay at most 20 times a second, with what they are by then", () => {
    const cluster = aCluster();
    const [ada, bob] = viewersAt(cluster, cluster.seat(0), cluster.seat(1));
    ada!.heard = 0;
    for (let move = 0; move < 500; move++) {
      bob!.move();
      cluster.run(2);
    }
    cluster.run(200);
    expect(ada!.others).toEqual({ 2: 500 });
    expect(ada!.heard).toBeGreaterThan(10);
    expect(ada!.heard).toBeLessThanOrEqual(22);
  });

  test("[P8] past a limit those of other relays are left out, and those here are not", () => {
    const cluster = aCluster({ limits: { presenceIdsPerRoomMax: 2 } });
    const [ada, bob, cyd] = viewersAt(cluster, ...[0, 1, 1, 1].map((index) => cluster.seat(index)));
    expect(Object.keys(ada!.others)).toHaveLength(1);
    expect(Object.keys(bob!.others)).toContain(String(cyd!.id));
  });
});

function withoutOwn(places: Record<number, number>, viewer: ClusterViewer): Record<number, number> {
  return Object.fromEntries(Object.entries(places).filter(([id]) => Number(id) !== viewer.id));
}
