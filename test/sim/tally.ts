/**
 * Tally: what many histories came to, for a person to read: how many seeds and simulated hours, which faults befell
 * them, which states were reached, and what was found.
 */
import { faultKinds, meshFaultKinds, type FaultKind } from "./fault-plan.ts";
import type { Outcome } from "./simulation.ts";

export class Tally {
  seeds = 0;
  #isMesh = false;
  events = 0;
  simulatedMs = 0;
  readonly findings: Outcome[] = [];
  readonly counts = new Map<string, number>();
  readonly #faults = new Map<FaultKind, number>();
  readonly #states = new Map<string, number>();

  add(outcome: Outcome): void {
    this.seeds += 1;
    this.#isMesh ||= outcome.isMesh;
    this.events += outcome.events;
    this.simulatedMs += outcome.simulatedMs;
    if (outcome.finding !== undefined) this.findings.push(outcome);
    for (const [name, count] of Object.entries(outcome.counts)) raise(this.counts, name, count);
    for (const { kind } of outcome.faults) raise(this.#faults, kind, 1);
    for (const state of outcome.states) raise(this.#states, state, 1);
  }

  /** Kinds of faults that no history had. */
  get unseen(): readonly FaultKind[] {
    return [...faultKinds, ...(this.#isMesh ? meshFaultKinds : [])].filter((kind) => !this.#faults.has(kind));
  }

  get states(): readonly string[] {
    return [...this.#states.keys()].sort();
  }

  report(seconds: number): string {
    const hours = this.simulatedMs / 3_600_000;
    const perHour = Math.round((this.seeds / seconds) * 3_600);
    return [
      `${count(this.seeds)} seeds in ${time(seconds)} (${count(perHour)} an hour): ${hours.toFixed(1)} simulated hours, ${count(this.events)} events`,
      `work done     ${[...this.counts].map(([name, sum]) => `${count(sum)} ${name}`).join(", ")}`,
      `faults        ${listed(this.#faults)}`,
      `states        ${listed(this.#states)} (in so many seeds)`,
      this.findings.length === 0 ? "findings      none" : `findings      ${this.findings.length}:`,
      ...this.findings.map(({ seed, finding }) => `  seed ${seed}: ${finding?.checker}: ${finding?.message}`),
    ].join("\n");
  }
}

function raise<Key>(counts: Map<Key, number>, key: Key, by: number): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}

function listed(counts: ReadonlyMap<string, number>): string {
  return [...counts]
    .sort(([, left], [, right]) => right - left)
    .map(([name, sum]) => `${name} ${count(sum)}`)
    .join(", ");
}

function count(number: number): string {
  return Math.round(number).toLocaleString("en");
}

function time(seconds: number): string {
  return seconds < 120
    ? `${seconds.toFixed(0)} s`
    : seconds < 7_200
      ? `${(seconds / 60).toFixed(1)} min`
      : `${(seconds / 3_600).toFixed(1)} h`;
}
