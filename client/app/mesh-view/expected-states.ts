/**
 * ExpectedStates: how relays stand that have just been told to stand otherwise, until one of their answers can know of it: what a person
 * has turned on must not jump back for a second.
 */
import type { ExperimentState } from "./mesh-reading.ts";

/** What one relay shall do. */
export interface Order {
  readonly origin: string;
  readonly change: Partial<ExperimentState>;
}

interface Expected {
  readonly state: ExperimentState;
  /** When the order was answered; undefined while it is under way. */
  settledMs: number | undefined;
}

export class ExpectedStates {
  readonly #expected = new Map<string, Expected>();

  /** An order goes to the relay at `origin`, which stood so. Answers what is to be called when that has been answered. */
  expect({ origin, change }: Order, stood: ExperimentState): (nowMs: number) => void {
    const expected: Expected = { state: { ...stood, ...change }, settledMs: undefined };
    this.#expected.set(origin, expected);
    return (nowMs) => (expected.settledMs = nowMs);
  }

  /** How it stands by an answer to what was asked at `askedMs`. */
  shown(origin: string, said: ExperimentState | undefined, askedMs: number): ExperimentState | undefined {
    const expected = this.#expected.get(origin);
    if (expected === undefined || said === undefined) return said;
    if (expected.settledMs === undefined || askedMs <= expected.settledMs) return expected.state;
    this.#expected.delete(origin);
    return said;
  }
}
