import { afterEach, describe, expect, test } from "vitest";
import { BroadcastChannel, Worker, type WorkerOptions } from "node:worker_threads";
import * as Y from "yjs";
import type { Lineage, RoomName } from "@inkmesh/shared/base/ids";
import type { EngineCall } from "@inkmesh/shared/engine/crdt-engine";
import { EngineWorkers } from "../../../server/runtime/engine-workers.ts";
import { createLogger } from "../../../server/runtime/logger.ts";
import { startWorker } from "../../../server/runtime/worker-file.ts";
import { textOfChanges, typedChanges } from "../../automerge-typing.ts";
import { automergeRoom } from "../../engines.ts";

/** Answers with the parts it was given; "markdown" waits until it is let go, "html" never ends, "json" ends the thread, "update" fills its memory, if that is little. */
const scripted = `
  const { parentPort, BroadcastChannel, resourceLimits } = require("node:worker_threads");
  const letGo = new BroadcastChannel("let go");
  parentPort.on("message", ({ call }) => {
    if (call.format === "html") for (;;);
    if (call.format === "json") process.exit(7);
    if (call.format === "update" && resourceLimits.maxOldGenerationSizeMb > 100) process.exit(8);
    if (call.format === "update") for (const kept = []; ; ) kept.push(new Array(10_000).fill(kept.length));
    const value = Uint8Array.from(call.parts.flatMap((part) => [...part]));
    const answer = () => parentPort.postMessage({ ok: true, value });
    if (call.format === "markdown") letGo.onmessage = answer;
    else answer();
  });`;

let workers: EngineWorkers;
let started = 0;
afterEach(() => workers.close());

function pool(
  options: {
    workersMax?: number;
    waitingMax?: number;
    callMs?: number;
    writeMs?: number;
    heapBytesMax?: number;
    start?: () => Worker;
  } = {},
): EngineWorkers {
  started = 0;
  const start = (limits: WorkerOptions): Worker => {
    started += 1;
    return options.start?.() ?? new Worker(scripted, { ...limits, eval: true });
  };
  const { workersMax = 2, waitingMax = 10, callMs = 5_000, writeMs = 5_000, heapBytesMax = 2 ** 28 } = options;
  workers = new EngineWorkers({
    start,
    workersMax,
    waitingMax,
    callMs,
    writeMs,
    heapBytesMax,
    logger: createLogger({ format: "silent", relay: "a" }),
  });
  return workers;
}

const room = (name: string): Lineage => ({ room: name as RoomName, generation: 0 });
const call = (format: "text" | "markdown" | "html" | "json" | "update", ...parts: number[][]): EngineCall => ({
  type: "content",
  format,
  parts: parts.map((part) => Uint8Array.from(part)),
});

describe("engine workers", () => {
  test("perform a real call on a thread of their own", async () => {
    const doc = new Y.Doc();
    doc.getText("text").insert(0, "hello");
    const update = Y.encodeStateAsUpdate(doc);
    pool({ start: () => startWorker(new URL("../../../server/runtime/engine-worker.ts", import.meta.url)), callMs: 20_000 });
    const result = await workers.call(room("r"), { type: "diff", parts: [update], stateVector: Uint8Array.of(0) });
    if (!result.ok) throw new Error(result.refusal.detail);
    const copy = new Y.Doc();
    Y.applyUpdate(copy, result.value);
    expect(copy.getText("text").toString()).toBe("hello");
  });

  test("perform calls of each kind of document in one worker, in the order of a room", async () => {
    pool({ start: () => startWorker(new URL("../../../server/runtime/engine-worker.ts", import.meta.url)), callMs: 20_000, workersMax: 1 });
    const asked: readonly [Lineage, EngineCall][] = [
      [room(automergeRoom), { type: "content", parts: typedChanges("aa", ["a", "b"]), format: "json" }],
      [room("r"), { type: "content", parts: [], format: "text" }],
      [room(automergeRoom), { type: "diff", parts: typedChanges("aa", ["a", "b"]), stateVector: new Uint8Array(0) }],
    ];
    const results = await Promise.all(asked.map(([lineage, call]) => workers.call(lineage, call)));
    const [json, text, diff] = results.map((result) => (result.ok ? result.value : undefined));
    expect([Buffer.from(json!).toString(), text?.length, textOfChanges([diff!])]).toEqual(['{"text":"ab"}', 0, "ab"]);
  });

  test("parts arrive whole, views into larger buffers too, and the caller keeps its own", async () => {
    pool();
    const large = Uint8Array.from({ length: 100 }, (_, index) => index);
    const result = await workers.call(room("r"), {
      type: "content",
      format: "text",
      parts: [large.subarray(3, 5), new Uint8Array(0), large.subarray(99)],
    });
    expect(result).toEqual({ ok: true, value: Uint8Array.of(3, 4, 99) });
    expect(large[3]).toBe(3);
  });

  test("[C6] calls of one room are first in first out, other rooms pass them", async () => {
    pool();
    const letGo = new BroadcastChannel("let go");
    const order: string[] = [];
    const note = (name: string) => (): void => void order.push(name);
    const slow = workers.call(room("a"), call("markdown")).then(note("a slow"));
    const quick = workers.call(room("a"), call("text")).then(note("a quick"));
    // Two calls of another room: its worker has started while the slow one still waits.
    await workers.call(room("b"), call("text")).then(note("b"));
    await workers.call(room("b"), call("text")).then(note("b again"));
    const repeat = setInterval(() => letGo.postMessage("go"), 10);
    await Promise.all([slow, quick]);
    clearInterval(repeat);
    letGo.close();
    expect(order).toEqual(["b", "b again", "a slow", "a quick"]);
    expect(started).toBe(2);
  });

  test("[P9] a call past its budget is refused, its worker replaced, and the room goes on", async () => {
    pool({ callMs: 1_500, workersMax: 1 });
    const [endless, next] = await Promise.all([workers.call(room("a"), call("html")), workers.call(room("a"), call("text", [1]))]);
    expect(endless).toMatchObject({ ok: false, refusal: { code: "INTERNAL", detail: expect.stringContaining("longer than 1500 ms") } });
    expect(next).toEqual({ ok: true, value: Uint8Array.of(1) });
    expect(started).toBe(2);
  });

  test("[P9] a document that is written has a budget of its own", async () => {
    pool({ callMs: 20_000, writeMs: 300, workersMax: 1 });
    const author = { type: "given", client: 1, clock: 0 } as const;
    const write: EngineCall = { type: "write", parts: [], format: "html", body: "", kind: "text", author };
    const [endless, next] = await Promise.all([workers.call(room("a"), write), workers.call(room("a"), call("text", [1]))]);
    expect(endless).toMatchObject({ ok: false, refusal: { code: "INTERNAL", detail: expect.stringContaining("longer than 300 ms") } });
    expect(next).toEqual({ ok: true, value: Uint8Array.of(1) });
  });

  test("[P9] a worker that dies refuses its call and is replaced", async () => {
    pool({ workersMax: 1 });
    expect(await workers.call(room("a"), call("json"))).toMatchObject({ ok: false, refusal: { code: "INTERNAL" } });
    expect(await workers.call(room("a"), call("text", [2]))).toEqual({ ok: true, value: Uint8Array.of(2) });
  });

  test("[P9] a call that fills its worker's memory costs that worker, not the process", async () => {
    pool({ workersMax: 1, heapBytesMax: 2 ** 25, callMs: 30_000 });
    const filled = await workers.call(room("a"), call("update"));
    expect(filled).toMatchObject({ ok: false, refusal: { code: "INTERNAL", detail: expect.stringContaining("memory limit") } });
    expect(await workers.call(room("a"), call("text", [3]))).toEqual({ ok: true, value: Uint8Array.of(3) });
  });

  test("[P8] more calls than may wait are refused RELAY_BUSY", async () => {
    pool({ workersMax: 1, waitingMax: 2 });
    const results = await Promise.all(Array.from({ length: 5 }, () => workers.call(room("a"), call("text"))));
    expect(results.map((result) => (result.ok ? "ok" : result.refusal.code))).toEqual(["ok", "ok", "ok", "RELAY_BUSY", "RELAY_BUSY"]);
  });

  test("after a close, what waits and what comes is refused", async () => {
    pool({ workersMax: 1 });
    const waiting = [workers.call(room("a"), call("html")), workers.call(room("a"), call("text"))];
    await workers.close();
    const late = await workers.call(room("a"), call("text"));
    for (const result of [...(await Promise.all(waiting)), late])
      expect(result).toMatchObject({ ok: false, refusal: { code: "RELAY_STOPPING" } });
  });
});
