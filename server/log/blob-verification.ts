/**
 * BlobVerification: the rows of a lineage's images, compared with their checksums. Pieces of one that is being written, or that is going, have no head and
 * are not looked at.
 */
import { blobChecksum, mentionChecksum, pieceChecksum, type BlobRow, type MentionRow, type PieceRow } from "./store-row.ts";
import type { DamagedRow } from "./damaged-rows.ts";

/** How each row of a table is looked at whose `column` is `key`: with the row to set aside where it is not as it was written. */
export type EachRow = <Row>(table: string, column: string, key: number, flaw: (row: Row) => DamagedRow | undefined) => void;

interface BlobFindings {
  readonly bytes: number;
  /** Of whose pieces some are gone. */
  readonly incomplete: readonly number[];
}

export function verifyBlobs(lineage: number, each: EachRow): BlobFindings {
  const heads: BlobRow[] = [];
  let bytes = 0;
  each<MentionRow>("mention", "lineage", lineage, (row) =>
    row.crc === mentionChecksum(row) ? undefined : { table: "mention", lineage, name: row.name },
  );
  each<BlobRow>("blob", "lineage", lineage, (row) => {
    if (row.crc !== blobChecksum(row)) return { table: "blob", id: row.id };
    heads.push(row);
    return undefined;
  });
  const incomplete = heads.filter(({ id, pieces, size }) => {
    let [sound, isDamaged, total] = [0, false, 0];
    each<PieceRow>("piece", "blob", id, (row) => {
      bytes += row.bytes.length;
      total += row.bytes.length;
      if (row.crc === pieceChecksum(row)) return void (sound += 1);
      isDamaged = true;
      return { table: "blob", id };
    });
    return !isDamaged && (sound !== pieces || total !== size);
  });
  return { bytes, incomplete: incomplete.map(({ id }) => id) };
}
