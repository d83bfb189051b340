/**
 * What a history is made of, in Yjs: admitted payloads merged into one update, and a document at an earlier time.
 *
 *     payloads (V1) ── a tree of 64 ──▶ one update ──▶ V2, whose columns deflate to a twentieth of what the payloads were
 *     base, then merged updates ──▶ a document that collects nothing ──▶ what it said ┃ collected, as a base
 *
 * Yjs merges updates without a document, so that what was deleted later is still there; a document that collects would lose it.
 *
 * Invariants: a merged update names exactly the clocks and deletions that its payloads name; payloads of which that cannot be
 * had stay as they are.
 */
import * as decoding from "lib0/decoding";
import * as encoding from "lib0/encoding";
import * as Y from "yjs";
import type { ContentLimits, HistoryPart } from "./crdt-engine.ts";
import { RangeSet } from "./range-set.ts";
import { structKinds } from "./yjs-struct.ts";
import { readUpdate } from "./yjs-update.ts";

/** Updates that are merged at once: Yjs sorts them anew for every struct. */
const branches = 64;

/** What was admitted once is read whatever the limits of the day are. */
const noLimits: ContentLimits = {
  partsPerUpdateMax: Infinity,
  authorsPerEditMax: Infinity,
  authorsPerRoomMax: Infinity,
  clockMax: Number.MAX_SAFE_INTEGER,
  nestingMax: 1_000,
};

/** `payloads` in the order of admission. Never throws for what they contain. */
export function mergeHistory(payloads: readonly Uint8Array[]): HistoryPart {
  const merged = mergedV2(payloads);
  if (merged !== undefined && saysTheSame(merged, payloads)) return merged;
  return {
    encoding: "payloads",
    bytes: encoding.encode((encoder) => payloads.forEach((each) => encoding.writeVarUint8Array(encoder, each))),
  };
}

/** Whether a part names the clocks and deletions that `payloads` name, no more and no fewer. False for bytes that cannot be read. */
export function saysTheSame(part: HistoryPart, payloads: readonly Uint8Array[]): boolean {
  try {
    const [here, there] = [namedBy(updatesOf(part)), namedBy(payloads)];
    return here !== undefined && there !== undefined && here === there;
  } catch {
    // Whatever Yjs throws for bytes that are no update of its second kind: then they do not say the same.
    return false;
  }
}

/** The parts one after the other, without losing what was deleted. What hangs on something missing stays outside. */
export function historyDocument(base: Uint8Array | undefined, parts: readonly HistoryPart[]): Y.Doc {
  const document = new Y.Doc({ gc: false, guid: "inkmesh" });
  // No update can name it: nothing of ours writes as this client.
  document.clientID = -1;
  document.transact(() => {
    if (base !== undefined) Y.applyUpdate(document, base);
    for (const part of parts) {
      if (part.encoding === "yjs-v2") Y.applyUpdateV2(document, part.bytes);
      else for (const update of updatesOf(part)) Y.applyUpdate(document, update);
    }
  });
  return document;
}

/** The same, and then collected: what was deleted by then is gone. An update of the first kind. */
export function collectedHistory(base: Uint8Array | undefined, parts: readonly HistoryPart[]): Uint8Array {
  const all = historyDocument(base, parts);
  const collecting = new Y.Doc({ gc: true, guid: "inkmesh" });
  collecting.clientID = -1;
  Y.applyUpdate(collecting, Y.encodeStateAsUpdate(all));
  const state = Y.encodeStateAsUpdate(collecting);
  all.destroy();
  collecting.destroy();
  return state;
}

function mergedV2(payloads: readonly Uint8Array[]): HistoryPart | undefined {
  try {
    let level = payloads;
    while (level.length > 1) {
      const next: Uint8Array[] = [];
      for (let at = 0; at < level.length; at += branches) next.push(Y.mergeUpdates(level.slice(at, at + branches)));
      level = next;
    }
    const [whole] = level;
    return whole && { encoding: "yjs-v2", bytes: Y.convertUpdateFormatV1ToV2(whole) };
  } catch {
    // What Yjs cannot merge is kept as it came.
    return undefined;
  }
}

/** Of the first kind. */
function updatesOf({ encoding: kind, bytes }: HistoryPart): readonly Uint8Array[] {
  if (kind === "yjs-v2") return [Y.convertUpdateFormatV2ToV1(bytes)];
  const decoder = decoding.createDecoder(bytes);
  const updates: Uint8Array[] = [];
  while (decoding.hasContent(decoder)) updates.push(decoding.readVarUint8Array(decoder));
  return updates;
}

/** As a text that is equal where the same is named; undefined where an update cannot be read. */
function namedBy(updates: readonly Uint8Array[]): string | undefined {
  const named = { structs: new Map<number, RangeSet>(), deletes: new Map<number, RangeSet>() };
  for (const bytes of updates) {
    const update = readUpdate(bytes, noLimits);
    if (!update.ok) return undefined;
    for (const { client, structs } of update.value.blocks)
      for (const { kind, clock, length } of structs) if (kind !== structKinds.skip) add(named.structs, client, clock, clock + length);
    for (const { author, from, to } of update.value.deletes) add(named.deletes, author, from, to);
  }
  const written = (sets: ReadonlyMap<number, RangeSet>) =>
    [...sets].sort(([left], [right]) => left - right).map(([who, set]) => [who, ...set]);
  return JSON.stringify([written(named.structs), written(named.deletes)]);
}

function add(sets: Map<number, RangeSet>, author: number, from: number, to: number): void {
  const set = sets.get(author) ?? new RangeSet();
  set.add(from, to);
  sets.set(author, set);
}
