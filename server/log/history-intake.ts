/**
 * HistoryIntake: what another relay's history has, and this one lacks, is written here.
 *
 *     a piece ─▶ draft (reader): what of it is lacking ─▶ segments (store) ─▶ re-read, byte by byte (reader) ─┬─▶ what the history tells now
 *                                                      └▶ base, as chunks (store) ─▶ re-read ─▶ adopted ──────┘
 *
 * Segments count from the moment on in which they are written; what is not as it was written goes again, and so does all that came with it.
 *
 * Invariants: a document whose copy was dropped, whose generation was closed or of which no history is kept gets nothing; nothing is removed
 * but what a re-read base contains.
 */
import { createHash } from "node:crypto";
import type { Lineage } from "@inkmesh/shared/base/ids";
import type { DotRange } from "@inkmesh/shared/clock/dot-ranges";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { CrdtEngine } from "@inkmesh/shared/engine/crdt-engine";
import type { HistoryAsk, TakenHistory } from "../core/stored-history.ts";
import { failed, portionsOf, writeSnapshot, type CompactionLines } from "./compaction-run.ts";
import { baseDraft, type BaseDraft } from "./history-expiry.ts";
import { decodePiece, draftPiece, fitPiece } from "./history-piece.ts";
import { keptOf, type HistoryReader } from "./history-reader.ts";
import type { SegmentParcel } from "./history-shelf.ts";
import { unpackCovered } from "./room-parcel.ts";
import type { Counters } from "./store-row.ts";
import type { LogResult } from "./update-log.ts";

/** A `HistoryAsk` as it travels between threads. */
export interface AskParcel {
  readonly clock: Counters;
  readonly base: Counters;
  readonly told: readonly DotRange[];
  readonly wantsBase: boolean;
}

export function packAsk({ clock, base, told, wantsBase }: HistoryAsk): AskParcel {
  return { clock: clock.entries(), base: base.entries(), told, wantsBase };
}

export interface TakenDraft {
  readonly segments: readonly SegmentParcel[];
  /** Of all their bytes, in their order. */
  readonly digest: string;
  readonly base: BaseDraft | undefined;
  readonly isLast: boolean;
}

/** The next piece of what a history lacks that asks so. */
export function pieceFor(history: HistoryReader, engine: CrdtEngine, { of, ask }: { of: Lineage; ask: AskParcel }): Uint8Array {
  const { clock, base, told, wantsBase } = ask;
  const asked = { clock: VectorClock.of(clock), base: VectorClock.of(base), told, wantsBase };
  const stored = history.raw(of);
  // Where no history was begun, others are not to begin theirs with what there is.
  const kept = stored.isKept ? keptOf(stored) : { ...keptOf(stored), base: undefined };
  return draftPiece(engine, kept, { ask: asked, bodyOf: ({ body }) => body });
}

/** Undefined where nothing may be taken in. Throws where the piece cannot be read. */
export function draftTaken(
  history: HistoryReader,
  engine: CrdtEngine,
  { of, piece: bytes, since }: { of: Lineage; piece: Uint8Array; since: number },
): TakenDraft | undefined {
  const piece = decodePiece(bytes);
  if (!piece.ok) throw new Error(piece.refusal.detail);
  const stored = history.read(of);
  if (stored.lineage === undefined || !stored.isKept || stored.clock.size === 0) return undefined;
  const { segments, base } = fitPiece(engine, keptOf(stored), { piece: piece.value, since });
  const numbers = (base?.contained ?? []).map((at) => stored.segments[at]!.id);
  const draft = base && baseDraft({ lineage: stored.lineage, of, ...base, segments: numbers });
  return { segments, digest: digestOf(segments.map(({ body }) => body)), base: draft, isLast: piece.value.isLast };
}

/** Whether the segments that came as `id` are as they were sent. */
export function checkTaken(history: HistoryReader, id: number, { of, digest }: { of: Lineage; digest: string }): boolean {
  return digestOf(history.bodiesOf(of, id)) === digest;
}

export async function takePiece(
  lines: CompactionLines,
  of: Lineage,
  { piece, since }: { piece: Uint8Array; since: number },
): Promise<LogResult<TakenHistory>> {
  const drafted = await lines.reader.call("draftTaken", [of, piece, since]);
  if (!drafted.ok) return drafted;
  const draft = drafted.value;
  if (draft === undefined) return failed("there is no history that could take it in");
  const segments = draft.segments.length === 0 ? took(false) : await takeSegments(lines, of, draft);
  const base = draft.base === undefined || !segments.ok ? segments : await takeBase(lines, of, draft.base);
  if (!base.ok) return base;
  const covered = await lines.reader.call("covered", [of, since]);
  if (!covered.ok) return covered;
  return {
    ok: true,
    value: { ...unpackCovered(covered.value), isNew: base.value || (segments.ok && segments.value), isLast: draft.isLast },
  };
}

async function takeSegments({ store, reader }: CompactionLines, of: Lineage, draft: TakenDraft): Promise<LogResult<boolean>> {
  const id = await store.call("nextSnapshot", []);
  if (!id.ok) return id;
  let put: LogResult<boolean> = took(true);
  for (const portion of portionsOf(draft.segments))
    if (put.ok && put.value) put = await store.call("takeSegments", [id.value, of, portion]);
  if (put.ok && !put.value) return failed("the document is not here any more");
  const checked = put.ok ? await reader.call("checkTaken", [of, id.value, draft.digest]) : put;
  if (checked.ok && checked.value) return took(true);
  await store.call("removeSnapshot", [id.value]);
  return checked.ok ? failed("segments that were written are not those that came") : checked;
}

async function takeBase(lines: CompactionLines, of: Lineage, draft: BaseDraft): Promise<LogResult<boolean>> {
  const { store, reader } = lines;
  const id = await store.call("nextSnapshot", []);
  if (!id.ok) return id;
  const { digest, segments, mentions } = draft;
  const written = await writeSnapshot(lines, { id: id.value, of, draft: { ...draft, segments: [] } });
  const checked = written.ok ? await reader.call("checkBase", [id.value, digest]) : written;
  if (checked.ok && checked.value) return store.call("takeBase", [id.value, of, { segments, mentions }]);
  await store.call("removeSnapshot", [id.value]);
  return checked.ok ? failed("the base of a history that was written is not the one that came") : checked;
}

function took(value: boolean): LogResult<boolean> {
  return { ok: true, value };
}

function digestOf(bodies: readonly Uint8Array[]): string {
  const hash = createHash("sha256");
  for (const body of bodies) hash.update(`${body.length}\n`).update(body);
  return hash.digest("hex");
}
