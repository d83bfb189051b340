/**
 * Rooms of Automerge's documents at several relays: relay cores as they ship (`relay-cluster.ts`), tried on, replicated, repaired, dropped.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { noBytes } from "@inkmesh/shared/base/bytes";
import { panickingChange } from "../../../automerge-typing.ts";
import { automergeRoom, loadAutomerge } from "../../../engines.ts";
import { aLineage } from "../core-world.ts";
import { AutomergeTypist } from "./automerge-typist.ts";
import { ClusterScript } from "./cluster-script.ts";
import { aCluster, type RelayCluster, type Seat } from "./relay-cluster.ts";
import { auditedDrops, minuteMs } from "./written-cluster.ts";

const lineage = aLineage(automergeRoom);

beforeAll(loadAutomerge);

const hashesOf = (seats: readonly Seat[]): readonly string[] => seats.map(({ disk }) => disk.index(lineage).hash());

function typistAt(cluster: RelayCluster, seat: Seat, actor: string): AutomergeTypist {
  return new AutomergeTypist(cluster, automergeRoom, actor).connect(seat);
}

/** All disks have the same, and it is what each of them has. */
function expectOne(cluster: RelayCluster, typists: readonly AutomergeTypist[]): void {
  const [text] = typists.map((typist) => typist.text);
  expect(typists.map((typist) => typist.text)).toEqual(typists.map(() => text));
  expect(new Set(hashesOf(cluster.seats)).size).toBe(1);
}

describe("an Automerge document at three relays", () => {
  test.each([1, 2])(
    "[P1] [P3] whoever types anywhere is heard everywhere, and it is on all disks (seed %i)",
    { timeout: 120_000 },
    (seed) => {
      const cluster = aCluster({ seed, relays: 3, limits: { tailEntriesMax: 6 } });
      const typists = cluster.seats.map((seat, at) => typistAt(cluster, seat, `a${at}`));
      cluster.run(1_000);
      for (let round = 0; round < 5; round++) {
        for (const typist of typists) typist.type("xy");
        cluster.run(cluster.chance(300));
      }
      cluster.run(10_000);
      expect(typists[0]!.text).toHaveLength(30);
      expect(typists.map(({ isAllSaved, isSynced }) => [isAllSaved, isSynced])).toEqual(typists.map(() => [true, true]));
      expectOne(cluster, typists);
      expect(cluster.seats.map(({ disk }) => disk.snapshot(lineage) !== undefined)).toEqual([true, true, true]);
    },
  );

  test.each([1, 2, 3])("[P2] two halves that wrote apart, compacted and begun anew, become one (seed %i)", { timeout: 120_000 }, (seed) => {
    const cluster = aCluster({ seed, relays: 3, limits: { tailEntriesMax: 4 } });
    const [first, second, third] = cluster.seats as [Seat, Seat, Seat];
    const typists = [first, third].map((seat, at) => typistAt(cluster, seat, `b${at}`));
    cluster.run(1_000);
    for (const typist of typists) typist.type("together");
    cluster.run(2_000);
    cluster.cut(first, third);
    cluster.cut(second, third);
    for (let round = 0; round < 8; round++) {
      for (const typist of typists) typist.type("ab");
      cluster.run(200);
    }
    cluster.crash(third);
    cluster.start(third);
    typists[1]!.connect(third);
    cluster.run(3_000);
    expect(new Set(hashesOf([first, third])).size).toBe(2);
    cluster.heal();
    cluster.run(20_000);
    expect(typists[0]!.text).toHaveLength(48);
    expectOne(cluster, typists);
    expect(typists.flatMap(({ refusals }) => refusals)).toEqual([]);
  });

  test("[P2] a relay whose disk is new gets all of it, from a snapshot", { timeout: 120_000 }, () => {
    const cluster = aCluster({ relays: 3, limits: { tailEntriesMax: 4 } });
    const [first, , third] = cluster.seats as [Seat, Seat, Seat];
    const typist = typistAt(cluster, first, "c0");
    cluster.run(1_000);
    for (let round = 0; round < 9; round++) {
      typist.type("ab");
      cluster.run(300);
    }
    cluster.crash(third);
    cluster.wipe(third);
    cluster.start(third);
    const reader = typistAt(cluster, third, "c1");
    cluster.run(minuteMs);
    expect(reader.text).toBe(typist.text);
    expectOne(cluster, [typist, reader]);
  });

  test("a relay to which a document cannot come, as its changes are too many bytes, says so", { timeout: 120_000 }, () => {
    const cluster = aCluster({ relays: 3, limits: { tailEntriesMax: 4, replication: { differenceBytesMax: 1_024 } } });
    const [first, , third] = cluster.seats as [Seat, Seat, Seat];
    const typist = typistAt(cluster, first, "e0");
    cluster.run(1_000);
    for (let round = 0; round < 20; round++) {
      typist.type("ab");
      cluster.run(300);
    }
    expect(cluster.reports.map(({ type }) => type)).not.toContain("too-big");
    cluster.crash(third);
    cluster.wipe(third);
    cluster.start(third);
    cluster.run(minuteMs);
    expect(cluster.reports).toContainEqual(expect.objectContaining({ type: "too-big", room: automergeRoom, bytesMax: 1_024 }));
  });

  test("[P9] what Automerge fails over is refused at one relay, and never comes to another", { timeout: 120_000 }, () => {
    const cluster = aCluster({ relays: 3 });
    const [first, second] = cluster.seats as [Seat, Seat, Seat];
    const typists = [first, second].map((seat, at) => typistAt(cluster, seat, `d${at}`));
    const attacker = new ClusterScript(cluster, first).open(automergeRoom, { stateVector: noBytes });
    cluster.run(1_000);
    attacker.say({ type: "updates", channel: 1, first: 1, kind: "edit", updates: [panickingChange()] });
    for (const typist of typists) typist.type("fine");
    cluster.run(10_000);
    expect(typists[1]!.text).toHaveLength(8);
    expect(attacker.heard.filter(({ type }) => type === "nack")).toMatchObject([{ number: 1, code: "UNAPPLICABLE" }]);
    expectOne(cluster, typists);
  });

  test("[P3] a copy that the ring places elsewhere goes, once it is proven there", { timeout: 120_000 }, () => {
    const cluster = aCluster({ relays: 5, limits: { roomCacheBytes: 0, tailEntriesMax: 3, replication: { sweepMs: minuteMs } } });
    auditedDrops(cluster);
    const names = cluster.seat(0).life!.relay.replicasOf(automergeRoom);
    const edge = cluster.seats.find(({ self }) => !names.includes(self))!;
    const typist = typistAt(cluster, edge, "e0");
    cluster.run(1_000);
    for (let round = 0; round < 5; round++) {
      typist.type("ab");
      cluster.run(500);
    }
    cluster.run(5_000);
    expect(typist.isAllSaved).toBe(true);
    typist.leave();
    for (const socket of [...edge.life!.sockets.values()]) cluster.hangUp(edge, socket);
    cluster.runUntil(() => edge.disk.parts(lineage).length === 0, 5 * minuteMs);
    expect(edge.disk.parts(lineage)).toEqual([]);
    const reader = typistAt(cluster, edge, "e1");
    cluster.run(5_000);
    expect(reader.text).toBe(typist.text);
  });
});
