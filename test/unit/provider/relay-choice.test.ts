import { seededRandom, type Random } from "@inkmesh/shared/base/random";
import type { ToldRelay } from "@inkmesh/shared/wire/client-message";
import { expect, test } from "vitest";
import { defaultClientLimits } from "../../../client/provider/core/client-limits.ts";
import { Reconnect } from "../../../client/provider/core/reconnect.ts";
import { RelayChoice } from "../../../client/provider/core/relay-choice.ts";

const limits = { ...defaultClientLimits, failOverMs: 100, reconnectBaseMs: 1_000, reconnectMaxMs: 10_000, relaysMax: 4 };

function aChoice(given: readonly string[], random: Random = seededRandom(1)): RelayChoice {
  return new RelayChoice({ given, readAddress: (told) => (told === "nonsense" ? undefined : told), random, limits });
}

/** Relays without a session. */
function idle(addresses: readonly string[]): readonly ToldRelay[] {
  return addresses.map((address) => ({ address, load: 0 }));
}

/** The next `count` relays, each of which fails. */
function failing(choice: RelayChoice, count: number, nowMs = 0): string[] {
  return Array.from({ length: count }, () => {
    const address = choice.next(nowMs);
    choice.failed(0, nowMs);
    return address;
  });
}

test("stays at the first given relay while it can be had", () => {
  const choice = aChoice(["a", "b", "c"]);
  expect([choice.next(0), choice.next(1)]).toEqual(["a", "a"]);
  choice.reached();
  expect(choice.next(2)).toBe("a");
  expect(choice.hasFailed).toBe(false);
  failing(choice, 3);
  const again = choice.next(0);
  choice.reached();
  expect(choice.next(0)).toBe(again);
});

test("the next relay comes at once, each once a round, and only then is waited longer", () => {
  const choice = aChoice(["a", "b", "c"]);
  const waits: number[] = [];
  const tried: string[] = [];
  for (let attempt = 0; attempt < 9; attempt++) {
    tried.push(choice.next(attempt));
    waits.push(choice.failed(0, attempt));
  }
  expect(tried.slice(0, 3).toSorted()).toEqual(["a", "b", "c"]);
  expect(tried.slice(3, 6).toSorted()).toEqual(["a", "b", "c"]);
  expect(tried[0]).toBe("a");
  const within = waits.filter((_, attempt) => attempt % 3 !== 2);
  expect(Math.max(...within)).toBeLessThan(limits.failOverMs);
  const between = new Reconnect({ random: { ...seededRandom(1), fraction: () => 1 }, baseMs: 1_000, maxMs: 10_000 });
  for (const wait of [waits[2], waits[5], waits[8]]) expect(wait).toBeLessThan(between.failed(0));
  expect(Math.max(waits[2]!, waits[5]!, waits[8]!)).toBeGreaterThan(limits.failOverMs);
});

test("the clients of a dead relay spread over the others and over time", () => {
  const moved = Array.from({ length: 300 }, (_, seed) => {
    const choice = aChoice(["a", "b", "c", "d"], seededRandom(seed));
    choice.reached();
    const waitMs = choice.failed(0, 0);
    return { waitMs, to: choice.next(waitMs) };
  });
  for (const relay of ["b", "c", "d"]) expect(moved.filter(({ to }) => to === relay).length).toBeGreaterThan(70);
  expect(moved.filter(({ to }) => to === "a")).toEqual([]);
  expect(Math.min(...moved.map(({ waitMs }) => waitMs))).toBeLessThan(10);
  expect(Math.max(...moved.map(({ waitMs }) => waitMs))).toBeGreaterThan(90);
});

test("the least busy relay comes first, whichever was given or told first; within a tenth chance chooses", () => {
  const orders = Array.from({ length: 40 }, (_, seed) => {
    const choice = aChoice(["a", "b"], seededRandom(seed));
    choice.told([
      { address: "c", load: 7 },
      { address: "d", load: 30 },
      { address: "e", load: 29 },
      { address: "b", load: 200 },
    ]);
    return failing(choice, 5).join("");
  });
  expect(new Set(orders)).toEqual(new Set(["acdeb", "acedb"]));
});

test("how busy the relays are is what was told last; one that is not told of any more comes last", () => {
  const choice = aChoice(["a", "z"]);
  choice.told([
    { address: "b", load: 1 },
    { address: "c", load: 9 },
    { address: "z", load: 0 },
  ]);
  choice.told([
    { address: "b", load: 9 },
    { address: "c", load: 1 },
  ]);
  expect(failing(choice, 4)).toEqual(["a", "c", "b", "z"]);
});

test("one that is known to be down comes after those that never failed, even when a relay was reached since", () => {
  const choice = aChoice(["down", "b", "c"]);
  failing(choice, 1);
  choice.next(1);
  choice.reached();
  const [second, third, last] = failing(choice, 3, 2);
  expect([second, third].toSorted()).toEqual(["b", "c"]);
  expect(last).toBe("down");
});

test("a wait that one relay asked for keeps nobody from the others, and is kept", () => {
  const choice = aChoice(["a", "b"]);
  choice.next(0);
  expect(choice.failed(60_000, 0)).toBeLessThan(limits.failOverMs);
  for (let nowMs = 1; nowMs < 50_000; nowMs += 5_000) expect(failing(choice, 1, nowMs)).toEqual(["b"]);
  expect(choice.next(60_001)).toBe("a");
});

test("when all asked for a wait, the shortest of them is kept", () => {
  const choice = aChoice(["a", "b"]);
  choice.next(0);
  choice.failed(60_000, 0);
  expect(choice.next(0)).toBe("b");
  const wait = choice.failed(20_000, 0);
  expect(wait).toBeGreaterThanOrEqual(20_000);
  expect(wait).toBeLessThan(60_000);
  expect(choice.next(wait)).toBe("b");
});

test("a person who asks for it gets the relay that failed last, at once", () => {
  const choice = aChoice(["a", "b"]);
  choice.next(0);
  choice.failed(60_000, 0);
  choice.reset();
  expect(choice.next(1)).toBe("a");
  expect(choice.hasFailed).toBe(false);
});

test("who knows one relay waits and draws as ever", () => {
  const [random, again] = [seededRandom(7), seededRandom(7)];
  const choice = aChoice(["a"], random);
  const reconnect = new Reconnect({ random: again, baseMs: limits.reconnectBaseMs, maxMs: limits.reconnectMaxMs });
  for (let attempt = 0; attempt < 20; attempt++) {
    expect(choice.next(attempt)).toBe("a");
    expect(choice.patienceMs(attempt)).toBe(limits.connectMs);
    expect(choice.failed(attempt * 100, attempt)).toBe(reconnect.failed(attempt * 100));
    if (attempt === 10) {
      choice.reached();
      reconnect.reset();
    }
  }
  expect(random.fraction()).toBe(again.fraction());
});

test("less patience with a relay that says nothing while another one is left", () => {
  const choice = aChoice(["a", "b"]);
  choice.next(0);
  expect(choice.patienceMs(0)).toBe(limits.failOverConnectMs);
  choice.failed(0, 0);
  choice.next(0);
  expect(choice.patienceMs(0)).toBe(limits.connectMs);
});

test("[P8] what a relay tells is added to what was given, takes the place of what was told before, and is bounded", () => {
  const choice = aChoice(["a"]);
  choice.told(idle(["b", "c", "nonsense", "a"]));
  expect(new Set(failing(choice, 9))).toEqual(new Set(["a", "b", "c"]));
  choice.reset();
  const here = choice.next(0);
  choice.told(idle(["d"]));
  expect(new Set(failing(choice, 12))).toEqual(new Set(["a", "d", here]));
  choice.told(idle(Array.from({ length: 50 }, (_, index) => `r${index}`)));
  expect(new Set(failing(choice, 99)).size).toBeLessThanOrEqual(2 + limits.relaysMax);
});

test("an address that is told again keeps what is known of it", () => {
  const choice = aChoice(["a"]);
  choice.told(idle(["b", "c"]));
  failing(choice, 1, 0);
  const [second] = failing(choice, 1, 1);
  const third = choice.next(2);
  choice.reached();
  choice.told(idle(["b", "c"]));
  expect(failing(choice, 3, 3)).toEqual([third, "a", second]);
});
