/**
 * Cursors over several relays in seeded histories: people come, move, go and change relays, relays are killed, frozen, cut off and
 * hushed. A cursor of somebody who is gone is nowhere 5 s later; when the faults are over everybody sees everybody who is there.
 */
import { expect, test } from "vitest";
import { ClusterViewer } from "../../../unit/core/gossip/cluster-viewer.ts";
import { RelayCluster, type Seat } from "../../../unit/core/gossip/relay-cluster.ts";

/** [P10], and how long frames take here. */
const goneMs = 5_000 + 100;

class PresenceHistory {
  readonly cluster: RelayCluster;
  readonly viewers: readonly ClusterViewer[];
  /** Since when somebody is at no relay, or a relay stands still or goes on after it. */
  readonly #goneMs = new Map<ClusterViewer, number>();
  readonly #stillMs = new Map<Seat, number>();
  moves = 0;

  constructor(seed: number) {
    this.cluster = new RelayCluster({ seed, relays: 4 });
    this.cluster.startAll();
    this.cluster.run(15_000);
    this.viewers = Array.from({ length: 6 }, (_, index) => new ClusterViewer(this.cluster, "note", index + 1, { echoes: index % 2 === 0 }));
  }

  run(steps: number): void {
    for (let step = 0; step < steps; step++) {
      this.#something();
      this.cluster.run(this.cluster.chance(1_500));
      this.#noteWhoIsGone();
      this.#checkNobodyWhoIsGone();
    }
  }

  /** All faults are over, and everybody is somewhere. */
  settle(): void {
    this.cluster.heal();
    for (const seat of this.cluster.seats) {
      this.cluster.thaw(seat);
      this.cluster.start(seat);
    }
    this.cluster.run(8_000);
    for (const viewer of this.viewers) if (viewer.seat === undefined) viewer.connect(this.#any(this.cluster.seats));
    this.cluster.run(15_000);
  }

  #something(): void {
    const { cluster } = this;
    const viewer = this.#any(this.viewers);
    const [one, other] = [this.#any(cluster.seats), this.#any(cluster.seats)];
    const chance = cluster.chance(100);
    if (chance < 35) {
      this.moves += 1;
      viewer.move();
    } else if (chance < 60) viewer.connect(this.#any(cluster.seats));
    else if (chance < 70) viewer.disconnect();
    else if (chance < 74) cluster.crash(one);
    else if (chance < 80) cluster.start(one);
    else if (chance < 84) cluster.freeze(one);
    else if (chance < 89) cluster.thaw(one);
    else if (chance < 92 && one !== other) cluster.cut(one, other);
    else if (chance < 95 && one !== other) cluster.hush(one, other);
    else cluster.heal();
  }

  #noteWhoIsGone(): void {
    const { nowMs } = this.cluster;
    for (const viewer of this.viewers) {
      if (viewer.seat !== undefined) this.#goneMs.delete(viewer);
      else if (!this.#goneMs.has(viewer)) this.#goneMs.set(viewer, nowMs);
    }
    for (const seat of this.cluster.seats) if (seat.life?.isFrozen === true) this.#stillMs.set(seat, nowMs);
  }

  #checkNobodyWhoIsGone(): void {
    const { nowMs } = this.cluster;
    for (const [gone, sinceMs] of this.#goneMs) {
      if (nowMs - sinceMs < goneMs) continue;
      for (const viewer of this.viewers) {
        const { seat } = viewer;
        // Who stood still has to find out first.
        if (seat === undefined || nowMs - (this.#stillMs.get(seat) ?? 0) < goneMs) continue;
        expect(
          viewer.others,
          `at ${nowMs} ms, ${gone.id} is gone since ${sinceMs} ms, seen by ${viewer.id} at ${seat.self}`,
        ).not.toHaveProperty(String(gone.id));
      }
    }
  }

  #any<Item>(items: readonly Item[]): Item {
    return items[this.cluster.chance(items.length)]!;
  }
}

const seeds = process.env["INKMESH_LONG"] === undefined ? 6 : 200;

test.each(Array.from({ length: seeds }, (_, index) => index + 1))(
  "[P10] nobody sees who is gone, and in the end everybody sees who is there, seed %i",
  (seed) => {
    const history = new PresenceHistory(seed);
    history.run(60);
    history.settle();
    const { viewers } = history;
    for (const viewer of viewers) {
      const others = viewers.filter((other) => other !== viewer).map((other) => [other.id, other.at]);
      expect(viewer.others).toEqual(Object.fromEntries(others));
    }
    expect(history.moves).toBeGreaterThan(5);
  },
);
