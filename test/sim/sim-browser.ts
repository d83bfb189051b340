/**
 * SimLocks and SimChannels: what the tabs of one browser share beside the database: Web Locks, and broadcast channels.
 *
 * Invariants, those of browsers: a lock has one holder; a tab that ends lets go of its locks, a frozen one does not; a
 * theft ends the holder's request with an error; a message reaches every other tab, in order, and never its sender.
 */
import type { ChannelLike, LocksLike } from "../../client/provider/tabs.ts";
import type { SimProcess } from "./world.ts";

interface Request {
  readonly process: SimProcess;
  readonly held: () => Promise<void>;
  readonly settle: (stolen: boolean) => void;
}

/** All locks of one browser. */
export class SimLocks {
  readonly #held = new Map<string, Request>();
  readonly #waiting = new Map<string, Request[]>();

  /** The locks as one tab sees them. */
  door(process: SimProcess): LocksLike {
    return {
      request: (name, { steal = false }, held) =>
        new Promise((resolve, reject) => {
          const settle = (stolen: boolean): void => {
            process.reach(0.1, `lock ${name} over`, () => (stolen ? reject(new Error("AbortError")) : resolve(undefined)));
          };
          this.#ask(name, { process, held, settle }, steal);
        }),
      query: () =>
        new Promise((resolve) => {
          const held = [...this.#held.keys()].map((name) => ({ name }));
          process.reach(0.2, "locks listed", () => resolve({ held }));
        }),
    };
  }

  /** The process is gone: what it held and waited for is free. */
  left(process: SimProcess): void {
    for (const [name, waiting] of this.#waiting)
      this.#waiting.set(
        name,
        waiting.filter((request) => request.process !== process),
      );
    for (const [name, { process: holder }] of [...this.#held]) if (holder === process) this.#free(name);
  }

  #ask(name: string, request: Request, steal: boolean): void {
    const holder = this.#held.get(name);
    if (holder === undefined || steal) {
      holder?.settle(true);
      this.#grant(name, request);
    } else this.#waiting.set(name, [...(this.#waiting.get(name) ?? []), request]);
  }

  #grant(name: string, request: Request): void {
    this.#held.set(name, request);
    request.process.reach(0.1, `lock ${name} held`, () => {
      void request.held().then(() => {
        if (this.#held.get(name) !== request) return;
        request.settle(false);
        this.#free(name);
      });
    });
  }

  #free(name: string): void {
    this.#held.delete(name);
    const next = this.#waiting.get(name)?.shift();
    if (next !== undefined) this.#grant(name, next);
  }
}

/** One broadcast channel and the tabs on it. */
export class SimChannel {
  readonly #ends = new Set<{ readonly process: SimProcess; readonly channel: ChannelLike }>();

  door(process: SimProcess): ChannelLike {
    const end = { process, channel: { onmessage: null, postMessage: () => {}, close: () => void this.#ends.delete(end) } as ChannelLike };
    end.channel.postMessage = (message) => {
      const copy: unknown = structuredClone(message);
      for (const other of this.#ends) {
        if (other !== end) other.process.reach(0.3, "channel message", () => other.channel.onmessage?.({ data: copy }));
      }
    };
    this.#ends.add(end);
    return end.channel;
  }

  left(process: SimProcess): void {
    for (const end of this.#ends) if (end.process === process) this.#ends.delete(end);
  }
}
