import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { ConnectionId, Lineage, LinkId, MeshId, RequestId, RoomName } from "@inkmesh/shared/base/ids";
import type { Instant } from "@inkmesh/shared/base/instant";
import { refused } from "@inkmesh/shared/base/result";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import { nothingUnnamed } from "../../../server/core/stored-room.ts";
import type { RelayEffect } from "../../../server/core/effect.ts";
import type { RelayInput } from "../../../server/core/input.ts";
import type { RoomRecord } from "../../../server/core/stored-room.ts";
import type { Append, LogResult } from "../../../server/log/update-log.ts";
import { Driver, type OutgoingTurn } from "../../../server/runtime/driver.ts";

const one = 1 as ConnectionId;
const two = 2 as ConnectionId;
const room = "room" as RoomName;
const lineage: Lineage = { room, generation: 0 };
const done: LogResult<undefined> = { ok: true, value: undefined };

/** A driver around a scripted core: `on` says the effects of an input, everything else is recorded. */
function aDriver(on: (input: RelayInput) => readonly RelayEffect[] = () => []) {
  const events: string[] = [];
  const stepped: { input: RelayInput; now: Instant }[] = [];
  const turns: OutgoingTurn[] = [];
  const batches: { batch: readonly Append[]; settle: (result: LogResult<undefined>) => void }[] = [];
  const world = { nowMs: 1_000, deadline: undefined as number | undefined };
  const never = new Promise<never>(() => undefined);
  const log = {
    append: (batch: readonly Append[]) => new Promise<LogResult<undefined>>((settle) => void batches.push({ batch, settle })),
    load: vi.fn(() => never),
    compact: vi.fn(() => never),
    putRecord: vi.fn(() => Promise.resolve(done)),
    dropCopies: vi.fn(() => Promise.resolve(done)),
    putWholeRing: vi.fn(() => Promise.resolve(done)),
    historyCoverage: vi.fn(() => never),
    historyPiece: vi.fn(() => never),
    takeHistory: vi.fn(() => never),
    historyGaps: vi.fn(() => never),
    putBlob: vi.fn(() => Promise.resolve(done)),
    blob: vi.fn(() => never),
    blobsOf: vi.fn(() => never),
    blobGaps: vi.fn(() => never),
    keepHash: vi.fn(),
    rooms: vi.fn(() => never),
  };
  const engines = { call: vi.fn(() => Promise.reject(new Error("the worker died"))) };
  const driver = new Driver({
    relay: {
      step: (input, now) => {
        stepped.push({ input, now });
        return on(input);
      },
      nextDeadline: () => world.deadline,
    },
    sockets: {
      write: (turn) => {
        turns.push(turn);
        events.push("write");
      },
      close: (connection, code) => void events.push(`close ${connection} ${code}`),
      pauseReading: (connection, paused) => void events.push(`pause ${connection} ${paused}`),
    },
    links: {
      write: (link, frames, asks) => void events.push(`write link ${link} ${frames.map((bytes) => bytes[0]).join()}${asks ? " asks" : ""}`),
      close: (link, code) => void events.push(`close link ${link} ${code}`),
      dial: (address) => void events.push(`dial ${address}`),
      keep: (kept, isFirst) => void events.push(`keep ${kept.mesh} ${isFirst ? "at once" : "soon"}`),
    },
    log,
    engines,
    trials: { try: () => Promise.reject(new Error("the worker died")) },
    clock: { now: () => ({ monotonicMs: world.nowMs, wallMs: 5 }) },
    commitPauseMs: 5,
    answer: (request, answer) => void events.push(`answer ${request} ${answer.type}`),
    report: (report) => void events.push(`report ${report.type}`),
    committed: () => undefined,
  });
  const inputs = (type: RelayInput["type"]) => stepped.map(({ input }) => input).filter((input) => input.type === type);
  return { driver, events, stepped, turns, batches, world, log, engines, inputs };
}

function frame(connection: ConnectionId): RelayInput {
  return { type: "frame-received", connection, bytes: Uint8Array.of(1) };
}

function append(seq: number, of: Lineage = lineage): RelayEffect {
  return { type: "append-log", lineage: of, seq, entries: [{ seq }] as never };
}

/** A few turns of the real event loop, with the promises that settle in them; timers stand still. */
async function turn(): Promise<void> {
  for (let round = 0; round < 4; round++) await new Promise((resolve) => setImmediate(resolve));
}

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

describe("a turn", () => {
  test("steps all inputs in order with one `now`, then turn-ended", async () => {
    const { driver, stepped, world } = aDriver((input) => {
      if (input.type === "frame-received") world.nowMs += 10;
      return [];
    });
    driver.enqueue(frame(one));
    driver.enqueue(frame(two));
    expect(stepped).toHaveLength(0);
    await turn();
    expect(stepped.map(({ input }) => input.type)).toEqual(["frame-received", "frame-received", "turn-ended"]);
    expect(new Set(stepped.map(({ now }) => now))).toHaveProperty("size", 1);
  });

  test("[C3] writes once per socket, lists in order, and closes after the sends before it", async () => {
    const shared = [Uint8Array.of(1)];
    const own = [Uint8Array.of(2)];
    const { driver, events, turns } = aDriver((input) =>
      input.type === "frame-received"
        ? [
            { type: "send", to: [one, two], frames: shared },
            { type: "close", connection: two, code: 1013, reason: "" },
            { type: "send", to: [one], frames: own },
            { type: "send", to: [one], frames: [] },
          ]
        : [],
    );
    driver.enqueue(frame(one));
    await turn();
    expect(turns).toEqual([
      new Map([
        [one, [shared, own]],
        [two, [shared]],
      ]),
    ]);
    expect(turns[0]?.get(one)?.[0]).toBe(turns[0]?.get(two)?.[0]);
    expect(events).toEqual(["write", "close 2 1013"]);
  });

  test("[C3] keeps that a relay belongs to a mesh before anything is sent, and closes a link after what was sent to it", async () => {
    const link = 7 as LinkId;
    const kept = { mesh: "0011223344556677" as MeshId, ring: [], addresses: [] };
    const { driver, events } = aDriver((input) =>
      input.type !== "link-received"
        ? []
        : [
            { type: "send-link", link, frames: [Uint8Array.of(1)], asks: false },
            { type: "keep-mesh", kept, isFirst: true },
            { type: "send-link", link, frames: [Uint8Array.of(2), Uint8Array.of(3)], asks: true },
            { type: "close-link", link, code: 1013, reason: "" },
            { type: "dial", address: "ws://b/mesh" },
          ],
    );
    driver.enqueue({ type: "link-received", link, bytes: Uint8Array.of() });
    await turn();
    const all = ["keep 0011223344556677 at once", "write link 7 1", "write link 7 2,3 asks", "close link 7 1013", "dial ws://b/mesh"];
    expect(events).toEqual(all);
  });

  test("performs reports, answers and pauses", async () => {
    const { driver, events } = aDriver((input) =>
      input.type === "frame-received"
        ? [
            { type: "pause-reading", connection: one, paused: true },
            { type: "respond", request: 7 as RequestId, answer: { type: "done" } },
            { type: "report", report: { type: "acked", count: 1 } },
          ]
        : [],
    );
    driver.enqueue(frame(one));
    await turn();
    expect(events.sort()).toEqual(["answer 7 done", "pause 1 true", "report acked"]);
  });

  test("nothing is stepped after a halt", async () => {
    const { driver, stepped } = aDriver();
    driver.enqueue(frame(one));
    driver.halt();
    driver.enqueue(frame(one));
    await turn();
    expect(stepped).toEqual([]);
  });
});

describe("group commit", () => {
  const other: Lineage = { room: "other" as RoomName, generation: 0 };
  const appending = () => {
    let seq = 0;
    return aDriver((input) => (input.type === "frame-received" ? [append(++seq), append(++seq, other)] : []));
  };

  test("[P2] all appends of a turn are one batch, and log-appended follows the commit", async () => {
    const { driver, batches, inputs } = appending();
    driver.enqueue(frame(one));
    driver.enqueue(frame(one));
    await turn();
    expect(batches.map(({ batch }) => batch)).toEqual([
      [
        { lineage, entries: [{ seq: 1 }, { seq: 3 }] },
        { lineage: other, entries: [{ seq: 2 }, { seq: 4 }] },
      ],
    ]);
    expect(inputs("log-appended")).toEqual([]);
    batches[0]!.settle(done);
    await turn();
    expect(inputs("log-appended")).toEqual([
      { type: "log-appended", lineage, seq: 3 },
      { type: "log-appended", lineage: other, seq: 4 },
    ]);
  });

  test("one commit is in flight; what comes meanwhile goes together, 5 ms after the last start", async () => {
    const { driver, batches, world } = appending();
    driver.enqueue(frame(one));
    await turn();
    driver.enqueue(frame(one));
    await turn();
    driver.enqueue(frame(one));
    await turn();
    expect(batches).toHaveLength(1);
    world.nowMs += 2;
    batches[0]!.settle(done);
    await turn();
    expect(batches).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(2);
    expect(batches).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(batches).toHaveLength(2);
    expect(batches[1]!.batch[0]!.entries).toEqual([{ seq: 3 }, { seq: 5 }]);
  });

  test("[C3] when a commit fails, what waits behind it fails too, so that no entry overtakes the one it follows", async () => {
    const { driver, batches, inputs } = appending();
    driver.enqueue(frame(one));
    await turn();
    driver.enqueue(frame(one));
    await turn();
    batches[0]!.settle(refused("STORE_FULL"));
    await turn();
    await vi.advanceTimersByTimeAsync(50);
    expect(batches).toHaveLength(1);
    expect(inputs("log-append-failed").map((input) => input.type === "log-append-failed" && [input.seq, input.refusal.code])).toEqual(
      [1, 2, 3, 4].map((seq) => [seq, "STORE_FULL"]),
    );
  });

  test("[C3] a log that throws at once is a failed commit, and the next commit goes on", async () => {
    const { driver, batches, log, inputs } = appending();
    vi.spyOn(log, "append").mockImplementationOnce(() => {
      throw new Error("no more memory");
    });
    driver.enqueue(frame(one));
    await turn();
    expect(inputs("log-append-failed")).toMatchObject([
      { seq: 1, refusal: { code: "STORE_FAILED", detail: "Error: no more memory" } },
      { seq: 2 },
    ]);
    driver.enqueue(frame(one));
    await turn();
    await vi.advanceTimersByTimeAsync(50);
    expect(batches).toHaveLength(1);
  });

  test("a generation is closed behind the appends that were still meant for it", async () => {
    const record = { room, generation: 0, deleted: { hlc: {}, by: "" } } as unknown as RoomRecord;
    const { driver, batches, log, world } = aDriver((input) => {
      if (input.type === "frame-received") return [append(1)];
      return input.type === "stop-requested" ? [{ type: "store-record", seq: 9, record, completes: false }] : [];
    });
    driver.enqueue(frame(one));
    await turn();
    driver.enqueue(frame(one));
    driver.enqueue({ type: "stop-requested" });
    await turn();
    expect(log.putRecord).not.toHaveBeenCalled();
    world.nowMs += 10;
    batches[0]!.settle(done);
    await turn();
    expect(batches).toHaveLength(2);
    expect(log.putRecord).toHaveBeenCalledTimes(1);
  });
});

describe("questions", () => {
  test("each is answered by an input, and a store that throws is an input too", async () => {
    const clock = VectorClock.empty;
    const { driver, inputs, log } = aDriver((input) =>
      input.type === "frame-received"
        ? [
            { type: "load-room", room, seq: 1 },
            { type: "compact-room", lineage, seq: 2, upTo: clock, unnaming: nothingUnnamed },
            { type: "list-rooms", seq: 3, after: undefined, limit: 5, search: "x" },
            { type: "drop-copies", seq: 5, lineages: [lineage] },
            { type: "engine-call", lineage, seq: 4, call: { type: "content", parts: [], format: "text" } },
          ]
        : [],
    );
    log.load.mockRejectedValue(new Error("disk on fire") as never);
    log.rooms.mockResolvedValue({ ok: true, value: { rooms: [], next: undefined } } as never);
    driver.enqueue(frame(one));
    await turn();
    expect(log.compact).toHaveBeenCalledWith(lineage, clock, nothingUnnamed);
    expect(log.rooms).toHaveBeenCalledWith(expect.objectContaining({ limit: 5, search: "x" }));
    expect(inputs("room-loaded")).toEqual([{ type: "room-loaded", room, seq: 1, result: refused("INTERNAL", "Error: disk on fire") }]);
    expect(log.dropCopies).toHaveBeenCalledWith([lineage]);
    expect(inputs("copies-dropped")).toEqual([{ type: "copies-dropped", seq: 5, result: done }]);
    expect(inputs("rooms-listed")).toMatchObject([{ seq: 3, result: { ok: true } }]);
    expect(inputs("engine-result")).toMatchObject([{ seq: 4, result: { ok: false, refusal: { code: "INTERNAL" } } }]);
  });
});

describe("the timer", () => {
  test("[C5] one timer follows nextDeadline and never fires early", async () => {
    const { driver, world, inputs } = aDriver();
    world.deadline = 1_010.4;
    driver.enqueue(frame(one));
    await turn();
    await vi.advanceTimersByTimeAsync(10);
    expect(inputs("deadline-reached")).toHaveLength(0);
    world.deadline = undefined;
    await vi.advanceTimersByTimeAsync(1);
    await turn();
    expect(inputs("deadline-reached")).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("[C5] an earlier deadline replaces a later one", async () => {
    const { driver, world, inputs } = aDriver();
    world.deadline = 2_000;
    driver.enqueue(frame(one));
    await turn();
    world.deadline = 1_005;
    driver.enqueue(frame(one));
    await turn();
    expect(vi.getTimerCount()).toBe(1);
    world.deadline = undefined;
    await vi.advanceTimersByTimeAsync(6);
    await turn();
    expect(inputs("deadline-reached")).toHaveLength(1);
  });
});
