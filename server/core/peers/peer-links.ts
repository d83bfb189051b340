/**
 * PeerLinks: the sockets between this relay and others, from opened to proven, and which of two to one peer survives.
 *
 *     opened ──▶ handshake (peer-handshake.ts) ──proven──▶ up: frames go both ways ──▶ closed
 *                   │ failed, or past `handshakeMs`          │ unreadable, or another link took its place
 *                   └──▶ closed with a code                  └──▶ closed
 *
 * Two relays that dial each other at once get two links, and both must drop the same one: the one that the lower name
 * dialled stays; of two that one relay dialled (by two addresses of the other) the one with the lower draw. That holds
 * among links that came up within `handshakeMs` of each other. Later a new link takes the place of the old one, for its dialler
 * has lost that; a dialler that still has it (one name may stand for several relays) lets the new one go.
 *
 * Invariants: at most one link per life is up, and going over to another one is told as down and up, so that nothing that was
 * asked on the old link counts on the new one; at most `unprovenMax` links are not proven; nothing but a handshake is decoded
 * from those.
 */
import { assert } from "@inkmesh/shared/base/assert";
import { relayOf, type ActorId, type LinkId, type MeshId } from "@inkmesh/shared/base/ids";
import type { Random } from "@inkmesh/shared/base/random";
import type { Refusal } from "@inkmesh/shared/base/result";
import { LinkMemory } from "@inkmesh/shared/wire/link-memory";
import { decodeMeshFrame } from "@inkmesh/shared/wire/mesh-codec";
import type { MeshFrame } from "@inkmesh/shared/wire/mesh-message";
import { PeerHandshake, refusalFrame, type HandshakeStep, type OwnIdentity, type Peer } from "./peer-handshake.ts";

export interface PeerLimits {
  /** How long a link may take to be proven, from the moment it was opened; no message moves it. */
  readonly handshakeMs: number;
  /** Links that are not proven yet; past it new ones that others dialled are refused. */
  readonly unprovenMax: number;
}

export type PeerInput =
  /** A socket is open. `dialled`: the address that this relay had dialled; undefined: it was accepted. */
  | { readonly type: "link-opened"; readonly link: LinkId; readonly dialled: string | undefined }
  | { readonly type: "link-received"; readonly link: LinkId; readonly bytes: Uint8Array }
  /** The socket is closed, from wherever; not told for those that were closed by an effect. */
  | { readonly type: "link-closed"; readonly link: LinkId }
  | { readonly type: "deadline-reached" };

export type PeerEffect =
  | { readonly type: "send"; readonly link: LinkId; readonly bytes: Uint8Array }
  /** `claimed`: who it said that it is, on a link that was not proven. */
  | { readonly type: "close"; readonly link: LinkId; readonly refusal: Refusal; readonly claimed: ActorId | undefined }
  /** This relay belongs to a mesh from now on: to be kept on disk before anything else is done. */
  | { readonly type: "mesh-learned"; readonly mesh: MeshId }
  | { readonly type: "peer-up"; readonly peer: Peer; readonly dialled: string | undefined }
  | { readonly type: "peer-down"; readonly actor: ActorId }
  | { readonly type: "frame"; readonly from: ActorId; readonly frame: MeshFrame }
  /** A dialled link came to nothing. `met`: who was there all the same. */
  | { readonly type: "dial-failed"; readonly address: string; readonly met: ActorId | undefined; readonly refusal: Refusal };

interface Unproven {
  readonly phase: "unproven";
  readonly handshake: PeerHandshake;
  readonly dialled: string | undefined;
  readonly untilMs: number;
}

interface Proven {
  readonly phase: "proven";
  readonly peer: Peer;
  readonly isDialler: boolean;
  readonly sinceMs: number;
  /** Of what came over it. */
  readonly memory: LinkMemory;
  heardMs: number;
}

export class PeerLinks {
  readonly #limits: PeerLimits;
  readonly #random: Random;
  readonly #links = new Map<LinkId, Unproven | Proven>();
  readonly #up = new Map<ActorId, LinkId>();
  #own: OwnIdentity;
  #effects: PeerEffect[] = [];

  constructor(options: { own: OwnIdentity; limits: PeerLimits; random: Random }) {
    this.#own = options.own;
    this.#limits = options.limits;
    this.#random = options.random;
  }

  get mesh(): MeshId | undefined {
    return this.#own.mesh;
  }

  step(input: PeerInput, nowMs: number): readonly PeerEffect[] {
    if (input.type === "link-opened") this.#opened(input.link, input.dialled, nowMs);
    if (input.type === "link-received") this.#received(input.link, input.bytes, nowMs);
    if (input.type === "link-closed") this.#closed(input.link);
    this.#expire(nowMs);
    return this.#takeEffects();
  }

  /** The link that is up to `actor`. */
  linkTo(actor: ActorId): LinkId | undefined {
    return this.#up.get(actor);
  }

  /** Those whom a link that is up leads to. */
  get linked(): readonly ActorId[] {
    return [...this.#up.keys()];
  }

  /** When a frame of `actor` came last; 0 where no link is up. */
  heardMs(actor: ActorId): number {
    const link = this.#up.get(actor);
    return link === undefined ? 0 : this.#provenLink(link).heardMs;
  }

  /** This relay founds a mesh. */
  found(mesh: MeshId): void {
    assert(this.#own.mesh === undefined, "a relay belongs to one mesh");
    this.#own = { ...this.#own, mesh };
  }

  /** Ends the link to `actor`, if there is one. */
  drop(actor: ActorId, refusal: Refusal): readonly PeerEffect[] {
    const link = this.#up.get(actor);
    if (link !== undefined) this.#end(link, refusal);
    return this.#takeEffects();
  }

  nextDeadline(): number {
    const unproven = [...this.#links.values()].filter((link) => link.phase === "unproven");
    return unproven.reduce((earliest, link) => Math.min(earliest, link.untilMs), Number.POSITIVE_INFINITY);
  }

  #opened(link: LinkId, dialled: string | undefined, nowMs: number): void {
    assert(!this.#links.has(link), "a link is opened once");
    const unproven = [...this.#links.values()].filter((other) => other.phase === "unproven").length;
    const handshake = new PeerHandshake({ side: dialled === undefined ? "accepter" : "dialler", random: this.#random });
    this.#links.set(link, { phase: "unproven", handshake, dialled, untilMs: nowMs + this.#limits.handshakeMs });
    if (dialled !== undefined) this.#effects.push({ type: "send", link, bytes: handshake.begin(this.#own) });
    else if (unproven >= this.#limits.unprovenMax)
      this.#end(link, { code: "TOO_MANY_CONNECTIONS", detail: `${unproven} links are not proven` });
  }

  #received(link: LinkId, bytes: Uint8Array, nowMs: number): void {
    const state = this.#links.get(link);
    if (state === undefined) return;
    if (state.phase === "unproven") {
      const steps = state.handshake.received(bytes, this.#own);
      if (this.#isNeedless(state, nowMs)) return this.#letGo(link);
      for (const step of steps) this.#follow(link, state, step, nowMs);
      return;
    }
    state.heardMs = nowMs;
    const frame = decodeMeshFrame(bytes, state.memory);
    if (frame.ok) this.#effects.push({ type: "frame", from: state.peer.actor, frame: frame.value });
    else this.#end(link, frame.refusal);
  }

  #follow(link: LinkId, state: Unproven, step: HandshakeStep, nowMs: number): void {
    if (step.type === "say") {
      this.#effects.push({ type: "send", link, bytes: step.frame });
    } else if (step.type === "failed") {
      if (step.frame !== undefined) this.#effects.push({ type: "send", link, bytes: step.frame });
      this.#end(link, step.refusal);
    } else {
      this.#proven(link, state, step.peer, step.welcome, nowMs);
    }
  }

  #proven(link: LinkId, { dialled }: Unproven, peer: Peer, welcome: Uint8Array | undefined, nowMs: number): void {
    const proven: Proven = {
      phase: "proven",
      peer,
      isDialler: dialled !== undefined,
      sinceMs: nowMs,
      memory: new LinkMemory(),
      heardMs: nowMs,
    };
    const other = this.#up.get(peer.actor);
    const refusal: Refusal = { code: "LINK_DOUBLE", detail: "" };
    if (other !== undefined && this.#staysBeside(this.#provenLink(other), proven)) {
      if (welcome !== undefined) this.#effects.push({ type: "send", link, bytes: refusalFrame(refusal.code, refusal.detail) });
      return this.#end(link, refusal);
    }
    if (other !== undefined) this.#end(other, refusal);
    this.#links.set(link, proven);
    this.#up.set(peer.actor, link);
    if (this.#own.mesh === undefined) {
      this.#own = { ...this.#own, mesh: peer.mesh };
      this.#effects.push({ type: "mesh-learned", mesh: peer.mesh });
    }
    if (welcome !== undefined) this.#effects.push({ type: "send", link, bytes: welcome });
    this.#effects.push({ type: "peer-up", peer, dialled });
  }

  /** Whether the link that is up already is the one to keep. Both sides come to the same. */
  #staysBeside(up: Proven, fresh: Proven): boolean {
    if (this.#isOld(up, fresh.sinceMs)) return false;
    if (up.isDialler === fresh.isDialler) return up.peer.draw < fresh.peer.draw;
    return up.isDialler === isLower(this.#own.actor, up.peer.actor);
  }

  /** Who dialled an address knows better than its peer that the old link to whom it finds there still stands. */
  #isNeedless({ dialled, handshake }: Unproven, nowMs: number): boolean {
    const up = handshake.claimed === undefined ? undefined : this.#up.get(handshake.claimed);
    return dialled !== undefined && up !== undefined && this.#isOld(this.#provenLink(up), nowMs);
  }

  #letGo(link: LinkId): void {
    const refusal: Refusal = { code: "LINK_DOUBLE", detail: "" };
    this.#effects.push({ type: "send", link, bytes: refusalFrame(refusal.code, refusal.detail) });
    this.#end(link, refusal);
  }

  #isOld(up: Proven, nowMs: number): boolean {
    return up.sinceMs + this.#limits.handshakeMs <= nowMs;
  }

  #closed(link: LinkId): void {
    if (this.#links.has(link)) this.#forget(link, { code: "OUT_OF_ORDER", detail: "the socket was closed" });
  }

  #expire(nowMs: number): void {
    for (const [link, state] of this.#links) {
      if (state.phase !== "unproven" || state.untilMs > nowMs) continue;
      this.#end(link, { code: "HANDSHAKE_TIMEOUT", detail: `not proven within ${this.#limits.handshakeMs} ms` });
    }
  }

  #end(link: LinkId, refusal: Refusal): void {
    const state = this.#links.get(link);
    const claimed = state?.phase === "unproven" ? state.handshake.claimed : undefined;
    this.#effects.push({ type: "close", link, refusal, claimed });
    this.#forget(link, refusal);
  }

  #forget(link: LinkId, refusal: Refusal): void {
    const state = this.#links.get(link);
    assert(state !== undefined, "a link that ends was there");
    this.#links.delete(link);
    if (state.phase === "proven") {
      if (this.#up.get(state.peer.actor) !== link) return;
      this.#up.delete(state.peer.actor);
      this.#effects.push({ type: "peer-down", actor: state.peer.actor });
    } else if (state.dialled !== undefined) {
      this.#effects.push({ type: "dial-failed", address: state.dialled, met: this.#met(state, refusal), refusal });
    }
  }

  /** Only these two refusals say who is there: everything else may be somebody else's claim. */
  #met({ handshake }: Unproven, { code }: Refusal): ActorId | undefined {
    if (code === "LINK_TO_SELF") return this.#own.actor;
    return code === "LINK_DOUBLE" ? handshake.claimed : undefined;
  }

  #provenLink(link: LinkId): Proven {
    const state = this.#links.get(link);
    assert(state?.phase === "proven", "a link that is up is proven");
    return state;
  }

  #takeEffects(): readonly PeerEffect[] {
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }
}

/** By name, and of two lives with one name by life. */
function isLower(left: ActorId, right: ActorId): boolean {
  const [leftName, rightName] = [relayOf(left), relayOf(right)];
  return leftName === rightName ? left < right : leftName < rightName;
}
