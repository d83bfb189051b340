/**
 * BlobReader: the reading side of images, beside the reader of rooms, on its connection. It changes nothing; one that is not what its name says is
 * left out and told of, so that the writer sets it aside.
 */
import { createHash } from "node:crypto";
import type { Database } from "better-sqlite3";
import { blobNameOf, isBlobName, type BlobName } from "@inkmesh/shared/base/blob-name";
import type { Lineage } from "@inkmesh/shared/base/ids";
import type { BlobGaps, HeldBlobs } from "../core/stored-blob.ts";
import { isUnmentioned } from "./blob-shelf.ts";
import { scanMentions, type MentionScan } from "./mention-scan.ts";
import { isSound } from "./lineage-proof.ts";
import type { FoundDamage, SqliteReader } from "./sqlite-reader.ts";
import { isCorruption } from "./store-error.ts";
import { blobChecksum, mentionChecksum, type BlobRow, type LineageRow, type MentionRow } from "./store-row.ts";

/** A lineage with its number. */
export interface NumberedLineage {
  readonly id: number;
  readonly lineage: Lineage;
}

/** Lineages of those that were looked at; those that are damaged are left out. */
export interface CollectableLineages {
  readonly lineages: readonly NumberedLineage[];
  /** Where to go on; undefined when all were looked at. */
  readonly next: number | undefined;
}

/** Which lineages may have something to collect. */
export interface CollectableAsk {
  /** 0, or the number behind which to look. */
  readonly after: number;
  readonly beforeMs: number;
  readonly limit: number;
}

export class BlobReader {
  readonly #database: Database;
  readonly #reader: SqliteReader;
  readonly #onDamage: (damage: FoundDamage) => void;

  constructor(database: Database, reader: SqliteReader, onDamage: (damage: FoundDamage) => void) {
    this.#database = database;
    this.#reader = reader;
    this.#onDamage = onDamage;
  }

  bytes(of: Lineage, name: BlobName): Uint8Array<ArrayBuffer> | undefined {
    // At one moment: it may be collected meanwhile.
    const [row, pieces] = this.#database.transaction(() => this.#read(of, name))();
    if (row === undefined) return undefined;
    const bytes = joined(pieces);
    const isWhole = bytes.length === row.size && pieces.length === row.pieces;
    if (isWhole && blobNameOf(createHash("sha256").update(bytes).digest("hex")) === name) return bytes;
    this.#damaged(of, row.id, "an image is not what its name says");
    return undefined;
  }

  of(lineage: Lineage): HeldBlobs {
    const held = this.#heads(lineage).map(({ name }) => name);
    const here = new Set(held);
    return { held: held.sort(), lacking: this.#mentioned(lineage).filter((name) => !here.has(name)) };
  }

  gaps(after: number, limit: number): BlobGaps {
    const ids = this.#database
      .prepare<[number, number], number>("SELECT DISTINCT lineage FROM mention WHERE lineage > ? ORDER BY lineage LIMIT ?")
      .pluck()
      .all(after, limit);
    const lacking = this.#numbered(ids).filter(({ lineage }) => this.of(lineage).lacking.length > 0);
    return { lineages: lacking.map(({ lineage }) => lineage), next: ids.length < limit ? undefined : ids.at(-1) };
  }

  /** Those that something left since they were read, and those that have a blob which nothing mentions, by number. */
  collectable({ after, beforeMs, limit }: CollectableAsk): CollectableLineages {
    const unmentioned = `SELECT lineage FROM blob b WHERE lineage > $after AND since_ms < $beforeMs AND ${isUnmentioned}`;
    const ids = this.#database
      .prepare<[CollectableAsk], number>(
        `SELECT lineage FROM unread WHERE lineage > $after UNION ${unmentioned} ORDER BY lineage LIMIT $limit`,
      )
      .pluck()
      .all({ after, beforeMs, limit });
    return { lineages: this.#numbered(ids), next: ids.length < limit ? undefined : ids.at(-1) };
  }

  /** What all that is kept of a lineage mentions. */
  mentions(numbered: NumberedLineage): MentionScan {
    return scanMentions(this.#database, numbered);
  }

  #read(of: Lineage, name: BlobName): readonly [BlobRow | undefined, readonly Uint8Array[]] {
    const [row] = this.#heads(of, name);
    if (row === undefined) return [row, []];
    try {
      return [row, this.#database.prepare<[number], Buffer>("SELECT bytes FROM piece WHERE blob = ? ORDER BY part").pluck().all(row.id)];
    } catch (error) {
      if (!isCorruption(error)) throw error;
      return [row, []];
    }
  }

  /** Of all names, or of one. */
  #heads(of: Lineage, name?: BlobName): readonly BlobRow[] {
    const id = this.#reader.idOf(of);
    if (id === undefined) return [];
    const which = "SELECT * FROM blob WHERE lineage = $id AND ($name IS NULL OR name = $name)";
    const rows = this.#database.prepare<[{ id: number; name: string | null }], BlobRow>(which).all({ id, name: name ?? null });
    return rows.filter((row) => {
      if (row.crc === blobChecksum(row)) return true;
      this.#damaged(of, row.id, "the head of an image does not match its checksum");
      return false;
    });
  }

  #mentioned(of: Lineage): readonly BlobName[] {
    const lineage = this.#reader.idOf(of);
    if (lineage === undefined) return [];
    const rows = this.#database.prepare<[number], MentionRow>("SELECT * FROM mention WHERE lineage = ? ORDER BY name").all(lineage);
    return rows.flatMap((row) => {
      if (row.crc === mentionChecksum(row) && isBlobName(row.name)) return [row.name];
      const damaged = { table: "mention", lineage, name: row.name } as const;
      this.#onDamage({ where: "mention", what: "a mention of an image does not match its checksum", lineage: of, row: damaged });
      return [];
    });
  }

  #numbered(ids: readonly number[]): readonly NumberedLineage[] {
    const rows = ids.flatMap((id) => this.#database.prepare<[number], LineageRow>("SELECT * FROM lineage WHERE id = ?").get(id) ?? []);
    return rows.filter(isSound).map(({ id, room, generation }) => ({ id, lineage: { room, generation } }));
  }

  #damaged(lineage: Lineage, id: number, what: string): void {
    this.#onDamage({ where: "blob", what, lineage, row: { table: "blob", id } });
  }
}

/** In a buffer of its own, to be handed over. */
function joined(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
