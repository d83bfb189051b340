/**
 * RelayEffect: everything that the core wants done, in order. A send may be lost; the core is correct without
 * delivery. A promise of durability is made only after the input that answers the append.
 */
import type { Refusal } from "@inkmesh/shared/base/result";
import type { BlobName } from "@inkmesh/shared/base/blob-name";
import type { ConnectionId, Lineage, RelayId, RequestId, RoomName } from "@inkmesh/shared/base/ids";
import type { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { EngineCall, EngineName } from "@inkmesh/shared/engine/crdt-engine";
import type { Entry } from "@inkmesh/shared/engine/entry";
import type { UpdateTrial } from "@inkmesh/shared/engine/update-trial";
import type { RingRecord } from "@inkmesh/shared/ring/ring-record";
import type { Durability } from "@inkmesh/shared/wire/client-message";
import type { AccessAsk } from "./access.ts";
import type { ReviewedCopy } from "./gossip/copy-review.ts";
import type { MeshEffect, MeshNews } from "./peers/mesh-effect.ts";
import type { Marks } from "./log-marks.ts";
import type { RoomClocks } from "./room-clocks.ts";
import type { HistoryAsk } from "./stored-history.ts";
import type { HashedContent, RoomRecord, Unnaming } from "./stored-room.ts";

export type RelayEffect =
  | MeshEffect
  /** The same WebSocket messages, encoded once, to each of `to`. The array `frames` is shared: compare by identity. */
  | { readonly type: "send"; readonly to: readonly ConnectionId[]; readonly frames: readonly Uint8Array[] }
  | { readonly type: "close"; readonly connection: ConnectionId; readonly code: number; readonly reason: string }
  /** Stop or go on reading from a socket: how a client over its rate is slowed without losing anything. */
  | { readonly type: "pause-reading"; readonly connection: ConnectionId; readonly paused: boolean }
  | { readonly type: "load-room"; readonly room: RoomName; readonly seq: number }
  /** Answered by `log-appended` or `log-append-failed` with the same lineage and seq. */
  | ({ readonly type: "append-log"; readonly lineage: Lineage; readonly seq: number; readonly entries: readonly Entry[] } & Marks)
  /** `unnaming`: what the room's clock need not name any more, as the log's compaction asks for it. */
  | {
      readonly type: "compact-room";
      readonly lineage: Lineage;
      readonly seq: number;
      readonly upTo: VectorClock;
      readonly unnaming: Unnaming;
    }
  /** `completes`: with it the room is complete here. */
  | { readonly type: "store-record"; readonly seq: number; readonly record: RoomRecord; readonly completes: boolean }
  /** What is here of these rooms goes, but for their records. */
  | { readonly type: "drop-copies"; readonly seq: number; readonly lineages: readonly Lineage[] }
  /** Everything that `ring` places on this disk is complete; nothing is answered. */
  | { readonly type: "keep-whole-ring"; readonly ring: readonly RingRecord[] }
  /** For the next start's list of rooms; nothing is answered. */
  | { readonly type: "keep-hash"; readonly hashed: HashedContent }
  | {
      readonly type: "list-rooms";
      readonly seq: number;
      readonly after: string | undefined;
      readonly limit: number;
      readonly search: string | undefined;
      readonly deleted?: boolean;
      /** With what contents hash to, where the disk knows. */
      readonly hashes?: boolean;
    }
  /** Which dots the document's history tells of; `sinceMs`: from when on what is told is told apart. */
  | { readonly type: "read-coverage"; readonly seq: number; readonly lineage: Lineage; readonly sinceMs: number }
  /** What a history lacks that asks so, the next piece of it. */
  | { readonly type: "draft-piece"; readonly seq: number; readonly lineage: Lineage; readonly ask: HistoryAsk }
  /** Such a piece of another relay's history becomes part of this one; `sinceMs`: what is older is not kept. */
  | {
      readonly type: "take-piece";
      readonly seq: number;
      readonly lineage: Lineage;
      readonly piece: Uint8Array;
      readonly sinceMs: number;
    }
  /** Documents, so many of them looked at, whose history lacks something. */
  | { readonly type: "find-gaps"; readonly seq: number; readonly after: number; readonly limit: number }
  /** An image of the document. `isCopy`: another relay has let it in. */
  | {
      readonly type: "keep-blob";
      readonly seq: number;
      readonly lineage: Lineage;
      readonly name: BlobName;
      readonly bytes: Uint8Array;
      readonly isCopy?: boolean;
    }
  | { readonly type: "read-blob"; readonly seq: number; readonly lineage: Lineage; readonly name: BlobName }
  | { readonly type: "list-blobs"; readonly seq: number; readonly lineage: Lineage }
  /** Documents, so many of them looked at, that mention an image which is not here. */
  | { readonly type: "find-lacking-blobs"; readonly seq: number; readonly after: number; readonly limit: number }
  | { readonly type: "engine-call"; readonly lineage: Lineage; readonly seq: number; readonly call: EngineCall }
  /** Answered by `updates-tried`. */
  | { readonly type: "try-updates"; readonly lineage: Lineage; readonly seq: number; readonly trial: UpdateTrial }
  /** May this client have the room? Answered by `access-answered`. */
  | { readonly type: "ask-access"; readonly seq: number; readonly connection: ConnectionId; readonly ask: AccessAsk }
  | { readonly type: "respond"; readonly request: RequestId; readonly answer: RoomAnswer }
  | { readonly type: "report"; readonly report: Report };

export type RoomAnswer =
  /** `unanswered`: relays of the ring that were not heard in time, and may have more. */
  | {
      readonly type: "rooms";
      readonly rooms: readonly RoomView[];
      readonly next: string | undefined;
      readonly unanswered: readonly RelayId[];
    }
  | { readonly type: "room"; readonly room: RoomView; readonly created: boolean }
  | { readonly type: "clocks"; readonly clocks: RoomClocks }
  | { readonly type: "content"; readonly bytes: Uint8Array; readonly token: string; readonly generation: number }
  /** An edit is on so many disks; `token`: of what is on this one. */
  | { readonly type: "saved"; readonly durability: Durability; readonly token: string; readonly generation: number }
  | { readonly type: "compared"; readonly comparison: RoomComparisonView }
  | { readonly type: "blob"; readonly bytes: Uint8Array }
  /** An image is on so many disks. */
  | { readonly type: "blob-saved"; readonly durability: Durability }
  | { readonly type: "done" }
  | { readonly type: "refused"; readonly refusal: Refusal };

/** What came of comparing a room with its other replicas. */
export interface RoomComparisonView {
  readonly room: RoomName;
  readonly generation: number;
  readonly isDeleted: boolean;
  /** Whether the ring places it on this relay. */
  readonly isReplica: boolean;
  /** What is on this disk. */
  readonly clock: VectorClock;
  readonly copies: readonly ReviewedCopy[];
}

/** A room as the HTTP face shows it. */
export interface RoomView extends Durability {
  readonly room: RoomName;
  readonly generation: number;
  readonly engine: EngineName;
  readonly title: string | undefined;
  readonly kind: string | undefined;
  readonly clock: VectorClock;
  readonly bytes: number;
  readonly sessions: number;
  /** Names of the relays that hold it on disk. */
  readonly heldBy: readonly string[];
  readonly createdMs: number;
  readonly changedMs: number | undefined;
}

/** What happened, for log and metrics. Never a user's content, never a credential. */
export type Report =
  | {
      readonly type: "refused";
      readonly refusal: Refusal;
      readonly connection: ConnectionId | undefined;
      readonly room: RoomName | undefined;
    }
  /** A document has other content on this disk than before: what `clock` names. */
  | { readonly type: "changed"; readonly lineage: Lineage; readonly clock: VectorClock }
  /** What is known of a document beside its content is another on this disk than `before`. */
  | { readonly type: "recorded"; readonly before: RoomRecord | undefined; readonly record: RoomRecord }
  | { readonly type: "admitted"; readonly room: RoomName; readonly bytes: number }
  | { readonly type: "known"; readonly room: RoomName }
  | { readonly type: "gap"; readonly room: RoomName; readonly missing: string }
  | { readonly type: "left-out"; readonly room: RoomName }
  /** An entry was shown before what it had been written after: that did not come in time. */
  | { readonly type: "passed-over"; readonly room: RoomName }
  | { readonly type: "quarantined"; readonly room: RoomName; readonly count: number }
  /** What is lacking here of a document is larger than may come from another relay: the copy here stays as it is. */
  | { readonly type: "too-big"; readonly room: RoomName; readonly from: RelayId; readonly bytes: number; readonly bytesMax: number }
  | { readonly type: "acked"; readonly count: number }
  | { readonly type: "store-full"; readonly full: boolean }
  | { readonly type: "mesh"; readonly news: MeshNews }
  | { readonly type: "stopped" };
