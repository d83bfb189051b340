/**
 * @inkmesh/client: keeps a `Y.Doc` in sync with an Inkmesh relay, keeps unsent edits on disk, and says truthfully how
 * safe they are. Start at `Inkmesh`.
 */
export { Inkmesh } from "./inkmesh.ts";
export type { AutomergeEntrance } from "./given-documents.ts";
export type { ShareableDocument, SharedDocument } from "./shared-document.ts";
export type { DeviceRoom, InkmeshOptions, MeshEvents, OpenOptions } from "./inkmesh-options.ts";
export type { BlobAnswer } from "./device-blobs.ts";
export type { BlobStore } from "./blob-store.ts";
export type { InkmeshRoom } from "./inkmesh-room.ts";
export type { RemoteUpdates, RoomDeletion, RoomEvents, RoomRefusal, RoomReturn } from "./room-events.ts";
export type { DeviceState, DeviceTrouble, MeshStatus, Persistence, RoomPhase, RoomStatus } from "./core/room-status.ts";
export type { OutboxEntry, OutboxKey } from "./core/outbox-entry.ts";
export type { CopyChange, OfflineStore, OnlyHere, SetAsideEntry, StoredCopy, StoredRoomSummary } from "./offline-store.ts";
export { IndexedDbStore } from "./indexed-db-store.ts";
export type { RoomBlobs } from "./room-blobs.ts";
export { mergeUpdate } from "./merge-update.ts";
export { MemoryStore } from "./memory-store.ts";
export type { WebSocketConstructor, WebSocketLike } from "./web-socket-transport.ts";
export { blobBytesMax, isBlobName } from "@inkmesh/shared/base/blob-name";
export { errorKind, type ErrorCode, type ErrorKind } from "@inkmesh/shared/base/errors";
export type { Refusal } from "@inkmesh/shared/base/result";
export { readRoomName } from "@inkmesh/shared/wire/room-name";
export type { Access } from "@inkmesh/shared/wire/client-message";
