/**
 * RelayInput: everything that the core is told. The core asks for nothing; what it wants done it says as effects,
 * and their outcome comes back here.
 */
import type { BlobName } from "@inkmesh/shared/base/blob-name";
import type { ConnectionId, Lineage, RequestId, RoomName } from "@inkmesh/shared/base/ids";
import type { Refusal, Result } from "@inkmesh/shared/base/result";
import type { ContentFormat, DocumentKind, WrittenFormat } from "@inkmesh/shared/engine/crdt-engine";
import type { TrialAnswer } from "@inkmesh/shared/engine/update-trial";
import type { RequestKey } from "@inkmesh/shared/engine/request-mark";
import type { DialectName } from "@inkmesh/shared/wire/dialect";
import type { Grant } from "./access.ts";
import type { MeshInput } from "./peers/mesh-input.ts";
import type { BlobGaps, HeldBlobs } from "./stored-blob.ts";
import type { CoveredHistory, HistoryGaps, TakenHistory } from "./stored-history.ts";
import type { Compaction, RoomPage, StoredRoom } from "./stored-room.ts";

export type RelayInput =
  | MeshInput
  /** A socket was upgraded. `room` as the path said it, decoded once; undefined for dialects that name rooms in messages. */
  | {
      readonly type: "connection-opened";
      readonly connection: ConnectionId;
      readonly dialect: DialectName;
      readonly room: string | undefined;
      readonly principal: string;
    }
  | { readonly type: "frame-received"; readonly connection: ConnectionId; readonly bytes: Uint8Array }
  /** How much of what was sent still waits in the socket's buffer; told when it passes a mark of `Limits` either way. */
  | { readonly type: "backlog-changed"; readonly connection: ConnectionId; readonly bytes: number }
  | { readonly type: "connection-closed"; readonly connection: ConnectionId }
  | { readonly type: "room-loaded"; readonly room: RoomName; readonly seq: number; readonly result: Result<StoredRoom> }
  /** All appends of the room up to `seq` are on disk. */
  | { readonly type: "log-appended"; readonly lineage: Lineage; readonly seq: number }
  /** The append `seq` did not happen. */
  | { readonly type: "log-append-failed"; readonly lineage: Lineage; readonly seq: number; readonly refusal: Refusal }
  | { readonly type: "room-compacted"; readonly lineage: Lineage; readonly seq: number; readonly result: Result<Compaction> }
  | { readonly type: "record-stored"; readonly room: RoomName; readonly seq: number; readonly result: Result<undefined> }
  | { readonly type: "copies-dropped"; readonly seq: number; readonly result: Result<undefined> }
  | { readonly type: "coverage-read"; readonly seq: number; readonly result: Result<CoveredHistory> }
  | { readonly type: "piece-drafted"; readonly seq: number; readonly result: Result<Uint8Array> }
  | { readonly type: "piece-taken"; readonly seq: number; readonly result: Result<TakenHistory> }
  | { readonly type: "gaps-found"; readonly seq: number; readonly result: Result<HistoryGaps> }
  /** It is on this disk, or was before. */
  | { readonly type: "blob-kept"; readonly seq: number; readonly result: Result<undefined> }
  /** Undefined: it is not on this disk. */
  | { readonly type: "blob-read"; readonly seq: number; readonly result: Result<Uint8Array | undefined> }
  | { readonly type: "blobs-listed"; readonly seq: number; readonly result: Result<HeldBlobs> }
  | { readonly type: "lacking-blobs-found"; readonly seq: number; readonly result: Result<BlobGaps> }
  | { readonly type: "engine-result"; readonly lineage: Lineage; readonly seq: number; readonly result: Result<Uint8Array> }
  /** UNAPPLICABLE: a worker was lost over it. */
  | { readonly type: "updates-tried"; readonly lineage: Lineage; readonly seq: number; readonly result: Result<TrialAnswer> }
  | { readonly type: "rooms-listed"; readonly seq: number; readonly result: Result<RoomPage> }
  | { readonly type: "access-answered"; readonly seq: number; readonly result: Result<Grant> }
  /** The application is to be asked again about those who are in; undefined: in any room, whoever it is. */
  | { readonly type: "reconsider-access"; readonly room: string | undefined; readonly user: string | undefined }
  | { readonly type: "request-received"; readonly request: RequestId; readonly ask: RoomRequest }
  /** The HTTP client went away. */
  | { readonly type: "request-cancelled"; readonly request: RequestId }
  /** A deadline of `nextDeadline()` has come. */
  | { readonly type: "deadline-reached" }
  /** No more input this turn: what was held together for one write goes out now. */
  | { readonly type: "turn-ended" }
  /** Take no new connections; tell the clients; `stopped` is reported when every append has come back. */
  | { readonly type: "stop-requested" };

/** What the HTTP face asks of rooms. */
export type RoomRequest =
  | { readonly type: "list"; readonly after: string | undefined; readonly limit: number; readonly search: string | undefined }
  | { readonly type: "show"; readonly room: RoomName }
  /** How far it is on its replicas' disks, as this relay knows. */
  | { readonly type: "clocks"; readonly room: RoomName }
  /** With each of its other replicas; what differs is brought together. */
  | { readonly type: "compare"; readonly room: RoomName }
  | {
      readonly type: "create";
      readonly room: RoomName;
      readonly title: string | undefined;
      readonly kind: string | undefined;
      /** How a request that comes again is known: the name was drawn from its key, or it has a key and names the room; undefined: not at all. */
      readonly repeats?: "drawn" | "named" | undefined;
      readonly principal: string;
    }
  | {
      readonly type: "change";
      readonly room: RoomName;
      readonly title: string | undefined;
      readonly kind: string | undefined;
      readonly principal: string;
    }
  | { readonly type: "delete"; readonly room: RoomName; readonly principal: string }
  /** One edit. `match`: the token of what it was made on, where it is to be refused when the document has something else. */
  | {
      readonly type: "update";
      readonly room: RoomName;
      readonly update: Uint8Array;
      readonly match: string | undefined;
      /** What it calls itself, so that it is done once. */
      readonly key?: RequestKey | undefined;
      readonly principal: string;
    }
  /** The whole content, as a person writes it: the edit that makes the document that. */
  | {
      readonly type: "write";
      readonly room: RoomName;
      readonly format: WrittenFormat;
      readonly body: string;
      /** What the document becomes where nobody has begun it. */
      readonly kind: DocumentKind;
      /** Only into a document in which nobody has written anything, whether or not there is one; or only where there is one. */
      readonly where: "new" | "existing" | "any";
      /** The token of what it was made on: what came since stays. Undefined: what is here. */
      readonly base: string | undefined;
      readonly match: string | undefined;
      /** What it calls itself, so that it is done once. */
      readonly key?: RequestKey | undefined;
      readonly principal: string;
    }
  /** An image of the document: to be kept, or to be read from wherever it is. */
  | { readonly type: "keep-blob"; readonly room: RoomName; readonly name: BlobName; readonly bytes: Uint8Array }
  | { readonly type: "blob"; readonly room: RoomName; readonly name: BlobName }
  | { readonly type: "content"; readonly room: RoomName; readonly format: ContentFormat; readonly token: string };
