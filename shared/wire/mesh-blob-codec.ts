/**
 * MeshBlobCodec: the messages about images as bytes, within a frame of `mesh-codec.ts`, behind their number and lineage.
 *
 * Invariants as there; a name is `bytes`: the 32 that it spells.
 */
import * as encoding from "lib0/encoding";
import { unreachable } from "../base/assert.ts";
import { isBlobName, type BlobName } from "../base/blob-name.ts";
import { hexOf } from "../base/bytes.ts";
import type { LinkEncoder, LinkReader } from "./link-memory.ts";
import type { MeshBlobMessage } from "./mesh-blob-message.ts";
import { meshRoomType, readBoolean, unreadableMesh } from "./mesh-layout.ts";
import { writeNumber } from "./native-layout.ts";

export function writeBlobMessage(encoder: LinkEncoder, message: MeshBlobMessage): void {
  writeNumber(encoder, message.exchange);
  switch (message.type) {
    case "blob-request":
      encoding.writeVarUint8Array(encoder, hashOf(message.name));
      return writeNumber(encoder, message.from);
    case "blob-offer":
      encoding.writeVarUint8Array(encoder, hashOf(message.name));
      return writeNumber(encoder, message.isFresh ? 1 : 0);
    case "blob-held":
      return encoding.writeVarUint8Array(encoder, hashOf(message.name));
    case "blob-part":
      writeNumber(encoder, message.remaining);
      return encoding.writeVarUint8Array(encoder, message.bytes);
    case "blob-absent":
      return writeNumber(encoder, message.isBusy ? 1 : 0);
    default:
      return unreachable(message);
  }
}

/** Undefined where the number is none of a message about images. */
export function readBlobMessage(type: number, reader: LinkReader): MeshBlobMessage | undefined {
  switch (type) {
    case meshRoomType["blob-request"]:
      return { type: "blob-request", lineage: reader.lineage(), exchange: reader.number(), name: readName(reader), from: reader.number() };
    case meshRoomType["blob-part"]:
      return {
        type: "blob-part",
        lineage: reader.lineage(),
        exchange: reader.number(),
        remaining: reader.number(),
        bytes: reader.bytes(),
      };
    case meshRoomType["blob-absent"]:
      return { type: "blob-absent", lineage: reader.lineage(), exchange: reader.number(), isBusy: readBoolean(reader) };
    case meshRoomType["blob-offer"]:
      return {
        type: "blob-offer",
        lineage: reader.lineage(),
        exchange: reader.number(),
        name: readName(reader),
        isFresh: readBoolean(reader),
      };
    case meshRoomType["blob-held"]:
      return { type: "blob-held", lineage: reader.lineage(), exchange: reader.number(), name: readName(reader) };
    default:
      return undefined;
  }
}

const prefix = "sha256-";
const hashBytes = 32;

function hashOf(name: BlobName): Uint8Array {
  return Uint8Array.from(name.slice(prefix.length).match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function readName(reader: LinkReader): BlobName {
  const hash = reader.bytes();
  const name = hash.length === hashBytes ? prefix + hexOf(hash) : "";
  if (!isBlobName(name)) throw unreadableMesh("no name of an image");
  return name;
}
