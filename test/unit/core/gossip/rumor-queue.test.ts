import { describe, expect, test } from "vitest";
import { RumorQueue, rumorBytesMax } from "../../../../server/core/gossip/rumor-queue.ts";
import { aLife, aRumor, aSuspicion } from "../membership/a-membership.ts";

const [a, b, c] = [aLife("a"), aLife("b"), aLife("c")] as const;
const aQueue = (): RumorQueue => new RumorQueue({ transmitMultiplier: 4 });
const tellings = (queue: RumorQueue, members: number): number => {
  for (let count = 0; ; count++) if (queue.take(members, 1_000).length === 0) return count;
};

describe("a rumor", () => {
  test.each([
    { members: 2, times: 4 },
    { members: 9, times: 4 },
    { members: 10, times: 8 },
    { members: 99, times: 8 },
    { members: 100, times: 12 },
  ])("is told $times times among $members members", ({ members, times }) => {
    const queue = aQueue();
    queue.add(aRumor(a, "alive"));
    expect(tellings(queue, members)).toBe(times);
    expect(queue.size).toBe(0);
  });

  test("takes the place of an older one about the same life, and starts anew", () => {
    const queue = aQueue();
    queue.add(aSuspicion(a, b));
    queue.take(3, 1_000);
    queue.add(aRumor(a, "alive", 1));
    expect(queue.take(3, 1_000)).toEqual([aRumor(a, "alive", 1)]);
    expect(tellings(queue, 3)).toBe(3);
  });

  test("told least goes first, of those the newest", () => {
    const queue = aQueue();
    const one = rumorBytesMax(aRumor(a, "alive"));
    queue.add(aRumor(a, "alive"));
    queue.add(aRumor(b, "alive"));
    expect(queue.take(3, one)).toEqual([aRumor(b, "alive")]);
    queue.add(aRumor(c, "alive"));
    expect(queue.take(3, 2 * one)).toEqual([aRumor(c, "alive"), aRumor(a, "alive")]);
  });

  test("[P8] what is taken fits into the bytes that there are; what does not lets a shorter one go", () => {
    const queue = aQueue();
    const long = { ...aRumor(a, "alive"), address: `ws://${"x".repeat(200)}` };
    queue.add(aRumor(b, "alive"));
    queue.add(long);
    expect(queue.take(3, 100)).toEqual([aRumor(b, "alive")]);
    expect(queue.take(3, 10)).toEqual([]);
    expect(queue.take(3, 1_000)[0]).toEqual(long);
  });
});
