/**
 * UpdateVote: whether the waiting version of the app may be put to use, which reloads every tab.
 *
 * It may when no tab would lose anything by it, and either a person asked for it or no tab is in use. A tab that does not
 * answer (frozen, stopped in a debugger) counts as one that would lose something: nobody knows what it holds.
 */
import type { TabState, UpdateOutcome } from "./update-message.ts";

/** `answers`: what each tab said, undefined where one did not answer in time. */
export function voteOnUpdate(answers: readonly (TabState | undefined)[], options: { asked: boolean }): UpdateOutcome {
  if (answers.includes(undefined)) return { type: "put-off", because: "no-answer" };
  if (answers.some((tab) => tab?.wouldLose)) return { type: "put-off", because: "would-lose" };
  if (!options.asked && answers.some((tab) => tab?.inUse)) return { type: "put-off", because: "in-use" };
  return { type: "in-use" };
}
