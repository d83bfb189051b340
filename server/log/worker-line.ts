/**
 * WorkerLine: calls to functions that live in a worker thread, answered in the order in which they were made.
 *
 * A thread that dies takes nobody with it: the calls it had not answered are refused as STORE_FAILED, and the next call
 * starts a new one. Whether an unanswered call had been carried out is not known; callers repeat only what may be repeated.
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
  readonly #waiting = new Map<number, (result: LogResult<never>) => void>();
  #worker: Worker | undefined;
  #calls = 0;
  #closed = false;

  constructor(start: () => Worker, onNotice: (notice: Notice) => void) {
    this.#start = start;
    this.#onNotice = onNotice;
  }

  call<Name extends keyof Side & string>(
    name: Name,
    args: Parameters<Side[Name]>,
    transfer: readonly TransferListItem[] = [],
  ): Promise<LogResult<Answer<ReturnType<Side[Name]>>>> {
    if (this.#closed) return Promise.resolve({ ok: false, refusal: { code: "STORE_FAILED", detail: "the store was closed" } });
    const number = ++this.#calls;
    return new Promise((resolve) => {
      this.#waiting.set(number, resolve);
      this.#running().postMessage({ number, name, args } satisfies Question, transfer);
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
    const resolve = this.#waiting.get(message.number);
    this.#waiting.delete(message.number);
    resolve?.(message.ok ? { ok: true, value: message.value as never } : { ok: false, refusal: message.refusal });
  }

  #died(worker: Worker, error: unknown): void {
    if (worker !== this.#worker) return;
    this.#worker = undefined;
    const refusal = refusalOf(error);
    const refused = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const resolve of refused) resolve({ ok: false, refusal });
  }
}

/** In the worker: answers the line's calls with these functions. Whatever one throws becomes its refusal. */
export function answerCalls(functions: object): void {
  const named = functions as Record<string, (...args: unknown[]) => unknown>;
  parentPort?.on("message", ({ number, name, args }: Question) => {
    try {
      const value = named[name]?.(...args);
      if (value instanceof Moved) parentPort?.postMessage({ number, ok: true, value: value.value }, value.buffers as ArrayBuffer[]);
      else parentPort?.postMessage({ number, ok: true, value });
    } catch (error) {
      parentPort?.postMessage({ number, ok: false, refusal: refusalOf(error) });
    }
  });
}

/** In the worker: says something that nobody asked for. */
export function sendNotice(notice: unknown): void {
  parentPort?.postMessage({ notice });
}
