/**
 * Simulation: one seed's history.
 *
 *     settle ─▶ safety: faults happen, checkers look after every event ─▶ calm: faults stop ─▶ liveness: within a bound
 *     everybody has come together ─▶ rest: the checkers' last look, fresh readers, and: was anything done at all?
 *
 * The same seed, plan and program give the same history, event by event: the trace's hash says so.
 */
import type { Lineage, RoomName } from "@inkmesh/shared/base/ids";
import { limitsWith } from "../../server/config.ts";
import { Checkers } from "./checkers.ts";
import { mustBeAlike, mustHoldWordsOnce } from "./checkers/convergence.ts";
import { drawFaults, type Fault } from "./fault-plan.ts";
import { Misfortune } from "./misfortune.ts";
import { mainRoom, Population } from "./population.ts";
import { SimClock } from "./sim-clock.ts";
import { SimDisk } from "./sim-disk.ts";
import { SimNetwork } from "./sim-network.ts";
import { SimRelay } from "./sim-relay.ts";
import type { SimTab } from "./sim-tab.ts";
import { Finding, World } from "./world.ts";

/** In ms of the world's time: how long faults happen, how long people type on after them, and how long coming together may take. */
const safetyMs = { least: 10_000, most: 40_000 };
const calmTypingMs = 5_000;
const livenessMs = 100_000;

/** What a history came to. */
export interface Outcome {
  readonly seed: number;
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

export async function simulate({ seed, only, keepTrace = false }: SimulationOptions): Promise<Outcome> {
  const history = new History(seed, keepTrace);
  const plan = drawFaults(history.world.random("faults"), history.safetyMs);
  const faults = only === undefined ? plan : only.flatMap((index) => plan[index] ?? []);
  let finding: Outcome["finding"];
  try {
    await history.run(faults);
  } catch (error) {
    finding = describe(error);
  }
  history.end();
  return { seed, finding, faults: plan, ...history.summary() };
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
  readonly #disk: SimDisk;
  readonly #relay: SimRelay;
  readonly #checkers: Checkers;
  readonly #population: Population;
  readonly #misfortune: Misfortune;
  readonly #states = new Set<string>();
  #faults = 0;

  constructor(seed: number, keepTrace: boolean) {
    const world = new World({ seed, keepTrace });
    this.world = world;
    const random = world.random("setting");
    this.safetyMs = safetyMs.least + random.fraction() * (safetyMs.most - safetyMs.least);
    const limits = limitsWith({ ...smallLimits, roomCacheBytes: random.fraction() < 0.5 ? 0 : 1_000_000 });
    this.#network = new SimNetwork(world);
    this.#disk = new SimDisk({ random: world.random("disk"), nestingMax: limits.content.nestingMax });
    const rate = 1 + (random.fraction() - 0.5) * 4e-4;
    this.#relay = new SimRelay({
      world,
      network: this.#network,
      disk: this.#disk,
      limits,
      newClock: () => new SimClock({ worldMs: () => world.nowMs, rate, offsetMs: (random.fraction() - 0.5) * 1_000 }),
    });
    this.#network.door = this.#relay;
    this.#checkers = new Checkers({ world, disk: this.#disk, limits, isHonest: (line) => !line.client.name.startsWith("attacker") });
    this.#network.tap = this.#checkers.tap();
    this.#disk.onCompacted = (lineage: Lineage) => world.watchLater(this.#checkers.compacted(lineage));
    this.#population = new Population({ world, network: this.#network, relay: this.#relay, checkers: this.#checkers });
    const stage = { world, network: this.#network, relay: this.#relay, disk: this.#disk };
    this.#misfortune = new Misfortune({ ...stage, population: this.#population, checkers: this.#checkers });
    this.#relay.onReport = (report) => void this.#states.add(report.type === "refused" ? `refused ${report.refusal.code}` : report.type);
    world.afterEvent = (process) => this.#look(process);
  }

  async run(faults: readonly Fault[]): Promise<void> {
    this.#relay.start();
    this.#population.settle();
    for (const fault of faults) {
      this.world.schedule(fault.atMs, undefined, `fault ${fault.kind}`, () => {
        this.#faults += 1;
        this.#misfortune.befall(fault);
      });
    }
    await this.world.run(this.safetyMs);
    this.#misfortune.end();
    await this.world.run(this.safetyMs + calmTypingMs);
    this.#population.isTyping = false;
    await this.#comeTogether();
    await this.#rest();
  }

  end(): void {
    this.#population.disperse();
  }

  summary(): Pick<Outcome, "trace" | "events" | "simulatedMs" | "counts" | "states" | "lines"> {
    const { audit, devicePromises, savedStatus, wire, visits, reads, compactions, deletions } = this.#checkers;
    const { typed } = savedStatus;
    const { kept, saved } = devicePromises;
    const { acks, clocks } = wire;
    return {
      trace: this.world.trace.hash,
      events: this.world.trace.events,
      simulatedMs: this.world.nowMs,
      counts: { faults: this.#faults, typed, kept, saved, acks, clocks, entries: audit.entries, compactions, visits, reads, deletions },
      states: [...this.#states],
      lines: this.world.trace.lines,
    };
  }

  #look(process: { readonly name: string } | undefined): void {
    if (process?.name.startsWith("relay/")) this.#checkers.afterRelayEvent(this.#relay);
    else if (process !== undefined) this.#lookAtTab(process.name);
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
    const untilMs = this.world.nowMs + livenessMs;
    let why = "";
    while (this.world.nowMs < untilMs) {
      await this.world.run(this.world.nowMs + 1_000);
      why = this.#whyNotTogether() ?? "";
      if (why === "") return;
    }
    throw new Finding("everything comes together", `${livenessMs / 1_000} s after the last fault: ${why}`);
  }

  /** Undefined when nothing waits and everybody shows the same. */
  #whyNotTogether(): string | undefined {
    const census = this.#relay.census();
    if (census === undefined) return "the relay is not up";
    if (census.appendsInFlight > 0 || census.waitingBytes > 0) return "the relay has entries on their way to disk";
    for (const tab of this.#population.workingTabs) {
      const { phase, waiting, problem, notOnDevice, setAsideEdits } = tab.room.status;
      if (phase === "deleted" && tab.roomName !== mainRoom) continue;
      const hasUnfounded = setAsideEdits > 0 && this.#checkers.devicePromises.isLossy(this.#population.deviceOf(tab).name);
      if (phase !== "saved" && (waiting > 0 || !hasUnfounded))
        return `${tab.process.name} is "${phase}", ${waiting} edits wait, ${problem?.code ?? "no problem"}`;
      if (notOnDevice > 0) return `${tab.process.name} has ${notOnDevice} edits that are not on its device`;
      const unlike = this.#unlike(tab);
      if (unlike !== undefined) return unlike;
    }
    for (const client of this.#population.yClients) {
      if (!client.isSynced) return `${client.process.name} is not synced`;
      const unlike = this.#isUnlike(client.process.name, client.doc, this.#checkers.audit.generation(client.roomName), client.roomName);
      if (unlike !== undefined) return unlike;
    }
    return this.#leftOnDevices() ?? this.#ghosts();
  }

  /** [P10] Everybody in the main room sees exactly those who are in it. */
  #ghosts(): string | undefined {
    const tabs = this.#population.workingTabs.filter((tab) => tab.roomName === mainRoom);
    const clients = [...this.#population.yClients].filter((client) => client.roomName === mainRoom);
    const here = new Set([...tabs, ...clients].map(({ doc }) => doc.clientID));
    const sights = [...tabs.map(({ process, room }) => ({ process, awareness: room.awareness })), ...clients];
    for (const { process, awareness } of sights) {
      const seen = [...awareness.getStates().keys()];
      const ghost = seen.find((id) => !here.has(id));
      if (ghost !== undefined) return `${process.name} sees ${ghost}, who is not here`;
      if (seen.length < here.size) return `${process.name} sees ${seen.length} of ${here.size}`;
    }
    return undefined;
  }

  /** A tab shows, besides what the disk has, what it says was refused for good, as far as that can be shown. */
  #unlike(tab: SimTab): string | undefined {
    const setAside = tab.room.onlyHere.setAside.map(({ bytes }) => bytes);
    return this.#isUnlike(tab.process.name, tab.doc, tab.room.status.generation ?? 0, tab.roomName, setAside);
  }

  #isUnlike(name: string, doc: SimTab["doc"], generation: number, room: string, setAside: readonly Uint8Array[] = []): string | undefined {
    try {
      mustBeAlike(this.#checkers.audit.of({ room: room as RoomName, generation }).doc, name, doc, setAside);
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  }

  /** Edits of closed tabs that nobody has sent yet. */
  #leftOnDevices(): string | undefined {
    try {
      this.#checkers.devicePromises.atRest();
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  }

  // -- at rest ---------------------------------------------------------------------------------------------------------

  async #rest(): Promise<void> {
    const { audit } = this.#checkers;
    const main = audit.of({ room: mainRoom as RoomName, generation: 0 });
    mustHoldWordsOnce(main.doc, mainRoom);
    const before = this.#checkers.visits;
    this.#population.visit();
    this.#population.visitAsY();
    this.#population.readOverHttp();
    await this.world.run(this.world.nowMs + 20_000, () => this.#checkers.visits >= before + 2);
    if (this.#checkers.visits < before + 2)
      throw new Finding("a fresh reader sees all", "fresh readers were not served within 20 s of calm");
    await this.#checkers.compacted(main.lineage);
    if (this.#checkers.savedStatus.typed === 0 || main.entries.length === 0)
      throw new Finding("work was done", "nothing was typed or nothing was kept");
  }
}
