/**
 * MessageBytes: about how many bytes a message takes over a link, before it is encoded: what people wrote counts as it is, numbers and
 * names by the piece.
 */
import type { MeshRoomMessage } from "@inkmesh/shared/wire/mesh-room-message";

const headBytes = 32;
const entryBytes = 8;
const clockEntryBytes = 12;
const nodeBytes = 16 * 8 + 4;
const digestBytes = 32;
const listedBytes = 128;
const stateBytes = 8;
const blobNameBytes = 33;

export function messageBytes(message: MeshRoomMessage): number {
  return headBytes + bodyBytes(message);
}

function bodyBytes(message: MeshRoomMessage): number {
  switch (message.type) {
    case "entries":
      return message.entries.reduce((sum, { payload }) => sum + entryBytes + payload.length, 0);
    case "difference":
      return message.bytes.length;
    case "difference-request":
      return clockEntryBytes * message.clock.size + message.stateVector.length;
    case "durable":
    case "subscribe":
    case "compare":
      return clockEntryBytes * message.clock.size;
    case "pruned":
      return clockEntryBytes * (message.clock.size + message.pruned.size);
    case "cover":
      return clockEntryBytes * (message.clock.size + message.entries.size);
    case "tree":
      return nodeBytes * message.nodes.length;
    case "digests":
      return digestBytes * message.rooms.length;
    case "presence":
      return message.states.reduce((sum, { state }) => sum + stateBytes + (state?.length ?? 0), 0);
    case "history-part":
      return message.bytes.length;
    case "history-request":
      return clockEntryBytes * (message.clock.size + message.base.size + message.told.length);
    case "history-offer":
      return clockEntryBytes * (message.base.size + message.old.length + message.told.length);
    case "blob-part":
      return message.bytes.length;
    case "blob-request":
    case "blob-offer":
    case "blob-held":
      return blobNameBytes;
    case "listed":
      return listedBytes * message.rooms.length;
    default:
      return 0;
  }
}
