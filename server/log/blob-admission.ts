/**
 * BlobAdmission: which images a disk takes: those that are what their names say, and so many of one document.
 *
 * What another relay let in comes here as a copy, and is taken however many there are: each side of a partition may have let in as many as a document
 * may have, and a copy that is refused could never be proven. Relays of one mesh trust each other; the disk bounds them.
 */
import { createHash } from "node:crypto";
import { blobBytesMax, blobNameOf, type BlobName } from "@inkmesh/shared/base/blob-name";
import { refused, type Refusal } from "@inkmesh/shared/base/result";

export interface BlobLimits {
  /** Blobs of one document. */
  readonly blobsPerRoomMax: number;
  /** Bytes of all of them. */
  readonly blobBytesPerRoomMax: number;
}

export const firstBlobLimits: BlobLimits = { blobsPerRoomMax: 1_000, blobBytesPerRoomMax: 2 ** 30 };

/** What a document has here. */
export interface HeldCount {
  readonly blobs: number;
  readonly bytes: number;
}

/**
 * Mentions of images that are noted of one document. A document that has more collects nothing, and beyond it is not told what it lacks: larger costs
 * whoever edits it a longer commit, and all others with it.
 */
export const mentionsMax = 4_096;

export function blobNameOfBytes(bytes: Uint8Array): BlobName {
  return blobNameOf(createHash("sha256").update(bytes).digest("hex"));
}

/** Why bytes are no blob of that name, as far as their number tells. */
export function refusalOfSize(bytes: number): Refusal | undefined {
  return bytes <= blobBytesMax ? undefined : refused("BLOB_TOO_BIG", `${bytes} bytes, limit ${blobBytesMax}`).refusal;
}

export function refusalOfName(name: BlobName, actual: BlobName): Refusal | undefined {
  return name === actual ? undefined : refused("BLOB_MISMATCH", `it was called ${name}, and is ${actual}`).refusal;
}

/** Why a document that has so much may not have `bytes` more. */
export function refusalOfMore(held: HeldCount, bytes: number, limits: BlobLimits): Refusal | undefined {
  const { blobsPerRoomMax: blobs, blobBytesPerRoomMax: total } = limits;
  if (held.blobs >= blobs) return refused("TOO_MANY_BLOBS", `${held.blobs} images, limit ${blobs}`).refusal;
  if (held.bytes + bytes > total) return refused("TOO_MANY_BLOBS", `${held.bytes + bytes} bytes of images, limit ${total}`).refusal;
  return undefined;
}
