/**
 * EntryRunCodec: the entries of one message between relays as bytes. What somebody types are entries that follow each other, so they are
 * written as runs: one head, then nothing but payloads.
 *
 *     list of run:   uint 64 · (entries − 1) + flags │ what the flags name │ entries × varBytes payload
 *
 *     flag  1  name actor             another one than that of the entry before
 *           2  varUint counter        not the next one of its actor after what the entry before knew
 *           4  clock                  known beyond that
 *           8  with 4: the clock is all that is known, the own actor left out, and nothing is taken over
 *          16  varUint ms, logical    not one logical tick later; ms as twice what it is more (2n) or less (2n − 1) than before, and
 *                                     one more where a logical part follows, which is 0 otherwise
 *          32  varString author, relay of the stamp ("" = the actor's)    another author than before, or not the actor's relay
 *
 * Within a run each entry is its actor's next, knows what the one before knew and that one itself, is stamped one logical tick later,
 * and has the same author. What an entry knew is its deps and itself. Before the first of a message is the last one that went over the
 * link, of whatever room, so that of it nothing is known; before the first of a link all numbers are 0 and the author is empty.
 *
 * Invariants: decode(encode(entries)) equals the entries; runs are written as long, and heads as short, as they can be. Entries that
 * take one byte each share large deps: those are counted, too (`depsActorsMax`), before anything is built.
 */
import * as encoding from "lib0/encoding";
import { assert } from "../base/assert.ts";
import { relayOf, type ActorId, type RelayId } from "../base/ids.ts";
import { VectorClock } from "../clock/vector-clock.ts";
import type { Entry } from "../engine/entry.ts";
import { itemsPerFrameMax } from "./byte-reader.ts";
import { logicalMax, physicalMsMax } from "./entry-codec.ts";
import { writeClock, writeName, type LastEntry, type LinkEncoder, type LinkReader } from "./link-memory.ts";
import { unreadableMesh } from "./mesh-layout.ts";
import { writeNumber } from "./native-layout.ts";

const flag = { actor: 1, counter: 2, clock: 4, whole: 8, stamp: 16, author: 32 } as const;
const flagsEnd = 64;

/** A head and the length of a payload. */
const runBytesMin = 2;

/** Actors in the deps of all entries of one message. */
const depsActorsMax = itemsPerFrameMax;

/** What a head is written against: the entry before, and what it knew, if it is one of the same message. */
interface Before extends LastEntry {
  readonly knew: VectorClock;
}

export function writeEntryRuns(encoder: LinkEncoder, entries: readonly Entry[]): void {
  const runs = runsOf(entries);
  writeNumber(encoder, runs.length);
  let before: Before = { ...encoder.memory.entry, knew: VectorClock.empty };
  for (const run of runs) {
    writeHead(encoder, run[0]!, run.length, before);
    for (const { payload } of run) encoding.writeVarUint8Array(encoder, payload);
    before = afterEntry(run.at(-1)!);
  }
  encoder.memory.entry = lastOf(before);
}

/** Reads what `writeEntryRuns` wrote; throws for anything else: for decoders that catch once (`decodeBytes`). */
export function readEntryRuns(reader: LinkReader): readonly Entry[] {
  const entries: Entry[] = [];
  let before: Before = { ...reader.memory.entry, knew: VectorClock.empty };
  let depsActors = 0;
  for (let left = reader.count(runBytesMin); left > 0; left--) {
    const { first, length } = readHead(reader, before);
    reader.spend(length - 1);
    depsActors += length * first.deps.size;
    if (depsActors > depsActorsMax) throw unreadableMesh(`entries that name ${depsActors} actors, limit ${depsActorsMax}`);
    let head = first;
    for (let index = 0; index < length; index++) {
      if (index > 0) head = following(head);
      entries.push({ ...head, payload: reader.bytes() });
    }
    before = afterEntry(head);
  }
  reader.memory.entry = lastOf(before);
  return entries;
}

type Head = Omit<Entry, "payload">;

function runsOf(entries: readonly Entry[]): readonly (readonly Entry[])[] {
  const runs: Entry[][] = [];
  let last: Entry | undefined;
  for (const entry of entries) {
    if (last !== undefined && follows(last, entry)) runs.at(-1)!.push(entry);
    else runs.push([entry]);
    last = entry;
  }
  return runs;
}

function follows(last: Head, next: Head): boolean {
  const isNext = next.dot.actor === last.dot.actor && next.dot.counter === last.dot.counter + 1;
  const isTickLater = next.hlc.physicalMs === last.hlc.physicalMs && next.hlc.logical === last.hlc.logical + 1;
  if (!isNext || !isTickLater || next.hlc.relay !== last.hlc.relay || next.author !== last.author) return false;
  const { knew } = afterEntry(last);
  return knew.covers(next.deps) && next.deps.covers(knew);
}

function following({ dot: { actor, counter }, deps, hlc, author }: Head): Head {
  return {
    dot: { actor, counter: counter + 1 },
    deps: deps.advance({ actor, counter }),
    hlc: { ...hlc, logical: hlc.logical + 1 },
    author,
  };
}

function afterEntry({ dot, deps, hlc: { physicalMs, logical }, author }: Head): Before {
  return { actor: dot.actor, knew: deps.advance(dot), physicalMs, logical, author };
}

function lastOf({ actor, physicalMs, logical, author }: Before): LastEntry {
  return { actor, physicalMs, logical, author };
}

function writeHead(encoder: LinkEncoder, { dot, deps, hlc, author }: Head, length: number, before: Before): void {
  const { actor, counter } = dot;
  assert(deps.counter(actor) === counter - 1, "an entry depends on its actor's previous one");
  const [known, told] = [without(before.knew, actor), without(deps, actor)];
  const isMore = told.covers(known);
  const clock = isMore ? VectorClock.of(told.entries().filter(([other, at]) => at > known.counter(other))) : told;
  const isOtherAuthor = author !== before.author || hlc.relay !== relayOf(actor);
  const isOtherStamp = hlc.physicalMs !== before.physicalMs || hlc.logical !== before.logical + 1;
  const flags =
    (actor === before.actor ? 0 : flag.actor) +
    (counter === before.knew.counter(actor) + 1 ? 0 : flag.counter) +
    (isMore ? (clock.size > 0 ? flag.clock : 0) : flag.clock + flag.whole) +
    (isOtherStamp ? flag.stamp : 0) +
    (isOtherAuthor ? flag.author : 0);
  writeNumber(encoder, (length - 1) * flagsEnd + flags);
  if ((flags & flag.actor) > 0) writeName(encoder, actor);
  if ((flags & flag.counter) > 0) writeNumber(encoder, counter);
  if ((flags & flag.clock) > 0) writeClock(encoder, clock);
  if (isOtherStamp) {
    const more = hlc.physicalMs - before.physicalMs;
    const isFirst = hlc.logical === 0;
    writeNumber(encoder, 2 * (more >= 0 ? 2 * more : -2 * more - 1) + (isFirst ? 0 : 1));
    if (!isFirst) writeNumber(encoder, hlc.logical);
  }
  if (!isOtherAuthor) return;
  encoding.writeVarString(encoder, author);
  encoding.writeVarString(encoder, hlc.relay === relayOf(actor) ? "" : hlc.relay);
}

function readHead(reader: LinkReader, before: Before): { readonly first: Head; readonly length: number } {
  const number = reader.number();
  const [flags, length] = [number % flagsEnd, Math.floor(number / flagsEnd) + 1];
  const has = (which: number): boolean => (flags & which) > 0;
  if (length > reader.remaining) throw unreadableMesh(`${length} entries in ${reader.remaining} bytes`);
  if (has(flag.whole) && !has(flag.clock)) throw unreadableMesh("a whole clock that is not told");
  const actor = has(flag.actor) ? reader.actor() : before.actor;
  if (actor === undefined) throw unreadableMesh("an entry of nobody");
  const counter = has(flag.counter) ? reader.number() : before.knew.counter(actor) + 1;
  const known = has(flag.whole) ? VectorClock.empty : without(before.knew, actor);
  const clock = has(flag.clock) ? reader.clock() : VectorClock.empty;
  if (counter < 1 || counter > Number.MAX_SAFE_INTEGER - (length - 1) || clock.counter(actor) > 0)
    throw unreadableMesh("an impossible dot");
  const { physicalMs, logical } = has(flag.stamp) ? readStamp(reader, before.physicalMs) : { ...before, logical: before.logical + 1 };
  if (physicalMs < 0 || physicalMs > physicalMsMax || logical + length - 1 > logicalMax) throw unreadableMesh("an impossible stamp");
  const author = has(flag.author) ? reader.text() : before.author;
  const relay = ((has(flag.author) && reader.text()) || relayOf(actor)) as RelayId;
  const deps = known.join(clock).join(VectorClock.of([[actor, counter - 1]]));
  return { first: { dot: { actor, counter }, deps, hlc: { physicalMs, logical, relay }, author }, length };
}

function readStamp(reader: LinkReader, beforeMs: number): { readonly physicalMs: number; readonly logical: number } {
  const number = reader.number();
  const more = Math.floor(number / 2);
  const physicalMs = beforeMs + (more % 2 === 0 ? more / 2 : -(more + 1) / 2);
  return { physicalMs, logical: number % 2 === 0 ? 0 : reader.number() };
}

function without(clock: VectorClock, actor: ActorId): VectorClock {
  return clock.counter(actor) === 0 ? clock : VectorClock.of(clock.entries().filter(([other]) => other !== actor));
}
