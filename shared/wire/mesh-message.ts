/**
 * MeshMessage: what relays of one mesh say to each other about the mesh, as values; about rooms: `mesh-room-message.ts`.
 * Layout: README.md beside this file.
 *
 * Before a link is proven only the handshake is spoken; after it every frame carries the sender's RingId and messages. The words are those of
 * SWIM (Das, Gupta, Motivala, DSN 2002) and of Lifeguard (arXiv 1707.00788).
 */
import type { ActorId, MeshId, RingId } from "../base/ids.ts";
import type { ErrorCode } from "../base/errors.ts";
import type { RingRecord } from "../ring/ring-record.ts";
import type { MeshRoomMessage } from "./mesh-room-message.ts";
import { blobsSince, historiesSince, meshVersionMin, namesSince, prunedSince, releaseSince, wordsSince } from "./protocol-version.ts";

/** What is believed of one life of a relay; of equal incarnation the later one counts, and `left` is final. */
export const memberStates = ["alive", "suspect", "dead", "left"] as const;
export type MemberState = (typeof memberStates)[number];

/** A piece of news about one life of a relay. */
export type Rumor = {
  readonly actor: ActorId;
  /** How often this life has refuted its death; only it raises the number. */
  readonly incarnation: number;
  /** Where relays reach it: a WebSocket address; empty when it cannot be dialled. */
  readonly address: string;
} & (
  | { readonly state: "alive" | "dead" | "left" }
  /** `accuser` is who noticed the silence first. */
  | { readonly state: "suspect"; readonly accuser: ActorId }
);

export type MeshMessage =
  /** Are you there? Answered by `ack` with the same number. */
  | { readonly type: "probe"; readonly seq: number }
  | { readonly type: "ack"; readonly seq: number }
  /** Probe `target` for me. Answered by `ack`, or by `nack` when it is silent to you too. */
  | { readonly type: "indirect-probe"; readonly seq: number; readonly target: ActorId }
  | { readonly type: "nack"; readonly seq: number }
  | { readonly type: "rumors"; readonly rumors: readonly Rumor[] }
  /** Everything the sender believes; `answer` asks for the same in return. */
  | { readonly type: "push-pull"; readonly rumors: readonly Rumor[]; readonly answer: boolean }
  /** All records of the sender's ring; `answer` asks for the receiver's where they differ. */
  | { readonly type: "ring"; readonly records: readonly RingRecord[]; readonly answer: boolean }
  /** How many sessions of clients the sender has: said over a new link, and when it is about a tenth more or less. */
  | { readonly type: "load"; readonly sessions: number }
  /** Which release of Inkmesh the sender runs, for people: said once over a new link. */
  | { readonly type: "release"; readonly release: string }
  | MeshRoomMessage;

/**
 * Whether a link of `version` has a word for `message`. What it has none for is left out: to relays a message that is not said is one
 * that got lost, and without those they are correct.
 */
export function isSpokenIn(version: number, { type }: Pick<MeshMessage, "type">): boolean {
  return version >= (since[type] ?? meshVersionMin);
}

/** What not every version that is understood has a word for. */
const since: Partial<Readonly<Record<MeshMessage["type"], number>>> = {
  release: releaseSince,
  names: namesSince,
  words: wordsSince,
  pruned: prunedSince,
  "history-request": historiesSince,
  "history-part": historiesSince,
  "history-offer": historiesSince,
  "history-covered": historiesSince,
  "blob-request": blobsSince,
  "blob-part": blobsSince,
  "blob-absent": blobsSince,
  "blob-offer": blobsSince,
  "blob-held": blobsSince,
};

export function isAboutRooms(message: MeshMessage): message is MeshRoomMessage {
  switch (message.type) {
    case "probe":
    case "ack":
    case "nack":
    case "indirect-probe":
    case "rumors":
    case "push-pull":
    case "ring":
    case "load":
    case "release":
      return false;
    default:
      return true;
  }
}

/** What a proven link carries: the sender's ring, and messages in order. */
export interface MeshFrame {
  readonly ring: RingId;
  readonly messages: readonly MeshMessage[];
}

/** Who speaks, said first by both sides of a link. */
export interface MeshHello {
  readonly type: "hello";
  readonly version: number;
  /** Undefined while the relay belongs to no mesh yet. */
  readonly mesh: MeshId | undefined;
  readonly actor: ActorId;
  /** Drawn for this link, so that no proof is worth anything on another one. */
  readonly nonce: Uint8Array;
  readonly address: string;
}

/** What is said before a link is proven. */
export type HandshakeMessage =
  | MeshHello
  /** The dialler's mark over both hellos. */
  | { readonly type: "proof"; readonly mark: Uint8Array }
  /** The accepter's mark, and the mesh that the link belongs to. */
  | { readonly type: "welcome"; readonly mark: Uint8Array; readonly mesh: MeshId }
  | { readonly type: "refusal"; readonly code: ErrorCode; readonly detail: string };
