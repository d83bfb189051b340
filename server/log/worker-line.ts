/**
 * WorkerLine: calls to functions that live in a worker thread, answered in the order in which they were made.
 *
 * A thread that dies takes nobody with it: the calls it had not answered are refused as STORE_FAILED, and the next call
 * starts a new one. Whether an unanswered call had been carried out is not known; callers repeat only what may be repeated.
 * A call may have a time budget, from when it is next in line: past it the thread is ended, as if it had died.
 */
import { parentPort, type TransferListItem, type Worker } from "node:worker_threads";
import type { Refusal } from "@inkmesh/shared/base/result";
import { refusalOf } from "./store-error.ts";
import type { LogResult } from "./update-log.ts";

/** An answer whose buffers are handed over instead of copied. */
export class Moved<Value> {
  readonly value: Value;
  readonly buffers: readonly ArrayBuffer[];

  constructor(value: Value, buffers: readonly ArrayBuffer[]) {
    this.value = value;
    this.buffers = buffers;
  }
}

type Answer<Returned> = Returned extends Moved<infer Value> ? Value : Returned;

/** How long a call may take, in ms, by its name; those that are not named may take for ever. */
type Budgets<Side> = { readonly [Name in keyof Side]?: number };

interface Waiting {
  readonly budgetMs: number | undefined;
  readonly name: string;
  readonly resolve: (result: LogResult<never>) => void;
}

interface Question {
  readonly number: number;
  readonly name: string;
  readonly args: readonly unknown[];
}

type Message =
  | { readonly number: number; readonly ok: true; readonly value: unknown }
  | { readonly number: number; readonly ok: false; readonly refusal: Refusal }
  | { readonly notice: unknown };

/** `Side`: the functions at the other end; arguments and answers survive a structured clone. */
export class WorkerLine<Side extends { [Name in keyof Side]: (...args: never[]) => unknown }, Notice> {
  readonly #start: () => Worker;
  readonly #onNotice: (notice: Notice) => void;
  readonly #budgets: Budgets<Side>;
  /** In the order of the calls: the first is the one at which the thread is. */
  readonly #waiting = new Map<number, Waiting>();
  #budget: NodeJS.Timeout | undefined;
  #worker: Worker | undefined;
  #calls = 0;
  #closed = false;

  constructor(start: () => Worker, onNotice: (notice: Notice) => void, budgets: Budgets<Side> = {}) {
    this.#start = start;
    this.#onNotice = onNotice;
    this.#budgets = budgets;
  }

  call<Name extends keyof Side & string>(
    name: Name,
    args: Parameters<Side[Name]>,
    transfer: readonly TransferListItem[] = [],
  ): Promise<LogResult<Answer<ReturnType<Side[Name]>>>> {
    if (this.#closed) return Promise.resolve({ ok: false, refusal: { code: "STORE_FAILED", detail: "the store was closed" } });
    const number = ++this.#calls;
    return new Promise((resolve) => {
      try {
        this.#running().postMessage({ number, name, args } satisfies Question, transfer);
      } catch (error) {
        // A thread that cannot be started is like one that died before it answered.
        return resolve({ ok: false, refusal: refusalOf(error) });
      }
      this.#waiting.set(number, { name, budgetMs: this.#budgets[name], resolve });
      if (this.#waiting.size === 1) this.#startBudget();
    });
  }

  /** Ends the thread; what was not answered, and what is asked from now on, is refused. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#worker?.terminate();
  }

  #running(): Worker {
    if (this.#worker) return this.#worker;
    const worker = this.#start();
    this.#worker = worker;
    worker.on("message", (message: Message) => this.#receive(message));
    worker.on("error", (error) => this.#died(worker, error));
    worker.on("exit", () => this.#died(worker, new Error("the store's thread ended")));
    return worker;
  }

  #receive(message: Message): void {
    if ("notice" in message) return this.#onNotice(message.notice as Notice);
    const waiting = this.#waiting.get(message.number);
    if (waiting === undefined) return;
    this.#waiting.delete(message.number);
    this.#startBudget();
    waiting.resolve(message.ok ? { ok: true, value: message.value as never } : { ok: false, refusal: message.refusal });
  }

  /** For the call that is first now. */
  #startBudget(): void {
    clearTimeout(this.#budget);
    const [first] = this.#waiting.values();
    const worker = this.#worker;
    if (first?.budgetMs === undefined || worker === undefined) return;
    const overrun = new Error(`${first.name} took longer than ${first.budgetMs} ms`);
    this.#budget = setTimeout(() => {
      this.#died(worker, overrun);
      void worker.terminate();
    }, first.budgetMs);
  }

  #died(worker: Worker, error: unknown): void {
    if (worker !== this.#worker) return;
    this.#worker = undefined;
    clearTimeout(this.#budget);
    const refusal = refusalOf(error);
    const refused = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { resolve } of refused) resolve({ ok: false, refusal });
  }
}

/** What has to be there before a call can be carried out; undefined: it is. */
type Ready = (args: readonly unknown[]) => Promise<void> | undefined;

/**
 * In the worker: answers the line's calls with these functions, one after the other. Whatever one throws becomes its refusal.
 */
export function answerCalls(functions: object, ready: Ready = () => undefined): void {
  const named = functions as Record<string, (...args: unknown[]) => unknown>;
  let last = Promise.resolve();
  parentPort?.on("message", (question: Question) => {
    last = last.then(() => answer(question));
  });

  async function answer({ number, name, args }: Question): Promise<void> {
    try {
      await ready(args);
      const value = named[name]?.(...args);
      if (value instanceof Moved) parentPort?.postMessage({ number, ok: true, value: value.value }, value.buffers as ArrayBuffer[]);
      else parentPort?.postMessage({ number, ok: true, value });
    } catch (error) {
      parentPort?.postMessage({ number, ok: false, refusal: refusalOf(error) });
    }
  }
}

/** In the worker: says something that nobody asked for. */
export function sendNotice(notice: unknown): void {
  parentPort?.postMessage({ notice });
}
