/**
 * Operator: whoever changes which relays there are: starts new ones, orders one to leave and stops it when it has, gives up one whose
 * machine is gone. Orders are given until they are heeded, as people do who look at what `/api/mesh` shows.
 *
 *     drain:  order "drain" ─▶ "left" in its own words ─▶ stopped ─▶ its folder is kept aside, and nobody comes to it any more
 *     forget: dead, its folder gone ─▶ order "forget-relay" at one that runs ─▶ all others know ─▶ perhaps another one takes its name
 */
import type { Random } from "@inkmesh/shared/base/random";
import type { RelayId } from "@inkmesh/shared/base/ids";
import { randomInteger } from "@inkmesh/shared/base/random";
import { RingRecords } from "../../server/core/membership/ring-records.ts";
import type { Checkers } from "./checkers.ts";
import type { Fleet } from "./fleet.ts";
import type { Population } from "./population.ts";
import type { SimRelay } from "./sim-relay.ts";
import type { World } from "./world.ts";

export interface OperatorOptions {
  readonly world: World;
  readonly fleet: Fleet;
  readonly checkers: Checkers;
  readonly population: Population;
}

/** How many relays an operator has machines for, and how often one of them is new. */
const relaysMax = 10;
const newcomersMax = 4;
/** How many must stay. */
const stayingMin = 2;
/** How often an operator looks, in ms. */
const lookMs = 500;
/** After which an operator is sure that nobody has heard that a relay has left, in ms. */
const unheardMs = 20_000;

export class Operator {
  readonly #options: OperatorOptions;
  /** Those that were ordered to leave, and have not yet been stopped. */
  readonly #leaving = new Set<SimRelay>();
  /** Names that are to be forgotten. */
  readonly #forgetting = new Set<RelayId>();
  /** Of which all had heard that, and whose name nobody took. */
  readonly #forgotten = new Map<RelayId, SimRelay>();
  joins = 0;
  drains = 0;
  forgets = 0;
  /** How often nobody had heard that a relay has left. */
  unheard = 0;
  /** What was set right at the end: relays that were given others, and names that were forgotten once more. */
  introduced = 0;
  forgottenAnew = 0;

  constructor(options: OperatorOptions) {
    this.#options = options;
  }

  /** Those that are not on their way out. */
  get staying(): readonly SimRelay[] {
    return this.#options.fleet.relays.filter((relay) => !this.#leaving.has(relay));
  }

  /** What is still to be done, in words; undefined when nothing is. */
  get errand(): string | undefined {
    const [leaver] = this.#leaving;
    if (leaver !== undefined) return `${leaver.host} has been ordered to leave, and is ${leaver.ring?.status(leaver.self) ?? "down"}`;
    const [lost] = this.#forgetting;
    return lost === undefined ? undefined : `not all have heard that ${lost} is forgotten`;
  }

  // -- orders ----------------------------------------------------------------------------------------------------------

  /** A new relay with an empty folder and `--join` to one that belongs; undefined where there are enough. */
  join(): SimRelay | undefined {
    const { fleet, checkers } = this.#options;
    if (fleet.relays.length >= relaysMax || this.joins >= newcomersMax) return undefined;
    this.joins += 1;
    const relay = fleet.newcomer();
    checkers.attach(relay);
    fleet.add(relay);
    relay.start();
    return relay;
  }

  /** It shall leave. */
  drain(random: Random): void {
    const leaver = this.#oneOfEnough(random);
    if (leaver === undefined) return;
    this.#leaving.add(leaver);
    this.#see(leaver, false);
  }

  /**
   * Its machine is gone with its folder, and it shall be forgotten; `isReplaced`: then another one takes its name. Only one without whom all
   * that was saved is still on a disk.
   */
  forget(random: Random, isReplaced: boolean): void {
    const { world, checkers } = this.#options;
    const lost = this.#oneOfEnough(random);
    if (lost === undefined || !checkers.savedStays.survives(checkers.auditOf(lost))) return;
    this.#leaving.delete(lost);
    lost.kill();
    this.#takeAway(lost);
    this.#forgetting.add(lost.self);
    world.schedule(200 * 50 ** random.fraction(), undefined, `operator gives up ${lost.self}`, () =>
      this.#makeForgotten(lost, random, isReplaced),
    );
  }

  /**
   * At the end of all misfortune, and only where misfortune is the cause, as whoever looks at everything knows: whoever was given none but relays
   * that are gone, or was linked with none but those, is given others; and whom nobody knows to be forgotten any more, since each folder that had
   * noted it is gone, was put back or wiped, is forgotten once more. What relays should know by themselves is left to them, and found.
   */
  setRight(): void {
    const { fleet, world } = this.#options;
    for (const relay of fleet.relays) {
      if (!relay.isUp || !fleet.isMesh || !this.#isCutOff(relay)) continue;
      this.introduced += 1;
      relay.kill();
      relay.joinsAnew = true;
      relay.start();
    }
    for (const lost of this.#forgotten.values()) {
      if (fleet.ring.status(lost.self) === "forgotten" || fleet.relays.some(({ folder }) => folder.knowsForgotten.has(lost.self))) continue;
      this.forgottenAnew += 1;
      this.#forgetting.add(lost.self);
      this.#makeForgotten(lost, world.random(`forgets ${lost.self} again`), false);
    }
  }

  /** Neither does it know where another one is, nor another one where it is, and none of them has to. */
  #isCutOff(relay: SimRelay): boolean {
    if (relay.folder.mesh === undefined) return true;
    const knows = ({ folder }: SimRelay, { self, host }: SimRelay): boolean =>
      folder.linkedWith.has(host) || (folder.mesh?.addresses.some(({ relay: known }) => known === self) ?? false);
    const others = this.#options.fleet.relays.filter((other) => other !== relay);
    return others.length > 0 && others.every((other) => !knows(relay, other) && !knows(other, relay));
  }

  // -- until they are heeded -------------------------------------------------------------------------------------------

  #later(what: string, work: () => void): void {
    this.#options.world.schedule(lookMs, undefined, what, work);
  }

  #see(leaver: SimRelay, isStopped: boolean): void {
    if (!this.#leaving.has(leaver)) return;
    const status = leaver.ring?.status(leaver.self);
    if (isStopped && !leaver.isUp) {
      this.drains += 1;
      this.#leaving.delete(leaver);
      this.#takeAway(leaver);
      return this.#mustBeKnown(leaver);
    }
    if (status === "joining" || status === "member") leaver.order({ type: "drain" });
    const isOver = status === undefined ? isStopped : status === "left" || status === "forgotten";
    if (isOver) leaver.stop();
    this.#later(`operator looks at ${leaver.self}`, () => this.#see(leaver, isOver));
  }

  /** Where its last words came to nobody, it is given up: it may be, having left. */
  #mustBeKnown({ self }: SimRelay): void {
    const { world, fleet } = this.#options;
    world.schedule(unheardMs, undefined, `operator looks whether ${self} is known to have left`, () => {
      if (fleet.relays.some(({ ring }) => ring?.status(self) === "left" || ring?.status(self) === "forgotten")) return;
      if (fleet.relays.some((relay) => relay.self === self)) return;
      fleet.relays.find(({ ring }) => ring?.status(self) !== undefined)?.order({ type: "forget-relay", relay: self });
      this.unheard += 1;
    });
  }

  #makeForgotten(lost: SimRelay, random: Random, isReplaced: boolean): void {
    const { fleet } = this.#options;
    const { self } = lost;
    // It had not even begun to join.
    if (fleet.ring.status(self) === undefined) return isReplaced ? this.#replace(lost, undefined) : this.#isForgotten(lost);
    const knowing = fleet.relays.filter(({ ring }) => ring?.status(self) === "forgotten");
    if (knowing.length > 0 && isReplaced) return this.#replace(lost, knowing[0]!);
    const unknowing = fleet.relays.filter(
      ({ ring }) => ring !== undefined && ring.status(self) !== "forgotten" && ring.status(self) !== undefined,
    );
    if (unknowing.length === 0 && knowing.length > 0) return this.#isForgotten(lost);
    const asked = unknowing[randomInteger(random, unknowing.length)];
    if (knowing.length === 0) asked?.order({ type: "forget-relay", relay: self });
    this.#later(`operator looks whether ${self} is forgotten`, () => this.#makeForgotten(lost, random, isReplaced));
  }

  #isForgotten(lost: SimRelay): void {
    for (const { folder } of this.#options.fleet.relays)
      if (RingRecords.empty.merge(folder.mesh?.ring ?? []).status(lost.self) === "forgotten") folder.knowsForgotten.add(lost.self);
    this.#forgetting.delete(lost.self);
    this.#forgotten.set(lost.self, lost);
    this.forgets += 1;
  }

  /** Another machine by the same name, with `--join` to one that knows that the first one is forgotten. */
  #replace(lost: SimRelay, seed: SimRelay | undefined): void {
    const { fleet, checkers } = this.#options;
    this.#isForgotten(lost);
    this.#forgotten.delete(lost.self);
    lost.replaceFolder(fleet.newFolder(lost.self));
    checkers.attach(lost);
    fleet.add(lost);
    if (seed !== undefined) fleet.seeds.set(lost.self, seed);
    lost.start();
    this.#mustBelong(lost);
  }

  /** Whoever hears of being forgotten only after it has joined is started with `--join` once more. */
  #mustBelong(relay: SimRelay): void {
    if (relay.isGone) return;
    if (relay.ring?.status(relay.self) === "forgotten") {
      relay.kill();
      relay.joinsAnew = true;
      relay.start();
    }
    this.#later(`operator looks whether ${relay.self} belongs`, () => this.#mustBelong(relay));
  }

  /** One of those that stay, if enough of them do, of which at least one other is known to lead to the mesh. */
  #oneOfEnough(random: Random): SimRelay | undefined {
    const { staying } = this;
    const one = staying[randomInteger(random, staying.length)];
    const isEnough = staying.length > stayingMin && staying.some((other) => other !== one && other.folder.mesh !== undefined);
    return isEnough ? one : undefined;
  }

  #takeAway(relay: SimRelay): void {
    const { fleet, checkers, population } = this.#options;
    fleet.remove(relay);
    checkers.platters.lose(relay.self, relay.folder.disk);
    population.relayGone(relay);
  }
}
