/**
 * HistorySegment: what one author wrote in one minute, as a history keeps it; and its bytes.
 *
 *     version 1 | varString author | varUint minute | varUint entries | first and last stamp: 2 × (varUint ms, varUint logical, varString relay)
 *               | varUint ranges × (varString actor, varUint from, varUint length) | vector clock: deps
 *               | encoding 1 = Yjs V2, 2 = payloads one behind the other | varUint bytes of the content | varBytes content, deflated
 *
 * A minute is small enough to be told apart and large enough to share what updates repeat. A relay that compacts within a minute leaves
 * two segments of it, and one that was written to with megabytes is cut, so that a segment is written in one go: readers join them.
 *
 * Invariants: a segment has entries of one author and one minute, each dot once; what `decodeSegment` gives back is what was encoded; it is
 * total for any bytes. What is deflated is no promise: another zlib may write other bytes for the same content.
 */
import { deflateRawSync, inflateRawSync } from "node:zlib";
import * as encoding from "lib0/encoding";
import type { ActorId, RelayId } from "@inkmesh/shared/base/ids";
import type { Result } from "@inkmesh/shared/base/result";
import type { Dot } from "@inkmesh/shared/clock/dot";
import { joinRanges, rangeOf, type DotRange } from "@inkmesh/shared/clock/dot-ranges";
import { compareHlc, type Hlc } from "@inkmesh/shared/clock/hybrid-logical-clock";
import { VectorClock, writeVectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { HistoryEngine, HistoryPart } from "@inkmesh/shared/engine/crdt-engine";
import type { Entry } from "@inkmesh/shared/engine/entry";
import { ByteReader, decodeWith, UnreadableBytes } from "@inkmesh/shared/wire/byte-reader";
import type { HistoryMinute } from "../core/stored-history.ts";

export interface HistorySegment extends HistoryMinute {
  readonly part: HistoryPart;
}

/** The first byte of every encoded segment. */
const segmentVersion = 1;

export const minuteMs = 60_000;

/** Bytes of payloads in one segment, beyond which a minute is cut: one larger payload has one of its own. Larger rows keep commits waiting. */
const payloadBytesMax = 1024 * 1024;

/** Ranges and actors in one segment: a minute of a hundred relay lives has some hundred. */
const itemsMax = 4 * 1024 * 1024;

/** Bytes of one content: the largest payload that a frame can bring, in an encoding that is longer at worst by a little. */
const contentBytesMax = 64 * 1024 * 1024;

const encodings = ["yjs-v2", "payloads"] as const;

/** `entries`, in the order of admission, as segments: by minute, and within one by author. */
export function segmentsOf(engine: HistoryEngine, entries: readonly Entry[]): HistorySegment[] {
  const groups = groupsOf(entries).flatMap(cutBySize);
  return groups.map((group) => ({ ...minuteOfGroup(group), part: engine.mergeHistory(group.map(({ payload }) => payload)) }));
}

/** The same without their content, one for each minute of each author. */
export function minutesOf(entries: readonly Entry[]): HistoryMinute[] {
  return groupsOf(entries).map(minuteOfGroup);
}

/** What belongs to one minute of one author becomes one. */
export function joinMinutes(minutes: readonly HistoryMinute[]): HistoryMinute[] {
  const joined = new Map<string, HistoryMinute>();
  for (const minute of minutes) {
    const before = joined.get(segmentKey(minute));
    joined.set(segmentKey(minute), before === undefined ? headOf(minute) : joinOf(before, minute));
  }
  return inOrder(joined);
}

/** The key by which entries share a segment; it sorts by time. */
export function segmentKey({ minute, author }: Pick<HistoryMinute, "minute" | "author">): string {
  return `${String(minute).padStart(12, "0")} ${author}`;
}

export function minuteOf(ms: number): number {
  return Math.floor(ms / minuteMs);
}

export function isInSegment({ dots }: Pick<HistoryMinute, "dots">, { actor, counter }: Dot): boolean {
  return dots.some((range) => range.actor === actor && range.from <= counter && counter < range.from + range.length);
}

export function encodeSegment(segment: HistorySegment): Uint8Array {
  const { author, minute, entries, first, last, dots, deps, part } = segment;
  return encoding.encode((encoder) => {
    encoding.writeVarUint(encoder, segmentVersion);
    encoding.writeVarString(encoder, author);
    encoding.writeVarUint(encoder, minute);
    encoding.writeVarUint(encoder, entries);
    for (const { physicalMs, logical, relay } of [first, last]) {
      encoding.writeVarUint(encoder, physicalMs);
      encoding.writeVarUint(encoder, logical);
      encoding.writeVarString(encoder, relay);
    }
    encoding.writeVarUint(encoder, dots.length);
    for (const { actor, from, length } of dots) {
      encoding.writeVarString(encoder, actor);
      encoding.writeVarUint(encoder, from);
      encoding.writeVarUint(encoder, length);
    }
    writeVectorClock(encoder, deps);
    encoding.writeVarUint(encoder, 1 + encodings.indexOf(part.encoding));
    encoding.writeVarUint(encoder, part.bytes.length);
    encoding.writeVarUint8Array(encoder, deflateRawSync(part.bytes));
  });
}

export function decodeSegment(bytes: Uint8Array): Result<HistorySegment> {
  return decodeWith(new ByteReader(bytes, itemsMax), "a history segment", readSegment);
}

/** The same without its content, for lists. */
export function decodeSegmentHead(bytes: Uint8Array): Result<HistoryMinute> {
  return decodeWith(new ByteReader(bytes, itemsMax), "a history segment", (reader) => {
    const head = readHead(reader);
    reader.skipRest();
    return head;
  });
}

function readSegment(reader: ByteReader): HistorySegment {
  const head = readHead(reader);
  const kind = encodings[reader.number() - 1];
  if (kind === undefined) throw new UnreadableBytes({ code: "BAD_FRAME", detail: "an encoding that is not known" });
  const length = reader.number(contentBytesMax);
  // One byte more than may come tells a longer content from the one that was written.
  const bytes = inflateRawSync(reader.bytes(), { maxOutputLength: length + 1 });
  if (bytes.length !== length)
    throw new UnreadableBytes({ code: "BAD_FRAME", detail: `${bytes.length} bytes of content, ${length} were written` });
  return { ...head, part: { encoding: kind, bytes: new Uint8Array(bytes) } };
}

function readHead(reader: ByteReader): HistoryMinute {
  const version = reader.number();
  if (version !== segmentVersion) throw new UnreadableBytes({ code: "BAD_FRAME", detail: `segment version ${version}` });
  const [author, minute, entries] = [reader.text(), reader.number(), reader.number()];
  const [first, last] = [readStamp(reader), readStamp(reader)];
  const dots: DotRange[] = [];
  for (let left = reader.count(3); left > 0; left--)
    dots.push({ actor: reader.text() as ActorId, from: reader.number(), length: reader.number() });
  return { author, minute, entries, first, last, dots, deps: reader.clock() };
}

/**
 * Whether a segment of another relay may become one here: whoever reads a list or a version reads all segments, and one that says of itself what
 * cannot be would end that for good.
 */
export function isSane(engine: HistoryEngine, { minute, entries, first, last, dots, part }: HistorySegment): boolean {
  // Each entry has at least a byte of payload.
  if (entries < 1 || entries > payloadBytesMax || minute !== minuteOf(first.physicalMs) || minute !== minuteOf(last.physicalMs))
    return false;
  const counted = dots.reduce((sum, { length }) => sum + length, 0);
  const isCountable = dots.every(({ from, length }) => from >= 1 && length >= 1 && from + length <= Number.MAX_SAFE_INTEGER);
  const joined = joinRanges(dots);
  const isJoined = joined.length === dots.length && joined.every((range, at) => isSameRange(range, dots[at]));
  return isCountable && isJoined && counted === entries && canApply(engine, part);
}

function canApply(engine: HistoryEngine, part: HistoryPart): boolean {
  try {
    engine.collectHistory({ base: undefined, parts: [part] });
    return true;
  } catch {
    // Whatever Yjs throws for bytes that are no update.
    return false;
  }
}

function isSameRange(left: DotRange, right: DotRange | undefined): boolean {
  return left.actor === right?.actor && left.from === right.from && left.length === right.length;
}

function readStamp(reader: ByteReader): Hlc {
  return { physicalMs: reader.number(), logical: reader.number(), relay: reader.text() as RelayId };
}

/** What shares a segment, by its key, each group in the order given. */
export function byMinute(entries: readonly Entry[]): Map<string, Entry[]> {
  const groups = new Map<string, Entry[]>();
  for (const entry of entries) {
    const key = segmentKey({ minute: minuteOf(entry.hlc.physicalMs), author: entry.author });
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [entry]);
    else group.push(entry);
  }
  return groups;
}

function groupsOf(entries: readonly Entry[]): Entry[][] {
  return inOrder(byMinute(entries));
}

function inOrder<Thing>(byKey: ReadonlyMap<string, Thing>): Thing[] {
  return [...byKey].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, thing]) => thing);
}

function cutBySize(group: readonly Entry[]): Entry[][] {
  const cut: Entry[][] = [];
  let bytes = 0;
  for (const entry of group) {
    bytes += entry.payload.length;
    const last = cut.at(-1);
    if (last === undefined || bytes > payloadBytesMax) {
      cut.push([entry]);
      bytes = entry.payload.length;
    } else last.push(entry);
  }
  return cut;
}

function headOf({ author, minute, entries, first, last, dots, deps }: HistoryMinute): HistoryMinute {
  return { author, minute, entries, first, last, dots, deps };
}

function joinOf(left: HistoryMinute, right: HistoryMinute): HistoryMinute {
  const ranges = joinRanges([...left.dots, ...right.dots]);
  return {
    ...left,
    entries: ranges.reduce((sum, { length }) => sum + length, 0),
    first: compareHlc(left.first, right.first) < 0 ? left.first : right.first,
    last: compareHlc(left.last, right.last) > 0 ? left.last : right.last,
    dots: ranges,
    deps: left.deps.join(right.deps),
  };
}

function minuteOfGroup(group: readonly Entry[]): HistoryMinute {
  const [some] = group as [Entry, ...Entry[]];
  let [first, last] = [some.hlc, some.hlc];
  let deps = VectorClock.empty;
  for (const { hlc, deps: on } of group) {
    if (compareHlc(hlc, first) < 0) first = hlc;
    if (compareHlc(hlc, last) > 0) last = hlc;
    deps = deps.join(on);
  }
  return {
    author: some.author,
    minute: minuteOf(some.hlc.physicalMs),
    entries: group.length,
    first,
    last,
    dots: joinRanges(group.map(({ dot }) => rangeOf(dot))),
    deps,
  };
}
