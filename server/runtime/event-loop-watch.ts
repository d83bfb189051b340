/**
 * EventLoopWatch: how late the event loop runs, told now and then. A relay whose loop hangs hears nobody in time, and has to trust its
 * own ears less (see `local-health` in the core).
 *
 * Node measures a timer of its own; what it reports holds the timer's interval, which is no delay.
 */
import { monitorEventLoopDelay } from "node:perf_hooks";

const resolutionMs = 20;

export class EventLoopWatch {
  readonly #histogram = monitorEventLoopDelay({ resolution: resolutionMs });
  readonly #timer: NodeJS.Timeout;

  /** `tell` is given the delay that 99 of 100 turns stayed below since it was told last, in ms. */
  constructor(options: { everyMs: number; tell: (ms: number) => void }) {
    this.#histogram.enable();
    this.#timer = setInterval(() => options.tell(this.#take()), options.everyMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#histogram.disable();
  }

  #take(): number {
    const ms = this.#histogram.count === 0 ? 0 : this.#histogram.percentile(99) / 1e6 - resolutionMs;
    this.#histogram.reset();
    return Math.max(0, ms);
  }
}
