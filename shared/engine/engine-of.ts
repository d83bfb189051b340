/**
 * EngineOf: which kind of document a room is. Its name says so: `automerge:<documentId>` is Automerge's, every other is Yjs'. `readRoomName` lets no name
 * in that begins so and is none of a document's.
 */
import type { RoomName } from "../base/ids.ts";
import type { CrdtEngine, EngineName } from "./crdt-engine.ts";

export function engineOf(room: RoomName): EngineName {
  return room.startsWith("automerge:") ? "automerge" : "yjs";
}

/** Where documents are built: the engine of a room. */
export type EngineOfRoom = (room: RoomName) => CrdtEngine;
