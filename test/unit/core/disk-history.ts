/**
 * DiskHistory: the histories on a `MemoryDisk`, made of what ships: what leaves a room's log is told of from then on.
 */
import { lineageKey, type Lineage } from "@inkmesh/shared/base/ids";
import { ok, refused, type Result } from "@inkmesh/shared/base/result";
import type { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { Entry } from "@inkmesh/shared/engine/entry";
import type { RelayEffect } from "../../../server/core/effect.ts";
import type { RelayInput } from "../../../server/core/input.ts";
import {
  isWithoutGap,
  type CoveredHistory,
  type HistoryAsk,
  type HistoryMinute,
  type TakenHistory,
} from "../../../server/core/stored-history.ts";
import { coveredOf, decodePiece, draftPiece, fitPiece, type HistoryBase, type KeptHistory } from "../../../server/log/history-piece.ts";
import {
  decodeSegment,
  encodeSegment,
  joinMinutes,
  minuteOf,
  minutesOf,
  segmentsOf,
  type HistorySegment,
} from "../../../server/log/history-segment.ts";
import { shownMinutes } from "../../../server/log/shown-history.ts";
import { engineOfRoom } from "../../engines.ts";

interface Told {
  base: HistoryBase | undefined;
  segments: readonly HistorySegment[];
}

/** What the log of a lineage has. */
interface Logged {
  readonly clock: VectorClock;
  readonly tail: readonly Entry[];
}

export class DiskHistory {
  readonly #told = new Map<string, Told>();
  readonly #logged: (lineage: Lineage) => Logged;

  constructor(logged: (lineage: Lineage) => Logged) {
    this.#logged = logged;
  }

  copyTo(other: DiskHistory): void {
    for (const [key, told] of this.#told) other.#told.set(key, { ...told });
  }

  left(lineage: Lineage, entries: readonly Entry[]): void {
    const told = this.#of(lineage);
    told.segments = [...told.segments, ...segmentsOf(engineOfRoom(lineage.room), entries)];
  }

  forget(lineage: Lineage): void {
    this.#told.delete(lineageKey(lineage));
  }

  /** Damage: its first segment is gone. Whether there was one. */
  loseFirst(lineage: Lineage): boolean {
    const told = this.#of(lineage);
    const isThere = told.segments.length > 0;
    told.segments = told.segments.slice(1);
    return isThere;
  }

  covered(lineage: Lineage, sinceMs = 0): CoveredHistory {
    return coveredOf(this.#kept(lineage), this.#logged(lineage).clock, minuteOf(sinceMs));
  }

  minutes(lineage: Lineage): readonly HistoryMinute[] {
    const { segments, tail } = this.#kept(lineage);
    const { coverage, clock } = this.covered(lineage);
    return joinMinutes(shownMinutes([...segments, ...minutesOf(tail)], isWithoutGap(coverage, clock)));
  }

  piece(lineage: Lineage, ask: HistoryAsk): Uint8Array {
    return draftPiece(engineOfRoom(lineage.room), this.#kept(lineage), { ask, bodyOf: encodeSegment });
  }

  take(lineage: Lineage, bytes: Uint8Array, sinceMs: number): Result<TakenHistory> {
    const piece = decodePiece(bytes);
    if (!piece.ok || this.#logged(lineage).clock.size === 0) return refused("STORE_FAILED", "nothing takes it in");
    const { segments, base } = fitPiece(engineOfRoom(lineage.room), this.#kept(lineage), { piece: piece.value, since: minuteOf(sinceMs) });
    const told = this.#of(lineage);
    if (base) told.segments = told.segments.filter((_, at) => !base.contained.includes(at));
    if (base) told.base = base;
    told.segments = [
      ...told.segments,
      ...segments.flatMap(({ body }) => {
        const segment = decodeSegment(body);
        return segment.ok ? [segment.value] : [];
      }),
    ];
    const isNew = base !== undefined || segments.length > 0;
    return ok({ ...this.covered(lineage, sinceMs), isNew, isLast: piece.value.isLast });
  }

  isLacking(lineage: Lineage): boolean {
    const { coverage, clock } = this.covered(lineage);
    return !isWithoutGap(coverage, clock);
  }

  #kept(lineage: Lineage): KeptHistory<HistorySegment> {
    return { ...this.#of(lineage), tail: this.#logged(lineage).tail, aside: [] };
  }

  #of(lineage: Lineage): Told {
    const key = lineageKey(lineage);
    const told = this.#told.get(key) ?? { base: undefined, segments: [] };
    this.#told.set(key, told);
    return told;
  }
}

export type HistoryEffect = Extract<RelayEffect, { type: "read-coverage" | "draft-piece" | "take-piece" | "find-gaps" }>;

/** What a disk answers, in whose documents `gaps` were found. */
export function answerOfHistory(histories: DiskHistory, gaps: () => readonly Lineage[], effect: HistoryEffect): RelayInput {
  const { seq } = effect;
  switch (effect.type) {
    case "read-coverage":
      return { type: "coverage-read", seq, result: ok(histories.covered(effect.lineage, effect.sinceMs)) };
    case "draft-piece":
      return { type: "piece-drafted", seq, result: ok(histories.piece(effect.lineage, effect.ask)) };
    case "take-piece":
      return { type: "piece-taken", seq, result: histories.take(effect.lineage, effect.piece, effect.sinceMs) };
    case "find-gaps":
      return { type: "gaps-found", seq, result: ok({ lineages: gaps(), next: undefined }) };
  }
}
