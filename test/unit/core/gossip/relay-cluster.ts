/**
 * RelayCluster: several relays' cores as they ship, with their disks, the sockets between them and clients at them, and a clock
 * of its own. A seeded stream of chance decides how long everything takes.
 *
 * What it models: a disk does what it is asked in order, and a process that dies never hears of what its disk went on to do, nor
 * does the disk go on; what is sent over one socket arrives in order, over two in any; where a pair is cut off everything under
 * way is lost and nothing can be dialled; where a pair is hushed, sockets stay and what is under way comes when that is over. A frozen
 * process does nothing and loses nothing. A data folder is the disk and what is kept of the mesh: wiping takes both.
 */
import { actorOf, lineageKey, type ConnectionId, type LinkId, type RelayId, type RequestId } from "@inkmesh/shared/base/ids";
import { randomInteger, seededRandom, type Random } from "@inkmesh/shared/base/random";
import { ok } from "@inkmesh/shared/base/result";
import { decodeMeshFrame } from "@inkmesh/shared/wire/mesh-codec";
import type { MeshFrame } from "@inkmesh/shared/wire/mesh-message";
import { nativeDialect } from "@inkmesh/shared/wire/native";
import type { RelayEffect, Report, RoomAnswer } from "../../../../server/core/effect.ts";
import type { RelayInput, RoomRequest } from "../../../../server/core/input.ts";
import { foundMesh } from "../../../../server/core/membership/belonging.ts";
import { RingRecords } from "../../../../server/core/membership/ring-records.ts";
import { Relay } from "../../../../server/core/relay.ts";
import type { Socket } from "../core-world.ts";
import { isAsked, MemoryDisk } from "../memory-disk.ts";
import { membershipLimits } from "../membership/a-membership.ts";
import { meshLimits, meshSecret } from "../peers/mesh-world.ts";
import { addressOf, aLife, anEnd, aSeat, limitsOf, pairOf, type End, type Life, type LimitChanges, type Seat } from "./cluster-seat.ts";
import { TimedWorld } from "../../../harness/timed-world.ts";
import { engineOfRoom, readers } from "../../../engines.ts";

export type { Seat } from "./cluster-seat.ts";

const place = { weight: 1, zone: "" };

/** Relays that know each other, all of them members, with nothing on their disks. */
export function aCluster(options: { seed?: number; relays?: number; limits?: LimitChanges } = {}): RelayCluster {
  const { seed = 1, relays = 3, limits } = options;
  const cluster = new RelayCluster({ seed, relays, limits });
  cluster.startAll();
  cluster.run(15_000);
  return cluster;
}

export class RelayCluster extends TimedWorld {
  readonly random: Random;
  readonly seats: Seat[];
  readonly reports: Report[] = [];
  /** The longest that a disk, a socket takes. */
  diskMsMax = 20;
  lineMsMax = 20;
  /** What a socket between relays carries in each direction. */
  bytesPerMs = Number.POSITIVE_INFINITY;
  /** Hears what arrives at whom, over links that are proven. */
  tap: (from: Seat, to: Seat, frame: MeshFrame) => void = () => undefined;
  readonly #limits: LimitChanges;
  readonly #replicas: number;
  readonly #cut = new Set<string>();
  readonly #hushed = new Set<string>();
  #numbers = 0;

  constructor(options: { seed: number; relays: number; replicas?: number; limits?: LimitChanges | undefined }) {
    super({ nowMs: 1_000, lookEveryMs: 50 });
    this.random = seededRandom(options.seed);
    this.#limits = options.limits;
    this.#replicas = options.replicas ?? 3;
    const names = Array.from({ length: options.relays }, (_, index) => String.fromCharCode(97 + index) as RelayId);
    this.seats = names.map(aSeat);
    this.seat(0).kept = foundMesh(names[0]!, place, this.random);
  }

  seat(index: number): Seat {
    return this.seats[index]!;
  }

  running(): readonly Seat[] {
    return this.seats.filter(({ life }) => life !== undefined);
  }

  /** The ring in the newest form that any folder has: what one relay knows may be older, and nothing where its folder is new. */
  get ring(): RingRecords {
    return RingRecords.empty.merge(this.seats.flatMap(({ kept }) => kept?.ring ?? []));
  }

  chance(below: number): number {
    return randomInteger(this.random, below);
  }

  // -- lives -----------------------------------------------------------------------------------------------------------

  start(seat: Seat): void {
    if (seat.life !== undefined) return;
    const actor = actorOf(seat.self, this.random.bytes(8));
    const join = this.seats.filter((other) => other !== seat).map((other) => other.address);
    const relay = new Relay({
      self: seat.self,
      actor,
      limits: limitsOf(seat, this.#limits),
      random: seededRandom(this.chance(2 ** 31)),
      engines: readers,
      dialects: [nativeDialect],
      tokenSecret: meshSecret,
      hlcFloorMs: 0,
      offsetMaxMs: 500,
      replicas: this.#replicas,
      wholeRing: seat.disk.wholeRing,
      mesh: {
        address: seat.address,
        join: seat.kept === undefined ? join : [],
        kept: seat.kept,
        place,
        software: { release: "0.1.0", version: seat.version },
        secret: meshSecret,
        // Short enough that histories are.
        limits: meshLimits({ membership: membershipLimits({ dialAfterMsMax: 2_000 }) }),
        random: seededRandom(this.chance(2 ** 31)),
        nowMs: this.nowMs,
      },
    });
    seat.life = aLife({ actor, relay, diskMs: this.nowMs });
    this.#tell(seat, seat.life, { type: "deadline-reached" });
  }

  startAll(): void {
    for (const seat of this.seats) this.start(seat);
  }

  /** kill -9: what was not on disk is gone, sockets break. */
  crash(seat: Seat): void {
    const { life } = seat;
    if (life === undefined) return;
    seat.life = undefined;
    life.isEnded = true;
    for (const end of [...life.ends.values()]) this.#later(() => this.#close(end.other), 5);
    for (const socket of life.sockets.values()) socket.closed(1006, "");
  }

  /** kill -STOP. */
  freeze(seat: Seat): void {
    if (seat.life !== undefined) seat.life.isFrozen = true;
  }

  /** kill -CONT. */
  thaw(seat: Seat): void {
    const { life } = seat;
    if (life?.isFrozen !== true) return;
    life.isFrozen = false;
    this.#tell(seat, life, { type: "deadline-reached" });
    this.at(this.nowMs, () => this.#turn(seat, life));
  }

  /** What an operator says. */
  order(seat: Seat, order: Extract<RelayInput, { type: "drain" | "forget-relay" }>): void {
    this.#tell(seat, seat.life!, order);
  }

  /** The data folder is gone. */
  wipe(seat: Seat): void {
    this.crash(seat);
    seat.lostDisks.push(seat.disk);
    seat.disk = new MemoryDisk();
    seat.kept = undefined;
  }

  /** The data folder is put back to what it was when `disk` was copied. */
  restore(seat: Seat, disk: MemoryDisk): void {
    this.crash(seat);
    seat.lostDisks.push(seat.disk);
    seat.disk = disk;
  }

  /** Another machine with a copy of that folder, and so with its name. It does not run yet. */
  clone({ self, disk, kept }: Seat): Seat {
    const seat: Seat = { ...aSeat(self), address: addressOf(`${self}-clone`), disk: disk.copy(), kept };
    this.seats.push(seat);
    return seat;
  }

  // -- sockets between relays ------------------------------------------------------------------------------------------

  /** Nothing comes through between these two any more; both notice at once, so that histories are short. */
  cut(one: Seat, other: Seat): void {
    this.#cut.add(pairOf(one, other));
    for (const end of [...(one.life?.ends.values() ?? [])]) {
      if (end.other?.seat !== other) continue;
      const far = end.other;
      this.#close(end);
      this.#close(far);
    }
  }

  /** Nothing comes through between these two for now, and nobody is told. */
  hush(one: Seat, other: Seat): void {
    this.#hushed.add(pairOf(one, other));
  }

  heal(): void {
    this.#cut.clear();
    this.#hushed.clear();
    for (const { life } of this.running())
      for (const end of life!.ends.values()) for (const bytes of end.held.splice(0)) this.#arrive(end, bytes);
  }

  #dial(seat: Seat, life: Life, address: string): void {
    this.#later(() => {
      if (life.isEnded) return;
      const there = this.seats.find((other) => other.address === address);
      if (there?.life === undefined || this.#cut.has(pairOf(seat, there)))
        return this.#tell(seat, life, { type: "dial-failed", address, reason: "ECONNREFUSED" });
      const near = anEnd({ seat, life, link: this.#next() as LinkId, other: undefined });
      const far = anEnd({ seat: there, life: there.life, link: this.#next() as LinkId, other: near });
      near.other = far;
      life.ends.set(near.link, near);
      there.life.ends.set(far.link, far);
      this.#tell(there, there.life, { type: "link-opened", link: far.link, dialled: undefined, remote: seat.address });
      this.#tell(seat, life, { type: "link-opened", link: near.link, dialled: address, remote: address });
    }, this.chance(this.lineMsMax));
  }

  #send(end: End, bytes: Uint8Array): void {
    end.freeMs = Math.max(end.freeMs, this.nowMs) + Math.ceil(bytes.length / this.bytesPerMs);
    end.lastMs = Math.max(end.lastMs, end.freeMs + this.chance(this.lineMsMax));
    this.at(end.lastMs, () => {
      const { other } = end;
      if (other === undefined || !other.life.ends.has(other.link)) return;
      if (this.#hushed.has(pairOf(end.seat, other.seat))) other.held.push(bytes);
      else this.#arrive(other, bytes);
    });
  }

  #arrive(end: End, bytes: Uint8Array): void {
    const frame = decodeMeshFrame(bytes, end.memory);
    if (frame.ok) this.tap(end.other!.seat, end.seat, frame.value);
    this.#tell(end.seat, end.life, { type: "link-received", link: end.link, bytes });
  }

  #close(end: End | undefined): void {
    if (end === undefined || !end.life.ends.delete(end.link)) return;
    this.#tell(end.seat, end.life, { type: "link-closed", link: end.link });
  }

  // -- clients ---------------------------------------------------------------------------------------------------------

  /** A client's socket at a relay that runs; undefined where it does not. */
  connect(seat: Seat, socket: Socket): ((bytes: Uint8Array) => void) | undefined {
    const { life } = seat;
    if (life === undefined) return undefined;
    const connection = this.#next() as ConnectionId;
    life.sockets.set(connection, socket);
    this.#tell(seat, life, { type: "connection-opened", connection, dialect: "native", room: undefined, principal: "" });
    return (bytes) => {
      if (life.sockets.has(connection)) this.#tell(seat, life, { type: "frame-received", connection, bytes });
    };
  }

  /** The client at that socket goes. */
  hangUp(seat: Seat, socket: Socket): void {
    const { life } = seat;
    for (const [connection, known] of life?.sockets ?? [])
      if (known === socket && life!.sockets.delete(connection)) this.#tell(seat, life!, { type: "connection-closed", connection });
  }

  /** An operator says at `seat` that `lost` does not come back. */
  forget(seat: Seat, lost: Seat): void {
    if (seat.life !== undefined) this.#tell(seat, seat.life, { type: "forget-relay", relay: lost.self });
  }

  /** Asks as the HTTP face does; the answer is in the life's `answers`, if it comes. */
  ask(seat: Seat, ask: RoomRequest): () => RoomAnswer | undefined {
    const { life } = seat;
    const request = this.#next() as RequestId;
    if (life !== undefined) this.#tell(seat, life, { type: "request-received", request, ask });
    return () => life?.answers.get(request);
  }

  // -- turns -----------------------------------------------------------------------------------------------------------

  #tell(seat: Seat, life: Life, input: RelayInput): void {
    if (life.isEnded) return;
    life.inputs.push(input);
    if (life.inputs.length === 1) this.at(this.nowMs, () => this.#turn(seat, life));
  }

  #turn(seat: Seat, life: Life): void {
    if (life.isEnded || life.isFrozen || life.inputs.length === 0) return;
    const now = { monotonicMs: this.nowMs, wallMs: 1_700_000_000_000 + this.nowMs };
    const inputs = life.inputs.splice(0);
    const effects = [...inputs, { type: "turn-ended" } as const].flatMap((input) => life.relay.step(input, now));
    for (const effect of effects) this.#perform(seat, life, effect);
    this.#setTimer(seat, life);
  }

  #setTimer(seat: Seat, life: Life): void {
    const dueMs = life.relay.nextDeadline();
    if (dueMs === undefined) return;
    this.at(Math.max(Math.ceil(dueMs), this.nowMs), () => {
      const nowDue = life.relay.nextDeadline();
      if (!life.isEnded && nowDue !== undefined && nowDue <= this.nowMs) this.#tell(seat, life, { type: "deadline-reached" });
    });
  }

  #perform(seat: Seat, life: Life, effect: RelayEffect): void {
    const { disk } = seat;
    switch (effect.type) {
      case "send":
        for (const to of effect.to) for (const frame of effect.frames) life.sockets.get(to)?.received(frame);
        return;
      case "close":
        life.sockets.get(effect.connection)?.closed(effect.code, effect.reason);
        life.sockets.delete(effect.connection);
        return this.#tell(seat, life, { type: "connection-closed", connection: effect.connection });
      case "append-log":
        return this.#onDisk(seat, life, () => {
          const { lineage, seq, entries, ...marks } = effect;
          disk.append(lineage, entries, marks);
          return { type: "log-appended", lineage, seq };
        });
      case "store-record":
        return this.#onDisk(seat, life, () => {
          disk.putRecord(effect.record, effect.completes);
          return { type: "record-stored", room: effect.record.room, seq: effect.seq, result: ok(undefined) };
        });
      case "drop-copies":
        return this.#onDisk(seat, life, () => ({ type: "copies-dropped", seq: effect.seq, result: disk.dropCopies(effect.lineages) }));
      case "keep-hash":
        return this.#onDisk(seat, life, () => disk.keepHash(effect.hashed));
      case "keep-whole-ring":
        return this.#onDisk(seat, life, () => void (disk.wholeRing = effect.ring));
      case "load-room": {
        const { room, seq } = effect;
        return this.#onDisk(seat, life, () => ({ type: "room-loaded", room, seq, result: disk.load(room) }));
      }
      case "list-rooms":
        return this.#onDisk(seat, life, () => ({ type: "rooms-listed", seq: effect.seq, result: ok(disk.list(effect)) }));
      case "compact-room":
        return this.#onDisk(seat, life, () => ({
          type: "room-compacted",
          lineage: effect.lineage,
          seq: effect.seq,
          result: disk.compact(effect.lineage, effect.upTo, effect.unnaming),
        }));
      case "engine-call": {
        const { lineage, seq, call } = effect;
        const answer = (): RelayInput => ({ type: "engine-result", lineage, seq, result: engineOfRoom(lineage.room).perform(call) });
        return this.#later(() => this.#tell(seat, life, answer()), this.chance(5));
      }
      case "try-updates": {
        const { lineage, seq, trial } = effect;
        const answer = (): RelayInput => ({ type: "updates-tried", lineage, seq, result: ok(life.trials.try(lineageKey(lineage), trial)) });
        return this.#later(() => this.#tell(seat, life, answer()), this.chance(5));
      }
      case "keep-mesh":
        return void (seat.kept = effect.kept);
      case "dial":
        return this.#dial(seat, life, effect.address);
      case "send-link": {
        const end = life.ends.get(effect.link);
        if (end === undefined) return;
        for (const bytes of effect.frames) this.#send(end, bytes);
        if (effect.asks)
          this.at(Math.max(end.freeMs, this.nowMs) + 1, () => this.#tell(seat, life, { type: "link-taken", link: effect.link }));
        return;
      }
      case "close-link": {
        const end = life.ends.get(effect.link);
        if (end === undefined) return;
        life.ends.delete(effect.link);
        return this.at(Math.max(end.lastMs, this.nowMs) + 1, () => this.#close(end.other));
      }
      case "respond":
        return void life.answers.set(effect.request, effect.answer);
      case "report":
        return void this.reports.push(effect.report);
      default:
        if (isAsked(effect)) this.#onDisk(seat, life, () => disk.answer(effect));
    }
  }

  #onDisk(seat: Seat, life: Life, work: () => RelayInput | void): void {
    life.diskMs = Math.max(life.diskMs, this.nowMs + this.chance(this.diskMsMax));
    this.at(life.diskMs, () => {
      if (life.isEnded) return;
      const answer = work();
      if (answer !== undefined) this.#tell(seat, life, answer);
    });
  }

  // -- time ------------------------------------------------------------------------------------------------------------

  #later(run: () => void, ms: number): void {
    this.at(this.nowMs + ms, run);
  }

  #next(): number {
    this.#numbers += 1;
    return this.#numbers;
  }
}
