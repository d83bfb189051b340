/**
 * Fleet: all machines that run relays in one history: one that is alone, or several that form a mesh; and copies of a data
 * folder that run although the original does.
 */
import type { ActorId, RelayId, RoomName } from "@inkmesh/shared/base/ids";
import { randomInteger, type Random } from "@inkmesh/shared/base/random";
import { foundMesh, type KeptMesh } from "../../server/core/membership/belonging.ts";
import type { Report } from "../../server/core/effect.ts";
import { RingRecords } from "../../server/core/membership/ring-records.ts";
import type { Limits } from "../../server/core/limits.ts";
import { SimClock } from "./sim-clock.ts";
import { SimDisk } from "./sim-disk.ts";
import { SimFolder } from "./sim-folder.ts";
import type { SimNetwork } from "./sim-network.ts";
import { SimRelay } from "./sim-relay.ts";
import type { World } from "./world.ts";

/** Copies of a room, and how many of them "saved" needs. */
const replicasWanted = 3;

export interface FleetOptions {
  readonly world: World;
  readonly network: SimNetwork;
  readonly limits: Limits;
  /** The stream that decides how wrong clocks are. */
  readonly random: Random;
  /** 1: it is alone, without a mesh. */
  readonly size: number;
}

export class Fleet {
  readonly relays: readonly SimRelay[];
  onReport: (report: Report) => void = () => undefined;
  onLife: (relay: SimRelay, actor: ActorId) => void = () => undefined;
  /** Copies of a folder that run beside the original. */
  readonly clones = new Set<SimRelay>();
  readonly #options: FleetOptions;
  readonly #replicas = new Map<RoomName, readonly RelayId[]>();
  readonly #machines = new Map<string, SimRelay>();
  #folders = 0;

  constructor(options: FleetOptions) {
    this.#options = options;
    this.relays = Array.from({ length: options.size }, (_, index) => this.#newRelay(index));
  }

  get isMesh(): boolean {
    return this.#options.size > 1;
  }

  /** Those that run or may: the clones, too. */
  get all(): readonly SimRelay[] {
    return [...this.relays, ...this.clones];
  }

  /** How many copies "saved" needs. */
  get needed(): number {
    return Math.floor(Math.min(replicasWanted, this.#options.size) / 2) + 1;
  }

  start(): void {
    for (const relay of this.relays) relay.start();
  }

  /** Whether every relay knows all of them as members. */
  get isFormed(): boolean {
    return !this.isMesh || this.relays.every((relay) => relay.belongsWith(this.#options.size - 1));
  }

  /** Who replicates the room, by the ring that the folders have. */
  replicasOf(room: RoomName): readonly RelayId[] {
    if (!this.isMesh) return this.relays.map(({ self }) => self);
    const known = this.#replicas.get(room);
    if (known !== undefined) return known;
    const { newest } = RingRecords.empty.merge(this.relays.flatMap(({ folder }) => folder.mesh?.ring ?? []));
    const replicas = newest.preferenceList(room, replicasWanted);
    // Nobody leaves, and who comes again has its place.
    if (newest.members.length === this.#options.size) this.#replicas.set(room, replicas);
    return replicas;
  }

  /** Where somebody may go, in the order in which they try. */
  hostsFor(random: Random): readonly string[] {
    const hosts = this.relays.map(({ host }) => host);
    for (let index = hosts.length - 1; index > 0; index--) {
      const other = randomInteger(random, index + 1);
      [hosts[index], hosts[other]] = [hosts[other]!, hosts[index]!];
    }
    return hosts;
  }

  /** One of them; nothing is drawn where there is only one. */
  any(random: Random): SimRelay {
    return this.isMesh ? this.relays[randomInteger(random, this.relays.length)]! : this.relays[0]!;
  }

  /** Whose process it is. */
  ofProcess(name: string): SimRelay | undefined {
    return this.#machines.get(name.slice(0, name.indexOf("/")));
  }

  /** The machine of that name. */
  at(host: string): SimRelay {
    return this.#machines.get(host)!;
  }

  /** A machine with a copy of that folder, and so with its name. It does not run yet. */
  clone({ self, host }: SimRelay, folder: SimFolder): SimRelay {
    const clone = this.#relayAt({ self, host: `${host}-copy${this.#machines.size}`, folder });
    this.clones.add(clone);
    return clone;
  }

  /** A data folder with nothing in its store. */
  newFolder(relay: RelayId, mesh?: KeptMesh): SimFolder {
    const { world, limits } = this.#options;
    this.#folders += 1;
    const random = world.random(this.#folders === 1 ? "disk" : `disk${this.#folders}`);
    const disk = new SimDisk({ random, nestingMax: limits.content.nestingMax, relay });
    return new SimFolder(disk, mesh);
  }

  randomOfCopy(): Random {
    this.#folders += 1;
    return this.#options.world.random(`disk${this.#folders}`);
  }

  #newRelay(index: number): SimRelay {
    const self = String.fromCharCode(97 + index) as RelayId;
    const folder = this.newFolder(self);
    if (this.isMesh && index === 0) folder.mesh = foundMesh(self, { weight: 1, zone: "" }, this.#options.random);
    return this.#relayAt({ self, host: this.#hostOf(index), folder });
  }

  #hostOf(index: number): string {
    return this.isMesh ? `relay-${String.fromCharCode(97 + index)}` : "relay";
  }

  #relayAt({ self, host, folder }: { self: RelayId; host: string; folder: SimFolder }): SimRelay {
    const { world, network, limits, random, size } = this.#options;
    const rate = 1 + (random.fraction() - 0.5) * 4e-4;
    const relay = new SimRelay({
      ...{ world, network, self, host, folder, limits },
      newClock: () => new SimClock({ worldMs: () => world.nowMs, rate, offsetMs: (random.fraction() - 0.5) * 1_000 }),
      join: size === 1 ? undefined : Array.from({ length: size }, (_, index) => `ws://${this.#hostOf(index)}/mesh`),
    });
    relay.onReport = (report) => this.onReport(report);
    relay.onLife = (actor) => this.onLife(relay, actor);
    network.doors.set(host, relay);
    this.#machines.set(host, relay);
    return relay;
  }
}
