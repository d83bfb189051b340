import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { historyUpkeep, horizonAt } from "../../../server/runtime/history-upkeep.ts";
import type { HistoryHorizon, LogResult } from "../../../server/log/update-log.ts";

const [minute, day] = [60_000, 86_400_000];

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("what goes is older than what is kept, and a history is cut when something in it is older by a share of that, a day at most", () => {
  expect(horizonAt(1_000 * day, 32 * day)).toEqual({ cutMs: 968 * day, dueMs: 967 * day });
  expect(horizonAt(1_000 * minute, 32 * minute)).toEqual({ cutMs: 968 * minute, dueMs: 966 * minute });
  expect(horizonAt(1_000 * day, 0)).toBeUndefined();
});

test("it looks now and then, by the clock of then, waits for what it asked for, and stops", async () => {
  let wallMs = 100 * minute;
  const asked: (HistoryHorizon | undefined)[] = [];
  let answer = (_result?: LogResult<number>): void => undefined;
  const failed = vi.fn();
  const expireHistory = (horizon: HistoryHorizon | undefined): Promise<LogResult<number>> => {
    asked.push(horizon);
    return new Promise((resolve) => (answer = (result = { ok: true, value: 1 }) => resolve(result)));
  };
  const upkeep = historyUpkeep({ keptMs: 16 * minute, everyMs: 1_000, wallMs: () => wallMs, log: { expireHistory }, failed });
  expect(asked).toEqual([]);
  await vi.advanceTimersByTimeAsync(1_000);
  wallMs += minute;
  await vi.advanceTimersByTimeAsync(10_000);
  expect(asked).toEqual([{ cutMs: 84 * minute, dueMs: 83 * minute }]);
  answer({ ok: false, refusal: { code: "STORE_FULL", detail: "no space" } });
  await vi.advanceTimersByTimeAsync(1_000);
  expect(failed.mock.calls).toEqual([["no space"]]);
  expect(asked.slice(1)).toEqual([{ cutMs: 85 * minute, dueMs: 84 * minute }]);
  answer();
  upkeep.stop();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(asked).toHaveLength(2);
});

test("one that was stopped while it waits for an answer does not go on", async () => {
  let answer = (): void => undefined;
  const expireHistory = vi.fn(() => new Promise<LogResult<number>>((resolve) => (answer = () => resolve({ ok: true, value: 0 }))));
  const upkeep = historyUpkeep({ keptMs: 0, everyMs: 1_000, wallMs: () => 0, log: { expireHistory }, failed: vi.fn() });
  await vi.advanceTimersByTimeAsync(1_000);
  upkeep.stop();
  answer();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(expireHistory.mock.calls).toEqual([[undefined]]);
});
