/**
 * @inkmesh/client: keeps a `Y.Doc` in sync with an Inkmesh relay, keeps unsent edits on disk, and says truthfully how
 * safe they are. Start at `Inkmesh`.
 */
export { Inkmesh, type DeviceRoom, type InkmeshOptions, type OpenOptions } from "./inkmesh.ts";
export type { InkmeshRoom, RemoteUpdates, RoomDeletion, RoomEvents, RoomRefusal } from "./inkmesh-room.ts";
export type { DeviceState, MeshStatus, RoomPhase, RoomStatus } from "./core/room-status.ts";
export type { OutboxEntry, OutboxKey } from "./core/outbox-entry.ts";
export type { CopyChange, OfflineStore, StoredCopy, StoredRoomSummary } from "./offline-store.ts";
export { IndexedDbStore } from "./indexed-db-store.ts";
export { MemoryStore } from "./memory-store.ts";
export type { WebSocketConstructor, WebSocketLike } from "./web-socket-transport.ts";
export { errorKind, type ErrorCode, type ErrorKind } from "@inkmesh/shared/base/errors";
export type { Refusal } from "@inkmesh/shared/base/result";
export { readRoomName } from "@inkmesh/shared/wire/room-name";
export type { Access } from "@inkmesh/shared/wire/client-message";
