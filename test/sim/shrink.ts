/**
 * Shrink: from a finding's whole plan to the few faults that it needs, by delta debugging (Zeller, Hildebrandt,
 * "Simplifying and Isolating Failure-Inducing Input", TSE 2002): drop ever smaller parts as long as the same checker
 * finds something.
 *
 * A fault's details come from its own seed, so that dropping one changes no other; but every event moves the world on,
 * so that some parts cannot be dropped although they look idle.
 */
import type { Outcome, SimulationOptions } from "./simulation.ts";

export type Simulate = (order: SimulationOptions) => Promise<Outcome>;

/** The indexes of the plan's faults that are left, at most `attemptsMax` histories later, and what they come to. */
export async function shrink(
  simulate: Simulate,
  found: Outcome,
  attemptsMax = 200,
): Promise<{ readonly only: readonly number[]; readonly outcome: Outcome }> {
  let only = found.faults.map((_fault, index) => index);
  let outcome = found;
  let attempts = 0;
  const stillFound = async (candidate: readonly number[]): Promise<boolean> => {
    attempts += 1;
    const again = await simulate({ seed: found.seed, isMesh: found.isMesh, isAutomerge: found.isAutomerge, only: candidate });
    if (again.finding?.checker !== found.finding?.checker) return false;
    outcome = again;
    return true;
  };
  for (let parts = 2; only.length > 0 && attempts < attemptsMax;) {
    const size = Math.ceil(only.length / parts);
    let dropped = false;
    for (let from = 0; from < only.length && attempts < attemptsMax;) {
      const candidate = [...only.slice(0, from), ...only.slice(from + size)];
      if (await stillFound(candidate)) {
        only = candidate;
        dropped = true;
      } else from += size;
    }
    if (size === 1 && !dropped) break;
    parts = dropped ? Math.max(2, parts - 1) : Math.min(only.length, parts * 2);
  }
  return { only, outcome };
}
