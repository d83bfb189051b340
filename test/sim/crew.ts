/**
 * Crew: worker threads that simulate, one history at a time each. A worker that dies or hangs over a history is replaced,
 * and that history's outcome says so: it must never read as success.
 */
import { Worker } from "node:worker_threads";
import type { Outcome, SimulationOptions } from "./simulation.ts";

/** Real ms that one history may take on a busy machine. */
const patienceMs = 120_000;
/** A worker is renewed after so many histories: released clients leave traces in a process that is never meant to end. */
const historiesPerWorker = 500;

export class Crew {
  readonly #file: string;
  readonly #size: number;
  /** Hired and without a history. */
  readonly #idle: Worker[] = [];
  readonly #histories = new WeakMap<Worker, number>();

  /** `file`: a bundled worker. */
  constructor(options: { file: string; size: number }) {
    this.#file = options.file;
    this.#size = options.size;
  }

  /** Simulates until `next` has no more, or `take` answers false; `take` is given every outcome as it comes. */
  async run(next: () => SimulationOptions | undefined, take: (outcome: Outcome) => boolean): Promise<void> {
    let isOver = false;
    const member = async (): Promise<void> => {
      for (let order = next(); order !== undefined && !isOver; order = isOver ? undefined : next()) {
        const outcome = await this.one(order);
        if (!isOver && !take(outcome)) isOver = true;
      }
    };
    await Promise.all(Array.from({ length: this.#size }, member));
  }

  /** One history. */
  async one(order: SimulationOptions): Promise<Outcome> {
    const worker = this.#idle.pop() ?? new Worker(this.#file, { execArgv: ["--enable-source-maps"] });
    const outcome = await performed(worker, order);
    const histories = (this.#histories.get(worker) ?? 0) + 1;
    this.#histories.set(worker, histories);
    if (outcome.finding?.checker === "worker" || histories >= historiesPerWorker) await worker.terminate();
    else this.#idle.push(worker);
    return outcome;
  }

  async disband(): Promise<void> {
    await Promise.all(this.#idle.splice(0).map((worker) => worker.terminate()));
  }
}

function performed(worker: Worker, order: SimulationOptions): Promise<Outcome> {
  return new Promise((resolve) => {
    const finish = (outcome: Outcome): void => {
      clearTimeout(timer);
      worker.off("message", finish).off("error", failed).off("exit", ended);
      // What a dismissed worker still has to say is of no history.
      worker.on("error", ignored);
      resolve(outcome);
    };
    const fail = (message: string, stack = ""): void =>
      finish({
        ...nothing,
        seed: order.seed,
        isMesh: order.isMesh ?? false,
        isAutomerge: order.isAutomerge ?? false,
        finding: { checker: "worker", message, stack },
      });
    const failed = (error: Error): void => fail(error.message, error.stack);
    const ended = (code: number): void => fail(`the worker ended with code ${code}`);
    const timer = setTimeout(() => fail(`the history did not end within ${patienceMs / 1_000} s`), patienceMs);
    worker.off("error", ignored).on("message", finish).on("error", failed).on("exit", ended);
    worker.postMessage(order);
  });
}

function ignored(): void {}

const nothing: Omit<Outcome, "seed" | "isMesh" | "isAutomerge" | "finding"> = {
  trace: "",
  events: 0,
  simulatedMs: 0,
  faults: [],
  counts: {},
  states: [],
  lines: [],
};
