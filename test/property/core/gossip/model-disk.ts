/**
 * ModelDisk: what of a relay outlives it, in the world of one room. Content is a set of tokens, each of which may hang on another
 * one: enough to see whether something was let in before what it builds on.
 */
import { decodeUtf8, encodeUtf8 } from "lib0/string";
import type { RoomName } from "@inkmesh/shared/base/ids";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { Entry } from "@inkmesh/shared/engine/entry";
import { RingRecords } from "../../../../server/core/membership/ring-records.ts";

export const room = "notes" as RoomName;

/** A piece of content, and what it hangs on. */
export interface Token {
  readonly id: number;
  readonly on: number | undefined;
}

export type ModelContent = Map<number, Token>;

export interface ModelDisk {
  log: Entry[];
  /** What comparisons found to be here under other dots. */
  cover: VectorClock;
  isMarked: boolean;
  ring: RingRecords;
  /** The ring under which everything placed here was complete; undefined on a disk that never was whole. */
  wholeRing: RingRecords | undefined;
  isDestroyed: boolean;
}

export function blankDisk(): ModelDisk {
  return { log: [], cover: VectorClock.empty, isMarked: false, ring: RingRecords.empty, wholeRing: undefined, isDestroyed: false };
}

export function payloadOf(tokens: readonly Token[]): Uint8Array {
  return encodeUtf8(JSON.stringify(tokens));
}

export function tokensOf(payload: Uint8Array): readonly Token[] {
  return payload.length === 0 ? [] : (JSON.parse(decodeUtf8(payload)) as Token[]);
}

export function contentOf(entries: readonly Entry[]): ModelContent {
  return new Map(entries.flatMap((entry) => tokensOf(entry.payload).map((token) => [token.id, token] as const)));
}

/** What a log names without gaps, behind what `from` names. */
export function clockOf(entries: readonly Entry[], from = VectorClock.empty): VectorClock {
  return entries.reduce((clock, { dot }) => (clock.counter(dot.actor) + 1 === dot.counter ? clock.advance(dot) : clock), from);
}

/** Whether all of `tokens` can stand on `content`, in their order. */
export function applies(content: ModelContent, tokens: readonly Token[]): boolean {
  const own = new Set<number>();
  return tokens.every(({ id, on }) => {
    own.add(id);
    return on === undefined || content.has(on) || own.has(on);
  });
}
