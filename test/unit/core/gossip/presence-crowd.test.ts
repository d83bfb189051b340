/**
 * A crowd in one document, at several relays as they ship: each viewer is shown some, and told how many there are. All viewers send back
 * whatever they see, as released y-websocket clients do.
 */
import { describe, expect, test } from "vitest";
import type { RoomName } from "@inkmesh/shared/base/ids";
import { countSince } from "@inkmesh/shared/wire/protocol-version";
import { ClusterViewer } from "./cluster-viewer.ts";
import { aCluster, type RelayCluster } from "./relay-cluster.ts";

const room = "note" as RoomName;
const shownMax = 6;
const idleMs = 2_000;
const crowd = 15;

function aCrowd(count = crowd): { readonly cluster: RelayCluster; readonly viewers: readonly ClusterViewer[] } {
  const cluster = aCluster({ limits: { presenceShownMax: shownMax, presenceIdleMs: idleMs } });
  const viewers = Array.from({ length: count }, (_, index) =>
    new ClusterViewer(cluster, room, index + 1, { echoes: true }).connect(cluster.seat(index % 3)),
  );
  cluster.run(1_500);
  return { cluster, viewers };
}

/** Whom those at one relay see, oneself left out: all see the same few. */
function shownAt(viewers: readonly ClusterViewer[], seat: number, cluster: RelayCluster): readonly number[] {
  const there = viewers.filter((viewer) => viewer.seat === cluster.seat(seat));
  const seen = new Set(there.flatMap(({ others }) => Object.keys(others).map(Number)));
  expect(seen.size).toBeLessThanOrEqual(shownMax);
  for (const { id, others } of there)
    expect(Object.keys(others).map(Number)).toEqual([...seen].filter((other) => other !== id).toSorted((a, b) => a - b));
  return [...seen].toSorted((a, b) => a - b);
}

describe("a crowd", () => {
  test("is shown in part, the same few to all at one relay, and counted for the rest", () => {
    const { cluster, viewers } = aCrowd();
    for (const seat of [0, 1, 2]) expect(shownAt(viewers, seat, cluster)).toHaveLength(shownMax);
    for (const { present } of viewers) expect(present).toBe(crowd);
    const late = new ClusterViewer(cluster, room, 99, { echoes: true }).connect(cluster.seat(0));
    cluster.run(1_500);
    expect(Object.keys(late.others).length).toBeLessThanOrEqual(shownMax);
    expect([late.present, viewers[1]!.present]).toEqual([crowd + 1, crowd + 1]);
  });

  test("[P10] shows who moves before who is idle, and whoever is hidden for it is still there", () => {
    const { cluster, viewers } = aCrowd();
    const before = shownAt(viewers, 0, cluster);
    const unseen = viewers.find(({ id }) => !before.includes(id))!;
    cluster.run(idleMs);
    unseen.move();
    cluster.run(1_500);
    const after = shownAt(viewers, 0, cluster);
    expect(after).toContain(unseen.id);
    expect(after.filter((id) => !before.includes(id))).toEqual([unseen.id]);
    expect(viewers.filter(({ toldGone }) => toldGone > 0)).toEqual([]);
    // Everybody sent back that it is gone; nobody is.
    for (const { present } of viewers) expect(present).toBe(crowd);
    const [hidden] = before.filter((id) => !after.includes(id));
    cluster.run(idleMs);
    viewers.find(({ id }) => id === hidden)!.move();
    cluster.run(1_500);
    expect(shownAt(viewers, 0, cluster)).toContain(hidden);
  });

  test("costs those who look on nothing for somebody unseen who moves while those who are shown do", () => {
    const { cluster, viewers } = aCrowd();
    const shown = shownAt(viewers, 0, cluster);
    const onlooker = viewers.find((viewer) => viewer.seat === cluster.seat(0));
    const unseen = viewers.find(({ id }) => !shown.includes(id));
    for (const viewer of viewers) if (shown.includes(viewer.id)) viewer.move();
    cluster.run(500);
    const heard = onlooker!.heard;
    for (let step = 0; step < 10; step++) {
      unseen!.move();
      cluster.run(50);
    }
    expect(onlooker!.heard).toBe(heard);
    expect(shownAt(viewers, 0, cluster)).toEqual(shown);
  });

  test("[P10] that goes home leaves nobody behind, and is shown whole when there is room again", () => {
    const { cluster, viewers } = aCrowd();
    const [going, staying] = [viewers.slice(0, crowd - 4), viewers.slice(crowd - 4)];
    for (const viewer of going) {
      viewer.disconnect();
      cluster.run(100);
    }
    // Whoever was hidden from somebody is shown again with the next word, at the latest a renewal.
    cluster.run(20_000);
    const all = staying.map(({ id }) => id);
    for (const { id, others, present } of staying) {
      expect(Object.keys(others).map(Number)).toEqual(all.filter((other) => other !== id));
      expect(present).toBe(0);
    }
  });

  test("is not counted for a client of a version without a word for it", () => {
    const { cluster } = aCrowd();
    const older = new ClusterViewer(cluster, room, 99, { version: countSince - 1 }).connect(cluster.seat(1));
    cluster.run(3_000);
    expect([Object.keys(older.others).length, older.present]).toEqual([shownMax, 0]);
  });
});
