/**
 * LineageMessage: what relays say about one generation of a room.
 */
import type { MeshRoomMessage } from "@inkmesh/shared/wire/mesh-room-message";

export type LineageMessage = Exclude<
  Extract<MeshRoomMessage, { lineage: unknown }>,
  { type: "record-durable" | "presence" | "presence-watch" | "words" }
>;
