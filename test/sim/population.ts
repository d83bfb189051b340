/**
 * Population: who is there: devices with tabs, released clients of others, scripts that read and write over HTTP; and what they do all day:
 * type, pause, come and go. How many and how busy is drawn for each history.
 */
import { randomInteger, type Random } from "@inkmesh/shared/base/random";
import type { RoomName } from "@inkmesh/shared/base/ids";
import type { Checkers } from "./checkers.ts";
import { FreshReader } from "./checkers/fresh-reader.ts";
import { ReadYourWrites } from "./checkers/read-your-writes.ts";
import { Device, type DeviceKind } from "./device.ts";
import type { ReleasedClient, ReleasedClientOptions } from "./released-client.ts";
import { SimClock } from "./sim-clock.ts";
import { SimHocuspocusClient } from "./sim-hocuspocus-client.ts";
import { SimHttpWriter } from "./sim-http-writer.ts";
import type { SimNetwork } from "./sim-network.ts";
import type { SimRelay } from "./sim-relay.ts";
import type { Fleet } from "./fleet.ts";
import type { SimTab, TabWatcher } from "./sim-tab.ts";
import { SimYClient } from "./sim-y-client.ts";
import { Finding, SimProcess, type World } from "./world.ts";

/** The room that everybody is in, and one that is deleted and created again. */
const noteRoom = "note";
const automergeRoom = "automerge:4NMNnkMhL8jXrdJ9jamS58PAVdXu";
export const fleetingRoom = "doomed";

/** The clients of others: which, and in how many histories there are some that came later than the first. */
export type ReleasedKind = "y" | "hocuspocus";
const [counting, scripting] = [0.35, 0.25];

/** How much less people type in a document of Automerge, each edit of which costs a simulation several times as much. */
const automergePause = 4;

/** After which somebody who closed a page that leads nowhere has opened it at another relay. */
const reopensMs = 2_000;

export class Population {
  readonly world: World;
  readonly random: Random;
  readonly mainRoom: string;
  readonly devices: Device[] = [];
  readonly released = new Set<ReleasedClient>();
  readonly scripts: SimHttpWriter[] = [];
  readonly #network: SimNetwork;
  readonly #fleet: Fleet;
  readonly #checkers: Checkers;
  readonly #reader: ReadYourWrites;
  readonly #everReleased: ReleasedClient[] = [];
  readonly #visits = new Map<SimTab, { readonly relay: SimRelay; readonly expected: FreshReader }>();
  readonly #pauseMs: number;
  #people = 0;
  /** How many had to. */
  moved = 0;
  isTyping = true;
  onlyDeletions = false;
  /** A person may open and close the room only where it is deleted now and then. */
  readonly hasFleetingRoom: boolean;

  constructor(options: { world: World; network: SimNetwork; fleet: Fleet; checkers: Checkers; isAutomerge: boolean }) {
    this.mainRoom = options.isAutomerge ? automergeRoom : noteRoom;
    this.#reader = new ReadYourWrites(this.mainRoom);
    this.world = options.world;
    this.#network = options.network;
    this.#fleet = options.fleet;
    this.#checkers = options.checkers;
    this.random = options.world.random("population");
    this.#pauseMs = (options.isAutomerge ? automergePause : 1) * 250 * 8 ** this.random.fraction();
    this.hasFleetingRoom = this.random.fraction() < 0.5;
  }

  /** Those who write Yjs' documents alone are not in the main room then. */
  get isAutomerge(): boolean {
    return this.mainRoom === automergeRoom;
  }

  /** Everybody comes. */
  settle(): void {
    const kinds: DeviceKind[] = ["browser"];
    if (this.random.fraction() < 0.6) kinds.push("program");
    if (this.random.fraction() < 0.4) kinds.push("browser");
    if (this.random.fraction() < 0.3) kinds.push("browser-without-locks");
    for (const kind of kinds) {
      const device = this.#newDevice(kind);
      this.devices.push(device);
      for (let tabs = 1 + randomInteger(this.random, kind === "program" ? 1 : 3); tabs > 0; tabs--) this.openTab(device, this.mainRoom);
    }
    if (!this.isAutomerge) this.#settleReleased();
    if (!this.hasFleetingRoom) return;
    this.openTab(this.devices[0]!, fleetingRoom);
    this.openReleased("y", fleetingRoom);
  }

  #settleReleased(): void {
    for (let clients = randomInteger(this.random, 3); clients > 0; clients--) this.openReleased("y", this.mainRoom);
    this.#settleOthers();
  }

  /** Drawn apart, so that histories without them are what they were. */
  #settleOthers(): void {
    const random = this.world.random("others");
    const someOf = (chance: number): number => (random.fraction() < chance ? 1 + randomInteger(random, 2) : 0);
    for (let clients = someOf(counting); clients > 0; clients--) this.openReleased("hocuspocus", this.mainRoom);
    for (let scripts = someOf(scripting); scripts > 0; scripts--) this.#runScript();
  }

  pick<Thing>(things: Iterable<Thing>, random: Random): Thing | undefined {
    const all = [...things];
    return all[randomInteger(random, all.length)];
  }

  get workingTabs(): readonly SimTab[] {
    return this.devices.flatMap((device) => device.working);
  }

  deviceOf(tab: SimTab): Device {
    return this.devices.find((device) => device.tabs.has(tab))!;
  }

  openTab(device: Device, room: string): void {
    if (this.#wouldMix(device, room)) return;
    device.open(room, (tab) => this.#type(tab));
  }

  /**
   * A tab that has not heard of a deletion, on a device whose database was taken from it, writes the deleted text there and
   * tells it to other tabs: whoever opens the next document of that name there gets both ("Not yet" in ARCHITECTURE.md).
   */
  #wouldMix(device: Device, room: string): boolean {
    const { devicePromises, platters } = this.#checkers;
    const isUnaware = [...device.tabs].some((tab) => tab.roomName === room && tab.room.status.phase !== "deleted");
    return isUnaware && devicePromises.isEvicted(device.name) && platters.generation(room) > 0;
  }

  openReleased(kind: ReleasedKind, room: string): void {
    const process = this.#newProcess(kind);
    process.reach(0, "opens", () => {
      const client = this.#newReleased(kind, {
        process,
        network: this.#network,
        host: this.#fleet.any(process.random).host,
        room,
        synced: () => undefined,
        ended: (ended, words) => {
          if (room === this.mainRoom) this.#turnedAway(process, words);
          else this.released.delete(ended);
        },
      });
      this.released.add(client);
      this.#typeAsReleased(client);
    });
  }

  #newReleased(kind: ReleasedKind, options: ReleasedClientOptions): ReleasedClient {
    const { trueCounts } = this.#checkers;
    const client =
      kind === "y"
        ? new SimYClient(options)
        : new SimHocuspocusClient({ ...options, typed: (who, update) => trueCounts.typedIn(who, update) });
    this.#everReleased.push(client);
    return client;
  }

  #runScript(): void {
    const process = this.#newProcess("script");
    process.reach(0, "begins", () => {
      const script: SimHttpWriter = new SimHttpWriter({
        process,
        room: this.mainRoom as RoomName,
        saved: (relay, update, answer) =>
          this.#checkers.savedOverHttp(relay, { who: `${process.name} at ${relay.host}`, room: this.mainRoom as RoomName, update, answer }),
      });
      this.scripts.push(script);
      this.#workAsScript(script);
    });
  }

  /** Nobody comes there any more: whoever knows only that relay is told of another one, and begins anew there. */
  relayGone({ host }: SimRelay): void {
    for (const client of [...this.released]) {
      if (client.host !== host) continue;
      this.lose(client);
      this.openReleased(kindOf(client), client.roomName);
    }
  }

  /** Whoever was never told of a relay that is still there opens the page anew at one. */
  moveOn(): void {
    for (const device of this.devices) this.#moveOn(device);
  }

  #moveOn(device: Device): void {
    const isLinked = (tab: SimTab): boolean =>
      [...this.#network.lines].some((line) => line.client === tab.process && !line.isOver && line.isAccepted);
    for (const tab of device.working)
      if (tab.hosts.every((host) => this.#fleet.at(host).isGone) && !isLinked(tab)) {
        this.moved += 1;
        device.close(tab);
        this.world.schedule(reopensMs, undefined, `${device.name} opens the page anew`, () => {
          if (device.working.length === 0) this.openTab(device, tab.roomName);
        });
      }
  }

  /** Gone without a word: what it had not sent is lost, as nobody promised otherwise. */
  lose(client: ReleasedClient): void {
    client.process.end();
    this.released.delete(client);
    for (const line of [...this.#network.lines])
      if (line.client === client.process) line.clientDied(this.random.fraction() < 0.7, 20_000 + randomInteger(this.random, 20_000));
  }

  /** Somebody with nothing, who reads once, at one relay. */
  visit(relay: SimRelay): void {
    const device = this.#newDevice("visitor", [relay.host]);
    device.open(this.mainRoom, (tab) => {
      this.#visits.set(tab, { relay, expected: this.#freshReader(relay) });
      this.world.schedule(60_000, undefined, "visitor leaves", () => device.kill(tab));
    });
  }

  /** Somebody with nothing, who writes one thing at one relay; `done` is told, `withinMs` later, whether it was called saved. */
  probe(relay: SimRelay, withinMs: number, done: (isSaved: boolean) => void): void {
    const device = this.#newDevice("browser", [relay.host]);
    device.open(this.mainRoom, (tab) => {
      void tab.room.whenSynced.then(() => tab.process.reach(1, "writes", () => tab.typeWord()));
      this.world.schedule(withinMs, undefined, "probe leaves", () => {
        const isSaved = tab.hasTyped && tab.room.status.phase === "saved";
        done(isSaved);
        // Whose words are on the device alone stays, and is one of the people from now on.
        if (isSaved) return device.kill(tab);
        this.devices.push(device);
        // Its only relay may have been given up meanwhile, and the others of those it knew have moved on.
        this.#moveOn(device);
      });
    });
  }

  #freshReader(relay: SimRelay): FreshReader {
    return new FreshReader({ audit: () => this.#checkers.auditOf(relay), room: this.mainRoom as RoomName });
  }

  /** Where there is nothing for such a client, another tab comes. */
  visitAsY(relay: SimRelay): void {
    if (this.isAutomerge) return this.visit(relay);
    const process = this.#newProcess("y-visitor");
    process.reach(0, "visits", () => {
      const expected = this.#freshReader(relay);
      const client: ReleasedClient = this.#newReleased("y", {
        process,
        network: this.#network,
        host: relay.host,
        room: this.mainRoom,
        synced: () => {
          this.world.watch(() => expected.synced(process.name, client.doc));
          this.#checkers.visited(relay);
          process.reach(5, "leaves", () => this.#leave(client));
        },
        ended: (_client, words) => this.#turnedAway(process, words),
      });
    });
  }

  readOverHttp(relay: SimRelay): void {
    const { token, answered } = this.#reader.ask();
    const ask = { type: "content", room: this.mainRoom as RoomName, format: "update", token } as const;
    relay.request(ask, (answer) => {
      this.world.watch(() => answered(answer));
      this.#checkers.reads = this.#reader.reads;
    });
  }

  tabWatcher(): TabWatcher {
    return {
      typed: (tab, update) => this.#checkers.savedStatus.typedIn(tab, update),
      synced: (tab) => {
        const visit = this.#visits.get(tab);
        // Who had to go on at another relay is promised nothing of what the first one had.
        if (visit === undefined || !this.#isStillAt(tab, visit.relay)) return;
        this.world.watch(() => visit.expected.synced(tab.process.name, tab.doc));
        this.#checkers.visited(visit.relay);
      },
    };
  }

  #isStillAt({ process }: SimTab, { host }: SimRelay): boolean {
    return [...this.#network.lines].some((line) => line.client === process && line.host === host && !line.isOver);
  }

  /** What the worker would keep of the released clients. */
  disperse(): void {
    for (const client of this.#everReleased) client.destroy();
  }

  #newDevice(kind: DeviceKind, hosts?: readonly string[]): Device {
    this.#people += 1;
    const name = `${kind}${this.#people}`;
    return new Device({
      name,
      kind,
      world: this.world,
      network: this.#network,
      hosts: (random) => (hosts?.some((host) => !this.#fleet.at(host).isGone) ? hosts : this.#fleet.hostsFor(random)),
      watcher: this.#checkers.deviceWatcher(name),
      tabWatcher: this.tabWatcher(),
    });
  }

  #newProcess(name: string): SimProcess {
    this.#people += 1;
    const offsetMs = (this.random.fraction() - 0.5) * 20_000;
    const clock = new SimClock({ worldMs: () => this.world.nowMs, rate: 1, offsetMs });
    return new SimProcess({ name: `${name}${this.#people}`, world: this.world, clock });
  }

  #turnedAway({ name }: SimProcess, words: string): void {
    this.world.watch(() => {
      throw new Finding("unmodified clients are served", `${name} was told ${words}, which is for good`);
    });
  }

  #leave(client: ReleasedClient): void {
    client.destroy();
    client.process.end();
    for (const line of [...this.#network.lines]) if (line.client === client.process) line.clientDied(true, 0);
  }

  #type(tab: SimTab): void {
    this.#afterPause(tab.process, "types", () => {
      if (!tab.isWorking) return;
      if (this.isTyping) tab.type(this.onlyDeletions);
      this.#type(tab);
    });
  }

  #typeAsReleased(client: ReleasedClient): void {
    this.#afterPause(client.process, "types", () => {
      if (!client.isWorking) return;
      if (this.isTyping) client.type();
      this.#typeAsReleased(client);
    });
  }

  #workAsScript(script: SimHttpWriter): void {
    this.#afterPause(script.process, "works", () => {
      if (this.isTyping || !script.isDone) script.work(this.#fleet.any(script.process.random));
      this.#workAsScript(script);
    });
  }

  #afterPause(process: SimProcess, what: string, work: () => void): void {
    process.after(-Math.log(1 - process.random.fraction()) * this.#pauseMs, what, work);
  }
}

export function kindOf(client: ReleasedClient): ReleasedKind {
  return client instanceof SimHocuspocusClient ? "hocuspocus" : "y";
}
