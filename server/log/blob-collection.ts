/**
 * BlobCollection: images that nothing kept of their document mentions go, some documents at a time.
 *
 *     which documents: something left them, or an image of theirs is mentioned nowhere ─▶ all that is kept of each is read ─▶ noted, and what may go goes
 *
 * Where nothing left a document and all its images are mentioned, nothing is read. What could not be read keeps everything of its document.
 */
import type { NumberedLineage } from "./blob-reader.ts";
import type { CompactionLines } from "./compaction-run.ts";
import type { LogResult } from "./update-log.ts";

/** Documents in one call. */
const lineagesMax = 256;

/** Bytes that are read in one call, beyond which no other document is begun: a second of the thread that compacts. */
const bytesMax = 64 * 1024 * 1024;

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

  constructor(inTurn: InTurn) {
    this.#inTurn = inTurn;
  }

  /** How many images went. */
  async collect(beforeMs: number): Promise<LogResult<number>> {
    const ask = { after: this.#after, beforeMs, limit: lineagesMax };
    const found = await this.#inTurn(({ reader }) => reader.call("collectable", [ask]));
    if (!found.ok) return found;
    let [removed, bytes] = [0, 0];
    let refusal: LogResult<number> | undefined;
    for (const numbered of found.value) {
      if (bytes > bytesMax) return refusal ?? { ok: true, value: removed };
      // Also where it fails: others are not to wait for it.
      this.#after = numbered.id;
      const settled = await this.#inTurn((lines) => settle(lines, numbered, beforeMs));
      if (!settled.ok) refusal ??= settled;
      else [removed, bytes] = [removed + settled.value.removed, bytes + settled.value.bytes];
    }
    if (found.value.length < lineagesMax) this.#after = 0;
    return refusal ?? { ok: true, value: removed };
  }
}

async function settle({ store, reader }: CompactionLines, { id, lineage }: NumberedLineage, beforeMs: number): Promise<LogResult<Settled>> {
  const scan = await reader.call("scanMentions", [id, lineage]);
  if (!scan.ok) return scan;
  const settled = await store.call("settleBlobs", [lineage, scan.value, beforeMs]);
  return settled.ok ? { ok: true, value: { removed: settled.value, bytes: scan.value.bytes } } : settled;
}
