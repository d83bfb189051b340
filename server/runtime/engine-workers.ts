/**
 * EngineWorkers: heavy engine work (merging, encoding and rendering whole states) on a few worker threads.
 *
 * A worker is started when there is work and none is free, and kept. Each call has a time budget; past it, or when the
 * worker dies (out of memory over a hostile document), the call is refused with INTERNAL and the worker is replaced.
 *
 * Invariants: calls of one room are performed one at a time, first in first out (C6); every call is answered once; no
 * more than `waitingMax` calls wait, the next is refused with RELAY_BUSY. Knows nothing of what a call means.
 */
import type { Worker, WorkerOptions } from "node:worker_threads";
import { lineageKey, type Lineage } from "@inkmesh/shared/base/ids";
import { refused, type Result } from "@inkmesh/shared/base/result";
import type { EngineCall } from "@inkmesh/shared/engine/crdt-engine";
import type { EnginePool } from "./driver.ts";
import type { EngineJob } from "./engine-worker.ts";
import type { Logger } from "./logger.ts";
import { packedBytes } from "./packed-bytes.ts";

interface Job {
  readonly lineage: Lineage;
  readonly call: EngineCall;
  readonly resolve: (result: Result<Uint8Array>) => void;
}

interface Engine {
  readonly worker: Worker;
  job: Job | undefined;
  budget: NodeJS.Timeout | undefined;
}

interface EngineWorkersOptions {
  readonly start: (options: Pick<WorkerOptions, "resourceLimits">) => Worker;
  readonly workersMax: number;
  readonly waitingMax: number;
  readonly callMs: number;
  /** The same for a document that is written: whoever asked hears of it, and the others of the room go on. */
  readonly writeMs: number;
  /** Of one worker; past it the worker ends, and not the process. */
  readonly heapBytesMax: number;
  readonly logger: Logger;
}

export class EngineWorkers implements EnginePool {
  readonly #options: EngineWorkersOptions;
  readonly #engines = new Set<Engine>();
  readonly #waiting: Job[] = [];
  readonly #busyRooms = new Set<string>();
  #closed = false;

  constructor(options: EngineWorkersOptions) {
    this.#options = options;
  }

  call(lineage: Lineage, call: EngineCall): Promise<Result<Uint8Array>> {
    const { waitingMax } = this.#options;
    if (this.#closed) return Promise.resolve(refused("RELAY_STOPPING"));
    if (this.#waiting.length >= waitingMax) return Promise.resolve(refused("RELAY_BUSY", `${waitingMax} engine calls wait already`));
    return new Promise((resolve) => {
      this.#waiting.push({ lineage, call, resolve });
      this.#dispatch();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const job of this.#waiting.splice(0)) job.resolve(refused("RELAY_STOPPING"));
    const engines = [...this.#engines];
    for (const engine of engines) this.#finish(engine, refused("RELAY_STOPPING"));
    this.#engines.clear();
    await Promise.all(engines.map((engine) => engine.worker.terminate()));
  }

  #dispatch(): void {
    for (;;) {
      const index = this.#waiting.findIndex((job) => !this.#busyRooms.has(lineageKey(job.lineage)));
      if (index < 0) return;
      const engine = this.#freeEngine();
      if (engine === undefined) return;
      const [job] = this.#waiting.splice(index, 1);
      this.#run(engine, job!);
    }
  }

  #freeEngine(): Engine | undefined {
    for (const engine of this.#engines) if (engine.job === undefined) return engine;
    return this.#engines.size < this.#options.workersMax ? this.#startEngine() : undefined;
  }

  #startEngine(): Engine {
    const engine: Engine = { worker: this.#startWorker(), job: undefined, budget: undefined };
    this.#engines.add(engine);
    engine.worker.unref();
    engine.worker.on("message", (result: Result<Uint8Array>) => {
      this.#finish(engine, result);
      this.#dispatch();
    });
    engine.worker.on("error", (error) => this.#replace(engine, `worker failed: ${error.message}`));
    engine.worker.on("exit", (code) => this.#replace(engine, `worker ended with ${code}`));
    return engine;
  }

  #startWorker(): Worker {
    const { start, heapBytesMax } = this.#options;
    return start({ resourceLimits: { maxOldGenerationSizeMb: Math.ceil(heapBytesMax / (1024 * 1024)) } });
  }

  #run(engine: Engine, job: Job): void {
    const { callMs, writeMs } = this.#options;
    const ms = job.call.type === "write" ? writeMs : callMs;
    engine.job = job;
    engine.budget = setTimeout(() => this.#replace(engine, `took longer than ${ms} ms`), ms);
    this.#busyRooms.add(lineageKey(job.lineage));
    const { call, transfer } = packedCall(job.call);
    engine.worker.postMessage({ room: job.lineage.room, call } satisfies EngineJob, transfer);
  }

  #finish(engine: Engine, result: Result<Uint8Array>): void {
    const { job } = engine;
    if (job === undefined) return;
    clearTimeout(engine.budget);
    engine.job = undefined;
    this.#busyRooms.delete(lineageKey(job.lineage));
    job.resolve(result);
  }

  /** Ends a worker that failed or overran; the next call starts another. */
  #replace(engine: Engine, why: string): void {
    if (!this.#engines.delete(engine)) return;
    const type = engine.job?.call.type;
    this.#options.logger.error({ call: type, why }, "an engine worker is replaced");
    this.#finish(engine, refused("INTERNAL", `engine call "${type}": ${why}`));
    void engine.worker.terminate();
    this.#dispatch();
  }
}

function packedCall(call: EngineCall): { call: EngineCall; transfer: ArrayBuffer[] } {
  const { parts, buffer } = packedBytes(call.parts);
  if (call.type !== "diff") return { call: { ...call, parts }, transfer: [buffer] };
  return { call: { ...call, parts, stateVector: new Uint8Array(call.stateVector) }, transfer: [buffer] };
}
