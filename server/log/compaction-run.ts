/**
 * CompactionRun: the steps of one compaction, each in the thread whose work it is.
 *
 *     draft (reader) ─▶ chunks, header, segments (store) ─▶ check with a fresh connection (reader) ─▶ adopt, sweep (store)
 *
 * Nothing is removed before the written snapshot was re-read and found to say what the shadow document said, and, where a history is kept,
 * the segments to say what the entries say. A step that
 * fails takes back what was written; a crash leaves either an unverified snapshot, which the next start throws away, or
 * an adopted one with superfluous entries, which the next compaction sweeps.
 */
import type { ActorId, Lineage } from "@inkmesh/shared/base/ids";
import type { Dot } from "@inkmesh/shared/clock/dot";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { Compaction, Unnaming } from "../core/stored-room.ts";
import type { SegmentParcel } from "./history-shelf.ts";
import type { ReaderCalls } from "./reader-worker.ts";
import { packUnnaming, unpackSnapshot } from "./room-parcel.ts";
import { chunkBytes } from "./snapshot-shelf.ts";
import type { SnapshotDraft } from "./snapshot-draft.ts";
import type { StoreCalls } from "./sqlite-worker.ts";
import type { Counters } from "./store-row.ts";
import type { LogResult } from "./update-log.ts";
import type { WorkerLine } from "./worker-line.ts";

/** Reached in this order; tests end the process at one. */
export type CompactionStep = "drafted" | "chunk-written" | "written" | "segments-written" | "checked" | "adopted" | "swept";

export interface CompactionLines {
  readonly store: WorkerLine<StoreCalls, never>;
  readonly reader: WorkerLine<ReaderCalls, never>;
  readonly onStep: (step: CompactionStep) => void;
}

type NewDraft = Extract<SnapshotDraft, { type: "new" }>;

interface Writing {
  readonly id: number;
  readonly of: Lineage;
  readonly draft: Pick<NewDraft, "lineage" | "body" | "bytes" | "segments">;
}

/** As in `UpdateLog.compact`. */
export interface CompactionAsk {
  readonly upTo: VectorClock;
  readonly unnaming: Unnaming;
}

export async function runCompaction(lines: CompactionLines, lineage: Lineage, asked: CompactionAsk): Promise<LogResult<Compaction>> {
  const draft = await lines.reader.call("draft", [lineage, asked.upTo.entries(), packUnnaming(asked.unnaming)]);
  if (!draft.ok) return draft;
  if (draft.value === undefined) return failed("nothing was ever written to this generation");
  lines.onStep("drafted");
  if (draft.value.type === "current") {
    await sweep(lines, lineage, draft.value.id);
    return { ok: true, value: { snapshot: unpackSnapshot(draft.value.base), index: draft.value.index, removed: [], quarantined: [] } };
  }
  return replace(lines, lineage, draft.value);
}

async function replace(lines: CompactionLines, lineage: Lineage, draft: NewDraft): Promise<LogResult<Compaction>> {
  // Of what was pruned the new snapshot may remember less: entries that are still there would be taken for its tail.
  if (draft.unswept !== undefined) {
    const swept = await sweep(lines, lineage, draft.unswept);
    if (!swept.ok) return swept;
  }
  const id = await lines.store.call("nextSnapshot", []);
  if (!id.ok) return id;
  const written = await writeSnapshot(lines, { id: id.value, of: lineage, draft });
  const checked = written.ok ? await lines.reader.call("check", [lineage, id.value, draft.hash]) : written;
  const index = checked.ok ? checked.value : undefined;
  if (!index) {
    await lines.store.call("removeSnapshot", [id.value]);
    return checked.ok ? failed("the snapshot that was written is not the one that was built") : checked;
  }
  lines.onStep("checked");
  const adopted = await lines.store.call("adoptSnapshot", [id.value, lineage]);
  if (!adopted.ok) return adopted;
  if (!adopted.value) return failed("the generation was closed meanwhile");
  lines.onStep("adopted");
  await sweep(lines, lineage, id.value);
  lines.onStep("swept");
  return { ok: true, value: compactionOf(draft, index) };
}

/** Chunks, header and segments, in portions. */
export async function writeSnapshot({ store, onStep }: CompactionLines, { id, of, draft }: Writing): Promise<LogResult<undefined>> {
  const { lineage, body, bytes, segments } = draft;
  for (let part = 0; part < body.chunks; part++) {
    const chunk = bytes.slice(part * chunkBytes, (part + 1) * chunkBytes);
    const written = await store.call("putChunk", [id, part, chunk], [chunk.buffer]);
    if (!written.ok) return written;
    onStep("chunk-written");
  }
  const header = await store.call("putSnapshot", [id, lineage, body]);
  if (!header.ok) return header;
  onStep("written");
  for (const portion of portionsOf(segments)) {
    const put = await store.call("putSegments", [id, lineage, of, portion]);
    if (!put.ok) return put;
    onStep("segments-written");
  }
  return { ok: true, value: undefined };
}

/** As large as a snapshot's chunks, so that commits wait no longer for one. */
function portionsOf(segments: readonly SegmentParcel[]): SegmentParcel[][] {
  const portions: SegmentParcel[][] = [];
  let bytes = 0;
  for (const segment of segments) {
    const portion = portions.at(-1);
    bytes += segment.body.length;
    if (portion !== undefined && bytes <= chunkBytes) portion.push(segment);
    else {
      portions.push([segment]);
      bytes = segment.body.length;
    }
  }
  return portions;
}

/** What cannot be removed now (a full disk) is superfluous and goes with the next compaction. */
async function sweep({ store }: CompactionLines, lineage: Lineage, id: number): Promise<LogResult<boolean>> {
  for (;;) {
    const swept = await store.call("sweep", [id, lineage]);
    if (!swept.ok || swept.value) return swept;
  }
}

function compactionOf({ body, bytes, removed, quarantined }: NewDraft, index: Uint8Array): Compaction {
  const [state, stateVector] = body.lengths;
  return {
    snapshot: {
      clock: VectorClock.of(body.clock),
      pruned: VectorClock.of(body.pruned ?? []),
      state: bytes.slice(0, state),
      stateVector: bytes.slice(state, state + stateVector),
      deleteSetUpdate: bytes.slice(state + stateVector),
    },
    index,
    removed: removed.map(dotOf),
    quarantined: quarantined.map(dotOf),
  };
}

function dotOf([actor, counter]: Counters[number]): Dot {
  return { actor: actor as ActorId, counter };
}

export function failed(detail: string): {
  readonly ok: false;
  readonly refusal: { readonly code: "STORE_FAILED"; readonly detail: string };
} {
  return { ok: false, refusal: { code: "STORE_FAILED", detail } };
}
