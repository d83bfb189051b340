/**
 * SalvagedBlobs: images out of a damaged store, by the rules of `salvage.ts`: of pieces those whose head is there, of heads those whose pieces all are.
 *
 * What was noted is kept, and each document is to be read: earlier images of notes come back with them, and some were lost.
 */
import type { Database } from "better-sqlite3";
import { isBlobName } from "@inkmesh/shared/base/blob-name";
import type { PageRow } from "./page-file.ts";
import { blobChecksum, mentionChecksum, pieceChecksum, type BlobRow, type MentionRow, type PieceRow } from "./store-row.ts";

export class SalvagedBlobs {
  readonly #heads = new Map<number, BlobRow>();
  readonly #mentions: MentionRow[] = [];

  /** In the first pass. */
  note(row: PageRow): void {
    const head = blobRow(row);
    if (head && head.since_ms >= (this.#heads.get(head.id)?.since_ms ?? 0)) this.#heads.set(head.id, head);
    const mention = mentionRow(row);
    if (mention) this.#mentions.push(mention);
  }

  /** The highest number that one had. */
  get highestId(): number {
    return Math.max(0, ...this.#heads.keys());
  }

  /** In the second. */
  copy(row: PageRow, into: Database): void {
    const piece = pieceRow(row);
    if (piece === undefined || !this.#heads.has(piece.blob)) return;
    into.prepare("INSERT OR IGNORE INTO piece VALUES (?, ?, ?, ?)").run(piece.blob, piece.part, piece.bytes, piece.crc);
  }

  /** Behind all else. `isOpen`: whether there may be content of the lineage with that number. */
  finish(into: Database, isOpen: (lineage: number) => boolean): void {
    const pieces = into.prepare<[number], number>("SELECT count(*) FROM piece WHERE blob = ?").pluck();
    const addBlob = into.prepare("INSERT OR IGNORE INTO blob VALUES (?, ?, ?, ?, ?, ?, ?)");
    const addMention = into.prepare("INSERT OR IGNORE INTO mention VALUES (?, ?, 0, ?)");
    for (const row of this.#heads.values())
      if (isOpen(row.lineage) && pieces.get(row.id) === row.pieces)
        addBlob.run(row.id, row.lineage, row.name, row.size, row.pieces, row.since_ms, row.crc);
    into.exec("DELETE FROM piece WHERE blob NOT IN (SELECT id FROM blob)");
    for (const { lineage, name } of this.#mentions)
      if (isOpen(lineage)) addMention.run(lineage, name, mentionChecksum({ lineage, name, noted: 0 }));
    into.exec("INSERT OR IGNORE INTO unread SELECT id, 0 FROM lineage");
  }
}

function blobRow({ rowid, values: [, lineage, name, size, pieces, since_ms, crc] }: PageRow): BlobRow | undefined {
  if (rowid === undefined || typeof name !== "string" || !isBlobName(name) || typeof crc !== "number") return undefined;
  const row = { id: rowid, lineage, name, size, pieces, since_ms, crc } as BlobRow;
  return crc === blobChecksum(row) ? row : undefined;
}

function pieceRow({ values: [blob, part, bytes, crc] }: PageRow): PieceRow | undefined {
  if (!(bytes instanceof Buffer) || typeof blob !== "number" || typeof part !== "number") return undefined;
  const row = { blob, part, bytes, crc } as PieceRow;
  return crc === pieceChecksum(row) ? row : undefined;
}

function mentionRow({ values: [lineage, name, noted, crc] }: PageRow): MentionRow | undefined {
  if (typeof name !== "string" || !isBlobName(name)) return undefined;
  const row = { lineage, name, noted, crc } as MentionRow;
  return crc === mentionChecksum(row) ? row : undefined;
}
