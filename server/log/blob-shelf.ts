/**
 * BlobShelf: the writing side of images, and of what documents say of them. A blob comes in pieces, each its own transaction, so that eight megabytes keep
 * no commit waiting; nobody relies on it until its head is there, which is written last. What goes loses its head first.
 *
 *     begin ─▶ putPiece × n ─▶ putHead: it is here ─▶ … ─▶ remove: its head goes ─▶ sweep, in portions
 *                  │ leftover: these pieces belong to nobody ─────────────────────────▲
 *
 * A mention is written with what brings it, in one transaction. It goes when all that is kept of the document was read and does not say it
 * (`mention-scan.ts`), and nothing since.
 *
 * Invariants: a head's pieces are all there; pieces without a head are named in `leftover`; a number is never given twice; what was mentioned
 * since the moment that was read stays. Runs inside its caller's transactions.
 */
import type { Database, Statement } from "better-sqlite3";
import type { BlobName } from "@inkmesh/shared/base/blob-name";
import type { Refusal } from "@inkmesh/shared/base/result";
import { refusalOfMore, type BlobLimits, type HeldCount } from "./blob-admission.ts";
import type { MentionScan } from "./mention-scan.ts";
import { blobChecksum, mentionChecksum, pieceChecksum, type BlobRow } from "./store-row.ts";

/** Bytes of a blob per row and transaction: about a millisecond of writing. */
export const pieceBytes = 256 * 1024;

/** Pieces removed per transaction. */
const sweptPiecesMax = 8;

export interface BlobHead {
  readonly name: BlobName;
  readonly size: number;
  readonly sinceMs: number;
  readonly pieces: number;
}

export interface BlobAsk extends Omit<BlobHead, "pieces"> {
  readonly isCopy: boolean;
}

/** What came of asking to write one; `id`: under which. */
export type BlobBeginning =
  | { readonly type: "begun"; readonly id: number }
  | { readonly type: "here" }
  | { readonly type: "closed" }
  | { readonly type: "refused"; readonly refusal: Refusal };

export class BlobShelf {
  readonly #database: Database;
  readonly #limits: BlobLimits;
  readonly #mention: Statement<[number, string, number, number]>;

  constructor(database: Database, limits: BlobLimits) {
    this.#limits = limits;
    this.#database = database;
    this.#mention = database.prepare("INSERT OR REPLACE INTO mention VALUES (?, ?, ?, ?)");
  }

  /** `nextId` is asked for a number where it may be written. */
  begin(lineage: number, { name, size, sinceMs, isCopy }: BlobAsk, nextId: () => number): BlobBeginning {
    if (this.#renew(lineage, name, sinceMs)) return { type: "here" };
    const refusal = refusalOfMore(this.#count(lineage), size, { limits: this.#limits, isCopy });
    return refusal ? { type: "refused", refusal } : { type: "begun", id: nextId() };
  }

  #count(lineage: number): HeldCount {
    return this.#database
      .prepare<[number], HeldCount>("SELECT count(*) AS blobs, total(size) AS bytes FROM blob WHERE lineage = ?")
      .get(lineage) as HeldCount;
  }

  /** Whether it is here; then since `sinceMs`. */
  #renew(lineage: number, name: BlobName, sinceMs: number): boolean {
    const row = this.#database.prepare<[number, string], BlobRow>("SELECT * FROM blob WHERE lineage = ? AND name = ?").get(lineage, name);
    if (row === undefined) return false;
    this.#database
      .prepare("UPDATE blob SET since_ms = ?, crc = ? WHERE id = ?")
      .run(sinceMs, blobChecksum({ ...row, since_ms: sinceMs }), row.id);
    return true;
  }

  putPiece(blob: number, part: number, bytes: Uint8Array): void {
    if (part === 0) this.#database.prepare("INSERT INTO leftover VALUES (?)").run(blob);
    this.#database.prepare("INSERT INTO piece VALUES (?, ?, ?, ?)").run(blob, part, bytes, pieceChecksum({ blob, part, bytes }));
  }

  /** From now on it is here. Throws where not all of its pieces are. */
  putHead(id: number, lineage: number, { name, size, pieces, sinceMs }: BlobHead): void {
    const there = this.#database.prepare<[number], number>("SELECT count(*) FROM piece WHERE blob = ?").pluck().get(id);
    if (there !== pieces) throw new Error(`${there} pieces of an image are there, and ${pieces} were to be written`);
    const row = { id, lineage, name, size, pieces, since_ms: sinceMs };
    this.#database
      .prepare("INSERT INTO blob VALUES (?, ?, ?, ?, ?, ?, ?)")
      .run(id, lineage, name, size, pieces, sinceMs, blobChecksum(row));
    this.#database.prepare("DELETE FROM leftover WHERE blob = ?").run(id);
  }

  /** All of a lineage, and what it mentions. */
  removeAll(lineage: number): void {
    this.#database.prepare("INSERT OR IGNORE INTO leftover SELECT id FROM blob WHERE lineage = ?").run(lineage);
    for (const table of ["blob", "mention", "unread"]) this.#database.prepare(`DELETE FROM ${table} WHERE lineage = ?`).run(lineage);
  }

  get hasLeftovers(): boolean {
    return this.#database.prepare("SELECT 1 FROM leftover LIMIT 1").get() !== undefined;
  }

  /** Removes a portion of the pieces that belong to nobody; true when none is left. */
  sweep(): boolean {
    const blob = this.#database.prepare<[], number>("SELECT min(blob) FROM leftover").pluck().get() ?? undefined;
    if (blob === undefined) return true;
    const isHere = this.#database.prepare("SELECT 1 FROM blob WHERE id = ?").get(blob) !== undefined;
    const some = "SELECT part FROM piece WHERE blob = $blob ORDER BY part LIMIT $limit";
    const swept = isHere
      ? 0
      : this.#database.prepare(`DELETE FROM piece WHERE blob = $blob AND part IN (${some})`).run({ blob, limit: sweptPiecesMax }).changes;
    if (swept < sweptPiecesMax) this.#database.prepare("DELETE FROM leftover WHERE blob = ?").run(blob);
    return swept < sweptPiecesMax && !this.hasLeftovers;
  }

  /** `noted`: the commit that brings them. */
  mention(lineage: number, names: readonly BlobName[], noted: number): void {
    for (const name of names) this.#mention.run(lineage, name, noted, mentionChecksum({ lineage, name, noted }));
  }

  /** Something of the lineage goes with the commit `noted`: what it mentioned is perhaps mentioned no more. */
  contentLeft(lineage: number, noted: number): void {
    const mentions = "SELECT 1 FROM mention WHERE lineage = $lineage";
    this.#database.prepare(`INSERT OR REPLACE INTO unread SELECT $lineage, $noted WHERE EXISTS (${mentions})`).run({ lineage, noted });
  }

  /** What the lineage mentions, as it was read, is noted anew. `hasContent`: whether there is any yet. */
  settleMentions(lineage: number, { names, commits }: MentionScan, { hasContent, noted }: { hasContent: boolean; noted: number }): void {
    const known = this.#database
      .prepare<[number], { name: BlobName; noted: number }>("SELECT name, noted FROM mention WHERE lineage = ?")
      .all(lineage);
    const remove = this.#database.prepare("DELETE FROM mention WHERE lineage = ? AND name = ?");
    for (const { name, noted: since } of known) if (since <= commits && !names.includes(name)) remove.run(lineage, name);
    const have = new Set(known.map(({ name }) => name));
    const lost = names.filter((name) => !have.has(name));
    // A copy that was dropped since, or a generation that was closed, mentions nothing any more.
    if (hasContent) this.mention(lineage, lost, noted);
    this.#database.prepare("DELETE FROM unread WHERE lineage = ? AND noted <= ?").run(lineage, commits);
  }

  /** Removes those that nothing mentions, neither by the table nor among `said`, and that are here since before `beforeMs`. How many. */
  collect(lineage: number, said: readonly BlobName[], beforeMs: number): number {
    const unsaid = "SELECT id, name FROM blob b WHERE lineage = ? AND since_ms < ? AND NOT EXISTS";
    const rows = this.#database
      .prepare<[number, number], { id: number; name: BlobName }>(
        `${unsaid} (SELECT 1 FROM mention m WHERE m.lineage = b.lineage AND m.name = b.name)`,
      )
      .all(lineage, beforeMs);
    const gone = rows.filter(({ name }) => !said.includes(name));
    for (const { id } of gone) this.remove(id);
    return gone.length;
  }

  remove(id: number): void {
    this.#database.prepare("INSERT OR IGNORE INTO leftover VALUES (?)").run(id);
    this.#database.prepare("DELETE FROM blob WHERE id = ?").run(id);
  }
}
