import { seededRandom } from "@inkmesh/shared/base/random";
import { expect, test } from "vitest";
import { Reconnect } from "../../../client/provider/core/reconnect.ts";

const almostOne = { fraction: () => 0.999, bytes: () => new Uint8Array() };

test("waits double with each failure up to the longest, and never fall below what the relay asked for", () => {
  const reconnect = new Reconnect({ random: almostOne, baseMs: 100, maxMs: 1_000 });
  const waits = Array.from({ length: 6 }, () => Math.round(reconnect.failed(0)));
  expect(waits).toEqual([100, 200, 400, 799, 999, 999]);
  expect(reconnect.failed(5_000)).toBeGreaterThanOrEqual(5_000);
});

test("jitter spreads the waits over the whole range", () => {
  const random = seededRandom(1);
  const waits = Array.from({ length: 200 }, () => new Reconnect({ random, baseMs: 1_000, maxMs: 1_000 }).failed(0));
  expect(Math.min(...waits)).toBeLessThan(100);
  expect(Math.max(...waits)).toBeGreaterThan(900);
});

test("a reset starts anew", () => {
  const reconnect = new Reconnect({ random: almostOne, baseMs: 100, maxMs: 10_000 });
  for (let count = 0; count < 5; count++) reconnect.failed(0);
  reconnect.reset();
  expect(reconnect.failed(0)).toBeLessThan(101);
});
