/**
 * SlowLine: the switch between the browser's own WebSocket and one over a pretended bad line (`breaking-socket.ts`), for
 * those who want to see what such a line does to their words. Only in this tab.
 */
import type { WebSocketConstructor, WebSocketLike } from "@inkmesh/client";
import { BreakingSocket } from "./breaking-socket.ts";
import { TabChoice, type TabChoiceOptions } from "./tab-choice.ts";

const delayMs = { least: 1_000, most: 3_000 };
const lastsMs = { least: 10_000, most: 40_000 };

export interface SlowLineOptions {
  readonly WebSocket: WebSocketConstructor;
  /** At least 0, below 1. */
  readonly random: () => number;
  /** Remembers the choice for this tab, over a reload. May throw where storage is forbidden. */
  readonly storage: TabChoiceOptions["storage"];
}

export class SlowLine {
  /** For `new Inkmesh({ WebSocket })`. */
  readonly WebSocket: WebSocketConstructor;
  readonly #random: () => number;
  readonly #choice: TabChoice;
  readonly #listeners = new Set<() => void>();
  /** Breaks the line that was opened last; a client has one at a time. */
  #cut: () => void = () => undefined;

  constructor({ WebSocket, random, storage }: SlowLineOptions) {
    this.#random = random;
    this.#choice = new TabChoice({ key: "inkmesh.slow-line", storage });
    const open = (url: string): WebSocketLike => this.#open(url, WebSocket);
    // A constructor that answers an object gives that to `new`.
    this.WebSocket = function (url: string) {
      return open(url);
    } as unknown as WebSocketConstructor;
  }

  get isOn(): boolean {
    return this.#choice.isOn;
  }

  /** Switches to the other kind of line. The one that is open breaks, as happens to a phone that leaves the house. */
  turn(isOn: boolean): void {
    if (isOn === this.isOn) return;
    this.#choice.turn(isOn);
    this.#cut();
    for (const listener of this.#listeners) listener();
  }

  /** Calls `listener` when it was switched; answers the function that ends it. */
  on(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #open(url: string, WebSocket: WebSocketConstructor): WebSocketLike {
    if (!this.isOn) {
      const socket = new WebSocket(url);
      this.#cut = () => socket.close();
      return socket;
    }
    const between = ({ least, most }: { least: number; most: number }) => least + this.#random() * (most - least);
    const socket = new BreakingSocket({
      connect: () => new WebSocket(url),
      delayMs: () => between(delayMs),
      lastsMs: between(lastsMs),
    });
    this.#cut = () => socket.cut();
    return socket;
  }
}
