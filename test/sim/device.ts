/**
 * Device: one person's machine: a browser with its database, locks and channel and any number of tabs; or a machine with
 * a program in Node that keeps its files. What befalls it is here; when, the plan says.
 */
import { randomInteger, type Random } from "@inkmesh/shared/base/random";
import { FileStore } from "@inkmesh/client/file-store";
import { MemoryStore } from "@inkmesh/client";
import { SimChannel, SimLocks } from "./sim-browser.ts";
import { SimClock } from "./sim-clock.ts";
import { SimDeviceDisk, type DeviceWatcher } from "./sim-device-store.ts";
import { SimFiles } from "./sim-files.ts";
import type { SimNetwork } from "./sim-network.ts";
import { SimTab, type SimTabOptions, type TabWatcher } from "./sim-tab.ts";
import { SimProcess, type World } from "./world.ts";

export type DeviceKind = "browser" | "browser-without-locks" | "program" | "visitor";

export interface DeviceOptions {
  readonly name: string;
  readonly kind: DeviceKind;
  readonly world: World;
  readonly network: SimNetwork;
  /** The relays that its tabs know, in the order in which they try. */
  readonly hosts: (random: Random) => readonly string[];
  readonly watcher: DeviceWatcher;
  readonly tabWatcher: TabWatcher;
}

export class Device {
  readonly name: string;
  readonly kind: DeviceKind;
  readonly disk: SimDeviceDisk;
  readonly files: SimFiles;
  readonly tabs = new Set<SimTab>();
  /** Rooms that were open here: a person comes back to them. */
  readonly rooms = new Set<string>();
  readonly #options: DeviceOptions;
  readonly #random: Random;
  readonly #locks = new SimLocks();
  readonly #channel = new SimChannel();
  readonly #rate: number;
  #wallOffsetMs: number;
  #lives = 0;
  isOn = true;

  constructor(options: DeviceOptions) {
    this.name = options.name;
    this.kind = options.kind;
    this.#options = options;
    this.#random = options.world.random(`${options.name}/device`);
    this.disk = new SimDeviceDisk({ world: options.world, name: options.name, watcher: options.watcher });
    this.files = new SimFiles(options.world.random(`${options.name}/files`));
    this.#rate = 1 + (this.#random.fraction() - 0.5) * 4e-4;
    this.#wallOffsetMs = (this.#random.fraction() - 0.5) * 20_000;
  }

  /** A program is alone with its files; browsers have several tabs. */
  get mayOpen(): boolean {
    return this.isOn && (this.kind !== "program" || [...this.tabs].every((tab) => tab.process.hasEnded));
  }

  get working(): readonly SimTab[] {
    return [...this.tabs].filter((tab) => tab.isWorking);
  }

  /** A tab of its own process opens the room; `began` is told when it exists. */
  open(room: string, began: (tab: SimTab) => void = () => undefined): void {
    if (!this.mayOpen) return;
    const { world } = this.#options;
    this.#lives += 1;
    this.rooms.add(room);
    const clock = new SimClock({ worldMs: () => world.nowMs, rate: this.#rate, offsetMs: this.#wallOffsetMs });
    const process = new SimProcess({ name: `${this.name}/${this.#lives}`, world, clock, files: this.files });
    process.reach(0, `opens ${room}`, () => {
      const tab = new SimTab(this.#tabOptions(process, room));
      this.tabs.add(tab);
      began(tab);
    });
  }

  #tabOptions(process: SimProcess, room: string): SimTabOptions {
    const { network, hosts, tabWatcher: watcher } = this.#options;
    const common = { process, network, hosts: hosts(process.random), room, watcher };
    const alone = { locks: undefined, channel: undefined };
    switch (this.kind) {
      case "visitor":
        return { ...common, store: new MemoryStore(), tabs: alone };
      case "program":
        return { ...common, store: this.#fileStore(process), tabs: alone };
      default: {
        const locks = this.kind === "browser" ? this.#locks.door(process) : undefined;
        return { ...common, store: this.disk.door(process), tabs: { locks, channel: this.#channel.door(process) } };
      }
    }
  }

  /** Told what it keeps as the browsers' database tells: by watching its writes. */
  #fileStore(process: SimProcess): FileStore {
    const store = new FileStore(`/${this.name}/@${folderOf(process)}`);
    const { watcher } = this.#options;
    const write = store.write.bind(store);
    store.write = async (room, changes) => {
      watcher.asked(room, changes);
      try {
        await write(room, changes);
      } catch (failure) {
        watcher.refused();
        throw failure;
      }
      watcher.kept(room, changes);
    };
    return store;
  }

  // -- what befalls it -------------------------------------------------------------------------------------------------

  /** A crash of its renderer, or kill -9: whatever it was doing. */
  kill(tab: SimTab): void {
    this.#gone(tab, true);
  }

  /** In order; it is gone when everything is on the device, or killed when that takes too long. */
  close(tab: SimTab): void {
    if (!tab.isWorking) return;
    tab.process.reach(0, "closes", () => {
      const closed = (): void => void tab.process.reach(0, "closed", () => this.#gone(tab, true));
      // Where the disk refuses, what was typed last may be lost: it says so.
      void tab.close().then(closed, closed);
    });
    this.#options.world.schedule(30_000, undefined, `${tab.process.name} is ended`, () => this.#gone(tab, true));
  }

  /** No battery: nothing that is not on the platter is left. */
  losePower(): void {
    this.isOn = false;
    for (const tab of [...this.tabs]) this.#gone(tab, false);
    this.disk.losePower();
    this.files.losePower();
  }

  stepClock(byMs: number): void {
    this.#wallOffsetMs += byMs;
    for (const tab of this.tabs) tab.process.clock.stepWall(byMs);
  }

  #gone(tab: SimTab, heard: boolean): void {
    if (tab.process.hasEnded) return;
    tab.process.end();
    this.tabs.delete(tab);
    this.#locks.left(tab.process);
    this.#channel.left(tab.process);
    for (const line of [...this.#options.network.lines])
      if (line.client === tab.process) line.clientDied(heard, 20_000 + randomInteger(this.#random, 20_000));
  }
}

let folders = 0;

/** All simulations of a worker share the store's memory of the folders it has locked. */
function folderOf(process: SimProcess): string {
  folders += 1;
  return `${process.name.replace(/\W/g, "-")}-${folders}`;
}
