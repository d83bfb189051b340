/**
 * HistoryExpiry: what is older than the horizon leaves a history, and becomes what it begins with.
 *
 *     base + segments before the cut ─▶ a document that collects nothing ─▶ collected: the new base ─▶ written, re-read ─▶ it counts,
 *                                                                                               and what it contains goes, in one commit
 *
 * A base is as large as a document, so a history is not cut for every minute that comes of age: something in it has to be older than
 * `dueMs`, and then everything older than `cutMs` goes.
 *
 * Invariants: nothing goes before the base that contains it was re-read and found to be what was built; the cut is closed under what its
 * entries hang on, so that what is kept can be applied to it.
 */
import { createHash } from "node:crypto";
import { mentionedBlobs, type BlobName } from "@inkmesh/shared/base/blob-name";
import type { Lineage } from "@inkmesh/shared/base/ids";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { CrdtEngine } from "@inkmesh/shared/engine/crdt-engine";
import { failed, writeSnapshot, type CompactionLines } from "./compaction-run.ts";
import { cutBefore } from "./history-cut.ts";
import { keptOf, type HistoryReader } from "./history-reader.ts";
import { minuteMs } from "./history-segment.ts";
import { chunkBytes } from "./snapshot-shelf.ts";
import type { SnapshotBody } from "./store-row.ts";
import type { HistoryHorizon, LogResult } from "./update-log.ts";

export interface BaseDraft {
  readonly lineage: number;
  readonly body: SnapshotBody;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Which what is re-read must have. */
  readonly digest: string;
  /** Rows of the segments that it contains. */
  readonly segments: readonly number[];
  readonly mentions: readonly BlobName[];
}

interface Contents extends Pick<BaseDraft, "lineage" | "segments"> {
  readonly of: Lineage;
  readonly clock: VectorClock;
  readonly state: Uint8Array;
}

/** The minutes of a horizon, both whole. */
export function minutesOfHorizon({ dueMs, cutMs }: HistoryHorizon): { readonly due: number; readonly cut: number } {
  return { due: Math.floor(dueMs / minuteMs), cut: Math.floor(cutMs / minuteMs) };
}

/** Undefined where nothing of the lineage's history can go. */
export function draftBase(history: HistoryReader, engine: CrdtEngine, of: Lineage, cut: number): BaseDraft | undefined {
  const stored = history.read(of);
  const { lineage, segments } = stored;
  const { base, aside } = keptOf(stored);
  const { older, clock } = cutBefore(segments, cut, { base: base?.clock ?? VectorClock.empty, aside });
  if (lineage === undefined || older.length === 0) return undefined;
  const state = engine.collectHistory({ base: base?.state, parts: older.map(({ part }) => part) });
  return baseDraft({ lineage, of, clock, state, segments: older.map(({ id }) => id) });
}

/** `state`, which contains exactly what `clock` names and those segments, as a base of a history. */
export function baseDraft({ lineage, of, clock, state, segments }: Contents): BaseDraft {
  const chunks = Math.ceil(state.length / chunkBytes);
  const { room, generation } = of;
  const body = { room, generation, clock: clock.entries(), quarantined: [], lengths: [state.length, 0, 0], chunks } as const;
  const mentions = mentionedBlobs(state);
  return { lineage, body, bytes: state as Uint8Array<ArrayBuffer>, digest: digestOf(state), segments, mentions };
}

/** Whether a written base is what was built. */
export function checkBase({ reader }: HistoryReader, id: number, digest: string): boolean {
  const snapshot = reader.snapshot(id);
  return snapshot !== undefined && digestOf(snapshot.state) === digest;
}

/** Whether anything went. */
export async function expireLineage(lines: CompactionLines, of: Lineage, cut: number): Promise<LogResult<boolean>> {
  const draft = await lines.reader.call("draftBase", [of, cut]);
  if (!draft.ok) return draft;
  if (draft.value === undefined) return { ok: true, value: false };
  const id = await lines.store.call("nextSnapshot", []);
  if (!id.ok) return id;
  const { digest, segments } = draft.value;
  const written = await writeSnapshot(lines, { id: id.value, of, draft: { ...draft.value, segments: [] } });
  const checked = written.ok ? await lines.reader.call("checkBase", [id.value, digest]) : written;
  if (!checked.ok || !checked.value) {
    await lines.store.call("removeSnapshot", [id.value]);
    return checked.ok ? failed("the base of a history that was written is not the one that was built") : checked;
  }
  lines.onStep("checked");
  const adopted = await lines.store.call("adoptBase", [id.value, of, segments]);
  if (adopted.ok) lines.onStep("adopted");
  return adopted;
}

/** All of it. */
export async function forgetHistory({ store }: CompactionLines, lineage: number): Promise<LogResult<boolean>> {
  const forgotten = await store.call("forgetHistory", [lineage]);
  return forgotten.ok ? { ok: true, value: true } : forgotten;
}

function digestOf(state: Uint8Array): string {
  return createHash("sha256").update(state).digest("hex");
}
