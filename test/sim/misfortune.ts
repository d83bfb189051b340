/**
 * Misfortune: carries out what a fault plan says, each fault with its own small stream of chance; and the end of all
 * misfortune, after which everything must come together.
 */
import { randomInteger, seededRandom, type Random } from "@inkmesh/shared/base/random";
import type { RoomName } from "@inkmesh/shared/base/ids";
import { Attacker } from "./attacker.ts";
import type { Checkers } from "./checkers.ts";
import type { Device } from "./device.ts";
import { isMeshFault, type Fault, type LoneFaultKind } from "./fault-plan.ts";
import { fleetingRoom, kindOf, type Population } from "./population.ts";
import { SimClock } from "./sim-clock.ts";
import type { DiskMood } from "./sim-disk.ts";
import type { SimNetwork } from "./sim-network.ts";
import type { Fleet } from "./fleet.ts";
import { MeshMisfortune } from "./mesh-misfortune.ts";
import type { Operator } from "./operator.ts";
import type { SimRelay } from "./sim-relay.ts";
import type { SimTab } from "./sim-tab.ts";
import { SimProcess, type World } from "./world.ts";

export interface Stage {
  readonly world: World;
  readonly network: SimNetwork;
  readonly fleet: Fleet;
  readonly population: Population;
  readonly checkers: Checkers;
  readonly operator: Operator;
}

const calmDisk = { writeMs: 0.1, syncMs: 0.6, full: false, writeFails: 0, syncFails: 0, answerLost: 0 };
const calmEngine = { callMs: 3, dies: 0 };
const calmWeather = { latencyMs: 2, jitterMs: 3, bytesPerMs: 10_000 };
const calmDatabase = { callMs: 1, noQuota: false, aborts: 0 };
/** How long people wait for a relay that is gone, in ms of calm, until they ask for another address. */
const moveOnMs = 10_000;
const calmFiles = { callMs: 0.1, freeBytes: Infinity, fails: 0, short: 0 };

export class Misfortune {
  readonly #stage: Stage;
  readonly #ofMesh: MeshMisfortune;
  #isOver = false;
  #attackers = 0;

  constructor(stage: Stage) {
    this.#stage = stage;
    this.#ofMesh = new MeshMisfortune(stage);
  }

  befall({ kind, seed }: Fault): void {
    if (this.#isOver) return;
    const random = seededRandom(seed);
    if (isMeshFault(kind)) this.#ofMesh.befall(kind, random);
    else this.#faults[kind](random);
  }

  /** All machines run, all moods are calm, everybody is online and back in their rooms. */
  end(): void {
    const { network, fleet, population, operator } = this.#stage;
    this.#isOver = true;
    this.#ofMesh.end();
    network.isDown = false;
    Object.assign(network.weather, calmWeather);
    population.onlyDeletions = false;
    for (const relay of fleet.relays) {
      Object.assign(relay.folder.disk.mood, calmDisk);
      Object.assign(relay.engineMood, calmEngine);
      relay.resume();
      relay.start();
    }
    operator.setRight();
    for (const device of population.devices) this.#calm(device);
    this.#moveOn();
    for (const client of population.released) client.process.reach(0, "connects again", () => client.connect());
  }

  /** Again and again: a relay that drains goes when it is done, and may have been the last that somebody was told of. */
  #moveOn(): void {
    const { world, population } = this.#stage;
    world.schedule(moveOnMs, undefined, "people move on", () => {
      population.moveOn();
      this.#moveOn();
    });
  }

  #calm(device: Device): void {
    device.isOn = true;
    Object.assign(device.disk.mood, calmDatabase);
    Object.assign(device.files.mood, calmFiles);
    for (const tab of device.working) {
      tab.process.resume();
      tab.process.reach(1, "goes online", () => tab.isOffline && tab.workOffline(false));
    }
    this.#beThere(device);
  }

  /** A tab that is closing, or had been asked to while it was frozen, goes first: a program's next life waits for that. */
  #beThere(device: Device): void {
    const { population, world } = this.#stage;
    if (!device.working.some((tab) => tab.roomName === this.#stage.population.mainRoom))
      population.openTab(device, this.#stage.population.mainRoom);
    world.schedule(1_000, undefined, `${device.name} looks in`, () => this.#beThere(device));
  }

  readonly #faults: Readonly<Record<LoneFaultKind, (random: Random) => void>> = {
    "relay-killed": (random) => {
      const relay = this.#aRelay(random);
      relay.kill();
      this.#after(random, 20, 8_000, "relay is started", () => relay.start());
    },
    "relay-loses-power": (random) => {
      const relay = this.#aRelay(random);
      relay.losePower();
      this.#after(random, 200, 15_000, "relay is started", () => relay.start());
    },
    "relay-restarted": (random) => {
      const relay = this.#aRelay(random);
      relay.stop();
      this.#after(random, 200, 12_000, "relay is started", () => relay.start());
    },
    "relay-paused": (random) => this.#aRelay(random).pause(log(random, 20, this.#stage.fleet.isMesh ? 60_000 : 45_000)),
    "relay-clock-steps": (random) => this.#aRelay(random).stepClock((random.fraction() < 0.5 ? -1 : 1) * log(random, 10, 3_600_000)),
    "disk-slow": (random) => {
      const factor = log(random, 10, 2_000);
      this.#diskMood(random, 8_000, (mood) => Object.assign(mood, { writeMs: 0.1 * factor, syncMs: 0.6 * factor }));
    },
    "disk-full": (random) => this.#diskMood(random, 8_000, (mood) => (mood.full = true)),
    "disk-write-fails": (random) => this.#diskMood(random, 6_000, (mood) => (mood.writeFails = log(random, 0.02, 1))),
    "disk-sync-fails": (random) => this.#diskMood(random, 6_000, (mood) => (mood.syncFails = log(random, 0.02, 1))),
    "disk-answer-lost": (random) => {
      this.#diskMood(random, 6_000, (mood) => (mood.answerLost = log(random, 0.02, 0.5)));
      if (random.fraction() < 0.2) this.#ask(random, "delete");
    },
    "engine-slow": (random) => this.#mood(random, 10_000, (relay) => (relay.engineMood.callMs = log(random, 30, 4_000))),
    "engine-dies": (random) => this.#mood(random, 10_000, (relay) => (relay.engineMood.dies = log(random, 0.1, 1))),
    "lines-reset": (random) => {
      const lines = [...this.#stage.network.lines];
      const only = random.fraction() < 0.7 ? lines[randomInteger(random, lines.length)] : undefined;
      for (const line of only ? [only] : lines) line.reset();
    },
    "line-dies": (random) => this.#aLine(random)?.die(20_000 + randomInteger(random, 20_000)),
    "line-stalls-to-relay": (random) => this.#aLine(random)?.stall("to-relay", log(random, 50, 20_000)),
    "line-stalls-to-client": (random) => this.#aLine(random)?.stall("to-client", log(random, 50, 20_000)),
    "network-down": (random) => {
      const { network } = this.#stage;
      const silently = random.fraction() < 0.5;
      network.isDown = true;
      for (const line of [...network.lines]) if (silently) line.die(20_000 + randomInteger(random, 20_000));
      for (const line of [...network.lines]) if (!silently) line.reset();
      this.#after(random, 200, 20_000, "network is back", () => (network.isDown = false));
    },
    "network-slow": (random) => {
      const weather = { latencyMs: log(random, 20, 2_000), jitterMs: log(random, 5, 1_000), bytesPerMs: log(random, 1, 1_000) };
      this.#mood(random, 15_000, () => Object.assign(this.#stage.network.weather, weather));
    },
    "tab-killed": (random) => this.#withTab(random, (device, tab) => this.#comeBack(random, device, tab, () => device.kill(tab))),
    "tab-closed": (random) => this.#withTab(random, (device, tab) => this.#comeBack(random, device, tab, () => device.close(tab))),
    "tab-opened": (random) => {
      const { population } = this.#stage;
      const device = population.pick(population.devices, random);
      if (device !== undefined && device.working.length < 4) population.openTab(device, this.#aRoom(random));
    },
    "tab-frozen": (random) =>
      this.#withTab(random, (_device, tab) => {
        tab.process.pause();
        this.#after(random, 50, 40_000, "tab thaws", () => tab.process.resume());
      }),
    "tab-works-offline": (random) =>
      this.#withTab(random, (_device, tab) => {
        tab.process.reach(0, "works offline", () => tab.isWorking && tab.workOffline(true));
        tab.process.reach(log(random, 200, 30_000), "works online", () => tab.isWorking && tab.workOffline(false));
      }),
    "device-loses-power": (random) =>
      this.#withDevice(random, (device) => {
        device.losePower();
        this.#after(random, 500, 20_000, `${device.name} is switched on`, () => this.#switchOn(device));
      }),
    "device-clock-steps": (random) =>
      this.#withDevice(random, (device) => device.stepClock((random.fraction() < 0.5 ? -1 : 1) * log(random, 10, 3_600_000))),
    "device-without-quota": (random) => this.#database(random, (mood) => (mood.noQuota = true)),
    "device-aborts-writes": (random) => this.#database(random, (mood) => (mood.aborts = log(random, 0.05, 1))),
    "device-slow": (random) => this.#database(random, (mood) => (mood.callMs = log(random, 20, 2_000))),
    "device-evicted": (random) =>
      this.#withDevice(random, (device) => {
        device.disk.evict();
        this.#stage.checkers.devicePromises.evicted(device.name);
      }),
    "files-full": (random) => this.#files(random, (mood) => (mood.freeBytes = 0)),
    "files-fail": (random) => this.#files(random, (mood) => (mood.fails = log(random, 0.02, 1))),
    "files-write-short": (random) => this.#files(random, (mood) => (mood.short = log(random, 0.1, 1))),
    "y-client-reloads": (random) => {
      const { population } = this.#stage;
      const client = population.pick(population.released, random);
      if (client === undefined) return;
      population.lose(client);
      this.#after(random, 100, 5_000, "client comes back", () => population.openReleased(kindOf(client), client.roomName));
    },
    "y-client-away": (random) => {
      const { population } = this.#stage;
      const client = population.pick(population.released, random);
      client?.process.reach(0, "disconnects", () => client.isWorking && client.disconnect());
      client?.process.reach(log(random, 200, 20_000), "connects", () => client.connect());
    },
    visitor: (random) => this.#stage.population.visit(this.#aRelay(random)),
    "y-visitor": (random) => this.#stage.population.visitAsY(this.#aRelay(random)),
    "http-reader": (random) => this.#stage.population.readOverHttp(this.#aRelay(random)),
    "room-deleted": (random) => this.#ask(random, "delete"),
    "room-created": (random) => this.#ask(random, "create"),
    attack: (random) => this.#attack(random),
    "deletions-only": (random) => {
      const { population } = this.#stage;
      population.onlyDeletions = true;
      this.#after(random, 500, 8_000, "people write again", () => (population.onlyDeletions = false));
    },
  };

  // -- what faults have in common --------------------------------------------------------------------------------------

  #after(random: Random, leastMs: number, mostMs: number, what: string, work: () => void): void {
    this.#stage.world.schedule(log(random, leastMs, mostMs), undefined, what, work);
  }

  /** Something is wrong with the relay's surroundings for a while. */
  #mood(random: Random, mostMs: number, begin: (relay: SimRelay) => void): void {
    const { network } = this.#stage;
    const relay = this.#aRelay(random);
    begin(relay);
    this.#after(random, 100, mostMs, "mood is calm", () => {
      Object.assign(relay.folder.disk.mood, calmDisk);
      Object.assign(relay.engineMood, calmEngine);
      if (!this.#isOver) Object.assign(network.weather, calmWeather);
    });
  }

  #diskMood(random: Random, mostMs: number, begin: (mood: DiskMood) => void): void {
    this.#mood(random, mostMs, (relay) => begin(relay.folder.disk.mood));
  }

  #aRelay(random: Random): SimRelay {
    return this.#stage.fleet.any(random);
  }

  #database(random: Random, begin: (mood: Device["disk"]["mood"]) => void): void {
    this.#withDevice(random, (device) => {
      begin(device.disk.mood);
      // What was refused is in the tab's memory alone: some tabs do not live to try again.
      const tab = random.fraction() < 0.25 ? this.#stage.population.pick(device.working, random) : undefined;
      if (tab !== undefined)
        this.#after(random, 5, 2_000, `${tab.process.name} is killed`, () => this.#comeBack(random, device, tab, () => device.kill(tab)));
      this.#after(random, 100, 8_000, `${device.name} is well`, () => void Object.assign(device.disk.mood, calmDatabase));
    });
  }

  #files(random: Random, begin: (mood: Device["files"]["mood"]) => void): void {
    this.#withDevice(random, (device) => {
      begin(device.files.mood);
      this.#after(random, 100, 8_000, `${device.name} is well`, () => void Object.assign(device.files.mood, calmFiles));
    });
  }

  #aLine(random: Random): ReturnType<SimNetwork["connect"]> | undefined {
    return this.#stage.population.pick(this.#stage.network.lines, random);
  }

  #aRoom(random: Random): string {
    return this.#stage.population.hasFleetingRoom && random.fraction() < 0.3 ? fleetingRoom : this.#stage.population.mainRoom;
  }

  #withDevice(random: Random, befall: (device: Device) => void): void {
    const device = this.#stage.population.pick(this.#stage.population.devices, random);
    if (device !== undefined) befall(device);
  }

  #withTab(random: Random, befall: (device: Device, tab: SimTab) => void): void {
    const { population } = this.#stage;
    const tab = population.pick(population.workingTabs, random);
    if (tab !== undefined) befall(population.deviceOf(tab), tab);
  }

  #comeBack(random: Random, device: Device, { roomName }: SimTab, leave: () => void): void {
    leave();
    if (random.fraction() < 0.2) return;
    this.#after(random, 20, 10_000, `${device.name} comes back`, () => this.#stage.population.openTab(device, roomName));
  }

  #switchOn(device: Device): void {
    device.isOn = true;
    this.#stage.population.openTab(device, this.#stage.population.mainRoom);
  }

  #ask(random: Random, type: "delete" | "create"): void {
    const { world, population, checkers } = this.#stage;
    if (!population.hasFleetingRoom) return;
    const relay = this.#aRelay(random);
    const room = fleetingRoom as RoomName;
    const generation = checkers.auditOf(relay).generation(room);
    const ask = type === "delete" ? { type, room, principal: "" } : { type, room, title: undefined, kind: undefined, principal: "" };
    relay.request(ask as never, (answer) => {
      if (type === "delete" && answer?.type === "done") world.watch(() => checkers.deletionDone(relay, { room, generation }));
      if (type === "create" && answer?.type === "room") population.openTab(population.devices[0]!, fleetingRoom);
    });
  }

  #attack(random: Random): void {
    const { world, network } = this.#stage;
    this.#attackers += 1;
    const clock = new SimClock({ worldMs: () => world.nowMs, rate: 1, offsetMs: 0 });
    const process = new SimProcess({ name: `attacker${this.#attackers}`, world, clock });
    process.reach(0, "attacks", () => void new Attacker({ network, process, host: this.#aRelay(random).host, random }));
  }
}

/** Between least and most, on a logarithmic scale. */
export function log(random: Random, least: number, most: number): number {
  return least * (most / least) ** random.fraction();
}
