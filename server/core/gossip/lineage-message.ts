/**
 * LineageMessage: what relays say about one generation of a room.
 */
import type { MeshBlobMessage } from "@inkmesh/shared/wire/mesh-blob-message";
import type { MeshHistoryMessage } from "@inkmesh/shared/wire/mesh-history-message";
import type { MeshRoomMessage } from "@inkmesh/shared/wire/mesh-room-message";

export type LineageMessage = Exclude<
  Extract<MeshRoomMessage, { lineage: unknown }>,
  { type: "record-durable" | "presence" | "presence-watch" | "words" } | MeshHistoryMessage | MeshBlobMessage
>;

/** What is said about rooms, but for their histories and their images. */
export type RoomsMessage = Exclude<MeshRoomMessage, MeshHistoryMessage | MeshBlobMessage>;
