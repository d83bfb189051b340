import { describe, expect, test } from "vitest";
import { AccessQueue, type Asker } from "../../../server/runtime/access-queue.ts";

const wide = { slots: 4, waitingMax: 100, waitMs: 60_000 };

/** Who has a slot, in order, and who got none; `free` frees the one that is held longest. */
class Door {
  readonly queue: AccessQueue;
  readonly served: string[] = [];
  readonly refused: string[] = [];
  readonly #held: (() => void)[] = [];

  constructor(limits: Partial<typeof wide> = {}) {
    this.queue = new AccessQueue({ ...wide, ...limits });
  }

  async ask(name: string, asker: Partial<Asker> = {}): Promise<void> {
    const free = await this.queue.slot({ address: "a", socket: "1", ...asker });
    (free === undefined ? this.refused : this.served).push(name);
    if (free !== undefined) this.#held.push(free);
  }

  async free(): Promise<void> {
    this.#held.shift()?.();
    await settled();
  }
}

/** What is resolved already has been heard. */
const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn++) await Promise.resolve();
};

describe("the queue of questions", () => {
  test("[P8] no socket has more than a quarter of the slots, and another one is served at once", async () => {
    const door = new Door({ slots: 8 });
    for (let index = 1; index <= 5; index++) void door.ask(`flood ${index}`, { socket: "flood" });
    void door.ask("other", { socket: "2" });
    await settled();
    expect(door.served).toEqual(["flood 1", "flood 2", "other"]);
    await door.free();
    expect(door.served.at(-1)).toBe("flood 3");
  });

  test("[P8] addresses take turns, and so do the sockets of one address", async () => {
    const door = new Door({ slots: 1 });
    for (const name of ["a1", "a2", "a3"]) void door.ask(name);
    void door.ask("proxied", { socket: "2" });
    void door.ask("b1", { address: "b" });
    void door.ask("b2", { address: "b" });
    await settled();
    for (let turn = 0; turn < 5; turn++) await door.free();
    expect(door.served).toEqual(["a1", "a2", "b1", "proxied", "b2", "a3"]);
  });

  test("[P8] where too many wait, the last of who has most of them is refused, not who comes", async () => {
    const door = new Door({ slots: 1, waitingMax: 4 });
    for (let index = 1; index <= 5; index++) void door.ask(`flood ${index}`);
    void door.ask("proxied", { socket: "2" });
    void door.ask("b", { address: "b" });
    await settled();
    expect([door.served, door.refused]).toEqual([["flood 1"], ["flood 5", "flood 4"]]);
    for (let turn = 0; turn < 4; turn++) await door.free();
    expect(door.served).toEqual(["flood 1", "flood 2", "b", "proxied", "flood 3"]);
  });

  test("[P8] nobody waits for longer than that, and who gave up has no turn any more", async () => {
    const door = new Door({ slots: 1, waitMs: 5 });
    void door.ask("first");
    await door.ask("late");
    expect([door.served, door.refused]).toEqual([["first"], ["late"]]);
    await door.free();
    expect(door.served).toEqual(["first"]);
    await door.ask("next");
    expect(door.served).toEqual(["first", "next"]);
  });
});
