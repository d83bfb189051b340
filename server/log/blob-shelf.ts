/**
 * BlobShelf: the writing side of images, and of what documents say of them. A blob comes in pieces, each its own transaction, so that eight megabytes keep
 * no commit waiting; nobody relies on it until its head is there, which is written last. What goes loses its head first.
 *
 *     begin ─▶ putPiece × n ─▶ putHead: it is here ─▶ … ─▶ remove: its head goes ─▶ sweep, in portions
 *                  │ leftover: these pieces belong to nobody ─────────────────────────▲
 *
 * A mention is written with what brings it, in one transaction. It goes when all that is kept of the document was read and does not say it
 * (`mention-scan.ts`), and nothing since; then the grace of its image begins.
 *
 * Invariants: a head's pieces are all there; pieces without a head are named in `leftover`; a number is never given twice; what was mentioned
 * since the moment that was read stays; what was on its way when its document's copy went does not come. Runs inside its caller's transactions.
 */
import type { Database, Statement } from "better-sqlite3";
import type { BlobName } from "@inkmesh/shared/base/blob-name";
import type { Refusal } from "@inkmesh/shared/base/result";
import { mentionsMax, refusalOfMore, type BlobLimits, type HeldCount } from "./blob-admission.ts";
import type { MentionScan } from "./mention-scan.ts";
import { blobChecksum, mentionChecksum, pieceChecksum, type BlobRow, type MentionRow } from "./store-row.ts";

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
  /** Whether it was read, and is what its name says. */
  readonly isHere: boolean;
}

/** Around what was read of a document. */
interface Settling {
  /** Whether there is any content yet. */
  readonly hasContent: boolean;
  /** The commit under way. */
  readonly noted: number;
  readonly nowMs: number;
  /** Since before when what goes was mentioned by nothing. */
  readonly beforeMs: number;
}

/** What came of asking to write one; `id`: under which. */
export type BlobBeginning =
  | { readonly type: "begun"; readonly id: number }
  | { readonly type: "here" }
  | { readonly type: "closed" }
  | { readonly type: "refused"; readonly refusal: Refusal };

/** Of a row `b` of `blob`. */
export const isUnmentioned = "NOT EXISTS (SELECT 1 FROM mention m WHERE m.lineage = b.lineage AND m.name = b.name)";

export class BlobShelf {
  readonly #database: Database;
  readonly #limits: BlobLimits;
  readonly #mention: Statement<[number, string, number, number]>;
  /** The one that is being written. */
  #underWay: { readonly id: number; readonly lineage: number } | undefined;

  constructor(database: Database, limits: BlobLimits) {
    this.#limits = limits;
    this.#database = database;
    this.#mention = database.prepare("INSERT OR REPLACE INTO mention VALUES (?, ?, ?, ?)");
  }

  /** Why there may be no more. `lineage`: undefined where it has nothing. */
  refusalOf(lineage: number | undefined, { name, size, isCopy, isHere }: BlobAsk): Refusal | undefined {
    return isCopy || isHere ? undefined : refusalOfMore(this.#count(lineage ?? 0, name), size, this.#limits);
  }

  /** `nextId` is asked for a number where it is to be written: also in place of one that is there and is not what it is called. */
  begin(lineage: number, { name, sinceMs, isHere }: BlobAsk, nextId: () => number): BlobBeginning {
    const row = this.#row(lineage, name);
    if (row && isHere && this.#renew(row, sinceMs)) return { type: "here" };
    if (row) this.remove(row.id);
    const id = nextId();
    this.#underWay = { id, lineage };
    return { type: "begun", id };
  }

  /** Without the one of that name. */
  #count(lineage: number, name: BlobName): HeldCount {
    return this.#database
      .prepare<[number, string], HeldCount>("SELECT count(*) AS blobs, total(size) AS bytes FROM blob WHERE lineage = ? AND name <> ?")
      .get(lineage, name) as HeldCount;
  }

  #row(lineage: number, name: BlobName): BlobRow | undefined {
    return this.#database.prepare<[number, string], BlobRow>("SELECT * FROM blob WHERE lineage = ? AND name = ?").get(lineage, name);
  }

  /** Its grace begins at `sinceMs`, if not later; false, and nothing is changed, where its head is damaged. */
  #renew(row: BlobRow, sinceMs: number): boolean {
    if (row.crc !== blobChecksum(row)) return false;
    const since_ms = Math.max(row.since_ms, sinceMs);
    this.#database.prepare("UPDATE blob SET since_ms = ?, crc = ? WHERE id = ?").run(since_ms, blobChecksum({ ...row, since_ms }), row.id);
    return true;
  }

  /** Of all that nothing mentions. */
  beginGrace(nowMs: number): void {
    for (const row of this.#database.prepare<[], BlobRow>(`SELECT * FROM blob b WHERE ${isUnmentioned}`).all()) this.#renew(row, nowMs);
  }

  putPiece(blob: number, part: number, bytes: Uint8Array): void {
    if (part === 0) this.#database.prepare("INSERT INTO leftover VALUES (?)").run(blob);
    this.#database.prepare("INSERT INTO piece VALUES (?, ?, ?, ?)").run(blob, part, bytes, pieceChecksum({ blob, part, bytes }));
  }

  /** From now on it is here. False where what was there of the document went while it came. Throws where not all of its pieces are there. */
  putHead(id: number, lineage: number, { name, size, pieces, sinceMs }: BlobHead): boolean {
    if (!this.isUnderWay(lineage) || this.#underWay?.id !== id) return false;
    const there = this.#database.prepare<[number], number>("SELECT count(*) FROM piece WHERE blob = ?").pluck().get(id);
    if (there !== pieces) throw new Error(`${there} pieces of an image are there, and ${pieces} were to be written`);
    const row = { id, lineage, name, size, pieces, since_ms: sinceMs };
    this.#database
      .prepare("INSERT INTO blob VALUES (?, ?, ?, ?, ?, ?, ?)")
      .run(id, lineage, name, size, pieces, sinceMs, blobChecksum(row));
    this.#database.prepare("DELETE FROM leftover WHERE blob = ?").run(id);
    this.#underWay = undefined;
    return true;
  }

  /** Whether one of the lineage is. */
  isUnderWay(lineage: number): boolean {
    return this.#underWay?.lineage === lineage;
  }

  /** All of a lineage, and what it mentions. */
  removeAll(lineage: number): void {
    if (this.isUnderWay(lineage)) this.#underWay = undefined;
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

  /** `noted`: the commit that brings them. What does not fit into the table is found when the document is read. */
  mention(lineage: number, names: readonly BlobName[], noted: number): void {
    const some = names.slice(0, mentionsMax);
    const isKnown = this.#database.prepare("SELECT 1 FROM mention WHERE lineage = ? AND name = ?");
    const unknown = new Set(some.filter((name) => isKnown.get(lineage, name) === undefined));
    let left = unknown.size === 0 ? 0 : mentionsMax - this.#mentions(lineage).length;
    for (const name of some)
      if (!unknown.has(name) || left-- > 0) this.#mention.run(lineage, name, noted, mentionChecksum({ lineage, name, noted }));
  }

  #mentions(lineage: number): readonly Pick<MentionRow, "name" | "noted">[] {
    return this.#database.prepare<[number], MentionRow>("SELECT name, noted FROM mention WHERE lineage = ?").all(lineage);
  }

  /** Something of the lineage goes with the commit `noted`: what it mentioned is perhaps mentioned no more. */
  contentLeft(lineage: number, noted: number): void {
    const mentions = "SELECT 1 FROM mention WHERE lineage = $lineage";
    this.#database.prepare(`INSERT OR REPLACE INTO unread SELECT $lineage, $noted WHERE EXISTS (${mentions})`).run({ lineage, noted });
  }

  /**
   * What the lineage mentions, as it was read, is noted anew; what nothing mentions, neither then nor since, begins its grace, or goes where that is
   * over. How many went; undefined where it mentions too many to know.
   */
  settle(lineage: number, { names, commits }: MentionScan, { hasContent, noted, nowMs, beforeMs }: Settling): number | undefined {
    this.#database.prepare("DELETE FROM unread WHERE lineage = ? AND noted <= ?").run(lineage, commits);
    const known = this.#mentions(lineage);
    const [said, have] = [new Set(names), new Set(known.map(({ name }) => name))];
    const isTooMuch = said.size > mentionsMax;
    if (!isTooMuch)
      for (const { name, noted: since } of known) if (since <= commits && !said.has(name)) this.#unmention(lineage, name, nowMs);
    // A copy that was dropped since, or a generation that was closed, mentions nothing any more.
    const lost = hasContent ? names.filter((name) => !have.has(name)) : [];
    this.mention(lineage, lost, noted);
    if (isTooMuch) return undefined;
    // Into a table that was full, what is mentioned since did not come.
    return known.length < mentionsMax ? this.#collect(lineage, said, beforeMs) : 0;
  }

  #unmention(lineage: number, name: BlobName, nowMs: number): void {
    this.#database.prepare("DELETE FROM mention WHERE lineage = ? AND name = ?").run(lineage, name);
    const row = this.#row(lineage, name);
    if (row) this.#renew(row, nowMs);
  }

  #collect(lineage: number, said: ReadonlySet<BlobName>, beforeMs: number): number {
    const rows = this.#database
      .prepare<[number, number], Pick<BlobRow, "id" | "name">>(
        `SELECT id, name FROM blob b WHERE lineage = ? AND since_ms < ? AND ${isUnmentioned}`,
      )
      .all(lineage, beforeMs);
    const gone = rows.filter(({ name }) => !said.has(name));
    for (const { id } of gone) this.remove(id);
    return gone.length;
  }

  remove(id: number): void {
    this.#database.prepare("INSERT OR IGNORE INTO leftover VALUES (?)").run(id);
    this.#database.prepare("DELETE FROM blob WHERE id = ?").run(id);
  }
}
