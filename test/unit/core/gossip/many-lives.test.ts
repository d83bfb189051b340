/**
 * A document that is edited through many starts of the relays of a mesh, each of which is a new actor. Relay cores as they ship
 * (`relay-cluster.ts`), with what is said between them.
 */
import { describe, expect, test } from "vitest";
import { relayOf, type RelayId, type RoomName } from "@inkmesh/shared/base/ids";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { MeshMessage } from "@inkmesh/shared/wire/mesh-message";
import { refused } from "@inkmesh/shared/base/result";
import { isSpokenIn } from "@inkmesh/shared/wire/mesh-message";
import { meshVersion, prunedSince } from "@inkmesh/shared/wire/protocol-version";
import { limitsWith } from "../../../../server/config.ts";
import { textOf } from "../typed-updates.ts";
import { ClusterTypist } from "./cluster-typist.ts";
import { RelayCluster, type Seat } from "./relay-cluster.ts";

const room = "notes" as RoomName;
const lineage = { room, generation: 0 };
const { clockActorsMax } = limitsWith();

/** Every clock that a message carries. */
function clocksIn(message: MeshMessage): readonly VectorClock[] {
  if (message.type === "entries") return message.entries.map(({ deps }) => deps);
  const { clock, pruned, entries } = message as { clock?: VectorClock; pruned?: VectorClock; entries?: VectorClock };
  return [clock, pruned, entries].flatMap((each) => each ?? []);
}

class ManyLives {
  readonly cluster: RelayCluster;
  readonly typist: ClusterTypist;
  readonly text: string[] = [];
  /** The most actors that a clock between relays named since it was emptied. */
  widest = 0;
  words = 0;
  differences = 0;
  /** What was said to who does not know it. */
  readonly unheard: MeshMessage[] = [];

  constructor(options: { relays?: number; replicas?: number; clockActorsMax: number; seed?: number }) {
    const { relays = 3, replicas = 3, clockActorsMax, seed = 1 } = options;
    this.cluster = new RelayCluster({ seed, relays, replicas, limits: { clockActorsMax } });
    this.cluster.startAll();
    this.cluster.run(15_000);
    this.typist = new ClusterTypist(this.cluster, room, 7);
    this.cluster.tap = (from, to, { messages }) => {
      for (const message of messages) {
        if (message.type === "pruned") this.words += 1;
        if (message.type === "difference-request") this.differences += 1;
        if (!isSpokenIn(Math.min(from.version, to.version), message)) this.unheard.push(message);
        for (const clock of clocksIn(message)) this.widest = Math.max(this.widest, clock.size);
      }
    };
  }

  get replicas(): readonly Seat[] {
    const names: readonly RelayId[] = this.cluster.seats.find(({ life }) => life !== undefined)!.life!.relay.replicasOf(room);
    return this.cluster.seats.filter(({ self }) => names.includes(self));
  }

  actorsInTails(): number {
    return new Set(this.replicas.flatMap(({ disk }) => disk.entries(lineage).map(({ dot }) => dot.actor))).size;
  }

  clockAt({ disk }: Seat): VectorClock {
    const loaded = disk.load(room);
    if (!loaded.ok) throw new Error("the disk cannot be read");
    return loaded.value.clock;
  }

  /** Writes a letter at that relay, waits until it is called saved on so many replicas, and looks on their disks. */
  write(seat: Seat, copies = this.replicas.length): void {
    const { cluster, typist } = this;
    if (typist.seat !== seat || !typist.isConnected) {
      typist.leave();
      typist.connect(seat);
      cluster.runUntil(() => typist.isSynced, 10_000);
    }
    const letter = String.fromCharCode(97 + (this.text.length % 26));
    this.text.push(letter);
    typist.append(letter);
    cluster.runUntil(() => typist.unsaved === 0 && typist.acks.at(-1)?.copies === copies, 10_000);
    expect([typist.unsaved, typist.acks.at(-1)?.copies], `letter ${this.text.length}`).toEqual([0, copies]);
    const holding = this.replicas.filter(({ disk }) => textOf(disk.parts(lineage)) === this.text.join(""));
    expect(holding.length, `disks with letter ${this.text.length}`).toBeGreaterThanOrEqual(copies);
  }

  /** A new life of it, of that version. */
  restart(seat: Seat, version = seat.version): void {
    const { cluster } = this;
    cluster.crash(seat);
    cluster.run(100);
    seat.version = version;
    cluster.start(seat);
    const linked = (): number => seat.life!.relay.meshView()?.members.filter(({ isLinked }) => isLinked).length ?? 0;
    cluster.runUntil(() => linked() >= cluster.running().length - 1, 20_000);
  }

  /** Whether all replicas name the same, and have all of the text. */
  expectRest(actorsMax: number): void {
    this.cluster.run(15_000);
    for (const seat of this.replicas) {
      expect(this.clockAt(seat).compare(this.clockAt(this.replicas[0]!)), seat.self).toBe("equal");
      expect(this.clockAt(seat).size, seat.self).toBeLessThanOrEqual(actorsMax);
      expect(textOf(seat.disk.parts(lineage)), seat.self).toBe(this.text.join(""));
    }
  }
}

/** `lives` starts, one after the other, of the relays in turn, each of which writes a letter. */
function live(history: ManyLives, lives: number, seats = history.cluster.seats): void {
  for (let life = 0; life < lives; life++) {
    const seat = seats[life % seats.length]!;
    history.restart(seat);
    history.write(seat);
  }
}

describe("a document that is edited through many lives of its relays", () => {
  test(
    "[P2] [P8] stays small on every replica and between them through 500 of them, and every letter is saved on all three",
    { timeout: 300_000 },
    () => {
      const history = new ManyLives({ clockActorsMax });
      live(history, 500);
      history.expectRest(clockActorsMax + 3);
      expect(history.widest).toBeLessThanOrEqual(3 * clockActorsMax);
      expect(history.actorsInTails()).toBeLessThanOrEqual(3 * clockActorsMax);
    },
  );

  test.each([1, 2])("[P2] [P8] stays small where some of them are edges (seed %i)", (seed) => {
    const few = 6;
    const history = new ManyLives({ relays: 5, clockActorsMax: few, seed });
    live(history, 80);
    history.expectRest(few + 5);
    expect(history.widest).toBeLessThanOrEqual(3 * few + 5);
  });

  test("[P2] that has come to rest is not compared again and again", () => {
    const history = new ManyLives({ clockActorsMax: 4 });
    live(history, 30);
    history.expectRest(7);
    history.differences = history.words = 0;
    history.cluster.run(120_000);
    expect([history.differences, history.words]).toEqual([0, 0]);
  });
});

describe("while a compaction is under way", () => {
  test.each([1, 4])(
    "[P2] a cover says nothing that the disk names already, which may be pruned before it lands (seed %i)",
    { timeout: 60_000 },
    (seed) => {
      const cluster = new RelayCluster({ seed, relays: 4, replicas: 3, limits: { clockActorsMax: 3 } });
      cluster.startAll();
      cluster.run(15_000);
      cluster.diskMsMax = 400;
      const named: unknown[] = [];
      let covers = 0;
      for (const { disk } of cluster.seats) {
        const append = disk.append.bind(disk);
        disk.append = (of, entries, marks = {}) => {
          const { cover = VectorClock.empty } = marks;
          const loaded = disk.load(of.room);
          const again = loaded.ok ? cover.within(loaded.value.clock) : cover;
          if (cover.size > 0) covers += 1;
          named.push(...again.entries());
          append(of, entries, marks);
        };
      }
      const typists = cluster.seats.map((_, index) => new ClusterTypist(cluster, room, 7 + index));
      for (let life = 0; life < 28; life++) {
        const seat = cluster.seats[life % 4]!;
        cluster.crash(seat);
        cluster.run(100);
        cluster.start(seat);
        cluster.run(3_000);
        for (const [index, typist] of typists.entries()) {
          if (typist.isConnected && cluster.seats[index] !== seat) continue;
          typist.leave();
          typist.connect(cluster.seats[index]!);
        }
        cluster.run(1_500);
        for (let letter = 0; letter < 6; letter++) {
          for (const typist of typists) if (typist.isSynced) typist.append("x");
          cluster.run(150 + cluster.chance(300));
        }
      }
      expect(covers).toBeGreaterThan(0);
      expect(named).toEqual([]);
    },
  );
});

describe("a copy that began after names were pruned", () => {
  test.each([1, 2])("[P2] gets entries as they were written, not a state, when it was cut off for a while (seed %i)", (seed) => {
    const history = new ManyLives({ clockActorsMax: 4, seed });
    const { cluster, typist } = history;
    const [one, other, anew] = cluster.seats as [Seat, Seat, Seat];
    live(history, 18);
    cluster.run(15_000);
    expect(other.disk.snapshot(lineage)?.pruned.size).toBeGreaterThan(0);
    cluster.wipe(anew);
    cluster.start(anew);
    cluster.run(30_000);
    typist.leave();
    typist.connect(one);
    cluster.runUntil(() => typist.isSynced, 10_000);
    cluster.cut(one, anew);
    let states = 0;
    cluster.tap = (_, to, { messages }) => {
      if (to === anew) states += messages.filter(({ type }) => type === "difference").length;
    };
    for (let letter = 0; letter < 20; letter++) {
      typist.append("y");
      cluster.run(3_000);
    }
    cluster.heal();
    cluster.run(15_000);
    const names = (seat: Seat): readonly string[] => seat.disk.entries(lineage).map(({ dot }) => relayOf(dot.actor));
    expect(states).toBe(0);
    for (const seat of cluster.seats) expect(new Set(names(seat)), seat.self).not.toContain(anew.self);
  });
});

describe("where only some have pruned", () => {
  test.each([1, 2, 3])("[P2] letters are saved on all three although one can compact nothing (seed %i)", (seed) => {
    const history = new ManyLives({ clockActorsMax: 4, seed });
    const [one, other, stuck] = history.cluster.seats as [Seat, Seat, Seat];
    const compact = stuck.disk.compact.bind(stuck.disk);
    stuck.disk.compact = () => refused("STORE_FAILED", "on purpose");
    live(history, 6, [one, other]);
    const pruned = history.clockAt(stuck).past(history.clockAt(one));
    expect(pruned.size).toBeGreaterThan(0);
    live(history, 24, [one, other]);
    history.write(stuck);
    history.write(other);
    history.cluster.run(60_000);
    history.differences = 0;
    history.cluster.run(60_000);
    expect(history.differences).toBe(0);
    // What the others named no more did not come back with the names of the one that cannot be rid of them.
    for (const seat of [one, other]) expect(history.clockAt(seat).within(pruned).size, seat.self).toBe(0);
    stuck.disk.compact = compact;
    live(history, 3);
    history.expectRest(7);
  });

  test.each([1, 2, 3])("[P2] one that was away names what was pruned no more when it has come back (seed %i)", (seed) => {
    const history = new ManyLives({ clockActorsMax: 4, seed });
    const [one, other, away] = history.cluster.seats as [Seat, Seat, Seat];
    live(history, 20);
    history.cluster.crash(away);
    for (let life = 0; life < 28; life++) {
      const seat = [one, other][life % 2]!;
      history.restart(seat);
      history.write(seat, 2);
    }
    expect(history.clockAt(one).size).toBeGreaterThanOrEqual(12);
    history.cluster.start(away);
    history.cluster.run(15_000);
    for (const seat of [one, other, away]) history.write(seat);
    history.expectRest(7);
  });

  test.each([1, 2, 3])("[P2] a folder that was put back counts for nothing that it lacks, and comes to rest (seed %i)", (seed) => {
    const history = new ManyLives({ clockActorsMax: 4, seed });
    const [one, other, back] = history.cluster.seats as [Seat, Seat, Seat];
    live(history, 12);
    const copy = back.disk.copy();
    live(history, 30);
    history.cluster.restore(back, copy);
    history.write(one, 2);
    history.cluster.cut(other, back);
    history.cluster.start(back);
    history.cluster.run(15_000);
    history.cluster.heal();
    history.cluster.run(15_000);
    live(history, 12);
    history.expectRest(7);
  });
});

describe("where a relay does not know the word", () => {
  test("it never hears it, nothing is pruned, and what was pruned before is saved on it, too", () => {
    const history = new ManyLives({ clockActorsMax: 4 });
    const [, , old] = history.cluster.seats as [Seat, Seat, Seat];
    live(history, 20);
    const few = history.clockAt(old).size;
    expect(few).toBeLessThanOrEqual(7);
    history.restart(old, prunedSince - 1);
    history.write(old);
    live(history, 12);
    expect(history.unheard).toEqual([]);
    history.cluster.run(15_000);
    for (const seat of history.replicas) expect(history.clockAt(seat).size).toBeGreaterThanOrEqual(12);
    history.restart(old, meshVersion);
    live(history, 3);
    history.expectRest(7);
  });
});
