/**
 * AntiEntropy: finds the rooms in which two replicas differ, whatever went wrong between them.
 *
 *     every second    the rooms that changed:   ──digests──▶  differ: compare       by the lower name; by the other what it has not named
 *     at a new link, and at most sweepMs apart, everything:
 *                     ──tree(whole circle)──▶ equal: silence
 *                                             differ: ──tree(parts that differ)──▶ … ──digests(few rooms)──▶ differ: compare
 *
 * What changes changes at both within moments, so one telling is enough: the relay with the higher name waits a turn, and tells the
 * other only what that has not told of meanwhile.
 *
 * Of two relays the one with the lower name begins a sweep; from then on each message is answered from the message alone, so
 * neither remembers anything about the other's sweep. A sweep that found something is followed by another one at once, which
 * begins where this one ended: a blank replica gets its rooms in portions.
 *
 * Invariants: equal rooms, however many, cost one message of one node per sweep; a message goes into at most `sweepPartsMax` parts
 * and names at most `changedRoomsMax` rooms to compare. Knows no contents: what it names is compared by `RoomComparison`.
 */
import type { RelayId, RoomName } from "@inkmesh/shared/base/ids";
import { randomInteger, type Random } from "@inkmesh/shared/base/random";
import { comparePositions, type Position } from "@inkmesh/shared/ring/hash";
import type { MeshRoomMessage, Prefix, RoomDigest } from "@inkmesh/shared/wire/mesh-room-message";
import { prefixMax, type DigestTree } from "./digest-tree.ts";
import type { ReplicationLimits } from "./replication-limits.ts";

/** The rooms on this relay's disk. */
export interface SharedRooms {
  /** All that the ring places on this relay and on `peer`. */
  treeWith(peer: RelayId): DigestTree;
  isSharedWith(peer: RelayId, room: RoomName): boolean;
  /** Undefined where there is nothing of it here. */
  digest(room: RoomName): Position | undefined;
}

export type AntiEntropyStep =
  | { readonly type: "send"; readonly to: RelayId; readonly message: MeshRoomMessage }
  /** These may differ there: say what is here and ask for the same. */
  | { readonly type: "compare"; readonly with: RelayId; readonly rooms: readonly RoomName[] };

type TreeMessage = Extract<MeshRoomMessage, { type: "tree" }>;
type DigestsMessage = Extract<MeshRoomMessage, { type: "digests" }>;

export class AntiEntropy {
  readonly #self: RelayId;
  readonly #limits: ReplicationLimits;
  readonly #random: Random;
  readonly #rooms: SharedRooms;
  /** Per peer with a link: when its next sweep begins here; never where the peer begins it. */
  readonly #sweeps = new Map<RelayId, number>();
  readonly #trees = new Map<RelayId, { readonly tree: DigestTree; readonly untilMs: number }>();
  /** Rooms that changed, the longest waiting first. */
  readonly #changed = new Set<RoomName>();
  /** Per peer with a lower name: what is told in the next turn unless the peer tells of it. */
  readonly #waiting = new Map<RelayId, Set<RoomName>>();
  #compareMs = Number.POSITIVE_INFINITY;
  #round = 0;

  constructor(options: { self: RelayId; limits: ReplicationLimits; random: Random; rooms: SharedRooms }) {
    this.#self = options.self;
    this.#limits = options.limits;
    this.#random = options.random;
    this.#rooms = options.rooms;
  }

  linkUp(peer: RelayId, nowMs: number): void {
    this.#sweeps.set(peer, this.#self < peer ? nowMs : Number.POSITIVE_INFINITY);
  }

  linkDown(peer: RelayId): void {
    this.#sweeps.delete(peer);
    this.#trees.delete(peer);
    this.#waiting.delete(peer);
  }

  /** The ring places rooms anew: everything is compared. */
  ringChanged(nowMs: number): void {
    this.#trees.clear();
    for (const peer of this.#sweeps.keys()) this.linkUp(peer, nowMs);
  }

  /** Something of `room` changed on this relay's disk, or it is to be looked at again. */
  changed(room: RoomName, nowMs: number): void {
    this.#changed.add(room);
    this.#compareMs = Math.min(this.#compareMs, nowMs + this.#limits.compareChangedMs);
  }

  nextDeadline(): number {
    const trees = [...this.#trees.values()].map(({ untilMs }) => untilMs);
    return Math.min(this.#compareMs, ...this.#sweeps.values(), ...trees);
  }

  expire(nowMs: number): readonly AntiEntropyStep[] {
    for (const [peer, { untilMs }] of this.#trees) if (untilMs <= nowMs) this.#trees.delete(peer);
    const steps: AntiEntropyStep[] = this.#compareMs <= nowMs ? this.#tellChanged(nowMs) : [];
    for (const [peer, atMs] of this.#sweeps) {
      if (atMs > nowMs) continue;
      // Up to a fifth sooner, so that many relays do not fall into step.
      this.#sweeps.set(peer, nowMs + this.#limits.sweepMs - randomInteger(this.#random, Math.ceil(this.#limits.sweepMs / 5)));
      steps.push({ type: "send", to: peer, message: { type: "tree", nodes: [this.#tree(peer, nowMs).node([])] } });
    }
    return steps;
  }

  /** Goes on with those parts of a peer's tree that differ here. */
  treeCame(from: RelayId, { nodes }: TreeMessage, nowMs: number): readonly AntiEntropyStep[] {
    const tree = this.#tree(from, nowMs);
    const parts = this.#some(nodes.flatMap((node) => tree.differing(node)));
    if (parts.length > 0) this.#sweepAgain(from, nowMs);
    const isFew = (prefix: Prefix): boolean => prefix.length >= prefixMax || tree.count(prefix) <= this.#limits.listedRoomsMax;
    const deeper = parts.filter((prefix) => !isFew(prefix)).map((prefix) => tree.node(prefix));
    const messages: MeshRoomMessage[] = parts.filter(isFew).map((prefix) => ({ type: "digests", prefix, rooms: tree.rooms(prefix) }));
    if (deeper.length > 0) messages.push({ type: "tree", nodes: deeper });
    return messages.map((message) => ({ type: "send", to: from, message }));
  }

  /** Compares with a peer's list: a whole part of the circle, or what changed there. */
  digestsCame(from: RelayId, { prefix, rooms }: DigestsMessage, nowMs: number): readonly AntiEntropyStep[] {
    if (prefix === undefined) for (const { room } of rooms) this.#waiting.get(from)?.delete(room);
    const shared = rooms.filter(({ room }) => this.#rooms.isSharedWith(from, room));
    const differing =
      prefix === undefined
        ? shared.filter((room) => this.#differs(room)).map(({ room }) => room)
        : this.#tree(from, nowMs).differingRooms(prefix, shared);
    if (differing.length === 0) return [];
    if (prefix !== undefined) this.#sweepAgain(from, nowMs);
    return [{ type: "compare", with: from, rooms: differing.slice(0, this.#limits.changedRoomsMax) }];
  }

  /** One look at all rooms serves the messages of a sweep: what changes meanwhile is compared once too often, never too seldom. */
  #tree(peer: RelayId, nowMs: number): DigestTree {
    const seen = this.#trees.get(peer);
    if (seen !== undefined && seen.untilMs > nowMs) return seen.tree;
    const tree = this.#rooms.treeWith(peer);
    this.#trees.set(peer, { tree, untilMs: nowMs + this.#limits.compareChangedMs });
    return tree;
  }

  #differs({ room, digest }: RoomDigest): boolean {
    const own = this.#rooms.digest(room);
    return own === undefined || comparePositions(own, digest) !== 0;
  }

  #tellChanged(nowMs: number): AntiEntropyStep[] {
    const rooms = [...this.#changed].slice(0, this.#limits.changedRoomsMax);
    for (const room of rooms) this.#changed.delete(room);
    const steps = [...this.#sweeps.keys()].flatMap((to): AntiEntropyStep[] => {
      const told = this.#inTurn(to, rooms)
        .filter((room) => this.#rooms.isSharedWith(to, room))
        .flatMap((room) => this.#told(room));
      return told.length === 0 ? [] : [{ type: "send", to, message: { type: "digests", prefix: undefined, rooms: told } }];
    });
    const isOver = this.#changed.size === 0 && [...this.#waiting.values()].every(({ size }) => size === 0);
    this.#compareMs = isOver ? Number.POSITIVE_INFINITY : nowMs + this.#limits.compareChangedMs;
    return steps;
  }

  /** Of what `changed`, and of what waits, the rooms that it is time to tell `to` of. */
  #inTurn(to: RelayId, changed: readonly RoomName[]): readonly RoomName[] {
    if (this.#self < to) return changed;
    const due = [...(this.#waiting.get(to) ?? [])];
    this.#waiting.set(to, new Set(changed));
    return due;
  }

  #told(room: RoomName): readonly RoomDigest[] {
    const digest = this.#rooms.digest(room);
    return digest === undefined ? [] : [{ room, digest }];
  }

  /** As many as one message may go into; each time others, so that a part that stays different does not hide the rest. */
  #some(parts: readonly Prefix[]): readonly Prefix[] {
    const { sweepPartsMax } = this.#limits;
    if (parts.length <= sweepPartsMax) return parts;
    this.#round += sweepPartsMax;
    const start = this.#round % parts.length;
    return [...parts.slice(start), ...parts.slice(0, start)].slice(0, sweepPartsMax);
  }

  #sweepAgain(peer: RelayId, nowMs: number): void {
    const atMs = this.#sweeps.get(peer);
    if (atMs === undefined || this.#self > peer) return;
    this.#sweeps.set(peer, Math.min(atMs, nowMs + this.#limits.compareChangedMs));
  }
}
