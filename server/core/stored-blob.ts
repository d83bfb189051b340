/**
 * StoredBlob: what the core is told of the images that are on this disk. Each belongs to a lineage, and goes with it.
 */
import type { BlobName } from "@inkmesh/shared/base/blob-name";
import type { Lineage } from "@inkmesh/shared/base/ids";

/** Of one document. */
export interface HeldBlobs {
  /** On this disk, mentioned or not, by name. */
  readonly held: readonly BlobName[];
  /** What is kept of the document mentions them, and they are not on this disk; by name. */
  readonly lacking: readonly BlobName[];
}

/** Documents that mention what is not on this disk. */
export interface BlobGaps {
  readonly lineages: readonly Lineage[];
  /** Where to go on; undefined when all were looked at. */
  readonly next: number | undefined;
}
