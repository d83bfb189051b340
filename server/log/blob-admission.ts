/**
 * BlobAdmission: which images a disk takes: those that are what their names say, and so many of one document.
 *
 * What another relay let in comes here as a copy. Two sides of a partition may each have let in as many as a document may have, and a copy that
 * is refused could never be proven; so of copies there may be more, by a factor.
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

/** Relays that each let in as many as may be, before they hear of each other. */
const copiesFactor = 4;

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
export function refusalOfMore(
  held: HeldCount,
  bytes: number,
  { limits, isCopy }: { limits: BlobLimits; isCopy: boolean },
): Refusal | undefined {
  const factor = isCopy ? copiesFactor : 1;
  const [blobs, total] = [limits.blobsPerRoomMax * factor, limits.blobBytesPerRoomMax * factor];
  if (held.blobs >= blobs) return refused("TOO_MANY_BLOBS", `${held.blobs} images, limit ${blobs}`).refusal;
  if (held.bytes + bytes > total) return refused("TOO_MANY_BLOBS", `${held.bytes + bytes} bytes of images, limit ${total}`).refusal;
  return undefined;
}
