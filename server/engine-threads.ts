/**
 * EngineThreads: the worker threads on which documents are built, and those on which updates are tried, as one thing to start and to end.
 */
import type { RelaySettings } from "./config.ts";
import { EngineWorkers } from "./runtime/engine-workers.ts";
import type { Logger } from "./runtime/logger.ts";
import { TrialWorkers } from "./runtime/trial-workers.ts";
import { startWorker } from "./runtime/worker-file.ts";

export interface EngineThreads {
  readonly calls: EngineWorkers;
  readonly trials: TrialWorkers;
  close(): Promise<void>;
}

/** None of them is started before it is needed. */
export function engineThreads({ process: around, limits }: RelaySettings, logger: Logger): EngineThreads {
  const calls = new EngineWorkers({
    start: (options) => startWorker(new URL("./runtime/engine-worker.ts", import.meta.url), options),
    ...{ workersMax: around.engineWorkersMax, waitingMax: around.engineCallsWaitingMax, heapBytesMax: around.engineHeapBytesMax },
    ...{ callMs: around.engineCallMs, writeMs: around.engineWriteMs },
    logger,
  });
  const trials = new TrialWorkers({
    start: (options) => startWorker(new URL("./runtime/trial-worker.ts", import.meta.url), options),
    ...{ workers: around.trialWorkers, trialMs: around.trialMs, beginMs: around.engineCallMs, waitingMax: around.engineCallsWaitingMax },
    memoryBytesMax: around.trialMemoryBytesMax,
    thread: {
      nestingMax: limits.content.nestingMax,
      growthBytesMax: around.trialMemoryBytesMax,
      documentsBytesMax: around.trialDocumentsBytesMax,
    },
    logger,
  });
  return { calls, trials, close: async () => void (await Promise.all([calls.close(), trials.close()])) };
}
