/**
 * The worker thread of `trial-workers`: tries updates on documents that it keeps, one trial after the other. It may be ended at any moment: whoever
 * asks can tell it everything anew.
 */
import { parentPort, workerData } from "node:worker_threads";
import { assert } from "@inkmesh/shared/base/assert";
import { AutomergeEngine } from "@inkmesh/shared/engine/automerge-engine";
import { AutomergeTrials, type TrialLimits } from "@inkmesh/shared/engine/automerge-trials";
import type { TrialAnswer, UpdateTrial } from "@inkmesh/shared/engine/update-trial";

export type TrialThread = Pick<TrialLimits, "nestingMax" | "growthBytesMax" | "documentsBytesMax">;

/** It is told nothing before it has answered. */
export interface TrialJob {
  readonly room: string;
  readonly trial: UpdateTrial;
}

export type TrialNotice =
  /** From now on it is the updates that something happens over. */
  | { readonly type: "begun" }
  /** `memoryBytes`: what Automerge has taken by now, and never gives back. */
  | { readonly type: "answer"; readonly answer: TrialAnswer; readonly memoryBytes: number };

const port = parentPort;
assert(port !== null, "the trial worker runs as a worker thread");
/** Of this thread: nearly all of it is WebAssembly's. */
const memoryBytes = (): number => process.memoryUsage().external;
const trials = new AutomergeTrials({ ...(workerData as TrialThread), memoryBytes });
const loaded = AutomergeEngine.load();

port.on("message", async ({ room, trial }: TrialJob) => {
  await loaded;
  const answer = trials.try(room, trial, () => say({ type: "begun" }));
  say({ type: "answer", answer, memoryBytes: memoryBytes() });
});

function say(notice: TrialNotice): void {
  port?.postMessage(notice);
}
