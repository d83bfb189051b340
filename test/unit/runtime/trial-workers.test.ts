/**
 * Trials of updates on worker threads: with the worker of a relay, and with one that does what a test wants.
 */
import { Worker } from "node:worker_threads";
import { afterEach, describe, expect, test } from "vitest";
import type { Lineage, RoomName } from "@inkmesh/shared/base/ids";
import type { Result } from "@inkmesh/shared/base/result";
import type { TrialAnswer, UpdateTrial } from "@inkmesh/shared/engine/update-trial";
import { createLogger } from "../../../server/runtime/logger.ts";
import { TrialWorkers } from "../../../server/runtime/trial-workers.ts";
import { startWorker } from "../../../server/runtime/worker-file.ts";
import { panickingChange, typedChanges } from "../../automerge-typing.ts";

/** The first byte of the first update says what happens: 0 answers, 1 takes for ever, 2 ends, 3 ends before it has begun, 4 has taken much memory. */
const scripted = `
  const { parentPort, resourceLimits } = require("node:worker_threads");
  parentPort.on("message", ({ room, trial }) => {
    const [what] = trial.updates[0];
    if (what === 3) process.exit(9);
    if (what === 8) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000);
    parentPort.postMessage({ type: "begun" });
    if (what === 1) for (;;);
    if (what === 2) process.exit(7);
    if (what === 7) process.exit(trial.updates[0].buffer.byteLength);
    if (what === 6) process.exit(resourceLimits.maxOldGenerationSizeMb === 64 ? 64 : 6);
    const answer = { type: "tried", verdicts: [{ type: "applies", room }], isSpent: what === 5 };
    parentPort.postMessage({ type: "answer", answer, memoryBytes: what === 4 ? 2 ** 25 : 10 });
  });`;

let workers: TrialWorkers;
let started = 0;
afterEach(() => workers.close());

function pool(options: { real?: boolean; trialMs?: number; beginMs?: number; waitingMax?: number; memoryBytesMax?: number } = {}): void {
  started = 0;
  workers = new TrialWorkers({
    start: (given) => {
      started += 1;
      if (options.real === true) return startWorker(new URL("../../../server/runtime/trial-worker.ts", import.meta.url), given);
      return new Worker(scripted, { ...given, eval: true });
    },
    workers: 1,
    trialMs: options.trialMs ?? 20_000,
    beginMs: options.beginMs ?? 40_000,
    waitingMax: options.waitingMax ?? 10,
    memoryBytesMax: options.memoryBytesMax ?? (options.real === true ? 2 ** 30 : 2 ** 24),
    thread: { nestingMax: 64, growthBytesMax: 2 ** 30, documentsBytesMax: 2 ** 20 },
    logger: createLogger({ format: "silent", relay: "a" }),
  });
}

const room = (name: string): Lineage => ({ room: name as RoomName, generation: 0 });
const of = (...updates: Uint8Array[]): UpdateTrial => ({ parts: [], news: [], updates });
const trial = (what: number): UpdateTrial => of(Uint8Array.of(what));
const codeOf = (result: Result<TrialAnswer>): string => (result.ok ? result.value.type : result.refusal.code);

describe("the worker of a relay", () => {
  test("[P9] says over what Automerge fails, and is another one then that knows what it is told", { timeout: 120_000 }, async () => {
    pool({ real: true });
    const changes = typedChanges("aa", ["a", "b"]);
    const first = await workers.try(room("r"), of(changes[0]!, panickingChange(), changes[1]!));
    expect(first).toMatchObject({
      value: { verdicts: [{ type: "applies" }, { type: "refused", refusal: { code: "UNAPPLICABLE" } }], isSpent: true },
    });
    expect(await workers.try(room("r"), { ...of(changes[1]!), parts: undefined })).toEqual({ ok: true, value: { type: "unknown" } });
    const again = await workers.try(room("r"), { parts: [changes[0]!], news: [changes[1]!], updates: [changes[2]!] });
    expect(again).toEqual({ ok: true, value: { type: "tried", verdicts: [{ type: "applies" }], isSpent: false } });
    const known = await workers.try(room("r"), { ...of(panickingChange("ee"), changes[1]!), parts: undefined });
    expect(known).toMatchObject({ value: { verdicts: [{ type: "refused" }], isSpent: true } });
    expect(started).toBe(2);
  });

  test("[P9] is ended over what takes too long", { timeout: 120_000 }, async () => {
    pool({ real: true, trialMs: 30 });
    const [, long] = typedChanges("aa", ["long ".repeat(60_000)]);
    const [slow, quick] = await Promise.all([
      workers.try(room("r"), { ...of(long!), parts: [typedChanges("aa", [])[0]!] }),
      workers.try(room("s"), of(typedChanges("aa", [])[0]!)),
    ]);
    expect(slow).toMatchObject({ ok: false, refusal: { code: "UNAPPLICABLE", detail: "it took longer than 30 ms" } });
    expect(quick).toMatchObject({ ok: true, value: { verdicts: [{ type: "applies" }] } });
  });
});

describe("trial workers", () => {
  test("one that dies over one of three rooms' trials takes that one, and the others go on in their order", async () => {
    pool();
    const order: string[] = [];
    const note =
      (name: string) =>
      (result: Result<TrialAnswer>): void =>
        void order.push(`${name} ${codeOf(result)}`);
    await Promise.all([
      workers.try(room("a"), trial(0)).then(note("a")),
      workers.try(room("b"), trial(2)).then(note("b")),
      workers.try(room("c"), trial(0)).then(note("c")),
      workers.try(room("b"), trial(0)).then(note("b again")),
    ]);
    expect(order).toEqual(["a tried", "b UNAPPLICABLE", "c tried", "b again tried"]);
    expect(started).toBe(2);
  });

  test.each([
    ["one that takes for ever is blamed for it", 1, "UNAPPLICABLE"],
    ["one whose worker ended before it was begun is not", 3, "RELAY_BUSY"],
  ])("%s", async (_, what, code) => {
    pool({ trialMs: 300 });
    const [bad, next] = await Promise.all([workers.try(room("a"), trial(what)), workers.try(room("a"), trial(0))]);
    expect([codeOf(bad), codeOf(next), started]).toEqual([code, "tried", 2]);
  });

  test.each([
    ["whose memory has grown too large", 4],
    ["over whose document Automerge failed", 5],
  ])("a worker %s answers, and is ended", async (_, what) => {
    pool();
    expect(codeOf(await workers.try(room("a"), trial(what)))).toBe("tried");
    expect(codeOf(await workers.try(room("a"), trial(0)))).toBe("tried");
    expect(codeOf(await workers.try(room("a"), trial(0)))).toBe("tried");
    expect(started).toBe(2);
  });

  test("[P9] a worker has so much memory of JavaScript's as of Automerge's, and no more", async () => {
    pool({ memoryBytesMax: 2 ** 26 });
    expect(await workers.try(room("a"), trial(6))).toMatchObject({ refusal: { detail: "it ended with 64" } });
  });

  test("[P8] a worker is sent the bytes of a trial, and not the messages that they came in", async () => {
    pool();
    const message = new Uint8Array(100).fill(7);
    const sent = { parts: [message.subarray(0, 2)], news: [message.subarray(2, 5)], updates: [message.subarray(10, 14)] };
    expect(await workers.try(room("a"), sent)).toMatchObject({ refusal: { detail: "it ended with 9" } });
  });

  test("building a document may take longer the larger it is", async () => {
    pool({ beginMs: 500 });
    expect(codeOf(await workers.try(room("a"), trial(8)))).toBe("RELAY_BUSY");
    expect(codeOf(await workers.try(room("a"), { ...trial(8), parts: [new Uint8Array(2 * 1024 * 1024)] }))).toBe("tried");
  });

  test("a thread that cannot be started blames nobody, and the next trial starts one", async () => {
    let isBroken = true;
    pool();
    await workers.close();
    const logger = createLogger({ format: "silent", relay: "a" });
    workers = new TrialWorkers({
      start: (given) => {
        if (isBroken) throw new Error("no more threads");
        return new Worker(scripted, { ...given, eval: true });
      },
      ...{ workers: 1, trialMs: 5_000, beginMs: 20_000, waitingMax: 10, memoryBytesMax: 2 ** 24, logger },
      thread: { nestingMax: 64, growthBytesMax: 1, documentsBytesMax: 1 },
    });
    expect(codeOf(await workers.try(room("a"), trial(0)))).toBe("RELAY_BUSY");
    isBroken = false;
    expect(codeOf(await workers.try(room("a"), trial(0)))).toBe("tried");
  });

  test("[P8] more than may wait are refused RELAY_BUSY, and all when the relay stops", async () => {
    pool({ waitingMax: 1 });
    const asked = [trial(1), trial(0), trial(0)].map((each) => workers.try(room("a"), each));
    expect(codeOf(await asked[2]!)).toBe("RELAY_BUSY");
    await workers.close();
    expect((await Promise.all(asked)).map(codeOf)).toEqual(["RELAY_STOPPING", "RELAY_STOPPING", "RELAY_BUSY"]);
    expect(codeOf(await workers.try(room("a"), trial(0)))).toBe("RELAY_STOPPING");
  });
});
