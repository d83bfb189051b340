/**
 * What a relay knows of a room's clocks at its replicas: relay cores as they ship (`relay-cluster.ts`).
 */
import type { RoomName } from "@inkmesh/shared/base/ids";
import { expect, test } from "vitest";
import type { RoomClocks } from "../../../../server/core/room-clocks.ts";
import { ClusterTypist } from "./cluster-typist.ts";
import { aCluster, type RelayCluster, type Seat } from "./relay-cluster.ts";

const room = "note" as RoomName;

function clocks(cluster: RelayCluster, seat: Seat, name = room): RoomClocks {
  const answer = cluster.ask(seat, { type: "clocks", room: name });
  cluster.run(1_000);
  const said = answer();
  if (said?.type !== "clocks") throw new Error(`no clocks but ${said?.type}`);
  return said.clocks;
}

test("a relay knows its own clock, and those that others told it on the link as it is", () => {
  const cluster = aCluster();
  const [a, b, c] = [cluster.seat(0), cluster.seat(1), cluster.seat(2)];
  const typist = new ClusterTypist(cluster, room, 1).connect(a);
  cluster.run(2_000);
  typist.append("x");
  cluster.run(2_000);
  const all = clocks(cluster, a);
  expect(all).toMatchObject({ self: "a", standing: "open", needed: 2, isComplete: true, waiting: 0, sessions: 1 });
  expect(all.replicas.toSorted()).toEqual(["a", "b", "c"]);
  expect(all.told.map(({ relay }) => relay).toSorted()).toEqual(["b", "c"]);
  for (const copy of all.told) expect([copy.isComplete, copy.isCertain, copy.clock.covers(all.clock)]).toEqual([true, true, true]);

  cluster.cut(a, c);
  cluster.cut(b, c);
  cluster.run(15_000);
  typist.append("y");
  cluster.run(2_000);
  const apart = clocks(cluster, a);
  expect(apart.told.map(({ relay }) => relay)).toEqual(["b"]);
  expect(clocks(cluster, c).clock.covers(apart.clock)).toBe(false);
  cluster.heal();
  cluster.run(15_000);
  typist.append("z");
  cluster.run(2_000);
  expect(clocks(cluster, a).told).toHaveLength(2);
  expect(clocks(cluster, c).clock.covers(apart.clock)).toBe(true);
});

test("of a name that nobody has used there are the relays that would keep it, and a deleted document says so", () => {
  const cluster = aCluster();
  const [a] = cluster.seats;
  expect(clocks(cluster, a!, "new" as RoomName)).toMatchObject({ standing: "unused", generation: 0, told: [], sessions: 0 });
  cluster.ask(a!, { type: "create", room, title: "A title", kind: undefined, principal: "ada" });
  cluster.run(2_000);
  expect(clocks(cluster, a!)).toMatchObject({ standing: "open", title: "A title" });
  cluster.ask(a!, { type: "delete", room, principal: "ada" });
  cluster.run(2_000);
  expect(clocks(cluster, a!).standing).toBe("deleted");
});
