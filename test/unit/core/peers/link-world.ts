/**
 * LinkWorld: several relays' `PeerLinks` and the sockets between them. What is sent waits until a test lets it arrive, in
 * order within a socket and in any order between sockets.
 */
import type { ActorId, LinkId, MeshId } from "@inkmesh/shared/base/ids";
import { seededRandom } from "@inkmesh/shared/base/random";
import type { ErrorCode } from "@inkmesh/shared/base/errors";
import { meshVersion } from "@inkmesh/shared/wire/protocol-version";
import { PeerLinks, type PeerEffect, type PeerInput } from "../../../../server/core/peers/peer-links.ts";

export const secret = new Uint8Array(32).fill(7);
export const aMesh = "0011223344556677" as MeshId;

/** One end of a socket. */
interface End {
  readonly relay: LinkRelay;
  readonly link: LinkId;
  other: End | undefined;
  /** What arrives next at this end; undefined: the socket is closed. */
  readonly arriving: (Uint8Array | undefined)[];
}

export const linkLimits = { handshakeMs: 5_000, unprovenMax: 8 };

interface LinkOptions {
  readonly actor: ActorId;
  readonly mesh?: MeshId | undefined;
  readonly secret?: Uint8Array;
  readonly version?: number;
}

export class LinkRelay {
  readonly links: PeerLinks;
  readonly world: LinkWorld;
  readonly actor: ActorId;
  /** What happened here but frames on the wire. */
  readonly seen: PeerEffect[] = [];
  readonly ends = new Map<LinkId, End>();
  readonly closed: ErrorCode[] = [];

  constructor(world: LinkWorld, options: LinkOptions & { seed: number }) {
    this.world = world;
    const { actor, mesh, version = meshVersion } = options;
    this.actor = actor;
    const own = { actor, address: `ws://${actor}`, secret: options.secret ?? secret, mesh, version };
    this.links = new PeerLinks({ own, limits: linkLimits, random: seededRandom(options.seed) });
  }

  tell(input: PeerInput): void {
    for (const effect of this.links.step(input, this.world.nowMs)) this.#perform(effect);
  }

  drop(actor: ActorId): void {
    for (const effect of this.links.drop(actor, { code: "RELAY_STOPPING", detail: "" })) this.#perform(effect);
  }

  /** Who is up, and over which socket. */
  up(): ReadonlyMap<ActorId, number> {
    const up = new Map<ActorId, number>();
    for (const effect of this.seen) {
      if (effect.type === "peer-up") up.set(effect.peer.actor, (up.get(effect.peer.actor) ?? 0) + 1);
      if (effect.type === "peer-down") up.set(effect.actor, (up.get(effect.actor) ?? 0) - 1);
    }
    return new Map([...up].filter(([, count]) => count !== 0));
  }

  of<Type extends PeerEffect["type"]>(type: Type): readonly Extract<PeerEffect, { type: Type }>[] {
    return this.seen.filter((effect) => effect.type === type) as Extract<PeerEffect, { type: Type }>[];
  }

  #perform(effect: PeerEffect): void {
    if (effect.type === "send") {
      this.ends.get(effect.link)?.other?.arriving.push(effect.bytes);
      this.world.sent.push(effect.bytes);
      return;
    }
    if (effect.type === "close") {
      const end = this.ends.get(effect.link)!;
      this.ends.delete(effect.link);
      end.other?.arriving.push(undefined);
      this.closed.push(effect.refusal.code);
      return;
    }
    this.seen.push(effect);
  }
}

export class LinkWorld {
  nowMs = 0;
  readonly relays: LinkRelay[] = [];
  /** Every frame that was sent. */
  readonly sent: Uint8Array[] = [];
  #link = 0;

  add(options: Omit<ConstructorParameters<typeof LinkRelay>[1], "seed">): LinkRelay {
    const relay = new LinkRelay(this, { ...options, seed: this.relays.length + 1 });
    this.relays.push(relay);
    return relay;
  }

  dial(from: LinkRelay, to: LinkRelay): void {
    const near: End = { relay: from, link: this.#nextLink(), other: undefined, arriving: [] };
    const far: End = { relay: to, link: this.#nextLink(), other: near, arriving: [] };
    near.other = far;
    from.ends.set(near.link, near);
    to.ends.set(far.link, far);
    to.tell({ type: "link-opened", link: far.link, dialled: undefined });
    from.tell({ type: "link-opened", link: near.link, dialled: `ws://${to.actor}` });
  }

  /** A socket whose other end is the test's own hand. */
  knock(at: LinkRelay, dialled?: string): LinkId {
    const link = this.#nextLink();
    at.ends.set(link, { relay: at, link, other: undefined, arriving: [] });
    at.tell({ type: "link-opened", link, dialled });
    return link;
  }

  /** Lets one thing arrive, at the socket that `pick` chooses; whether there was one. */
  deliver(pick: (choices: number) => number): boolean {
    const waiting = this.relays.flatMap((relay) => [...relay.ends.values()]).filter((end) => end.arriving.length > 0);
    const end = waiting[pick(waiting.length)];
    if (end === undefined) return false;
    const bytes = end.arriving.shift();
    if (bytes !== undefined) end.relay.tell({ type: "link-received", link: end.link, bytes });
    else if (end.relay.ends.delete(end.link)) end.relay.tell({ type: "link-closed", link: end.link });
    return true;
  }

  settle(): void {
    while (this.deliver(() => 0));
  }

  #nextLink(): LinkId {
    this.#link += 1;
    return this.#link as LinkId;
  }
}
