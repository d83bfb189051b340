/**
 * Absence: one room's time without a line, and what became of it afterwards.
 *
 *     line lost ──▶ away ──opened──▶ back: what waits is being sent ──synced, all of it acknowledged──▶ told, once
 *                    ▲                 │
 *                    └── line lost ────┘        (the counting goes on: it is one absence to a person)
 *
 * Counts edits as the status does: entries of the outbox. An edit that was made after the line came back belongs to no
 * absence. What others did meanwhile is counted by the document, if it came update by update.
 */
import { outboxKey, type OutboxEntry, type OutboxKey } from "./outbox-entry.ts";

export interface Return {
  /** How long there was no line, in ms; 0 when only edits of an earlier life of the page were sent. */
  readonly awayMs: number;
  /** Edits that were made on this device without a line, and are saved now. */
  readonly sent: number;
  /** Whether what was missed came update by update, so that it can be counted. */
  readonly isMissedExact: boolean;
}

export class Absence {
  #sinceMs: number | undefined;
  #awayMs = 0;
  readonly #awaited = new Set<string>();
  #sent = 0;
  #isBack = false;
  #isMissedExact = true;

  /** Whether there was a time without a line that was not told yet. */
  get isOngoing(): boolean {
    return this.#sinceMs !== undefined;
  }

  /** There is no line (any more). */
  began(nowMs: number): void {
    this.#sinceMs ??= nowMs;
    this.#isBack = false;
  }

  /** The room is open again, and these wait to be sent. */
  ended(waiting: readonly OutboxKey[], nowMs: number): void {
    if (this.#sinceMs === undefined) return;
    this.#awayMs = nowMs - this.#sinceMs;
    for (const entry of waiting) this.#awaited.add(outboxKey(entry));
  }

  /** All that the relay had is here, of `entries` that this client had not it sent so many updates. */
  synced(entries: number, updates: number): void {
    this.#isBack = true;
    if (updates < entries) this.#isMissedExact = false;
  }

  /** What a closed tab left is being sent from here. */
  tookOver(entries: readonly OutboxKey[]): void {
    for (const entry of entries) this.#awaited.add(outboxKey(entry));
  }

  saved(entries: readonly OutboxEntry[]): void {
    for (const entry of entries) if (this.#awaited.delete(outboxKey(entry))) this.#sent += 1;
  }

  /** Another tab looks after these, or they were refused for good. */
  dropped(entries: readonly OutboxKey[]): void {
    for (const entry of entries) this.#awaited.delete(outboxKey(entry));
  }

  /** The absence, when there was one and it is over; then it is forgotten. */
  take(): Return | undefined {
    if (!this.#isBack || this.#awaited.size > 0 || (this.#sinceMs === undefined && this.#sent === 0)) return undefined;
    const result = { awayMs: this.#awayMs, sent: this.#sent, isMissedExact: this.#isMissedExact };
    this.#isMissedExact = true;
    this.#sinceMs = undefined;
    this.#awayMs = 0;
    this.#sent = 0;
    return result;
  }
}
