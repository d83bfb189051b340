/**
 * Simulation: one seed's history.
 *
 *     form (several relays) ─▶ settle ─▶ safety: faults happen, checkers look after every event ─▶ calm: faults stop ─▶ liveness: within a bound
 *     everybody has come together ─▶ rest: the checkers' last look, fresh readers, and: was anything done at all?
 *
 * The same seed, plan and program give the same history, event by event: the trace's hash says so.
 */
import type { RoomName } from "@inkmesh/shared/base/ids";
import { randomInteger } from "@inkmesh/shared/base/random";
import { limitsWith } from "../../server/config.ts";
import { Checkers } from "./checkers.ts";
import { mustHoldWordsOnce } from "./checkers/convergence.ts";
import { drawFaults, type Fault } from "./fault-plan.ts";
import { Misfortune } from "./misfortune.ts";
import { Operator } from "./operator.ts";
import { Population } from "./population.ts";
import { SimHocuspocusClient } from "./sim-hocuspocus-client.ts";
import { readyAutomerge } from "./ready-automerge.ts";
import type { SimRelay } from "./sim-relay.ts";
import { Fleet } from "./fleet.ts";
import { SimNetwork } from "./sim-network.ts";
import { Togetherness } from "./togetherness.ts";
import { Upgrades } from "./upgrades.ts";
import { Finding, World } from "./world.ts";

/** In ms of the world's time: how long faults happen, how long people type on after them, and how long coming together may take. */
const safetyMs = { least: 10_000, most: 40_000 };
const [calmTypingMs, livenessMs] = [5_000, 100_000];
/** How long after the last fault every relay calls an edit saved again, and how long until all replicas have had the same. */
const [acksResumeMs, replicasConvergeMs] = [30_000, 60_000];
/** How long several new relays may take until they know each other. */
const formingMs = 30_000;
/** How many relays a mesh has: mostly three, because that is what most people run, and what most faults are seen with. */
const meshSizes = [3, 3, 3, 3, 4, 4, 5, 5, 7, 9] as const;
/** How many of the meshes begin as one relay and grow to three, and in how many histories clocks are pruned at once, or disks tell who wrote what. */
const [growing, pruning, keeping] = [0.15, 0.15, 0.15];

/** What a history came to. */
export interface Outcome {
  readonly seed: number;
  readonly isMesh: boolean;
  readonly isAutomerge: boolean;
  readonly finding: { readonly checker: string; readonly message: string; readonly stack: string } | undefined;
  readonly trace: string;
  readonly events: number;
  readonly simulatedMs: number;
  readonly faults: readonly Fault[];
  readonly counts: Readonly<Record<string, number>>;
  readonly states: readonly string[];
  readonly lines: readonly string[];
}

export interface SimulationOptions {
  readonly seed: number;
  /** Indexes of the drawn plan's faults, those that happen; undefined: all. */
  readonly only?: readonly number[] | undefined;
  /** Several relays; else one that is alone. */
  readonly isMesh?: boolean | undefined;
  /** The room that everybody is in holds a document of Automerge; else of Yjs. */
  readonly isAutomerge?: boolean | undefined;
  readonly keepTrace?: boolean;
}

const smallLimits = {
  tailEntriesMax: 60,
  tailBytesMin: 2_000,
  verifyMs: 5_000,
  clockEveryMs: 200,
  gapsPerWindowMax: 1_000,
  chunkBytes: 1_024,
  appendRetryMs: 200,
} as const;

/** What replicas do for each other, as often as a short history needs it. */
const smallReplication = { waitingEntriesMax: 8, sweepMs: 10_000, exchangeAgainMs: 3_000, countedDotsMax: 32 } as const;

export async function simulate({
  seed,
  only,
  isMesh = false,
  isAutomerge = false,
  keepTrace = false,
}: SimulationOptions): Promise<Outcome> {
  if (isAutomerge) await readyAutomerge();
  const history = new History(seed, { isMesh, isAutomerge, keepTrace });
  const plan = drawFaults(history.world.random("faults"), history.safetyMs, isMesh);
  const faults = only === undefined ? plan : only.flatMap((index) => plan[index] ?? []);
  let finding: Outcome["finding"];
  try {
    await history.run(faults);
  } catch (error) {
    finding = describe(error);
  }
  history.end();
  return { seed, isMesh, isAutomerge, finding, faults: plan, ...history.summary() };
}

function describe(error: unknown): NonNullable<Outcome["finding"]> {
  const cause = error instanceof Error && error.cause instanceof Error ? `\n${error.cause.stack}` : "";
  if (error instanceof Error)
    return { checker: error instanceof Finding ? error.checker : "simulator", message: error.message, stack: `${error.stack}${cause}` };
  return { checker: "simulator", message: String(error), stack: "" };
}

class History {
  readonly world: World;
  readonly safetyMs: number;
  readonly #network: SimNetwork;
  readonly #fleet: Fleet;
  readonly #checkers: Checkers;
  readonly #population: Population;
  readonly #operator: Operator;
  readonly #misfortune: Misfortune;
  /** One relay becomes three while people write. */
  readonly #grows: boolean;
  readonly #upgrades: Upgrades;
  readonly #together: Togetherness;
  readonly #states = new Set<string>();
  #faults = 0;

  constructor(seed: number, { isMesh, isAutomerge, keepTrace }: { isMesh: boolean; isAutomerge: boolean; keepTrace: boolean }) {
    const world = new World({ seed, keepTrace });
    this.world = world;
    const random = world.random("setting");
    this.safetyMs = safetyMs.least + random.fraction() * (safetyMs.most - safetyMs.least);
    const roomCacheBytes = random.fraction() < 0.5 ? 0 : 1_000_000;
    const drawn = (what: string, share: number): boolean => world.random(what).fraction() < share;
    const [clockActorsMax, keptHistoryMs] = [drawn("lives", pruning) ? 1 : 16, drawn("histories", keeping) ? 30 * 86_400_000 : 0];
    const replication = isMesh ? { replication: { ...smallReplication, keptHistoryMs } } : {};
    const limits = limitsWith({ ...smallLimits, roomCacheBytes, clockActorsMax, ...replication });
    this.#network = new SimNetwork(world);
    const size = isMesh ? meshSizes[randomInteger(random, meshSizes.length)]! : 1;
    this.#grows = isMesh && drawn("growth", growing);
    this.#fleet = new Fleet({ world, network: this.#network, limits, random, size: this.#grows ? 1 : size, isMesh });
    this.#checkers = new Checkers({
      ...{ world, fleet: this.#fleet, limits },
      isHonest: (line) => !line.client.name.startsWith("attacker"),
    });
    this.#network.tap = this.#checkers.tap();
    this.#upgrades = new Upgrades({ world, fleet: this.#fleet, checkers: this.#checkers });
    const stage = { world, network: this.#network, fleet: this.#fleet, checkers: this.#checkers };
    this.#population = new Population({ ...stage, isAutomerge });
    const people = { ...stage, population: this.#population };
    this.#operator = new Operator(people);
    this.#misfortune = new Misfortune({ ...people, operator: this.#operator });
    this.#together = new Togetherness({ ...people, operator: this.#operator });
    this.#fleet.onReport = (report) => void this.#states.add(report.type === "refused" ? `refused ${report.refusal.code}` : report.type);
    world.afterEvent = (process) => this.#look(process);
  }

  async run(faults: readonly Fault[]): Promise<void> {
    this.#fleet.start();
    if (this.#fleet.isMesh) await this.#form();
    const fromMs = this.world.nowMs;
    this.#population.settle();
    for (const fault of faults) {
      this.world.schedule(fault.atMs, undefined, `fault ${fault.kind}`, () => {
        this.#faults += 1;
        this.#misfortune.befall(fault);
      });
    }
    if (this.#grows) this.#grow();
    this.#upgrades.begin(0.8 * this.safetyMs);
    await this.world.run(fromMs + this.safetyMs);
    this.#misfortune.end();
    this.#expectAcks();
    await this.world.run(fromMs + this.safetyMs + calmTypingMs);
    this.#population.isTyping = false;
    await this.#comeTogether();
    await this.#rest();
  }

  /** With nothing wrong any more, every relay of several calls saved what somebody new writes there. */
  #expectAcks(): void {
    for (const relay of this.#fleet.isMesh ? this.#operator.staying : [])
      this.#population.probe(relay, acksResumeMs, (isSaved) =>
        this.world.watch(() => {
          if (isSaved) return;
          throw new Finding("acks resume", `${acksResumeMs / 1_000} s after the last fault nothing is saved at ${relay.host}`);
        }),
      );
  }

  #grow(): void {
    const random = this.world.random("growing");
    for (let newcomer = 0; newcomer < 2; newcomer++)
      this.world.schedule(random.fraction() * 0.6 * this.safetyMs, undefined, "a relay joins", () => this.#operator.join());
  }

  /** New relays become a mesh of which all are members. */
  async #form(): Promise<void> {
    await this.world.run(formingMs, () => this.#fleet.isFormed);
    if (!this.#fleet.isFormed) throw new Finding("a mesh forms", `${formingMs / 1_000} s after their start not all relays are members`);
  }

  end(): void {
    this.#population.disperse();
  }

  summary(): Pick<Outcome, "trace" | "events" | "simulatedMs" | "counts" | "states" | "lines"> {
    const { platters, devicePromises, savedStatus, wire, visits, reads, compactions, deletions, hashes } = this.#checkers;
    const { typed } = savedStatus;
    const { kept, saved } = devicePromises;
    const { acks, clocks } = wire;
    return {
      trace: this.world.trace.hash,
      events: this.world.trace.events,
      simulatedMs: this.world.nowMs,
      counts: {
        faults: this.#faults,
        typed,
        kept,
        saved,
        acks,
        clocks,
        entries: platters.entries,
        compactions,
        visits,
        reads,
        ...{ deletions, "copies dropped": platters.drops },
        ...{ "counted as saved": this.#checkers.trueCounts.proven, "saved over HTTP": this.#checkers.http.writes },
        hashes,
        joins: this.#operator.joins,
        drains: this.#operator.drains,
        forgets: this.#operator.forgets,
        upgrades: this.#upgrades.done,
      },
      states: [...this.#states, ...this.#rarities()],
      lines: this.world.trace.lines,
    };
  }

  /** What happens now and then in what no checker minds. */
  #rarities(): readonly string[] {
    const { unheard, introduced, forgottenAnew } = this.#operator;
    const counts = { "left unheard": unheard, "moved on": this.#population.moved, "introduced anew": introduced };
    return Object.entries({ ...counts, "forgotten anew": forgottenAnew }).flatMap(([what, count]) => (count > 0 ? [what] : []));
  }

  #look(process: { readonly name: string } | undefined): void {
    if (process === undefined) return;
    const relay = this.#fleet.ofProcess(process.name);
    if (relay !== undefined) this.#checkers.afterRelayEvent(relay);
    else this.#lookAtClient(process.name);
  }

  #lookAtClient(name: string): void {
    for (const client of this.#population.released)
      if (client.process.name === name && client instanceof SimHocuspocusClient) return this.#checkers.afterCountingEvent(client);
    this.#lookAtTab(name);
  }

  #lookAtTab(name: string): void {
    for (const device of this.#population.devices) {
      if (!name.startsWith(`${device.name}/`)) continue;
      for (const tab of device.tabs) {
        if (tab.process.name !== name) continue;
        this.#states.add(`tab ${tab.room.status.phase}`);
        this.#checkers.afterTabEvent(tab);
      }
    }
  }

  // -- coming together -------------------------------------------------------------------------------------------------

  async #comeTogether(): Promise<void> {
    const fromMs = this.world.nowMs;
    let why = "";
    let areAlike = false;
    while (this.world.nowMs < fromMs + livenessMs) {
      await this.world.run(this.world.nowMs + 1_000);
      const apart: string | undefined = areAlike ? undefined : this.#together.whyNotRelays();
      areAlike ||= apart === undefined;
      if (this.#fleet.isMesh && !areAlike && this.world.nowMs > fromMs + replicasConvergeMs)
        throw new Finding("replicas converge", `${replicasConvergeMs / 1_000} s after the last edit: ${apart}`);
      why = this.#together.whyNot() ?? "";
      if (why === "") return;
    }
    throw new Finding("everything comes together", `${livenessMs / 1_000} s after the last fault: ${why}`);
  }

  // -- at rest ---------------------------------------------------------------------------------------------------------

  async #rest(): Promise<void> {
    const main = this.#together.audit(this.#population.mainRoom).of({ room: this.#population.mainRoom as RoomName, generation: 0 });
    mustHoldWordsOnce(main.doc, this.#population.mainRoom);
    this.#checkers.savedStays.atRest();
    const before = new Map(this.#checkers.visitsOf);
    for (const relay of this.#fleet.relays) {
      this.#population.visit(relay);
      this.#population.visitAsY(relay);
      this.#population.readOverHttp(relay);
    }
    const unserved = (): SimRelay | undefined =>
      this.#fleet.relays.find((relay) => (this.#checkers.visitsOf.get(relay) ?? 0) < (before.get(relay) ?? 0) + 2);
    await this.world.run(this.world.nowMs + 20_000, () => unserved() === undefined);
    if (unserved() !== undefined)
      throw new Finding("a fresh reader sees all", `fresh readers were not served by ${unserved()!.host} within 20 s of calm`);
    for (const relay of this.#together.replicas(this.#population.mainRoom)) await this.#checkers.compacted(relay.folder.disk, main.lineage);
    if (this.#checkers.savedStatus.typed === 0 || main.entries.length === 0)
      throw new Finding("work was done", "nothing was typed or nothing was kept");
  }
}
