/**
 * Blockade: directions between machines of relays in which nothing comes through at present. What is sent that way waits, as
 * TCP sends it again until it comes through, or until somebody gives the line up because nothing is answered.
 *
 * Invariant: a direction is free when everybody who blocked it has let go, in whatever order.
 */
import type { SimLine, SimNetwork } from "./sim-network.ts";

/** When the two ends of a line on which nothing is answered find out. */
const unansweredMs = { least: 20_000, spread: 20_000 };

export class Blockade {
  readonly #network: SimNetwork;
  /** How many block which direction, and since when. */
  readonly #blocked = new Map<string, { count: number }>();

  constructor(network: SimNetwork) {
    this.#network = network;
  }

  /** Whether a line cannot come up now. */
  isBetween({ from, host }: SimLine): boolean {
    return from !== undefined && (this.#blocked.has(direction(from, host)) || this.#blocked.has(direction(host, from)));
  }

  /** Nothing comes from the one to the other until what it answers is called. */
  block(from: string, to: string): () => void {
    const key = direction(from, to);
    const block = this.#blocked.get(key) ?? { count: 0 };
    block.count += 1;
    this.#blocked.set(key, block);
    if (block.count === 1) this.#begin(from, to, block);
    let isLifted = false;
    return () => {
      if (isLifted) return;
      isLifted = true;
      block.count -= 1;
      if (block.count > 0) return;
      this.#blocked.delete(key);
      this.#hold(from, to, false);
    };
  }

  #begin(from: string, to: string, block: object): void {
    this.#hold(from, to, true);
    const afterMs = unansweredMs.least + this.#network.draw(unansweredMs.spread);
    this.#network.world.schedule(afterMs, undefined, `${from} is not heard by ${to}`, () => {
      if (this.#blocked.get(direction(from, to)) !== block) return;
      for (const line of this.#between(from, to)) line.die(this.#network.delay());
    });
  }

  #hold(from: string, to: string, held: boolean): void {
    for (const line of this.#between(from, to)) line.hold(line.from === from ? "to-relay" : "to-client", "blockade", held);
  }

  #between(from: string, to: string): readonly SimLine[] {
    return [...this.#network.lines].filter((line) => (line.from === from && line.host === to) || (line.from === to && line.host === from));
  }
}

function direction(from: string, to: string): string {
  return `${from}>${to}`;
}
