/**
 * MeshExperiments: what the page does to relays that were started with `--experiments`, at each of them, over HTTP.
 */
import type { Order } from "./expected-states.ts";
import type { ExperimentState } from "./mesh-reading.ts";
import { isAnswering } from "./mesh-sight.ts";
import type { Poll } from "./mesh-watch.ts";

/** A relay with the door, that answers. */
export interface Subject {
  readonly relay: string;
  readonly origin: string;
  readonly state: ExperimentState;
}

export function subjectsOf(polls: readonly Poll[]): readonly Subject[] {
  const subjects = polls.flatMap(({ origin, mesh, ...poll }) =>
    mesh?.experiments === undefined || !isAnswering({ origin, mesh, ...poll })
      ? []
      : [{ relay: mesh.self, origin, state: mesh.experiments }],
  );
  return subjects.toSorted((left, right) => (left.relay < right.relay ? -1 : 1));
}

/** Whether anything is done to anybody. */
export function isAnythingDone(subjects: readonly Subject[]): boolean {
  return subjects.some(({ state }) => state.cut.length > 0 || state.isPaused || state.skewMs !== 0);
}

export function isCut(subjects: readonly Subject[], one: string, other: string): boolean {
  const cuts = (from: string, to: string): boolean => subjects.some(({ relay, state }) => relay === from && state.cut.includes(to));
  return cuts(one, other) || cuts(other, one);
}

/** Both ends of a link, as far as they can be reached. */
export function cutOrders(subjects: readonly Subject[], [one, other]: readonly [string, string], isToBeCut: boolean): readonly Order[] {
  return subjects.flatMap(({ relay, origin, state }) => {
    const far = relay === one ? other : relay === other ? one : undefined;
    if (far === undefined) return [];
    const rest = state.cut.filter((name) => name !== far);
    return [{ origin, change: { cut: isToBeCut ? [...rest, far] : rest } }];
  });
}

/** Between one relay and all others. */
export function isolationOrders(subjects: readonly Subject[], lone: string, others: readonly string[]): readonly Order[] {
  return subjects.map(({ relay, origin, state }) => ({
    origin,
    change: { cut: relay === lone ? others : [...state.cut.filter((name) => name !== lone), lone] },
  }));
}

export function healOrders(subjects: readonly Subject[]): readonly Order[] {
  return subjects.map(({ origin }) => ({ origin, change: { cut: [], isPaused: false, skewMs: 0 } }));
}

/** Undefined when it is done; otherwise why it is not, in words. */
export async function carryOut(orders: readonly Order[]): Promise<string | undefined> {
  const outcomes = await Promise.all(orders.map(({ origin, change }) => send(`${origin}/api/mesh/experiments`, "PATCH", change)));
  return outcomes.find((outcome) => outcome !== undefined);
}

export function kill({ origin }: Pick<Subject, "origin">): Promise<string | undefined> {
  return send(`${origin}/api/mesh/experiments/kill`, "POST", undefined);
}

async function send(url: string, method: string, body: unknown): Promise<string | undefined> {
  const json = body === undefined ? {} : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  try {
    const response = await fetch(url, { method, ...json, signal: AbortSignal.timeout(withinMs) });
    return response.ok ? undefined : `The relay at ${new URL(url).host} refuses (${response.status}).`;
  } catch {
    return `The relay at ${new URL(url).host} does not answer.`;
  }
}

const withinMs = 3_000;
