/**
 * MeshMisfortune: what befalls several relays: partitions of every shape between them, what becomes of data folders, and who
 * joins and leaves them.
 */
import { randomInteger, type Random } from "@inkmesh/shared/base/random";
import type { KeptMesh } from "../../server/core/membership/belonging.ts";
import type { MeshFaultKind } from "./fault-plan.ts";
import { log, type Stage } from "./misfortune.ts";
import type { SimLine } from "./sim-network.ts";
import type { SimRelay } from "./sim-relay.ts";

export class MeshMisfortune {
  readonly #stage: Stage;
  /** What lifts the blockades that are up. */
  readonly #lifts = new Set<() => void>();
  /** Whether a folder runs twice, or will. */
  #isCloned = false;
  #isOver = false;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  befall(kind: MeshFaultKind, random: Random): void {
    this.#faults[kind](random);
  }

  /** Everybody is heard by everybody, nothing between relays stands still, and no folder runs twice. */
  end(): void {
    this.#isOver = true;
    for (const lift of this.#lifts) lift();
    this.#lifts.clear();
    for (const clone of this.#stage.fleet.clones) this.#endClone(clone);
    for (const line of this.#peerLines) for (const direction of ["to-relay", "to-client"] as const) line.hold(direction, "network", false);
  }

  get #peerLines(): readonly SimLine[] {
    return [...this.#stage.network.lines].filter(({ from }) => from !== undefined);
  }

  readonly #faults: Readonly<Record<MeshFaultKind, (random: Random) => void>> = {
    "relay-cut-off": (random) => {
      const alone = this.#stage.fleet.any(random);
      this.#block(random, 45_000, (from, to) => (from === alone) !== (to === alone));
    },
    "mesh-halved": (random) => {
      const half = this.#someRelays(random);
      this.#block(random, 45_000, (from, to) => half.has(from) !== half.has(to));
    },
    "mesh-one-way": (random) => {
      const [mute, deaf] = [this.#someRelays(random), this.#stage.fleet.any(random)];
      const isAlone = random.fraction() < 0.5;
      this.#block(random, 45_000, (from, to) => (isAlone ? to === deaf : mute.has(from) && !mute.has(to)));
    },
    "mesh-bridged": (random) => {
      const bridge = this.#stage.fleet.any(random);
      const half = this.#someRelays(random);
      this.#block(random, 45_000, (from, to) => from !== bridge && to !== bridge && half.has(from) !== half.has(to));
    },
    "mesh-flaps": (random) => {
      const [one, other] = [this.#stage.fleet.any(random), this.#stage.fleet.any(random)];
      for (let times = 3 + randomInteger(random, 8), atMs = 0; times > 0; times--) {
        atMs += log(random, 50, 6_000);
        const lastsMs = log(random, 50, 6_000);
        this.#later(atMs, "mesh flaps", () =>
          this.#blockFor(lastsMs, (from, to) => (from === one && to === other) || (from === other && to === one)),
        );
      }
    },
    "peer-lines-reset": (random) => {
      const lines = this.#peerLines;
      const only = random.fraction() < 0.7 ? lines[randomInteger(random, lines.length)] : undefined;
      for (const line of only ? [only] : lines) line.reset();
    },
    "peer-line-stalls": (random) => {
      const lines = this.#peerLines;
      const direction = random.fraction() < 0.5 ? "to-relay" : "to-client";
      lines[randomInteger(random, lines.length)]?.stall(direction, log(random, 50, 20_000));
    },
    "folder-wiped": (random) => {
      const { fleet, checkers, population } = this.#stage;
      // The others find the mesh by the first one's file.
      const keepsFile = random.fraction() < 0.6;
      const relay = keepsFile ? fleet.any(random) : this.#notTheFirst(random);
      const { folder } = relay;
      const keepsMesh = keepsFile || !this.#isKnownBeside(relay);
      relay.kill();
      this.#lose(relay);
      relay.replaceFolder(fleet.newFolder(relay.self, keepsMesh ? folder : undefined));
      checkers.attach(relay);
      const [startMs, aloneMs] = [log(random, 200, 15_000), log(random, 200, 30_000)];
      // Often by itself, and with somebody who writes there: a new disk does not hear at once what it lacks.
      if (random.fraction() < 0.6) this.#blockFor(startMs + aloneMs, (from, to) => (from === relay) !== (to === relay));
      this.#later(startMs, "relay is started", () => {
        if (relay.isGone) return;
        relay.start();
        population.probe(relay, 20_000, () => undefined);
      });
    },
    "folder-restored": (random) => {
      const relay = this.#stage.fleet.any(random);
      const takenFrom = relay.folder;
      const audit = this.#stage.checkers.auditOf(relay).copy();
      void takenFrom.copy(this.#stage.fleet.randomOfCopy()).then((copy) => {
        this.#later(log(random, 1_000, 20_000), "folder is put back", () => {
          // Somebody else has put in another one meanwhile.
          if (relay.folder !== takenFrom || relay.isGone || !this.#mayLose(relay, copy.mesh)) return;
          relay.kill();
          this.#lose(relay);
          relay.replaceFolder(copy);
          this.#stage.checkers.attach(relay, audit);
          this.#later(log(random, 200, 5_000), "relay is started", () => relay.start());
        });
      });
    },
    "folder-cloned": (random) => {
      const { fleet, checkers } = this.#stage;
      const relay = fleet.any(random);
      // One at a time: it is an accident, and nobody's way of working.
      if (this.#isCloned) return;
      this.#isCloned = true;
      const audit = checkers.auditOf(relay).copy();
      void relay.folder.copy(fleet.randomOfCopy()).then((folder) => {
        // Nobody starts a copy of what is gone but one that knows where it belonged.
        if (relay.isGone && folder.mesh === undefined) return;
        const clone = fleet.clone(relay, folder);
        checkers.attach(clone, audit);
        this.#later(log(random, 100, 5_000), "copy is started", () => clone.start());
        this.#later(log(random, 5_000, 40_000), "copy is ended", () => this.#endClone(clone));
      });
    },
    "relay-joins": (random) => {
      const { operator, population } = this.#stage;
      const relay = operator.join();
      if (relay !== undefined && random.fraction() < 0.5) population.probe(relay, 20_000, () => undefined);
    },
    "relay-drains": (random) => this.#stage.operator.drain(random),
    "relay-forgotten": (random) => this.#stage.operator.forget(random, false),
    "relay-replaced": (random) => this.#stage.operator.forget(random, true),
  };

  #endClone(clone: SimRelay): void {
    const { fleet } = this.#stage;
    if (!fleet.clones.delete(clone)) return;
    this.#isCloned = false;
    clone.kill();
    this.#lose(clone);
  }

  #lose(relay: SimRelay): void {
    this.#stage.checkers.platters.lose(relay.self, relay.folder.disk);
  }

  #notTheFirst(random: Random): SimRelay {
    const { relays } = this.#stage.fleet;
    return relays[1 + randomInteger(random, relays.length - 1)] ?? relays[0]!;
  }

  /** Whether another one would find the mesh again by its own folder. */
  #isKnownBeside(relay: SimRelay): boolean {
    return this.#stage.fleet.relays.some(({ self, folder }) => self !== relay.self && folder.mesh !== undefined);
  }

  /** Whether its folder may be one that knows `mesh`, if anything. */
  #mayLose(relay: SimRelay, mesh: KeptMesh | undefined): boolean {
    return mesh !== undefined || this.#isKnownBeside(relay);
  }

  /** Some of them, and not all. */
  #someRelays(random: Random): ReadonlySet<SimRelay> {
    const { fleet } = this.#stage;
    return new Set(
      fleet
        .hostsFor(random)
        .slice(0, 1 + randomInteger(random, fleet.relays.length - 1))
        .map((host) => fleet.at(host)),
    );
  }

  #block(random: Random, mostMs: number, isBlocked: (from: SimRelay, to: SimRelay) => boolean): void {
    this.#blockFor(log(random, 200, mostMs), isBlocked);
  }

  #blockFor(ms: number, isBlocked: (from: SimRelay, to: SimRelay) => boolean): void {
    const { fleet, network } = this.#stage;
    const lifts = fleet.all.flatMap((from) =>
      fleet.all.filter((to) => to !== from && isBlocked(from, to)).map((to) => network.blockade.block(from.host, to.host)),
    );
    const lift = (): void => lifts.forEach((one) => one());
    this.#lifts.add(lift);
    this.#later(ms, "relays are heard again", () => {
      this.#lifts.delete(lift);
      lift();
    });
  }

  #later(ms: number, what: string, work: () => void): void {
    this.#stage.world.schedule(ms, undefined, what, () => this.#isOver || work());
  }
}
