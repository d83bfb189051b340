/**
 * Group commit: what all rooms want on disk goes there together, one transaction and one fsync for everything that came
 * while the last one was under way.
 *
 *     idle ──append──▶ committing ──done──▶ pausing ──pauseMs since the last start──▶ committing │ idle
 *
 * Invariants: one commit is in flight; appends reach the log in the order in which they came; `answer` is called once
 * for every append, after its commit. When a commit fails, what waits behind it fails too: committing it first would put
 * an entry on disk before the one it follows. The pause spares the disk's thread, which costs more to wake than to feed;
 * it never delays the fan-out, because nobody but the acks waits for a commit.
 */
import type { Result } from "@inkmesh/shared/base/result";
import { refused } from "@inkmesh/shared/base/result";
import { lineageKey } from "@inkmesh/shared/base/ids";
import type { RelayEffect } from "../core/effect.ts";
import type { RelayInput } from "../core/input.ts";
import type { Append, UpdateLog } from "../log/update-log.ts";
import type { Clock } from "./system-clock.ts";

export type AppendEffect = Extract<RelayEffect, { type: "append-log" }>;

/** What is measured of one commit. */
export interface CommitFigures {
  readonly durationMs: number;
  readonly entries: number;
  readonly ok: boolean;
}

interface GroupCommitOptions {
  readonly log: Pick<UpdateLog, "append">;
  readonly clock: Clock;
  readonly pauseMs: number;
  readonly answer: (input: RelayInput) => void;
  readonly committed: (figures: CommitFigures) => void;
}

export class GroupCommit {
  readonly #options: GroupCommitOptions;
  #waiting: AppendEffect[] = [];
  #committing = false;
  #timer: NodeJS.Timeout | undefined;
  #handedOver: (() => void)[] = [];
  #lastStartMs = Number.NEGATIVE_INFINITY;

  constructor(options: GroupCommitOptions) {
    this.#options = options;
  }

  /** Puts a turn's appends behind those that wait. */
  append(effects: readonly AppendEffect[]): void {
    if (effects.length === 0) return;
    this.#waiting.push(...effects);
    this.#commitWhenDue();
  }

  /** Resolves when the log has been handed (not: has committed) all that waits now. */
  waitingHandedOver(): Promise<void> {
    if (this.#waiting.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#handedOver.push(resolve));
  }

  #commitWhenDue(): void {
    if (this.#committing || this.#timer !== undefined || this.#waiting.length === 0) return;
    const dueInMs = this.#lastStartMs + this.#options.pauseMs - this.#options.clock.now().monotonicMs;
    if (dueInMs <= 0) return void this.#commit();
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#commit();
    }, dueInMs);
  }

  async #commit(): Promise<void> {
    const { log, clock, committed } = this.#options;
    const group = this.#waiting;
    this.#waiting = [];
    this.#committing = true;
    this.#lastStartMs = clock.now().monotonicMs;
    const batch = batchOf(group);
    // Async, so that what the log throws at once is a failed commit like any other.
    const appending = (async () => log.append(batch))();
    for (const resolve of this.#handedOver.splice(0)) resolve();
    const result = await appending.catch((error: unknown) => refused("STORE_FAILED", String(error)));
    this.#committing = false;
    const entries = batch.reduce((sum, append) => sum + append.entries.length, 0);
    committed({ durationMs: clock.now().monotonicMs - this.#lastStartMs, entries, ok: result.ok });
    if (result.ok) this.#answerDone(group);
    else this.#answerFailed([...group, ...this.#waiting.splice(0)], result);
    if (this.#waiting.length === 0) for (const resolve of this.#handedOver.splice(0)) resolve();
    this.#commitWhenDue();
  }

  /** "Up to seq": the last of each lineage answers for all. */
  #answerDone(group: readonly AppendEffect[]): void {
    const last = new Map(group.map((effect) => [lineageKey(effect.lineage), effect]));
    for (const { lineage, seq } of last.values()) this.#options.answer({ type: "log-appended", lineage, seq });
  }

  #answerFailed(group: readonly AppendEffect[], result: Extract<Result<undefined>, { ok: false }>): void {
    for (const { lineage, seq } of group) this.#options.answer({ type: "log-append-failed", lineage, seq, refusal: result.refusal });
  }
}

/** An append that others are put to. */
type Batched = { -readonly [Field in keyof Append]: Append[Field] } & { readonly entries: Append["entries"][number][] };

/** One append per lineage, entries in the order of admission. */
function batchOf(group: readonly AppendEffect[]): Append[] {
  if (group.length === 1) return [group[0]!];
  const byLineage = new Map<string, Batched>();
  for (const { lineage, entries, cover, completes } of group) {
    const key = lineageKey(lineage);
    const known = byLineage.get(key) ?? { lineage, entries: [], cover: undefined, completes: undefined };
    byLineage.set(key, known);
    known.entries.push(...entries);
    known.cover = known.cover === undefined || cover === undefined ? (known.cover ?? cover) : known.cover.join(cover);
    known.completes ??= completes;
  }
  return [...byLineage.values()];
}
