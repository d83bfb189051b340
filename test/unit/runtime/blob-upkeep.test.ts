import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { BlobGrace, LogResult } from "../../../server/log/update-log.ts";
import { blobUpkeep } from "../../../server/runtime/blob-upkeep.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("images that came before the grace are collected now and then, by the clock of then", async () => {
  let wallMs = 1_000_000;
  const asked: BlobGrace[] = [];
  const answers: LogResult<number>[] = [
    { ok: true, value: 3 },
    { ok: false, refusal: { code: "STORE_FULL", detail: "no space" } },
    { ok: true, value: 0 },
  ];
  const collectBlobs = async (grace: BlobGrace): Promise<LogResult<number>> => answers[asked.push(grace) - 1]!;
  const [collected, failed] = [vi.fn(), vi.fn()];
  const upkeep = blobUpkeep({ graceMs: 100_000, everyMs: 1_000, wallMs: () => wallMs, log: { collectBlobs }, collected, failed });
  await vi.advanceTimersByTimeAsync(1_000);
  wallMs += 5_000;
  await vi.advanceTimersByTimeAsync(1_000);
  const grace = (nowMs: number) => ({ nowMs, graceMs: 100_000 });
  expect([asked, collected.mock.calls, failed.mock.calls]).toEqual([[grace(1_000_000), grace(1_005_000)], [[3]], [["no space"]]]);
  upkeep.stop();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(asked).toHaveLength(2);
});
