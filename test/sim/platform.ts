/**
 * Platform: clocks, timers and chance as programs find them in their environment, given by the simulator.
 *
 * The relay's driver, the client library and the released y-websocket client read `performance.now`, set timers and draw
 * random numbers as every program does. A worker that simulates replaces these globals once, before it loads any of
 * them, and says before each event whose event it is: what runs then, promises included, sees the clock, the timers and
 * the chance of that one `Host`. So the simulator runs what ships, unchanged, and no program can tell.
 *
 * Invariants: only one host runs at a time; all that an event has set going without waiting (its microtasks) has run
 * before the next event begins; what runs for nobody sees a clock that stands still.
 */
import { seededRandom, type Random } from "@inkmesh/shared/base/random";
import type { SimFiles } from "./sim-files.ts";

/** One process, as the platform sees it. */
export interface Host {
  readonly random: Random;
  readonly pid: number;
  /** The files of its machine; undefined where there are none. */
  readonly files: SimFiles | undefined;
  monotonicMs(): number;
  wallMs(): number;
  /** Runs `work` in the host after `ms` of its own monotonic time; answers what takes it back. */
  after(ms: number, what: string, work: () => void): () => void;
}

/** For what belongs to no process. */
export const nobody: Host = {
  random: seededRandom(1),
  pid: 1,
  files: undefined,
  monotonicMs: () => 0,
  wallMs: () => 0,
  after: () => () => undefined,
};

let running: Host = nobody;

/** A loop's turn: how long after an event its `setImmediate` comes. */
const turnMs = 0.02;

/** Whose event it is. */
export function currentHost(): Host {
  return running;
}

/** Runs `work` and everything that it sets going at once as an event of `host`. */
export async function runAs(host: Host, work: () => void): Promise<void> {
  running = host;
  try {
    work();
  } finally {
    await microtasks();
    running = nobody;
  }
}

/**
 * Resolves when no promise has anything left to do: Node's next tick comes when its queue of microtasks is empty, if it is asked
 * for in one of them. A turn of Node's loop would do the same, for a seventh of a history's time.
 */
export function microtasks(): Promise<void> {
  return new Promise((done) => queueMicrotask(() => process.nextTick(done)));
}

class SimTimer {
  #cancel: () => void = () => undefined;

  start(ms: number, what: string, work: () => void, again: boolean): this {
    const host = running;
    this.#cancel = host.after(ms, what, () => {
      if (again) this.start(ms, what, work, again);
      work();
    });
    return this;
  }

  cancel(): void {
    this.#cancel();
  }

  // What Node's timers have beside that; a process here never ends for lack of timers.
  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}

type Callback = (...args: unknown[]) => void;

/** Replaces the globals of this worker thread, for good. */
export function installPlatform(): void {
  const timer =
    (what: string, again: boolean) =>
    (work: Callback, ms = 0, ...args: unknown[]): SimTimer =>
      new SimTimer().start(Math.max(Number(ms) || 0, again ? 1 : 0), what, () => work(...args), again);
  const clear = (handle: unknown): void => {
    if (handle instanceof SimTimer) handle.cancel();
  };
  Object.assign(globalThis, {
    setTimeout: timer("timer", false),
    setInterval: timer("interval", true),
    setImmediate: (work: Callback, ...args: unknown[]) => new SimTimer().start(turnMs, "turn", () => work(...args), false),
    clearTimeout: clear,
    clearInterval: clear,
    clearImmediate: clear,
  });
  Object.defineProperty(process, "pid", { get: () => running.pid });
  process.kill = (pid) => {
    if (running.files?.pids.has(pid)) return true;
    throw Object.assign(new Error(`no process ${pid}`), { code: "ESRCH" });
  };
  performance.now = () => running.monotonicMs();
  Date.now = () => running.wallMs();
  Math.random = () => running.random.fraction();
  crypto.getRandomValues = <Values extends ArrayBufferView | null>(values: Values): Values => {
    if (values === null) return values;
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    bytes.set(running.random.bytes(bytes.length));
    return values;
  };
}
