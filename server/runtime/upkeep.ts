/**
 * Upkeep: something that the store is to do now and then, and not again before it has answered.
 */
import type { LogResult } from "../log/update-log.ts";

interface UpkeepOptions {
  readonly everyMs: number;
  /** What came of it is how many went. */
  readonly work: () => Promise<LogResult<number>>;
  readonly done?: (count: number) => void;
  /** With what the log says; it is tried again. */
  readonly failed: (detail: string) => void;
}

export class Upkeep {
  readonly #options: UpkeepOptions;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(options: UpkeepOptions) {
    this.#options = options;
    this.#wait();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  #wait(): void {
    if (this.#isStopped) return;
    this.#timer = setTimeout(() => void this.#work(), this.#options.everyMs).unref();
  }

  async #work(): Promise<void> {
    const { work, done, failed } = this.#options;
    const result = await work();
    if (result.ok) done?.(result.value);
    else failed(result.refusal.detail);
    this.#wait();
  }
}
