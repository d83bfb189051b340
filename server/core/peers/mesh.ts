/**
 * Mesh: this relay among the others. It puts together what holds the links, what knows the members, and how this relay comes to
 * belong; and it is the door through which rooms speak to other relays.
 *
 *     sockets ─▶ PeerLinks ──proven, lost──▶ Membership ─▶ dial, close, the ring, who is there
 *                    │ frames ──about the mesh──▶ Membership          │
 *                    └────────── about rooms ───▶ PeerListener        └─▶ Belonging: found, join
 *     rooms ── tell ──▶ PeerOutbox ──end of the turn──▶ frames, control first
 *
 * Invariants: what one turn has for a peer leaves at its end; the MeshId is kept before the link is answered that taught it;
 * listeners hear things one after the other, never one within another; a peer that does not read costs at most
 * `linkWaitingBytesMax`. The mesh's randomness is a stream of its own.
 */
import { assert, unreachable } from "@inkmesh/shared/base/assert";
import { errorKind } from "@inkmesh/shared/base/errors";
import { relayOf, type ActorId, type LinkId, type MeshId, type RelayId, type RingId } from "@inkmesh/shared/base/ids";
import { isAboutRooms, type MeshFrame } from "@inkmesh/shared/wire/mesh-message";
import type { MeshRoomMessage } from "@inkmesh/shared/wire/mesh-room-message";
import { Belonging, drawMeshId, firstRing } from "../membership/belonging.ts";
import type { Member } from "../membership/member.ts";
import { Membership, type MembershipEffect, type MembershipInput } from "../membership/membership.ts";
import { RingRecords } from "../membership/ring-records.ts";
import { LinkEnds } from "./link-ends.ts";
import { LinkSilence } from "./link-silence.ts";
import type { MeshEffect, MeshNews } from "./mesh-effect.ts";
import type { MeshInput } from "./mesh-input.ts";
import type { MeshOptions } from "./mesh-options.ts";
import type { MemberView, MeshView } from "./mesh-view.ts";
import { PeerLinks, type PeerEffect, type PeerInput } from "./peer-links.ts";
import { PeerLoads } from "./peer-loads.ts";
import { PeerOutbox } from "./peer-outbox.ts";
import type { PeerListener, Peers } from "./peers.ts";

/** What a mesh does, and what it says that happened. */
export interface MeshOutlet {
  effect(effect: MeshEffect): void;
  news(news: MeshNews): void;
}

export class Mesh implements Peers {
  readonly self: ActorId;
  readonly #options: MeshOptions;
  readonly #outlet: MeshOutlet;
  readonly #links: PeerLinks;
  readonly #membership: Membership;
  readonly #belonging: Belonging;
  readonly #outbox: PeerOutbox;
  readonly #silence: LinkSilence;
  readonly #loads: PeerLoads;
  readonly #ends = new LinkEnds();
  /** What listeners have still to hear. */
  readonly #untold: ((listener: PeerListener) => void)[] = [];
  #listener: PeerListener | undefined;
  #isTelling = false;
  #keptAddresses: string;
  #nowMs: number;

  constructor(self: ActorId, options: MeshOptions, outlet: MeshOutlet) {
    const { address, join, kept, place, secret, software, limits, random, nowMs } = options;
    this.self = self;
    this.#options = options;
    this.#outlet = outlet;
    this.#nowMs = nowMs;
    const own = { actor: self, address, secret, mesh: kept?.mesh, version: software.version };
    this.#links = new PeerLinks({ own, limits: limits.links, random });
    this.#outbox = new PeerOutbox(limits.queue);
    this.#silence = new LinkSilence(limits.silence, this.#links, nowMs);
    this.#loads = new PeerLoads(limits);
    const ring = RingRecords.empty.merge(kept?.ring ?? []);
    const remembered = kept?.addresses ?? [];
    this.#membership = new Membership({ self, address, seeds: join, remembered, ring, limits: limits.membership, random, nowMs });
    this.#belonging = new Belonging({ self: relayOf(self), place, address, join, foundAfterMs: limits.foundAfterMs, nowMs });
    this.#keptAddresses = JSON.stringify(kept?.addresses ?? []);
  }

  // -- the door for rooms ----------------------------------------------------------------------------------------------

  get ring(): RingRecords {
    return this.#membership.ring;
  }

  get ringId(): RingId {
    return this.#membership.ring.id;
  }

  get linked(): readonly ActorId[] {
    return this.#links.linked;
  }

  lifeOf(relay: RelayId): ActorId | undefined {
    const actor = this.#membership.lifeOf(relay)?.actor;
    return actor !== undefined && this.#outbox.has(actor) ? actor : undefined;
  }

  tell(to: ActorId, message: MeshRoomMessage): void {
    this.#outbox.bulk(to, this.ringId, message);
  }

  understands(to: ActorId, type: MeshRoomMessage["type"]): boolean {
    return this.#outbox.understands(to, type);
  }

  isCongested(to: ActorId): boolean {
    return this.#outbox.isFull(to);
  }

  heardMs(actor: ActorId): number {
    return this.#links.heardMs(actor);
  }

  /** Sessions of clients here, as the others were told last. */
  get sessions(): number {
    return this.#loads.own;
  }

  advance(status: "member" | "leaving" | "left"): void {
    this.#writeRing(this.ring.advance(relayOf(this.self), status));
  }

  /** Who hears what happens among the peers from now on. */
  listen(listener: PeerListener): void {
    this.#listener = listener;
  }

  // -- what the core is told -------------------------------------------------------------------------------------------

  receive(input: MeshInput, nowMs: number): void {
    this.#nowMs = nowMs;
    switch (input.type) {
      case "link-opened":
        this.#ends.opened(input.link, input);
        return this.#linkStep(input);
      case "link-received":
        return this.#linkStep(input);
      case "link-closed":
        return this.#linkClosed(input.link);
      case "link-taken":
        return this.#taken(input.link);
      case "dial-failed":
        return this.#dialFailed(input.address, undefined, input.reason);
      case "event-loop-delay":
        return this.#memberStep(input);
      case "forget-relay":
        return this.#writeRing(this.ring.forget(input.relay));
      case "drain":
        return this.advance("leaving");
      default:
        return unreachable(input);
    }
  }

  deadlineReached(nowMs: number): void {
    this.#nowMs = nowMs;
    const { linkWaitingBytesMax } = this.#options.limits;
    for (const actor of this.#outbox.slow(linkWaitingBytesMax)) {
      const detail = `limit ${linkWaitingBytesMax} bytes`;
      this.#followLinks(this.#links.drop(actor, { code: "PEER_SLOW", detail }));
    }
    this.#keepAlive();
    this.#linkStep({ type: "deadline-reached" });
    this.#memberStep({ type: "deadline-reached" });
    this.#foundIfNobodyElse();
  }

  #keepAlive(): void {
    const { signs, silent } = this.#silence.look(this.#nowMs);
    for (const actor of signs) this.#outbox.sign(actor, this.ringId);
    for (const actor of silent) {
      const detail = `nothing came for ${this.#options.limits.silence.linkSilentMs} ms`;
      this.#followLinks(this.#links.drop(actor, { code: "PEER_SILENT", detail }));
    }
  }

  /** Says goodbye; the goodbye leaves with the end of the turn. */
  leave(nowMs: number): void {
    this.#nowMs = nowMs;
    this.#memberStep({ type: "leave" });
  }

  /** Hands over what the turn has for each peer. `sessions` counts those of clients here, when that is due. */
  endTurn(sessions: () => number): void {
    for (const actor of this.#loads.toTell(sessions, this.#nowMs))
      this.#outbox.control(actor, { ring: this.ringId, messages: [{ type: "load", sessions: this.sessions }] });
    for (const [actor, burst] of this.#outbox.bursts()) this.#outlet.effect({ type: "send-link", link: this.#linkTo(actor), ...burst });
  }

  /** When `deadlineReached` is due, in monotonic ms. */
  nextDeadline(): number {
    // Not at the end of the turn that found it: rooms are told, and have to have a turn to answer in.
    if (this.#outbox.slow(this.#options.limits.linkWaitingBytesMax).length > 0) return this.#nowMs;
    const founding = this.#links.mesh === undefined ? this.#belonging.nextDeadline() : Number.POSITIVE_INFINITY;
    return Math.min(
      this.#links.nextDeadline(),
      this.#membership.nextDeadline(),
      this.#loads.nextDeadline(),
      this.#silence.nextDeadline(),
      founding,
    );
  }

  view(): MeshView {
    const { ring, localHealth } = this.#membership;
    const { address, software } = this.#options;
    return {
      ...{ self: this.self, mesh: this.#links.mesh, address, software, ring, localHealth },
      members: this.#membership.members().map((member) => this.#seen(member)),
      addresses: this.#membership.addresses(),
      heldBytes: this.#outbox.heldBytes,
    };
  }

  #seen(member: Member): MemberView {
    const { actor } = member;
    const end = this.#ends.find(this.#links.linkTo(actor));
    const line = { backlogBytes: this.#outbox.backlogBytes(actor), heardMs: this.#links.heardMs(actor) };
    return {
      ...{ ...member, ...line, isLinked: this.#outbox.has(actor), roundTripMs: this.#membership.roundTripMs(actor) },
      ...{ sessions: this.#loads.of(actor), version: end?.version, release: end?.release },
    };
  }

  // -- links -----------------------------------------------------------------------------------------------------------

  #linkStep(input: PeerInput): void {
    this.#followLinks(this.#links.step(input, this.#nowMs));
  }

  #followLinks(effects: readonly PeerEffect[]): void {
    for (const effect of effects) this.#followLink(effect);
  }

  #followLink(effect: PeerEffect): void {
    switch (effect.type) {
      case "send":
        return this.#outlet.effect({ type: "send-link", link: effect.link, frames: [effect.bytes], asks: false });
      case "close":
        return this.#close(effect);
      case "mesh-learned":
        return this.#belongs(effect.mesh, false);
      case "peer-up":
        return this.#peerUp(effect);
      case "peer-down":
        return this.#peerDown(effect.actor);
      case "frame":
        return this.#frame(effect.from, effect.frame);
      case "dial-failed":
        // Why was told with the close.
        return this.#dialFailed(effect.address, effect.met, undefined);
      default:
        return unreachable(effect);
    }
  }

  #close({ link, refusal, claimed }: Extract<PeerEffect, { type: "close" }>): void {
    const { remote, dialled, peer } = this.#ends.of(link);
    this.#ends.closed(link);
    this.#outlet.effect({ type: "close-link", link, code: errorKind(refusal.code).closeCode ?? 1013, reason: refusal.code });
    this.#outlet.news({ type: "link-refused", remote, dialled, peer, claimed, refusal });
  }

  #linkClosed(link: LinkId): void {
    if (!this.#ends.closed(link)) return;
    const effects = this.#links.step({ type: "link-closed", link }, this.#nowMs);
    for (const effect of effects) {
      if (effect.type === "dial-failed") this.#dialFailed(effect.address, effect.met, "it closed the link before it had said who it is");
      else this.#followLink(effect);
    }
  }

  #peerUp({ peer, dialled }: Extract<PeerEffect, { type: "peer-up" }>): void {
    const { actor, address, version } = peer;
    this.#ends.proven(this.#linkTo(actor), actor, version);
    this.#outbox.linkUp(actor, version);
    this.#loads.linkUp(actor);
    this.#outbox.control(actor, { ring: this.ringId, messages: [{ type: "release", release: this.#options.software.release }] });
    this.#outlet.news({ type: "peer-up", actor, address, dialled });
    this.#memberStep({ type: "link-up", actor, address, dialled });
    this.#tellListener((listener) => listener.peerUp(actor));
  }

  #peerDown(actor: ActorId): void {
    this.#outbox.linkDown(actor);
    this.#loads.linkDown(actor);
    this.#outlet.news({ type: "peer-down", actor });
    this.#memberStep({ type: "link-down", actor });
    this.#tellListener((listener) => listener.peerDown(actor));
  }

  #frame(from: ActorId, frame: MeshFrame): void {
    const aboutRooms = frame.messages.filter(isAboutRooms);
    // What is only about rooms, or a sign of life, says nothing about members under the same ring and from the living: most frames are such.
    const isNews = aboutRooms.length < frame.messages.length || frame.ring !== this.ringId || this.#membership.holdsDead(from);
    if (isNews) this.#memberStep({ type: "frame", from, frame });
    if (frame.ring === this.ringId || frame.messages.some((message) => message.type === "ring"))
      this.#writeRing(this.#belonging.heard(this.ring));
    for (const message of frame.messages) {
      if (message.type === "load") this.#loads.heard(from, message.sessions);
      else if (message.type === "release") this.#ends.runs(this.#linkTo(from), message.release);
    }
    for (const message of aboutRooms) this.#tellListener((listener) => listener.received(from, frame.ring, message));
  }

  #taken(link: LinkId): void {
    const peer = this.#ends.find(link)?.peer;
    if (peer !== undefined) this.#outbox.taken(peer);
  }

  #linkTo(actor: ActorId): LinkId {
    const link = this.#links.linkTo(actor);
    assert(link !== undefined, "who has a queue has a link");
    return link;
  }

  #dialFailed(address: string, met: ActorId | undefined, reason: string | undefined): void {
    if (reason !== undefined) this.#outlet.news({ type: "unreachable", address, reason });
    this.#memberStep({ type: "dial-failed", address, met });
    this.#belonging.askedInVain(address);
    this.#foundIfNobodyElse();
  }

  // -- members and the ring --------------------------------------------------------------------------------------------

  #memberStep(input: MembershipInput): void {
    const effects = this.#membership.step(input, this.#nowMs);
    for (const effect of effects) this.#followMember(effect);
    const mayMove = input.type !== "frame" || effects.some((effect) => effect.type === "member-changed" || effect.type === "ring-changed");
    if (mayMove && JSON.stringify(this.#membership.addresses()) !== this.#keptAddresses) this.#keep(false);
  }

  #followMember(effect: MembershipEffect): void {
    switch (effect.type) {
      case "send":
        return this.#outbox.control(effect.to, effect.frame);
      case "dial":
        return this.#outlet.effect(effect);
      case "ring-changed":
        this.#keep(false);
        this.#outlet.news(effect);
        return this.#tellListener((listener) => listener.ringChanged());
      case "member-changed": {
        const { member, before } = effect;
        this.#outlet.news(effect);
        return this.#tellListener((listener) => listener.memberChanged({ member, before }));
      }
      case "contested":
      case "turned-away":
        return this.#outlet.news(effect);
      default:
        return unreachable(effect);
    }
  }

  #writeRing(ring: RingRecords | undefined): void {
    if (ring !== undefined && ring !== this.ring) this.#memberStep({ type: "ring-written", records: ring.entries() });
  }

  // -- belonging -------------------------------------------------------------------------------------------------------

  #foundIfNobodyElse(): void {
    if (this.#links.mesh !== undefined || !this.#belonging.founds(this.#nowMs)) return;
    const mesh = drawMeshId(this.#options.random);
    this.#links.found(mesh);
    this.#belongs(mesh, true);
    this.#writeRing(firstRing(relayOf(this.self), this.#options.place));
  }

  #belongs(mesh: MeshId, isFounder: boolean): void {
    this.#keep(true);
    this.#outlet.news({ type: "belongs", mesh, isFounder });
  }

  #keep(isFirst: boolean): void {
    const { mesh } = this.#links;
    if (mesh === undefined) return;
    const addresses = this.#membership.addresses();
    this.#keptAddresses = JSON.stringify(addresses);
    this.#outlet.effect({ type: "keep-mesh", kept: { mesh, ring: this.ring.entries(), addresses }, isFirst });
  }

  // -- listeners -------------------------------------------------------------------------------------------------------

  /** One after the other: what a listener does may make the next thing happen. */
  #tellListener(tell: (listener: PeerListener) => void): void {
    if (this.#listener === undefined) return;
    this.#untold.push(tell);
    if (this.#isTelling) return;
    this.#isTelling = true;
    for (let next = this.#untold.shift(); next !== undefined; next = this.#untold.shift()) next(this.#listener);
    this.#isTelling = false;
  }
}
