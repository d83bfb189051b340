/**
 * TrialWorkers: updates are tried on a few worker threads, each of which keeps the documents of its rooms, those tried last.
 *
 * A room's trials go to the same worker, so that it need not be told the document each time. A worker that takes too long, or ends by itself, is
 * lost over what it was at, and only over that: others that wait go to the next one. One over whose document Automerge failed, or whose memory has
 * grown too large (WebAssembly gives none back), is ended once it has answered.
 *
 * Invariants: every trial is answered once; a worker is at one trial at a time, and its trials are performed first in first out; a trial is blamed
 * (UNAPPLICABLE) only for what happens after its updates were begun. No worker is started before somebody needs one.
 */
import type { Worker, WorkerOptions } from "node:worker_threads";
import { lineageKey, type Lineage } from "@inkmesh/shared/base/ids";
import { refused, type Result } from "@inkmesh/shared/base/result";
import type { TrialAnswer, UpdateTrial } from "@inkmesh/shared/engine/update-trial";
import type { TrialPool } from "./driver.ts";
import type { Logger } from "./logger.ts";
import { packedBytes } from "./packed-bytes.ts";
import type { TrialJob, TrialNotice, TrialThread } from "./trial-worker.ts";

interface TrialWorkersOptions {
  readonly start: (options: Pick<WorkerOptions, "resourceLimits" | "workerData">) => Worker;
  readonly workers: number;
  /** For the updates of one trial. */
  readonly trialMs: number;
  /** Until a trial's updates are begun: a worker starts, and builds the document, for which it has more time the larger that is. */
  readonly beginMs: number;
  /** Trials that wait for one worker; past it the next is refused with RELAY_BUSY. */
  readonly waitingMax: number;
  /** Of one worker's memory, outside of JavaScript, and as much again of JavaScript's own. */
  readonly memoryBytesMax: number;
  readonly thread: TrialThread;
  readonly logger: Logger;
}

/** Building a document of many small changes takes about a second for each MiB of them, and ten times as long on a busy machine. */
const beginMsPerByte = 10_000 / (1024 * 1024);

interface Job extends TrialJob {
  readonly resolve: (result: Result<TrialAnswer>) => void;
}

export class TrialWorkers implements TrialPool {
  readonly #lanes: readonly TrialLane[];
  #isClosed = false;

  constructor(options: TrialWorkersOptions) {
    this.#lanes = Array.from({ length: options.workers }, () => new TrialLane(options));
  }

  try(lineage: Lineage, trial: UpdateTrial): Promise<Result<TrialAnswer>> {
    if (this.#isClosed) return Promise.resolve(refused("RELAY_STOPPING"));
    const room = lineageKey(lineage);
    const lane = this.#lanes[placeOf(room) % this.#lanes.length];
    return new Promise((resolve) => lane?.add({ room, trial, resolve }));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#lanes.map((lane) => lane.close()));
  }
}

/** One worker, or the one after it. */
class TrialLane {
  readonly #options: TrialWorkersOptions;
  readonly #waiting: Job[] = [];
  #worker: Worker | undefined;
  #running: Job | undefined;
  #hasBegun = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: TrialWorkersOptions) {
    this.#options = options;
  }

  add(job: Job): void {
    if (this.#waiting.length >= this.#options.waitingMax)
      return job.resolve(refused("RELAY_BUSY", `${this.#waiting.length} trials wait already`));
    this.#waiting.push(job);
    this.#next();
  }

  async close(): Promise<void> {
    for (const job of this.#waiting.splice(0)) job.resolve(refused("RELAY_STOPPING"));
    this.#answer(refused("RELAY_STOPPING"));
    await this.#end();
  }

  #next(): void {
    if (this.#running !== undefined) return;
    const job = this.#waiting.shift();
    if (job === undefined) return;
    this.#running = job;
    this.#hasBegun = false;
    const { room, trial } = job;
    const bytes = (trial.parts ?? []).reduce((sum, part) => sum + part.length, 0);
    this.#within(this.#options.beginMs + bytes * beginMsPerByte);
    try {
      this.#worker ??= this.#start();
      const { packed, buffer } = packedTrial(trial);
      this.#worker.postMessage({ room, trial: packed } satisfies TrialJob, [buffer]);
    } catch (error) {
      // A thread that cannot be started.
      this.#lose(this.#worker, String(error));
    }
  }

  #start(): Worker {
    const { start, thread, memoryBytesMax } = this.#options;
    const resourceLimits = { maxOldGenerationSizeMb: Math.ceil(memoryBytesMax / (1024 * 1024)) };
    const worker = start({ workerData: thread, resourceLimits });
    worker.unref();
    worker.on("message", (notice: TrialNotice) => this.#hear(worker, notice));
    worker.on("error", (error) => this.#lose(worker, error.message));
    worker.on("exit", (code) => this.#lose(worker, `it ended with ${code}`));
    return worker;
  }

  #hear(worker: Worker, notice: TrialNotice): void {
    if (worker !== this.#worker) return;
    if (notice.type === "begun") {
      this.#hasBegun = true;
      return this.#within(this.#options.trialMs);
    }
    const { answer, memoryBytes } = notice;
    const isSpent = (answer.type === "tried" && answer.isSpent) || memoryBytes > this.#options.memoryBytesMax;
    if (isSpent) void this.#end();
    this.#answer({ ok: true, value: answer });
    this.#next();
  }

  #within(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#lose(this.#worker, `it took longer than ${ms} ms`), ms);
  }

  /** What it was at is answered; what waits goes to another one. */
  #lose(worker: Worker | undefined, why: string): void {
    if (worker !== this.#worker) return;
    void this.#end();
    if (this.#running !== undefined)
      this.#options.logger.warn({ why, hasBegun: this.#hasBegun }, "a worker on which updates are tried is replaced");
    this.#answer(this.#hasBegun ? refused("UNAPPLICABLE", why) : refused("RELAY_BUSY", why));
    this.#next();
  }

  #answer(result: Result<TrialAnswer>): void {
    const job = this.#running;
    this.#running = undefined;
    clearTimeout(this.#timer);
    job?.resolve(result);
  }

  async #end(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }
}

function packedTrial({ parts, news, updates }: UpdateTrial): { packed: UpdateTrial; buffer: ArrayBuffer } {
  const { parts: all, buffer } = packedBytes([...(parts ?? []), ...news, ...updates]);
  const newsFrom = parts?.length ?? 0;
  const updatesFrom = newsFrom + news.length;
  const told = { news: all.slice(newsFrom, updatesFrom), updates: all.slice(updatesFrom) };
  return { packed: { ...told, parts: parts === undefined ? undefined : all.slice(0, newsFrom) }, buffer };
}

function placeOf(room: string): number {
  let place = 0;
  for (let at = 0; at < room.length; at++) place = (Math.imul(place, 31) + room.charCodeAt(at)) >>> 0;
  return place;
}
