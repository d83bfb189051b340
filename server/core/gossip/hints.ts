/**
 * Hints: entries that a relay took for rooms which it does not replicate, kept on its disk until every replica has them (hinted
 * handoff, Dynamo, SOSP 2007). A hint is no copy: it never counts towards "saved".
 *
 *     keep ──▶ owed to each replica ──all of them hold it, durable and complete──▶ delivered: it may leave the disk
 *                  │ more than hintBytesMax owed to one of them, and W others hold it
 *                  ├──▶ left to anti-entropy: nothing more is kept for that one
 *                  └──▶ its generation is closed: never sent, never kept
 *
 * Why a closed generation refuses them: a hint that is delivered after a deletion brings back what was deleted. Cassandra excludes
 * updates truncated after a hint was written for this reason, "otherwise the result is data corruption" (its class `Hint`).
 *
 * Where fewer than W hold what is owed and too much of it has piled up, nothing can be given up: `refusal` says so, and the room
 * takes no more edits here. Entries themselves lie in the log; of each only its place and size is known here.
 *
 * Invariants: what is not held by all replicas, or by W of them where one is past its bound, is never let go; what is owed to one
 * relay stays below `hintBytesMax` plus what is not yet held by W.
 */
import { assert } from "@inkmesh/shared/base/assert";
import { lineageKey, type ActorId, type Lineage, type RelayId } from "@inkmesh/shared/base/ids";
import type { Refusal } from "@inkmesh/shared/base/result";
import type { Dot } from "@inkmesh/shared/clock/dot";
import type { EntryRun } from "@inkmesh/shared/wire/mesh-room-message";
import type { GenerationStanding } from "./record-join.ts";

/** Who holds what of one room; `DurableCopies` is one. */
export interface HintTargets {
  readonly needed: number;
  certainCounter(relay: RelayId, actor: ActorId): number;
}

export type HintOutcome =
  /** Every replica holds these: they may leave the disk. */
  | { readonly type: "delivered"; readonly lineage: Lineage; readonly run: EntryRun }
  /** `target` has to get these by comparison with the replicas that hold them. */
  | { readonly type: "left-to-anti-entropy"; readonly lineage: Lineage; readonly target: RelayId; readonly run: EntryRun };

/** Consecutive entries of one actor in one room. */
interface Run {
  readonly lineage: Lineage;
  readonly actor: ActorId;
  /** The counter of the first one kept. */
  first: number;
  /** The bytes up to the end of each, from the first that was ever kept. */
  ends: number[];
  /** The bytes up to the beginning of the first one kept. */
  start: number;
  /** Per replica up to which counter it said that it holds them, or was given up. */
  readonly settled: Map<RelayId, number>;
  /** Per replica up to which counter they were left to anti-entropy. */
  readonly givenUp: Map<RelayId, number>;
}

export class Hints {
  readonly #bytesMax: number;
  readonly #runs = new Map<string, Run>();

  constructor(options: { hintBytesMax: number }) {
    this.#bytesMax = options.hintBytesMax;
  }

  /** Bytes that are kept for `target`. */
  owedTo(target: RelayId): number {
    let bytes = 0;
    for (const run of this.#runs.values()) bytes += owed(run, target);
    return bytes;
  }

  /** Keeps an entry for `replicas`; false where its generation is not the current one. A run's entries come in order. */
  keep(lineage: Lineage, dot: Dot, bytes: number, replicas: readonly RelayId[], standing: GenerationStanding): boolean {
    if (standing !== "current") return false;
    const key = runKey(lineage, dot.actor);
    const run = this.#runs.get(key) ?? newRun(lineage, dot);
    assert(dot.counter === run.first + run.ends.length, "a relay's own entries of a room follow each other");
    this.#runs.set(key, run);
    run.ends.push((run.ends.at(-1) ?? run.start) + bytes);
    for (const relay of replicas) if (!run.settled.has(relay)) run.settled.set(relay, run.first - 1);
    return true;
  }

  /** Why no more edits of a room with these replicas can be taken; undefined where they can. */
  refusal(replicas: readonly RelayId[]): Refusal | undefined {
    const worst = Math.max(0, ...replicas.map((relay) => this.owedTo(relay)));
    if (worst <= this.#bytesMax) return undefined;
    return { code: "RELAY_BUSY", detail: `${worst} bytes wait for a relay that is away, limit ${this.#bytesMax}` };
  }

  /** Something came to be known of the replicas of `lineage`, or the ring names others. */
  review(lineage: Lineage, replicas: readonly RelayId[], targets: HintTargets): readonly HintOutcome[] {
    return [...this.#runs].flatMap(([key, run]) =>
      lineageKey(run.lineage) === lineageKey(lineage) ? this.#reviewRun(key, run, replicas, targets) : [],
    );
  }

  /** The generation is closed, or this relay replicates the room now: nothing of it is a hint any more. */
  drop(lineage: Lineage): void {
    for (const [key, run] of this.#runs) if (lineageKey(run.lineage) === lineageKey(lineage)) this.#runs.delete(key);
  }

  /** What to send `target`, over a new link for example. */
  owedRuns(target: RelayId): readonly { readonly lineage: Lineage; readonly run: EntryRun }[] {
    return [...this.#runs.values()]
      .filter((run) => owed(run, target) > 0)
      .map(({ lineage, actor, first, ends, settled }) => ({
        lineage,
        run: { actor, from: Math.max(first, (settled.get(target) ?? 0) + 1), to: first + ends.length - 1 },
      }));
  }

  #reviewRun(key: string, run: Run, replicas: readonly RelayId[], targets: HintTargets): readonly HintOutcome[] {
    for (const relay of run.settled.keys()) if (!replicas.includes(relay)) run.settled.delete(relay);
    for (const relay of replicas)
      run.settled.set(relay, Math.max(run.settled.get(relay) ?? run.first - 1, targets.certainCounter(relay, run.actor)));
    const outcomes = this.#giveUp(run, replicas, targets);
    const settled = replicas.map((relay) => Math.max(targets.certainCounter(relay, run.actor), run.givenUp.get(relay) ?? 0));
    const count = Math.min(run.ends.length, Math.min(...settled, heldBy(run, replicas, targets)) - run.first + 1);
    if (replicas.length === 0 || count <= 0) return outcomes;
    const gone: EntryRun = { actor: run.actor, from: run.first, to: run.first + count - 1 };
    run.start = run.ends.splice(0, count).at(-1)!;
    run.first += count;
    if (run.ends.length === 0) this.#runs.delete(key);
    return [...outcomes, { type: "delivered", lineage: run.lineage, run: gone }];
  }

  /** Lets go for relays past their bound of what enough others hold. */
  #giveUp(run: Run, replicas: readonly RelayId[], targets: HintTargets): HintOutcome[] {
    const held = Math.min(heldBy(run, replicas, targets), run.first + run.ends.length - 1);
    return replicas.flatMap((target): HintOutcome[] => {
      const from = Math.max(run.first, run.settled.get(target)! + 1);
      if (held < from || this.owedTo(target) <= this.#bytesMax) return [];
      run.settled.set(target, held);
      run.givenUp.set(target, held);
      return [{ type: "left-to-anti-entropy", lineage: run.lineage, target, run: { actor: run.actor, from, to: held } }];
    });
  }
}

function newRun(lineage: Lineage, { actor, counter }: Dot): Run {
  return { lineage, actor, first: counter, ends: [], start: 0, settled: new Map(), givenUp: new Map() };
}

/** The counter up to which W replicas certainly hold the run. */
function heldBy(run: Run, replicas: readonly RelayId[], targets: HintTargets): number {
  const counters = replicas.map((relay) => targets.certainCounter(relay, run.actor)).sort((left, right) => right - left);
  return counters[targets.needed - 1] ?? 0;
}

function owed(run: Run, target: RelayId): number {
  const settled = run.settled.get(target);
  if (settled === undefined) return 0;
  const before = settled < run.first ? run.start : (run.ends[settled - run.first] ?? run.ends.at(-1) ?? run.start);
  return (run.ends.at(-1) ?? run.start) - before;
}

function runKey(lineage: Lineage, actor: ActorId): string {
  return `${actor}\n${lineageKey(lineage)}`;
}
