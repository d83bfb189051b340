/**
 * MeshBlobMessage: what relays say to each other about the images of documents, as values; who says what when:
 * `server/core/gossip/room-blobs.ts`.
 *
 *     lacks one       ──blob-request──▶ may have it           ◀──blob-part…, or blob-absent──     and again, for the next stretch
 *     has one         ──blob-offer──▶ each replica            ──blob-held──▶   once it is on its disk, too
 *
 * Parts take turns by themselves, whatever their room: nobody who types waits for an image.
 */
import type { BlobName } from "../base/blob-name.ts";
import type { Lineage } from "../base/ids.ts";

interface OfLineage {
  readonly lineage: Lineage;
}

export type MeshBlobMessage =
  /** Give a stretch of it, from that byte on. */
  | ({ readonly type: "blob-request"; readonly exchange: number; readonly name: BlobName; readonly from: number } & OfLineage)
  /** A slice of what was asked for under that number; so many bytes of the image are behind it. */
  | ({ readonly type: "blob-part"; readonly exchange: number; readonly remaining: number; readonly bytes: Uint8Array } & OfLineage)
  /** What was asked for under that number is not on the sender's disk; `isBusy`: or may be, which it cannot say now. */
  | ({ readonly type: "blob-absent"; readonly exchange: number; readonly isBusy: boolean } & OfLineage)
  /** Say so once you have it on your disk; the sender has it. `isFresh`: it was uploaded now, and is to be held as if it had come to you now. */
  | ({ readonly type: "blob-offer"; readonly exchange: number; readonly name: BlobName; readonly isFresh: boolean } & OfLineage)
  /** What was offered under that number is on the sender's disk. */
  | ({ readonly type: "blob-held"; readonly exchange: number; readonly name: BlobName } & OfLineage);

export function isAboutBlob(message: { readonly type: string }): message is MeshBlobMessage {
  return message.type.startsWith("blob-");
}
