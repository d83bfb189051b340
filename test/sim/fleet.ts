/**
 * Fleet: all machines that run relays in one history: one that is alone, or several that form a mesh, to which others come and from
 * which some go; and copies of a data folder that run although the original does.
 */
import type { ActorId, RelayId } from "@inkmesh/shared/base/ids";
import { randomInteger, type Random } from "@inkmesh/shared/base/random";
import { foundMesh } from "../../server/core/membership/belonging.ts";
import type { Report } from "../../server/core/effect.ts";
import { RingRecords } from "../../server/core/membership/ring-records.ts";
import type { Limits } from "../../server/core/limits.ts";
import { SimClock } from "./sim-clock.ts";
import { SimDisk } from "./sim-disk.ts";
import { SimFolder } from "./sim-folder.ts";
import type { SimNetwork } from "./sim-network.ts";
import { SimRelay } from "./sim-relay.ts";
import type { World } from "./world.ts";

export interface FleetOptions {
  readonly world: World;
  readonly network: SimNetwork;
  readonly limits: Limits;
  /** The stream that decides how wrong clocks are. */
  readonly random: Random;
  /** How many there are at first. */
  readonly size: number;
  /** False: there is one, and it is alone. */
  readonly isMesh: boolean;
}

export class Fleet {
  onReport: (report: Report) => void = () => undefined;
  onLife: (relay: SimRelay, actor: ActorId) => void = () => undefined;
  /** Copies of a folder that run beside the original. */
  readonly clones = new Set<SimRelay>();
  /** Names of which there ever was a copy. */
  readonly cloned = new Set<RelayId>();
  /** Which relay somebody is given as its way into the mesh. */
  readonly seeds = new Map<RelayId, SimRelay>();
  readonly #options: FleetOptions;
  #relays: readonly SimRelay[] = [];
  readonly #seedRandom: Random;
  readonly #machines = new Map<string, SimRelay>();
  #folders = 0;
  #named = 0;

  constructor(options: FleetOptions) {
    this.#options = options;
    this.#seedRandom = options.world.random("seeds");
    this.#named = options.size;
    for (let index = 0; index < options.size; index++) this.add(this.#newRelay(index));
  }

  get isMesh(): boolean {
    return this.#options.isMesh;
  }

  /** Those that belong, and those that are to. */
  get relays(): readonly SimRelay[] {
    return this.#relays;
  }

  /** Those that run or may: the clones, too. */
  get all(): readonly SimRelay[] {
    return [...this.#relays, ...this.clones];
  }

  start(): void {
    for (const relay of this.#relays) relay.start();
  }

  /** Whether every relay knows all of them as members. */
  get isFormed(): boolean {
    return !this.isMesh || this.#relays.every((relay) => relay.belongsWith(this.#relays.length - 1));
  }

  /** The ring with all that anybody knows of it. */
  get ring(): RingRecords {
    return RingRecords.empty.merge(this.#relays.flatMap(({ ring, folder }) => ring?.entries() ?? folder.mesh?.ring ?? []));
  }

  /** Where somebody may go, in the order in which they try. */
  hostsFor(random: Random): readonly string[] {
    const hosts = this.#relays.map(({ host }) => host);
    for (let index = hosts.length - 1; index > 0; index--) {
      const other = randomInteger(random, index + 1);
      [hosts[index], hosts[other]] = [hosts[other]!, hosts[index]!];
    }
    return hosts;
  }

  /** One of them; nothing is drawn where there is only one. */
  any(random: Random): SimRelay {
    return this.isMesh ? this.#relays[randomInteger(random, this.#relays.length)]! : this.#relays[0]!;
  }

  /** Whose process it is. */
  ofProcess(name: string): SimRelay | undefined {
    return this.#machines.get(name.slice(0, name.indexOf("/")));
  }

  /** The machine of that name. */
  at(host: string): SimRelay {
    return this.#machines.get(host)!;
  }

  // -- who comes and goes ----------------------------------------------------------------------------------------------

  /** A machine with an empty folder and a name that nobody had. It does not run yet, and is none of them. */
  newcomer(): SimRelay {
    return this.#newRelay(this.#named++);
  }

  /** From now on it is one of them. */
  add(relay: SimRelay): void {
    relay.isGone = false;
    this.#relays = [...this.#relays, relay];
  }

  /** It is none of them any more, and nobody starts it. */
  remove(relay: SimRelay): void {
    relay.isGone = true;
    this.#relays = this.#relays.filter((other) => other !== relay);
  }

  // -- machines --------------------------------------------------------------------------------------------------------

  /** A machine with a copy of that folder, and so with its name. It does not run yet. */
  clone({ self, host, version }: SimRelay, folder: SimFolder): SimRelay {
    const clone = this.#relayAt({ self, host: `${host}-copy${this.#machines.size}`, folder });
    clone.version = version;
    this.clones.add(clone);
    this.cloned.add(self);
    return clone;
  }

  /** Whether its relays' disks tell how documents came to be. */
  get keepsHistories(): boolean {
    return this.#options.limits.replication.keptHistoryMs > 0;
  }

  /** A data folder with nothing in its store; `from`: whose file of the mesh it has. */
  newFolder(relay: RelayId, from?: SimFolder): SimFolder {
    const { world, limits } = this.#options;
    this.#folders += 1;
    const random = world.random(this.#folders === 1 ? "disk" : `disk${this.#folders}`);
    const disk = new SimDisk({ random, nestingMax: limits.content.nestingMax, relay, keepsHistory: this.keepsHistories });
    return new SimFolder(disk, from);
  }

  randomOfCopy(): Random {
    this.#folders += 1;
    return this.#options.world.random(`disk${this.#folders}`);
  }

  #newRelay(index: number): SimRelay {
    const letter = String.fromCharCode(97 + index);
    const self = letter as RelayId;
    const folder = this.newFolder(self);
    if (this.isMesh && index === 0) folder.mesh = foundMesh(self, { weight: 1, zone: "" }, this.#options.random);
    return this.#relayAt({ self, host: this.isMesh ? `relay-${letter}` : "relay", folder });
  }

  #relayAt({ self, host, folder }: { self: RelayId; host: string; folder: SimFolder }): SimRelay {
    const { world, network, limits, random, isMesh } = this.#options;
    const rate = 1 + (random.fraction() - 0.5) * 4e-4;
    const relay = new SimRelay({
      ...{ world, network, self, host, folder, limits },
      newClock: () => new SimClock({ worldMs: () => world.nowMs, rate, offsetMs: (random.fraction() - 0.5) * 1_000 }),
      join: isMesh ? () => this.#seedsFor(self) : undefined,
    });
    relay.onReport = (report) => this.onReport(report);
    relay.onLife = (actor) => this.onLife(relay, actor);
    network.doors.set(host, relay);
    this.#machines.set(host, relay);
    return relay;
  }

  /** What whoever starts a relay that has no mesh gives it: those of the first day know each other, all others are given one. */
  #seedsFor(self: RelayId): readonly string[] {
    const seed = this.seeds.get(self);
    if (seed?.isGone === false) return [`ws://${seed.host}/mesh`];
    const isOfFirstDay = self.charCodeAt(0) - 97 < this.#options.size;
    const others = this.#relays.filter((relay) => relay.self !== self || isOfFirstDay);
    const belonging = others.filter(({ folder, self: other }) => folder.mesh !== undefined && other !== self);
    const hosts = isOfFirstDay || belonging.length === 0 ? others : [belonging[randomInteger(this.#seedRandom, belonging.length)]!];
    // The first of its own list would found a mesh.
    return hosts.filter((relay, index) => index > 0 || relay.self !== self).map(({ host }) => `ws://${host}/mesh`);
  }
}
