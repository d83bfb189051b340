/**
 * CopyReview: compares a room with each of its other replicas because somebody asked, and says what came of it.
 *
 *     asked ──its moment──▶ the same ─────────────────────────────────────────────────▶ "equal"
 *       │                   not the same ─▶ repaired as always (RoomRepair) ─▶ asked again ─▶ the same ─▶ "healed"
 *       │                                                                      └─ time is over ─────────▶ "different"
 *       └─ nothing came, or no link leads to it ─────────────────────────────────────────▶ "silent"
 *
 * Where people type, something is always on its way: a difference that was nothing but entries of the last seconds is none.
 *
 * Invariants: it repairs nothing itself, it only makes what would be found by the next sweep urgent; whom no link leads to is not waited
 * for; everybody who asked is answered once, or has withdrawn.
 */
import type { ActorId, RelayId } from "@inkmesh/shared/base/ids";
import type { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { Entry } from "@inkmesh/shared/engine/entry";
import { comparePositions } from "@inkmesh/shared/ring/hash";
import { recordDigest } from "@inkmesh/shared/wire/record-codec";
import type { RelayContext } from "../relay-context.ts";
import type { RoomMoment } from "./room-comparison.ts";
import type { RoomPlace } from "./room-place.ts";

export type CopyStanding = "equal" | "healed" | "different" | "silent";

/** What came of comparing with one replica. */
export interface ReviewedCopy {
  readonly relay: RelayId;
  readonly standing: CopyStanding;
}

/** Milliseconds for which an entry may be on its way without being missed. */
const underWayMs = 10_000;

interface Look {
  /** What both sides named when they first differed, and whether that was all that they differed in. */
  first: { readonly mine: VectorClock; readonly theirs: VectorClock; readonly isOnlyClock: boolean } | undefined;
  isSame: boolean;
}

interface Run {
  readonly looks: ReadonlyMap<RelayId, Look>;
  /** Wall time: what was written since then may have been on its way. */
  readonly sinceMs: number;
  readonly then: (copies: readonly ReviewedCopy[]) => void;
}

interface CopyReviewOptions {
  readonly context: RelayContext;
  readonly place: RoomPlace;
  /** Entries beyond the snapshot. */
  readonly tail: () => readonly Entry[];
}

export class CopyReview {
  readonly #context: RelayContext;
  readonly #place: RoomPlace;
  readonly #tail: () => readonly Entry[];
  readonly #runs = new Set<Run>();
  #askMs = Number.NEGATIVE_INFINITY;

  constructor({ context, place, tail }: CopyReviewOptions) {
    this.#context = context;
    this.#place = place;
    this.#tail = tail;
  }

  /** Runs `then` when each of the others that can be reached has the same, or at `end`. The answer ends it. */
  begin(then: Run["then"]): { readonly end: () => void; readonly withdraw: () => void } {
    const { self, now } = this.#context;
    const others = this.#place.replicas.filter((relay) => relay !== self);
    const looks = new Map(others.map((relay): [RelayId, Look] => [relay, { first: undefined, isSame: false }]));
    const run: Run = { looks, sinceMs: now.wallMs - underWayMs, then };
    this.#runs.add(run);
    this.#askMs = Number.NEGATIVE_INFINITY;
    this.#review(run);
    return { end: () => this.#end(run), withdraw: () => void this.#runs.delete(run) };
  }

  isAwaiting(relay: RelayId): boolean {
    return [...this.#runs].some(({ looks }) => looks.get(relay)?.isSame === false);
  }

  /** What is on both disks, each at one moment. */
  heard(relay: RelayId, mine: RoomMoment, theirs: RoomMoment): void {
    for (const run of [...this.#runs]) {
      const look = run.looks.get(relay);
      if (look === undefined || look.isSame) continue;
      const isSameRecord = comparePositions(recordDigest(mine.record), recordDigest(theirs.record)) === 0;
      const isSameKind = isSameRecord && mine.lineage.generation === theirs.lineage.generation;
      look.isSame = isSameKind && comparePositions(mine.content, theirs.content) === 0;
      if (!look.isSame) look.first ??= { mine: mine.clock, theirs: theirs.clock, isOnlyClock: isSameKind };
      this.#review(run);
    }
  }

  /** Whom to ask now: each time it is due all that have not said the same. */
  toAsk(nowMs: number): readonly ActorId[] {
    if (nowMs < this.#askMs) return [];
    this.#askMs = nowMs + this.#context.placement.limits.compareChangedMs;
    return this.#reachable();
  }

  nextDeadline(): number {
    return this.#reachable().length === 0 ? Number.POSITIVE_INFINITY : this.#askMs;
  }

  /** A link is gone. */
  linkDown(): void {
    for (const run of [...this.#runs]) this.#review(run);
  }

  #review(run: Run): void {
    const isWaiting = [...run.looks].some(([relay, { isSame }]) => !isSame && this.#context.peers.lifeOf(relay) !== undefined);
    if (!isWaiting) this.#end(run);
  }

  #end(run: Run): void {
    if (!this.#runs.delete(run)) return;
    run.then([...run.looks].map(([relay, look]) => ({ relay, standing: this.#standing(look, run.sinceMs) })));
  }

  #standing({ first, isSame }: Look, sinceMs: number): CopyStanding {
    if (!isSame) return first === undefined ? "silent" : "different";
    return first === undefined || (first.isOnlyClock && isUnderWay(first, this.#tail(), sinceMs)) ? "equal" : "healed";
  }

  #reachable(): readonly ActorId[] {
    const waiting = new Set([...this.#runs].flatMap(({ looks }) => [...looks].flatMap(([relay, { isSame }]) => (isSame ? [] : [relay]))));
    return [...waiting].flatMap((relay) => this.#context.peers.lifeOf(relay) ?? []);
  }
}

/** Whether all that one clock names and the other does not are entries that are here now and were written since `sinceMs`. */
export function isUnderWay(
  { mine, theirs }: { readonly mine: VectorClock; readonly theirs: VectorClock },
  tail: readonly Entry[],
  sinceMs: number,
): boolean {
  const actors = new Set([...mine.entries(), ...theirs.entries()].map(([actor]) => actor));
  const named = [...actors].reduce((sum, actor) => sum + Math.abs(mine.counter(actor) - theirs.counter(actor)), 0);
  const between = tail.filter(({ dot }) => mine.contains(dot) !== theirs.contains(dot));
  return named > 0 && between.length === named && between.every(({ hlc }) => hlc.physicalMs >= sinceMs);
}
