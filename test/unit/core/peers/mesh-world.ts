/**
 * MeshWorld: several relays' `Mesh` compositions, their disks and the sockets between them, with a clock of its own. A seeded
 * stream of chance decides what is delayed, lost or cut off.
 *
 * What it models of sockets: dialling takes a round trip; what is sent over one socket arrives in order; a send may be lost
 * (C4); where a pair is cut off nothing arrives and nothing can be dialled, and both sides notice late, or never, that the socket
 * is dead. A process that ends closes its sockets; its disk stays. A relay that stands still keeps what arrives for later.
 *
 * Invariant that it checks: nobody who belongs to a mesh says anything before that is kept.
 */
import { actorOf, type ActorId, type LinkId, type RelayId, type RingId } from "@inkmesh/shared/base/ids";
import { randomInteger, seededRandom, type Random } from "@inkmesh/shared/base/random";
import type { MeshRoomMessage } from "@inkmesh/shared/wire/mesh-room-message";
import { meshVersion } from "@inkmesh/shared/wire/protocol-version";
import type { KeptMesh } from "../../../../server/core/membership/belonging.ts";
import type { MemberChange } from "../../../../server/core/membership/members.ts";
import type { MeshEffect, MeshNews } from "../../../../server/core/peers/mesh-effect.ts";
import type { MeshInput } from "../../../../server/core/peers/mesh-input.ts";
import type { MeshLimits, MeshSoftware } from "../../../../server/core/peers/mesh-options.ts";
import { Mesh } from "../../../../server/core/peers/mesh.ts";
import type { PeerListener } from "../../../../server/core/peers/peers.ts";
import { membershipLimits } from "../membership/a-membership.ts";
import { TimedWorld } from "../../../harness/timed-world.ts";

export const meshSecret = new Uint8Array(32).fill(7);

export function meshLimits(changes: Partial<MeshLimits> = {}): MeshLimits {
  return {
    membership: membershipLimits(),
    links: { handshakeMs: 5_000, unprovenMax: 64 },
    queue: { windowBytes: 256 * 1024, frameFillBytes: 64 * 1024, frameMessagesMax: 1_024, roomShareBytes: 16 * 1024 },
    linkWaitingBytesMax: 64 * 1024 * 1024,
    foundAfterMs: 3_000,
    silence: { linkSignMs: 1_000, linkSilentMs: 10_000 },
    loadEveryMs: 2_000,
    ...changes,
  };
}

/** What a listener was told. */
export type Heard =
  | { readonly type: "up" | "down"; readonly actor: ActorId }
  | { readonly type: "member"; readonly change: MemberChange }
  | { readonly type: "ring" }
  | { readonly type: "received"; readonly from: ActorId; readonly ring: RingId; readonly message: MeshRoomMessage };

interface End {
  readonly life: MeshLife;
  readonly link: LinkId;
  other: End | undefined;
  isOpen: boolean;
  /** Nothing goes through it any more, and nobody says so. */
  isDead?: boolean;
  /** When what was sent last arrives at the other end. */
  lastMs: number;
}

export interface LifeOptions {
  readonly join?: readonly string[];
  readonly secret?: Uint8Array;
  readonly kept?: KeptMesh | undefined;
  readonly limits?: Partial<MeshLimits>;
  readonly software?: Partial<MeshSoftware>;
}

/** One life of a relay. */
export class MeshLife {
  readonly mesh: Mesh;
  readonly actor: ActorId;
  readonly address: string;
  readonly news: MeshNews[] = [];
  readonly heard: Heard[] = [];
  readonly ends = new Map<LinkId, End>();
  /** Sockets whose other side does not read: nothing is ever taken. */
  readonly deaf = new Set<LinkId>();
  phase: "runs" | "stands still" | "ended" = "runs";
  readonly waiting: MeshInput[] = [];
  kept: KeptMesh | undefined;
  effects: MeshEffect[] = [];
  timer = 0;
  /** Of clients there. */
  sessions = 0;

  constructor(world: MeshWorld, relay: string, options: LifeOptions) {
    this.actor = actorOf(relay as RelayId, world.random.bytes(8));
    this.address = addressOf(relay);
    this.kept = options.kept;
    this.mesh = new Mesh(
      this.actor,
      {
        address: this.address,
        join: (options.join ?? []).map(addressOf),
        kept: options.kept,
        place: { weight: 1, zone: "" },
        software: { release: "0.1.0", version: meshVersion, ...options.software },
        secret: options.secret ?? meshSecret,
        limits: meshLimits(options.limits),
        random: seededRandom(world.chance(2 ** 31)),
        nowMs: world.nowMs,
      },
      { effect: (effect) => void this.effects.push(effect), news: (news) => void this.news.push(news) },
    );
    this.mesh.listen(this.#listener());
  }

  of<Type extends MeshNews["type"]>(type: Type): readonly Extract<MeshNews, { type: Type }>[] {
    return this.news.filter((news) => news.type === type) as Extract<MeshNews, { type: Type }>[];
  }

  received(): readonly MeshRoomMessage[] {
    return this.heard.flatMap((heard) => (heard.type === "received" ? [heard.message] : []));
  }

  /** What it believes of `actor`. */
  belief(actor: ActorId): string {
    return this.mesh.view().members.find((member) => member.actor === actor)?.state ?? "unknown";
  }

  #listener(): PeerListener {
    return {
      peerUp: (actor) => void this.heard.push({ type: "up", actor }),
      peerDown: (actor) => void this.heard.push({ type: "down", actor }),
      memberChanged: (change) => void this.heard.push({ type: "member", change }),
      ringChanged: () => void this.heard.push({ type: "ring" }),
      received: (from, ring, message) => void this.heard.push({ type: "received", from, ring, message }),
    };
  }
}

export class MeshWorld extends TimedWorld {
  readonly random: Random;
  readonly lives: MeshLife[] = [];
  loss = 0;
  delayMsMax = 20;
  readonly #cut = new Set<string>();
  #link = 0;

  constructor(seed: number) {
    super();
    this.random = seededRandom(seed);
  }

  chance(below: number): number {
    return randomInteger(this.random, below);
  }

  start(relay: string, options: LifeOptions = {}): MeshLife {
    const life = new MeshLife(this, relay, options);
    this.lives.push(life);
    this.turn(life, () => life.mesh.deadlineReached(this.nowMs));
    return life;
  }

  /** One turn of a relay in which `act` happens. */
  turn(life: MeshLife, act: () => void): void {
    act();
    life.mesh.endTurn(() => life.sessions);
    for (let effects = life.effects; effects.length > 0; effects = life.effects) {
      life.effects = [];
      for (const effect of effects) this.#perform(life, effect);
    }
    this.#setTimer(life);
  }

  tell(life: MeshLife, input: MeshInput): void {
    if (life.phase === "ended") return;
    if (life.phase === "stands still") return void life.waiting.push(input);
    this.turn(life, () => life.mesh.receive(input, this.nowMs));
  }

  /** kill -9, or a machine that vanishes (`noticed` is false). */
  end(life: MeshLife, noticed = true): void {
    life.phase = "ended";
    for (const end of life.ends.values()) this.#later(() => this.#close(end.other), noticed ? 5 : 15_000);
  }

  leave(life: MeshLife): void {
    this.turn(life, () => life.mesh.leave(this.nowMs));
    this.at(this.nowMs + 500, () => this.end(life));
  }

  standStill(life: MeshLife, ms: number): void {
    life.phase = "stands still";
    this.at(this.nowMs + ms, () => {
      if (life.phase !== "stands still") return;
      life.phase = "runs";
      this.turn(life, () => life.mesh.deadlineReached(this.nowMs));
      for (const input of life.waiting.splice(0)) this.tell(life, input);
    });
  }

  /** Cuts `side` off from the rest. Sockets across die within a minute, noticed by each end apart, unless it heals before. */
  cut(side: readonly MeshLife[]): void {
    for (const one of side) {
      for (const other of this.lives) if (!side.includes(other)) this.#cut.add(pair(one, other));
      for (const end of one.ends.values()) {
        if (!this.#isCut(end)) continue;
        for (const dying of [end, end.other]) this.#later(() => this.#isCut(end) && this.#close(dying), 3_000 + this.chance(60_000));
      }
    }
  }

  /** The sockets between two relays die, as where a firewall forgot them; new ones can be made. */
  socketsDie(one: MeshLife, other: MeshLife): void {
    for (const end of one.ends.values()) if (end.other?.life === other) end.isDead = end.other.isDead = true;
  }

  heal(): void {
    this.#cut.clear();
  }

  running(): readonly MeshLife[] {
    return this.lives.filter((life) => life.phase === "runs");
  }

  /** Whether all that run have one mesh and one ring with all of them, and links and belief in each other and in nobody else. */
  isOneMesh(): boolean {
    const running = this.running();
    const views = running.map((life) => life.mesh.view());
    if (new Set(views.map((view) => `${view.mesh} ${view.ring.id}`)).size !== 1 || views[0]?.mesh === undefined) return false;
    return views.every((view, index) => {
      const present = view.members.filter((member) => member.state === "alive" || member.state === "suspect");
      if (present.length !== running.length || present.some((member) => member.state !== "alive")) return false;
      return running.every((life, other) => {
        const isThere = present.some((member) => member.actor === life.actor && (index === other || member.isLinked));
        return isThere && view.ring.status(life.actor.split(".")[0] as RelayId) !== undefined;
      });
    });
  }

  #perform(life: MeshLife, effect: MeshEffect): void {
    switch (effect.type) {
      case "keep-mesh":
        life.kept = effect.kept;
        return;
      case "dial":
        return this.#dial(life, effect.address);
      case "send-link": {
        if (life.mesh.view().mesh !== undefined && life.kept === undefined)
          throw new Error(`${life.actor} speaks before it has kept its mesh`);
        const end = life.ends.get(effect.link);
        if (end === undefined) return;
        for (const bytes of effect.frames) this.#send(end, bytes);
        if (effect.asks && !life.deaf.has(effect.link)) this.#later(() => this.tell(life, { type: "link-taken", link: effect.link }), 1);
        return;
      }
      case "close-link": {
        const end = life.ends.get(effect.link);
        if (end === undefined) return;
        end.isOpen = false;
        life.ends.delete(effect.link);
        this.at(Math.max(end.lastMs, this.nowMs) + 1, () => !this.#isCut(end) && this.#close(end.other));
      }
    }
  }

  #dial(life: MeshLife, address: string): void {
    this.#later(() => {
      if (life.phase === "ended") return;
      const there = this.lives.filter((other) => other.address === address && other.phase === "runs");
      const targets = there.filter((other) => !this.#cut.has(pair(life, other)));
      for (const target of targets) this.connect(life, target, address);
      // Who is cut off does not even refuse.
      if (there.length === 0) this.tell(life, { type: "dial-failed", address, reason: "ECONNREFUSED" });
    });
  }

  /** A socket between two relays. */
  connect(from: MeshLife, to: MeshLife, address: string): void {
    const near: End = { life: from, link: this.#nextLink(), other: undefined, isOpen: true, lastMs: 0 };
    const far: End = { life: to, link: this.#nextLink(), other: near, isOpen: true, lastMs: 0 };
    near.other = far;
    from.ends.set(near.link, near);
    to.ends.set(far.link, far);
    this.tell(to, { type: "link-opened", link: far.link, dialled: undefined, remote: from.address });
    this.tell(from, { type: "link-opened", link: near.link, dialled: address, remote: to.address });
  }

  #send(end: End, bytes: Uint8Array): void {
    if (this.random.fraction() < this.loss || this.#isCut(end)) return;
    end.lastMs = Math.max(end.lastMs, this.nowMs + 1 + this.chance(this.delayMsMax));
    this.at(end.lastMs, () => {
      const { other } = end;
      if (other?.isOpen && !this.#isCut(end)) this.tell(other.life, { type: "link-received", link: other.link, bytes });
    });
  }

  #close(end: End | undefined): void {
    if (end === undefined || !end.isOpen) return;
    end.isOpen = false;
    end.life.ends.delete(end.link);
    this.tell(end.life, { type: "link-closed", link: end.link });
  }

  #setTimer(life: MeshLife): void {
    const timer = (life.timer += 1);
    const dueMs = life.mesh.nextDeadline();
    if (!Number.isFinite(dueMs)) return;
    this.at(Math.max(Math.ceil(dueMs), this.nowMs), () => {
      if (life.timer === timer && life.phase === "runs") this.turn(life, () => life.mesh.deadlineReached(this.nowMs));
    });
  }

  #isCut(end: End): boolean {
    return end.isDead === true || (end.other !== undefined && this.#cut.has(pair(end.life, end.other.life)));
  }

  #later(run: () => void, ms = 1 + this.chance(this.delayMsMax)): void {
    this.at(this.nowMs + ms, run);
  }

  #nextLink(): LinkId {
    this.#link += 1;
    return this.#link as LinkId;
  }
}

export function addressOf(relay: string): string {
  return `ws://${relay}/mesh`;
}

function pair(one: MeshLife, other: MeshLife): string {
  return one.actor < other.actor ? `${one.actor} ${other.actor}` : `${other.actor} ${one.actor}`;
}
