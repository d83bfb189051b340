/**
 * BlobCollection: images that nothing kept of their document mentions go, some documents at a time.
 *
 *     which documents: something left them, or an image of theirs is mentioned nowhere ─▶ all that is kept of each is read ─▶ noted, and what may go goes
 *
 * Where nothing left a document and all its images are mentioned, nothing is read. What could not be read keeps everything of its document, and is
 * not read again for long: it would cost the same, and come to the same.
 */
import type { NumberedLineage } from "./blob-reader.ts";
import type { CompactionLines } from "./compaction-run.ts";
import { refused } from "@inkmesh/shared/base/result";
import { mentionsMax } from "./blob-admission.ts";
import type { BlobGrace, LogResult } from "./update-log.ts";

/** Documents in one call. */
const lineagesMax = 256;

/** Bytes that are read in one call, beyond which no other document is begun: a second of the thread that compacts. */
const bytesMax = 64 * 1024 * 1024;

/** How long a document is left alone that could not be read, and how many are remembered for that. */
const pauseMs = 86_400_000;
const pausedMax = 1_024;

/** Who does the work of one document, behind what was asked before. */
export type InTurn = <Value>(work: (lines: CompactionLines) => Promise<LogResult<Value>>) => Promise<LogResult<Value>>;

interface Settled {
  readonly removed: number;
  readonly bytes: number;
}

export class BlobCollection {
  readonly #inTurn: InTurn;
  /** The number behind which the next call goes on. */
  #after = 0;
  #hasBegun = false;
  /** By number, until when. */
  readonly #paused = new Map<number, number>();

  constructor(inTurn: InTurn) {
    this.#inTurn = inTurn;
  }

  /** How many images went. */
  async collect(grace: BlobGrace): Promise<LogResult<number>> {
    const begun = await this.#begin(grace);
    if (!begun.ok) return begun;
    const ask = { after: this.#after, beforeMs: grace.nowMs - grace.graceMs, limit: lineagesMax };
    const found = await this.#inTurn(({ reader }) => reader.call("collectable", [ask]));
    if (!found.ok) return found;
    let [removed, bytes] = [0, 0];
    let refusal: LogResult<number> | undefined;
    for (const numbered of found.value.lineages) {
      if (bytes > bytesMax) return refusal ?? { ok: true, value: removed };
      // Also where it fails: others are not to wait for it.
      this.#after = numbered.id;
      if ((this.#paused.get(numbered.id) ?? 0) > grace.nowMs) continue;
      const settled = await this.#inTurn((lines) => this.#settle(lines, numbered, grace));
      if (!settled.ok) refusal ??= settled;
      else [removed, bytes] = [removed + settled.value.removed, bytes + settled.value.bytes];
    }
    this.#after = found.value.next ?? 0;
    return refusal ?? { ok: true, value: removed };
  }

  /** While the relay was away nothing could be mentioned. */
  async #begin({ nowMs }: BlobGrace): Promise<LogResult<undefined>> {
    const begun = this.#hasBegun ? undefined : await this.#inTurn(({ store }) => store.call("beginGrace", [nowMs]));
    if (begun?.ok === false) return begun;
    this.#hasBegun = true;
    return { ok: true, value: undefined };
  }

  async #settle({ store, reader }: CompactionLines, numbered: NumberedLineage, grace: BlobGrace): Promise<LogResult<Settled>> {
    const scan = await reader.call("scanMentions", [numbered]);
    if (!scan.ok || !scan.value.isWhole) this.#pause(numbered.id, grace);
    if (!scan.ok) return scan;
    const settled = await store.call("settleBlobs", [numbered, scan.value, grace]);
    if (!settled.ok) return settled;
    const { value: removed } = settled;
    const tooMany = `more than ${mentionsMax} images are mentioned in ${numbered.lineage.room}; none of its images is removed`;
    return removed === undefined ? refused("TOO_MANY_BLOBS", tooMany) : { ok: true, value: { removed, bytes: scan.value.bytes } };
  }

  #pause(id: number, { nowMs }: BlobGrace): void {
    const [oldest] = this.#paused.keys();
    if (this.#paused.size >= pausedMax && oldest !== undefined) this.#paused.delete(oldest);
    this.#paused.set(id, nowMs + pauseMs);
  }
}
