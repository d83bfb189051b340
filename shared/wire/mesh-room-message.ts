/**
 * MeshRoomMessage: what relays say to each other about one room, as values. Layout: README.md beside this file; who says what
 * when: `server/core/gossip`.
 *
 *     origin ──entries──▶ replica          replica ──durable──▶ origin           how far it is on the replica's disk
 *     replica ──want──▶ anybody            anybody ──entries, or unavailable──▶ replica
 *     replica ──tree, digests──▶ replica   (are all rooms alike?)  ──compare──▶   (is this one?)
 *     edge ──subscribe──▶ its upstream, a replica       ──entries──▶ edge           everything that comes to the replica's disk
 *     behind ──difference-request──▶ ahead ──difference…, cover──▶ behind
 *     watching ──presence-watch──▶ everybody     watching ──presence──▶ watching      cursors of people at several relays
 *
 * Invariant: every message names the generation that it speaks of, so that nothing said of a closed one is ever applied to the
 * next. Whose word it is and under which ring follow from link and frame, and are not repeated.
 */
import type { ActorId, Lineage, RelayId, RoomName } from "../base/ids.ts";
import type { Hlc } from "../clock/hybrid-logical-clock.ts";
import type { VectorClock } from "../clock/vector-clock.ts";
import type { Entry } from "../engine/entry.ts";
import type { PresenceState } from "../presence/awareness-update.ts";
import type { Position } from "../ring/hash.ts";
import type { MeshBlobMessage } from "./mesh-blob-message.ts";
import type { MeshHistoryMessage } from "./mesh-history-message.ts";

/** A last-writer-wins register. */
interface WireRegister {
  readonly value: string;
  readonly hlc: Hlc;
}

/** What is known of a room beside its content, its tombstone included. */
export interface WireRecord {
  readonly room: RoomName;
  readonly generation: number;
  readonly title: WireRegister | undefined;
  readonly kind: WireRegister | undefined;
  readonly deleted: { readonly hlc: Hlc; readonly by: string } | undefined;
  readonly everDeleted: boolean;
  readonly created: Hlc;
}

/** A run of one actor's entries, both ends included. */
export interface EntryRun {
  readonly actor: ActorId;
  readonly from: number;
  readonly to: number;
}

/** A part of the circle of positions: all that begin with these half bytes (0 to 15 each). */
export type Prefix = readonly number[];

/** One node of a digest tree: what the sixteen parts of `prefix` come to. */
export interface TreeNode {
  readonly prefix: Prefix;
  readonly digests: readonly Position[];
}

/** One room and what it comes to. */
export interface RoomDigest {
  readonly room: RoomName;
  readonly digest: Position;
}

interface OfLineage {
  readonly lineage: Lineage;
}

/** One document as a relay lists it. */
export interface ListedRoom {
  readonly record: WireRecord;
  readonly bytes: number;
  readonly sessions: number;
  /** Wall time of its last entry. */
  readonly changedMs: number | undefined;
  /** Whether the sender holds it as one of its replicas. */
  readonly isHeld: boolean;
}

export type MeshRoomMessage =
  /** Entries that are on the sender's disk, in an order that respects their deps. `upstream`: where an edge gets its own from. */
  | ({ readonly type: "entries"; readonly upstream: RelayId | undefined; readonly entries: readonly Entry[] } & OfLineage)
  | ({ readonly type: "want"; readonly run: EntryRun } & OfLineage)
  /** The answer where entries of a `want` are missing: folded into a snapshot (ask for a difference), or not here at all. */
  | ({ readonly type: "unavailable"; readonly run: EntryRun; readonly isFolded: boolean } & OfLineage)
  /** The sender's disk has everything that `clock` names; unless `isWhole`, joined to what was said on this link before. */
  | ({ readonly type: "durable"; readonly isWhole: boolean; readonly isComplete: boolean; readonly clock: VectorClock } & OfLineage)
  /** Say how far it is on your disk, the whole of it, and from then on whenever that moves; or, if not `isAsking`, no more. */
  | ({ readonly type: "durable-query"; readonly isAsking: boolean } & OfLineage)
  /** An edge has this on its disk, and takes the receiver as its upstream: said again and again, with what it has by then; or, if not `isSubscribing`, no more. */
  | ({ readonly type: "subscribe"; readonly isSubscribing: boolean; readonly clock: VectorClock } & OfLineage)
  | { readonly type: "tree"; readonly nodes: readonly TreeNode[] }
  /** What the names of all rooms come to that both may hold, whatever is in them. `answer` asks for the same in return where it is the same. */
  | { readonly type: "names"; readonly answer: boolean; readonly names: Position }
  /** All rooms of a part of the circle that both replicate; without a prefix only some rooms, changed lately. */
  | { readonly type: "digests"; readonly prefix: Prefix | undefined; readonly rooms: readonly RoomDigest[] }
  /** What the sender has of a room on its disk at one moment. `answer` asks for the same in return. */
  | ({
      readonly type: "compare";
      readonly answer: boolean;
      readonly isComplete: boolean;
      readonly content: Position;
      readonly clock: VectorClock;
      readonly record: WireRecord | undefined;
    } & OfLineage)
  /** Send all that a replica with this clock and state vector lacks. `exchange` names the answer on this link. */
  | ({
      readonly type: "difference-request";
      readonly exchange: number;
      readonly clock: VectorClock;
      readonly stateVector: Uint8Array;
    } & OfLineage)
  /** A slice of a state; the one with nothing remaining completes it. */
  | ({ readonly type: "difference"; readonly exchange: number; readonly remaining: number; readonly bytes: Uint8Array } & OfLineage)
  /**
   * The difference is complete: who has stored its state, if there was one, and has the entries that came instead (`entries` names
   * them), has everything that `clock` names.
   */
  | ({
      readonly type: "cover";
      readonly exchange: number;
      readonly isComplete: boolean;
      readonly entries: VectorClock;
      readonly clock: VectorClock;
    } & OfLineage)
  /**
   * Whoever has everything that `clock` names has all that `pruned` names, too: the latter need not be named any more. Said where that
   * becomes so, and before each `compare` as long as it is remembered.
   */
  | ({ readonly type: "pruned"; readonly clock: VectorClock; readonly pruned: VectorClock } & OfLineage)
  | { readonly type: "record"; readonly record: WireRecord }
  /** A record that comes to `digest` is on the sender's disk. */
  | ({ readonly type: "record-durable"; readonly digest: Position } & OfLineage)
  /** The sender has sessions for the room and wants to know who else is in it; or it has none any more, and nobody in it. */
  | ({ readonly type: "presence-watch"; readonly isWatching: boolean } & OfLineage)
  /** A client of the sender says this to all others who have the document open. Nobody keeps or passes it on. */
  | ({ readonly type: "words"; readonly text: string } & OfLineage)
  /** States of ids of the sender's own sockets, newer than what it said of them before; said by who watches, too. */
  | ({ readonly type: "presence"; readonly states: readonly PresenceState[] } & OfLineage)
  /** A page of the documents on the receiver's disk, deleted ones too: names after `after`, in the order of their bytes. Answered with the same number. */
  | { readonly type: "list"; readonly seq: number; readonly after: string; readonly limit: number; readonly search: string }
  /** `next`: the last name that was looked at, where there are more. */
  | { readonly type: "listed"; readonly seq: number; readonly rooms: readonly ListedRoom[]; readonly next: string | undefined }
  | MeshHistoryMessage
  | MeshBlobMessage;

/** The room that a message is about; undefined for those about many. */
export function roomOf(message: Extract<MeshRoomMessage, OfLineage | { readonly type: "record" }>): RoomName;
export function roomOf(message: MeshRoomMessage): RoomName | undefined;
export function roomOf(message: MeshRoomMessage): RoomName | undefined {
  if ("lineage" in message) return message.lineage.room;
  return message.type === "record" ? message.record.room : undefined;
}
