/**
 * RoomWorld: one room on several relays under seeded misfortune: cut links (what was under way is lost, on both ways), restarts
 * with new lives, destroyed disks, relays that join, leave or are forgotten; then calm. The checkers look at the disks, not at
 * what the relays believe of them.
 */
import { assert } from "@inkmesh/shared/base/assert";
import { actorOf, relayOf, type ActorId, type RelayId } from "@inkmesh/shared/base/ids";
import { randomInteger, seededRandom, type Random } from "@inkmesh/shared/base/random";
import { dotKey } from "@inkmesh/shared/clock/dot";
import type { Entry } from "@inkmesh/shared/engine/entry";
import { decodeMeshFrame, encodeMeshFrame } from "@inkmesh/shared/wire/mesh-codec";
import type { MeshFrame } from "@inkmesh/shared/wire/mesh-message";
import { RingRecords } from "../../../../server/core/membership/ring-records.ts";
import { replicationLimits } from "../../../unit/core/gossip/a-room.ts";
import { blankDisk, contentOf, tokensOf, type ModelDisk, type Token } from "./model-disk.ts";
import { ModelRelay } from "./model-relay.ts";
import type { ModelSurroundings } from "./model-surroundings.ts";

export interface WorldShape {
  /** Copies of the room. */
  readonly replicas: number;
  /** Relays that are there from the beginning; those beyond `replicas` are edges. */
  readonly members: number;
  /** Relays that may join. */
  readonly spares: number;
}

/** What a saved token rests on. */
interface Saved {
  readonly token: Token;
  readonly disks: readonly ModelDisk[];
}

interface Seat {
  readonly relay: RelayId;
  disk: ModelDisk;
  life: ModelRelay | undefined;
}

const place = { weight: 1, zone: "" };

export class RoomWorld implements ModelSurroundings {
  readonly limits = replicationLimits({ waitingEntriesMax: 6, listedRoomsMax: 1, sweepMs: 10_000, exchangeAgainMs: 3_000 });
  readonly random: Random;
  readonly replicas: number;
  readonly savedTokens: Saved[] = [];
  readonly happened = new Map<string, number>();
  readonly #seats: Seat[];
  /** `from to` → frames under way. */
  readonly #lines = new Map<string, Uint8Array[]>();
  readonly #cut = new Set<string>();
  /** dot → what is in it, as its origin issued it. */
  readonly #dots = new Map<string, readonly Token[]>();
  readonly #highest = new Map<ActorId, number>();
  #nowMs = 0;
  #tokens = 0;
  #trace = 0;

  constructor(seed: number, shape: WorldShape) {
    this.random = seededRandom(seed);
    this.replicas = shape.replicas;
    const names = Array.from({ length: shape.members + shape.spares }, (_, index) => `r${index}` as RelayId);
    this.#seats = names.map((relay) => ({ relay, disk: blankDisk(), life: undefined }));
    const founders = this.#seats.slice(0, shape.members);
    const ring = founders.reduce((sum, { relay }) => sum.join(relay, place).advance(relay, "member"), RingRecords.empty);
    for (const seat of founders) {
      seat.disk.ring = ring;
      seat.disk.wholeRing = ring;
      this.#start(seat);
    }
  }

  /** Stands for everything that happened. */
  get trace(): number {
    return this.#trace >>> 0;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  run(steps: number): void {
    for (let step = 0; step < steps; step++) {
      this.#pass(randomInteger(this.random, 60));
      this.#someEvent();
      if (step % 4 === 0) this.#check();
    }
  }

  /** Everything is up and linked, for `seconds`. */
  calm(seconds: number): void {
    this.#cut.clear();
    for (const seat of this.#seats) if (seat.life === undefined && this.#isConfigured(seat.relay)) this.#start(seat);
    // Whom only a relay that is gone by now was told to give up is given up once more.
    this.#someLife((life) => life.ringChanged(life.disk.ring.merge(this.#ring().entries())));
    this.#linkAll();
    for (const endMs = this.#nowMs + 1_000 * seconds; this.#nowMs < endMs;) {
      this.#pass(100);
      for (const life of this.#lives()) life.flush(Infinity);
      for (let round = 0; round < 20 && this.#lines.size > 0; round++) for (const line of [...this.#lines.keys()]) this.#deliver(line);
    }
    this.#check();
  }

  // -- checkers --------------------------------------------------------------------------------------------------------

  /** After calm: nothing saved is lost, everybody is complete and alike, and nothing is left to do. */
  checkEnd(): void {
    const replicas = this.#lives().filter((life) => life.place.isReplica);
    const [first] = replicas;
    assert(first !== undefined, "somebody replicates the room");
    for (const life of replicas) {
      assert(life.isComplete, `${life.actor} is complete after calm`);
      assert(sameKeys(life.copy.content, first.copy.content), `${life.actor} has the content of ${first.actor} after calm`);
      assert(
        life.copy.durableClock.compare(first.copy.durableClock) === "equal",
        `${life.actor} has the clock of ${first.actor} after calm`,
      );
    }
    for (const { token, disks } of this.savedTokens) {
      const isLost = !first.copy.content.has(token.id);
      assert(
        !isLost || disks.every((disk) => disk.isDestroyed),
        `saved token ${token.id} is there, or all disks that held it were destroyed`,
      );
      if (isLost) this.count("lost with its disks");
    }
    for (const life of this.#lives()) {
      assert(life.unsaved === 0, `${life.actor} has ${life.unsaved} edits that were not saved after calm`);
    }
  }

  #check(): void {
    for (const life of this.#lives()) {
      const stored = contentOf(life.disk.log);
      for (const [actor, counter] of life.copy.clock.entries()) {
        assert(counter <= (this.#highest.get(actor) ?? 0), `${life.actor} names no entry that ${actor} never issued`);
        for (let one = 1; one <= counter; one++) {
          const isDurable = life.copy.durableClock.counter(actor) >= one;
          const tokens = this.#dots.get(dotKey({ actor, counter: one }))!;
          const has = isDurable ? stored : life.copy.content;
          for (const { id } of tokens)
            assert(has.has(id), `${life.actor} names ${actor}:${one} and has not got token ${id}${isDurable ? " on disk" : ""}`);
        }
      }
    }
  }

  // -- for the relays --------------------------------------------------------------------------------------------------

  send(from: ActorId, to: ActorId, frame: MeshFrame): void {
    const line = `${from} ${to}`;
    const frames = this.#lines.get(line) ?? [];
    frames.push(encodeMeshFrame(frame));
    this.#lines.set(line, frames);
    this.count(frame.messages[0]?.type ?? "sign of life");
  }

  saved(token: Token, holders: readonly RelayId[], replicas: readonly RelayId[]): void {
    const disks = holders.map((relay) => this.#seat(relay).disk);
    assert(holders.length > replicas.length / 2, "saved means a majority of the replicas");
    const isComplete = (relay: RelayId): boolean => this.#seat(relay).life?.isComplete ?? this.#seat(relay).disk.isMarked;
    assert(
      holders.every((relay) => replicas.includes(relay) && isComplete(relay)),
      "only complete replicas count",
    );
    for (const disk of disks) {
      const stored = contentOf(disk.log);
      for (let one: Token | undefined = token; one !== undefined; one = one.on === undefined ? undefined : stored.get(one.on))
        assert(stored.has(one.id), `token ${token.id} is called saved and a disk lacks token ${one.id}`);
    }
    this.savedTokens.push({ token, disks });
    this.count("saved");
  }

  issued(entry: Entry): void {
    const key = dotKey(entry.dot);
    assert(!this.#dots.has(key), "a dot never names two payloads");
    this.#dots.set(key, tokensOf(entry.payload));
    this.#highest.set(entry.dot.actor, Math.max(entry.dot.counter, this.#highest.get(entry.dot.actor) ?? 0));
  }

  count(what: string): void {
    this.happened.set(what, (this.happened.get(what) ?? 0) + 1);
  }

  // -- misfortune ------------------------------------------------------------------------------------------------------

  #someEvent(): void {
    const dice = randomInteger(this.random, 1_000);
    if (dice < 160) return this.#edit();
    if (dice < 400) return this.#someLife((life) => life.flush(1 + randomInteger(this.random, 4)));
    if (dice < 900) return this.#someLine();
    if (dice < 925) return this.#cutOne();
    if (dice < 965) return this.#linkAll();
    if (dice < 978) return this.#someLife((life) => this.#stop(this.#seat(life.self)));
    if (dice < 990) return this.#startOne();
    if (dice < 994) return this.#someLife((life) => this.#destroy(this.#seat(life.self)));
    if (dice < 998) return this.#joinOne();
    return this.#leaveOne();
  }

  #edit(): void {
    this.#someLife((life) => {
      const tokens = [...life.copy.content.values()];
      const on = tokens.length === 0 || this.random.fraction() < 0.3 ? undefined : tokens[randomInteger(this.random, tokens.length)]!.id;
      this.#tokens += 1;
      life.edit({ id: this.#tokens, on });
    });
  }

  #someLine(): void {
    const lines = [...this.#lines.keys()];
    if (lines.length === 0) return;
    const line = lines[randomInteger(this.random, lines.length)]!;
    for (let count = 1 + randomInteger(this.random, 3); count > 0; count--) this.#deliver(line);
  }

  #deliver(line: string): void {
    const frames = this.#lines.get(line);
    const bytes = frames?.[0];
    if (frames === undefined || bytes === undefined) return;
    // Now and then a frame comes twice, as it does over two links in a row.
    if (this.random.fraction() > 0.03) frames.shift();
    if (frames.length === 0) this.#lines.delete(line);
    const [from, to] = line.split(" ") as [ActorId, ActorId];
    const frame = decodeMeshFrame(bytes);
    assert(frame.ok, "what was sent can be read");
    this.#trace = Math.imul(this.#trace ^ bytes.length ^ bytes.at(-1)!, 0x01000193) + this.#nowMs;
    this.#seat(relayOf(to)).life?.received(from, frame.value);
  }

  #cutOne(): void {
    const [left, right] = [this.#someSeat(), this.#someSeat()];
    if (left === right) return;
    this.#cut.add(pairOf(left.relay, right.relay));
    this.#unlink(left, right);
    this.count("cut");
  }

  /** All lives that may reach each other are linked; cuts heal one by one. */
  #linkAll(): void {
    const [healed] = this.#cut;
    if (healed !== undefined) this.#cut.delete(healed);
    const lives = this.#lives();
    for (const left of lives) {
      for (const right of lives) {
        if (left.self >= right.self || left.links.has(right.self) || this.#cut.has(pairOf(left.self, right.self))) continue;
        left.linkUp(right.actor);
        right.linkUp(left.actor);
      }
    }
  }

  #unlink(left: Seat, right: Seat): void {
    const [one, other] = [left.life, right.life];
    if (one === undefined || other === undefined) return;
    this.#lines.delete(`${one.actor} ${other.actor}`);
    this.#lines.delete(`${other.actor} ${one.actor}`);
    one.linkDown(other.actor);
    other.linkDown(one.actor);
  }

  #start(seat: Seat): void {
    seat.life = new ModelRelay(actorOf(seat.relay, this.random.bytes(8)), seat.disk, this);
    this.count("start");
  }

  #startOne(): void {
    const seats = this.#seats.filter(({ relay, life }) => life === undefined && this.#isConfigured(relay));
    if (seats.length > 0) this.#start(seats[randomInteger(this.random, seats.length)]!);
  }

  #stop(seat: Seat): void {
    for (const other of this.#seats) if (other !== seat) this.#unlink(seat, other);
    seat.life = undefined;
  }

  /** The disk is gone. Sometimes the operator gives the relay up, otherwise it comes back with an empty one. */
  #destroy(seat: Seat): void {
    const { ring } = seat.disk;
    this.#stop(seat);
    seat.disk.isDestroyed = true;
    seat.disk = blankDisk();
    this.count("destroyed");
    const witness = this.#lives()[0];
    const others = this.#ring().newest.members.filter((member) => member.relay !== seat.relay);
    if (witness !== undefined && others.length > 0 && this.random.fraction() < 0.4) {
      witness.ringChanged(witness.disk.ring.merge(ring.entries()).forget(seat.relay));
      this.count("forgotten");
      return;
    }
    // It asks a seed for the ring, which still names it as a member.
    seat.disk.ring = ring;
  }

  #joinOne(): void {
    const witness = this.#lives()[0];
    const seat = this.#someSeat();
    if (witness === undefined || seat.life !== undefined || this.#isConfigured(seat.relay)) return;
    if (seat.disk.log.length > 0) return;
    seat.disk.ring = witness.disk.ring.join(seat.relay, place);
    this.#start(seat);
    this.count("joined");
  }

  #leaveOne(): void {
    const life = this.#lives()[randomInteger(this.random, this.#lives().length || 1)];
    // Whoever orders it looks at the whole mesh: where relays are cut off, each may think that enough others stay.
    const members = this.#ring().newest.members.length;
    if (life === undefined || members <= this.replicas || life.disk.ring.status(life.self) !== "member") return;
    life.ringChanged(life.disk.ring.advance(life.self, "leaving"));
    this.count("leaving");
  }

  /** Time passes. */
  #pass(ms: number): void {
    this.#nowMs += ms;
    for (const life of this.#lives()) life.tick();
  }

  #lives(): readonly ModelRelay[] {
    return this.#seats.flatMap(({ life }) => life ?? []);
  }

  #someLife(then: (life: ModelRelay) => void): void {
    const lives = this.#lives();
    if (lives.length > 0) then(lives[randomInteger(this.random, lives.length)]!);
  }

  #someSeat(): Seat {
    return this.#seats[randomInteger(this.random, this.#seats.length)]!;
  }

  #seat(relay: RelayId): Seat {
    return this.#seats.find((seat) => seat.relay === relay)!;
  }

  /** Whether anybody's ring still has a place for it. */
  #isConfigured(relay: RelayId): boolean {
    const status = this.#ring().status(relay);
    return status !== undefined && status !== "forgotten" && status !== "left";
  }

  /** The ring in the newest form that any folder has. */
  #ring(): RingRecords {
    return this.#seats.reduce((sum, { disk }) => sum.merge(disk.ring.entries()), RingRecords.empty);
  }
}

function pairOf(left: RelayId, right: RelayId): string {
  return left < right ? `${left} ${right}` : `${right} ${left}`;
}

function sameKeys(left: ReadonlyMap<number, unknown>, right: ReadonlyMap<number, unknown>): boolean {
  return left.size === right.size && [...left.keys()].every((key) => right.has(key));
}
