/**
 * SimChannels and SimLocks: BroadcastChannel and Web Locks between clients of one process, for tests of several tabs. A
 * frozen tab hears nothing and says nothing, but keeps its locks, as a browser's does.
 */
import { pause } from "../../harness/until.ts";
import type { ChannelLike, LocksLike } from "../../../client/provider/tabs.ts";

export class SimChannels {
  readonly #open = new Set<SimChannel>();
  /** What was said, for tests that look. */
  readonly said: { readonly type: string; readonly from: string }[] = [];

  open(): SimChannel {
    const channel = new SimChannel(
      (message) => this.#broadcast(channel, message),
      () => this.#open.delete(channel),
    );
    this.#open.add(channel);
    return channel;
  }

  #broadcast(from: SimChannel, message: unknown): void {
    this.said.push(message as { type: string; from: string });
    for (const channel of this.#open) if (channel !== from) channel.hear(structuredClone(message));
  }
}

export class SimChannel implements ChannelLike {
  onmessage: ((event: { data: unknown }) => void) | null = null;
  isFrozen = false;
  readonly #say: (message: unknown) => void;
  readonly #end: () => void;

  constructor(say: (message: unknown) => void, end: () => void) {
    this.#say = say;
    this.#end = end;
  }

  postMessage(message: unknown): void {
    if (!this.isFrozen) this.#say(message);
  }

  hear(data: unknown): void {
    queueMicrotask(() => {
      if (!this.isFrozen) this.onmessage?.({ data });
    });
  }

  close(): void {
    this.#end();
  }
}

interface Holder {
  readonly tab: string;
  readonly stolen: (reason: Error) => void;
}

export class SimLocks {
  readonly #holders = new Map<string, Holder>();
  readonly #lines = new Map<string, (() => void)[]>();
  /** How long it takes to answer who holds what; NaN: it is refused. */
  queryMs = 0;

  /** The locks as one tab sees them. */
  of(tab: string): LocksLike {
    return {
      request: (name, options, held) => this.#request(tab, name, options.steal ?? false, held),
      query: async () => {
        if (Number.isNaN(this.queryMs)) throw new Error("no locks");
        if (this.queryMs > 0) await pause(this.queryMs);
        return { held: [...this.#holders.keys()].map((name) => ({ name })) };
      },
    };
  }

  /** The tab died: its locks are free. */
  end(tab: string): void {
    for (const [name, holder] of this.#holders) if (holder.tab === tab) this.#release(name, holder);
  }

  holderOf(name: string): string | undefined {
    return this.#holders.get(name)?.tab;
  }

  #request(tab: string, name: string, steal: boolean, held: () => Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      const grant = (): void => {
        const holder: Holder = { tab, stolen: reject };
        this.#holders.set(name, holder);
        held().then(() => {
          this.#release(name, holder);
          resolve();
        }, reject);
      };
      const current = this.#holders.get(name);
      if (steal && current) current.stolen(new Error("stolen"));
      if (steal || !current) grant();
      else this.#lines.set(name, [...(this.#lines.get(name) ?? []), grant]);
    });
  }

  #release(name: string, holder: Holder): void {
    if (this.#holders.get(name) !== holder) return;
    this.#holders.delete(name);
    this.#lines.get(name)?.shift()?.();
  }
}
