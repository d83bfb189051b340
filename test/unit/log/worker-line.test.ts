import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { WorkerLine } from "../../../server/log/worker-line.ts";
import { startWorker } from "../../../server/runtime/worker-file.ts";
import type { EchoCalls } from "./echo-worker.ts";

// Longer than usual: a process or thread that starts on a busy machine takes its time.
vi.setConfig({ testTimeout: 30_000 });

let line: WorkerLine<EchoCalls, string>;
let started: number;
let notices: string[];

beforeEach(() => {
  [started, notices] = [0, []];
  line = new WorkerLine(
    () => {
      started++;
      return startWorker(new URL("./echo-worker.ts", import.meta.url));
    },
    (notice) => notices.push(notice),
    { hang: 50 },
  );
});
afterEach(() => line.close());

test("calls are answered in their order, and no thread starts before the first", async () => {
  expect(started).toBe(0);
  const answers: string[] = [];
  await Promise.all(["a", "b", "c"].map(async (text) => answers.push(((await line.call("echo", [text])) as { value: string }).value)));
  expect(answers).toEqual(["a", "b", "c"]);
  expect(started).toBe(1);
});

test.each([
  ["SQLITE_FULL", "STORE_FULL"],
  ["ENOSPC", "STORE_FULL"],
  ["SQLITE_IOERR_WRITE", "STORE_FAILED"],
  ["SQLITE_CORRUPT", "STORE_FAILED"],
])("what throws %s is refused as %s", async (code, refusal) => {
  expect(await line.call("fail", [code])).toEqual({ ok: false, refusal: { code: refusal, detail: `${code}: on purpose` } });
});

test("buffers are handed over, notices come unasked", async () => {
  expect(await line.call("fill", [100_000])).toEqual({ ok: true, value: new Uint8Array(100_000).fill(7) });
  await line.call("notice", ["psst"]);
  expect(notices).toEqual(["psst"]);
});

test("[P8] a thread that dies refuses what it had not answered, and the next call has a new one", async () => {
  const [before, dying, after] = [line.call("echo", ["before"]), line.call("die", []), line.call("echo", ["never"])];
  expect(await before).toMatchObject({ ok: true });
  expect(await dying).toMatchObject({ ok: false, refusal: { code: "STORE_FAILED" } });
  expect(await after).toMatchObject({ ok: false, refusal: { code: "STORE_FAILED" } });
  expect(await line.call("echo", ["again"])).toEqual({ ok: true, value: "again" });
  expect(started).toBe(2);
});

test("[P8] a call past its time budget ends the thread; it and those behind it are refused, and the next call has a new one", async () => {
  await line.call("echo", ["started"]);
  const [hanging, behind] = [line.call("hang", []), line.call("echo", ["never"])];
  expect(await hanging).toEqual({ ok: false, refusal: { code: "STORE_FAILED", detail: "hang took longer than 50 ms" } });
  expect(await behind).toMatchObject({ ok: false, refusal: { code: "STORE_FAILED" } });
  expect(await line.call("echo", ["again"])).toEqual({ ok: true, value: "again" });
  expect(started).toBe(2);
});

test("a thread that cannot be started refuses the call, and the next call tries again", async () => {
  let tries = 0;
  const unlucky = new WorkerLine<EchoCalls, string>(
    () => {
      tries++;
      throw new Error("no more threads");
    },
    () => undefined,
  );
  for (const expected of [1, 2]) {
    expect(await unlucky.call("echo", ["a"])).toEqual({ ok: false, refusal: { code: "STORE_FAILED", detail: "no more threads" } });
    expect(tries).toBe(expected);
  }
  await unlucky.close();
});

test("a closed line refuses and starts nothing", async () => {
  await line.call("echo", ["a"]);
  await line.close();
  expect(await line.call("echo", ["b"])).toMatchObject({ ok: false, refusal: { code: "STORE_FAILED", detail: "the store was closed" } });
  expect(started).toBe(1);
});
