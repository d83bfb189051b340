/**
 * LinkQueue: what waits to go over one link. What is said about the mesh goes first and always; what is said about rooms goes as far
 * as the other side reads, one room after the other.
 *
 *     control ────────────────────────────────▶ frames of this turn
 *     bulk ──▶ turns by room ──room in window──▶ frames of this turn        `taken` gives room back
 *
 * Of what a socket was given, at most a window of bulk is not with the system yet, so that a probe never waits behind more
 * than that. For half a window the socket is asked to say when it was taken.
 *
 * Invariants: what is said of one room keeps its order; bulk is encoded in the order in which it goes, as the other side reads it
 * with what it remembers; each message goes in a frame that names the ring under which it was said; a frame is
 * filled up to `frameFillBytes` and `frameMessagesMax`, longer only by one message that is longer itself; what waits is counted
 * and bounded by the caller (`waitingBytes`); nothing is said that the version of the link has no word for.
 */
import { assert } from "@inkmesh/shared/base/assert";
import type { RingId } from "@inkmesh/shared/base/ids";
import { LinkMemory } from "@inkmesh/shared/wire/link-memory";
import { encodeMeshMessage, packMeshFrame } from "@inkmesh/shared/wire/mesh-codec";
import { isAboutRooms, isSpokenIn, type MeshMessage } from "@inkmesh/shared/wire/mesh-message";
import type { MeshRoomMessage } from "@inkmesh/shared/wire/mesh-room-message";
import { RoomTurns } from "./room-turns.ts";

export interface LinkQueueLimits {
  /** Bytes of one link that were given to the socket and that the system has not taken. */
  readonly windowBytes: number;
  /** A frame is closed when it has so many bytes, or messages. */
  readonly frameFillBytes: number;
  readonly frameMessagesMax: number;
  /** Bytes that one room may say before the next one that waits. */
  readonly roomShareBytes: number;
}

/** What a turn has for a link. */
export interface LinkBurst {
  /** May be none, where only the question is left. */
  readonly frames: readonly Uint8Array[];
  /** The socket shall say when the system has taken everything that it was given so far. */
  readonly asks: boolean;
}

interface Said {
  readonly ring: RingId;
  readonly bytes: Uint8Array;
}

export class LinkQueue {
  readonly #limits: LinkQueueLimits;
  readonly #version: number;
  /** Of what goes over the link: messages about rooms in the order in which they go, and frames. */
  readonly #memory = new LinkMemory();
  #control: Said[] = [];
  #sign: RingId | undefined;
  readonly #bulk: RoomTurns;
  /** Given to the socket and not known to be taken. */
  #aheadBytes = 0;
  /** How much of `#aheadBytes` the answer stands for that was asked for. */
  #askedBytes = 0;

  /** `version`: what both sides of the link speak. */
  constructor(limits: LinkQueueLimits, version: number) {
    this.#limits = limits;
    this.#version = version;
    this.#bulk = new RoomTurns(limits.roomShareBytes);
  }

  /** Whether the link has a word of that kind. */
  understands(type: MeshMessage["type"]): boolean {
    return isSpokenIn(this.#version, { type });
  }

  /** Bytes that the other side has not read, about, and as far as this side can know. */
  get waitingBytes(): number {
    return this.#bulk.bytes + this.#aheadBytes;
  }

  /** Bytes that certainly wait: of less than half a window nobody asks whether it was taken. */
  get backlogBytes(): number {
    return this.#bulk.bytes + (this.#askedBytes === 0 ? 0 : this.#aheadBytes);
  }

  /** Bytes that were not even given to the socket, about. */
  get heldBytes(): number {
    return this.#bulk.bytes;
  }

  /** So much is not with the system yet that bulk waits. */
  get isFull(): boolean {
    return this.#aheadBytes >= this.#limits.windowBytes;
  }

  /** Something goes this turn, be it a frame of no messages. */
  sign(ring: RingId): void {
    this.#sign = ring;
  }

  addControl(ring: RingId, message: MeshMessage): void {
    assert(!isAboutRooms(message), "what overtakes says nothing of what a link remembers");
    if (isSpokenIn(this.#version, message)) this.#control.push({ ring, bytes: encodeMeshMessage(message, this.#memory) });
  }

  addBulk(ring: RingId, message: MeshRoomMessage): void {
    if (isSpokenIn(this.#version, message)) this.#bulk.add(ring, message);
  }

  /** The system has taken what was asked for. */
  taken(): void {
    this.#aheadBytes -= this.#askedBytes;
    this.#askedBytes = 0;
  }

  /** What goes now; undefined when nothing does. */
  burst(): LinkBurst | undefined {
    const said = this.#pack([...this.#control, ...this.#takeBulk()]);
    const frames = said.length === 0 && this.#sign !== undefined ? [packMeshFrame(this.#sign, [], this.#memory)] : said;
    this.#control = [];
    this.#sign = undefined;
    for (const frame of frames) this.#aheadBytes += frame.length;
    const asks = this.#askedBytes === 0 && this.#aheadBytes >= this.#limits.windowBytes / 2;
    if (asks) this.#askedBytes = this.#aheadBytes;
    return frames.length > 0 || asks ? { frames, asks } : undefined;
  }

  #takeBulk(): readonly Said[] {
    const taken: Said[] = [];
    for (let room = this.#limits.windowBytes - this.#aheadBytes; room > 0;) {
      const next = this.#bulk.next();
      if (next === undefined) break;
      const bytes = encodeMeshMessage(next.message, this.#memory);
      this.#bulk.spoken(next, bytes.length);
      taken.push({ ring: next.ring, bytes });
      room -= bytes.length;
    }
    return taken;
  }

  #pack(said: readonly Said[]): readonly Uint8Array[] {
    const { frameFillBytes, frameMessagesMax } = this.#limits;
    const frames: Uint8Array[] = [];
    let messages: Uint8Array[] = [];
    let bytes = 0;
    for (const [index, message] of said.entries()) {
      messages.push(message.bytes);
      bytes += message.bytes.length;
      const next = said[index + 1];
      const isFull = messages.length >= frameMessagesMax || (next !== undefined && bytes + next.bytes.length > frameFillBytes);
      if (next?.ring === message.ring && !isFull) continue;
      frames.push(packMeshFrame(message.ring, messages, this.#memory));
      messages = [];
      bytes = 0;
    }
    assert(messages.length === 0, "every message went into a frame");
    return frames;
  }
}
