/**
 * HistoryPiece: a part of a history on its way to another relay's disk: first what it begins with, then segments by minute, so much at a time.
 *
 *     version 1 | varUint 1 where nothing else is lacking, else 0 | varUint bases: 0 or 1, each a vector clock and varBytes of state
 *               | varUint segments, each varBytes as `history-segment.ts` has it
 *
 *     asked: what that history has ─▶ draftPiece ─▶ a piece ─▶ decodePiece, fitPiece ─▶ what of it is lacking here ─▶ written, re-read
 *
 * What is still in the log here travels as segments, too, where the other disk has had its content as a state. So two relays may cut a minute
 * in different places; readers join what belongs to one minute of one author, by dot.
 *
 * A base is taken in only where nothing that is told minute by minute, and to be kept, would go with it: the finer one stays.
 *
 * A segment that says of itself what cannot be is left out.
 *
 * Invariants: `draftPiece` answers at least one thing that is lacking, where there is one, and never much more than `pieceBytes`, but for a
 * single thing that is larger; both are total for any bytes.
 */
import * as encoding from "lib0/encoding";
import { mentionedBlobs, type BlobName } from "@inkmesh/shared/base/blob-name";
import type { Result } from "@inkmesh/shared/base/result";
import { containsAll, joinRanges, rangeOf, type DotRange } from "@inkmesh/shared/clock/dot-ranges";
import { VectorClock, writeVectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { CrdtEngine } from "@inkmesh/shared/engine/crdt-engine";
import type { Entry } from "@inkmesh/shared/engine/entry";
import { ByteReader, decodeWith, UnreadableBytes } from "@inkmesh/shared/wire/byte-reader";
import type { CoveredHistory, HistoryAsk, HistoryCoverage, HistoryMinute } from "../core/stored-history.ts";
import { decodeSegment, encodeSegment, isSane, minutesOf, segmentsOf } from "./history-segment.ts";

/** Small beside what a link carries in a second: whoever asks, asks again. */
const pieceBytes = 64 * 1024;
/** Segments and actors of one piece. */
const itemsMax = 4 * 1024 * 1024;
const pieceVersion = 1;

/** The state of exactly what `clock` names. */
export interface HistoryBase {
  readonly clock: VectorClock;
  readonly state: Uint8Array;
}

export interface HistoryPiece {
  readonly base: HistoryBase | undefined;
  /** Encoded. */
  readonly segments: readonly Uint8Array[];
  readonly isLast: boolean;
}

/** What there is of a history, as far as it concerns pieces of it. */
export interface KeptHistory<Minute extends HistoryMinute = HistoryMinute> {
  readonly base: HistoryBase | undefined;
  readonly segments: readonly Minute[];
  /** Still in the log. */
  readonly tail: readonly Entry[];
  /** What was set aside when it left the log, since nothing could be made of it: there is no more to be told of it. */
  readonly aside: readonly DotRange[];
}

/** `since`: the minute from which on `told` begins. */
export function coverageOf({ base, segments, tail, aside }: KeptHistory, since: number): HistoryCoverage {
  const minutes = [...segments, ...minutesOf(tail)];
  const rangesOf = (isTold: boolean): DotRange[] =>
    joinRanges(minutes.filter(({ minute }) => minute >= since === isTold).flatMap(({ dots }) => dots));
  return { base: base?.clock ?? VectorClock.empty, old: joinRanges([...rangesOf(false), ...aside]), told: rangesOf(true) };
}

/** The same with what the document contains: besides what `clock` names all that its history hangs on, also where clocks were pruned of that. */
export function coveredOf(kept: KeptHistory, clock: VectorClock, since: number): CoveredHistory {
  const contained = [...kept.segments, ...kept.tail].reduce((sum, { deps }) => sum.join(deps), clock);
  return { coverage: coverageOf(kept, since), clock: contained };
}

/** The next of what a history lacks that asks so. `bodyOf` gives a segment encoded. */
export function draftPiece<Minute extends HistoryMinute>(
  engine: CrdtEngine,
  { base, segments, tail }: KeptHistory<Minute>,
  { ask, bodyOf }: { readonly ask: HistoryAsk; readonly bodyOf: (segment: Minute) => Uint8Array },
): Uint8Array {
  if (ask.wantsBase && base !== undefined && !ask.base.covers(base.clock)) return encodePiece({ base, segments: [], isLast: false });
  const lacks = ({ dots }: Pick<HistoryMinute, "dots">): boolean => !containsAll(ask.base, ask.told, dots);
  const unsaid = tail.filter(({ dot }) => ask.clock.contains(dot) && lacks({ dots: [rangeOf(dot)] }));
  const lacking = [
    ...segments.filter(lacks).map((segment) => () => bodyOf(segment)),
    ...segmentsOf(engine, unsaid).map((segment) => () => encodeSegment(segment)),
  ];
  const taken: Uint8Array[] = [];
  let bytes = 0;
  for (const body of lacking) {
    const next = body();
    bytes += next.length;
    if (taken.length > 0 && bytes > pieceBytes) break;
    taken.push(next);
  }
  return encodePiece({ base: undefined, segments: taken, isLast: taken.length === lacking.length });
}

/** What of a piece is to be written. */
export interface FittedPiece {
  readonly segments: readonly { readonly minute: number; readonly body: Uint8Array; readonly mentions: readonly BlobName[] }[];
  /** What the history begins with from then on, and which of its segments, by their place, that contains. */
  readonly base: (HistoryBase & { readonly contained: readonly number[] }) | undefined;
}

/** `since`: the first minute that is to be kept. Throws where the base is no state. */
export function fitPiece(engine: CrdtEngine, kept: KeptHistory, { piece, since }: { piece: HistoryPiece; since: number }): FittedPiece {
  const { base, old, told } = coverageOf(kept, since);
  const have = joinRanges([...old, ...told]);
  const segments = piece.segments.flatMap((body) => {
    const segment = decodeSegment(body);
    const isTaken = segment.ok && !containsAll(base, have, segment.value.dots) && isSane(engine, segment.value);
    return isTaken ? [{ minute: segment.value.minute, body, mentions: mentionedBlobs(segment.value.part.bytes) }] : [];
  });
  // In the order in which they are read again.
  segments.sort((left, right) => left.minute - right.minute);
  return { segments, base: piece.base && joinBases(engine, kept, { base: piece.base, since }) };
}

function joinBases(engine: CrdtEngine, kept: KeptHistory, theirs: { base: HistoryBase; since: number }): FittedPiece["base"] {
  const own = kept.base;
  if (own?.clock.covers(theirs.base.clock)) return undefined;
  const clock = theirs.base.clock.join(own?.clock ?? VectorClock.empty);
  const contained = kept.segments.flatMap((segment, at) => (containsAll(clock, [], segment.dots) ? [at] : []));
  if (contained.some((at) => kept.segments[at]!.minute >= theirs.since)) return undefined;
  if (engine.indexOf([theirs.base.state]).unapplied.length > 0) throw new Error("the base of a history is no state");
  const state =
    own === undefined ? theirs.base.state : engine.collectHistory({ base: own.state, parts: [engine.mergeHistory([theirs.base.state])] });
  return { clock, state, contained };
}

export function encodePiece({ base, segments, isLast }: HistoryPiece): Uint8Array {
  return encoding.encode((encoder) => {
    encoding.writeVarUint(encoder, pieceVersion);
    encoding.writeVarUint(encoder, isLast ? 1 : 0);
    encoding.writeVarUint(encoder, base === undefined ? 0 : 1);
    if (base !== undefined) {
      writeVectorClock(encoder, base.clock);
      encoding.writeVarUint8Array(encoder, base.state);
    }
    encoding.writeVarUint(encoder, segments.length);
    for (const segment of segments) encoding.writeVarUint8Array(encoder, segment);
  });
}

export function decodePiece(bytes: Uint8Array): Result<HistoryPiece> {
  return decodeWith(new ByteReader(bytes, itemsMax), "a piece of a history", (reader) => {
    const version = reader.number();
    if (version !== pieceVersion) throw new UnreadableBytes({ code: "BAD_FRAME", detail: `piece version ${version}` });
    const isLast = reader.number(1) === 1;
    const base = reader.number(1) === 1 ? { clock: reader.clock(), state: reader.bytes() } : undefined;
    const segments: Uint8Array[] = [];
    for (let left = reader.count(1); left > 0; left--) segments.push(reader.bytes());
    return { base, segments, isLast };
  });
}
