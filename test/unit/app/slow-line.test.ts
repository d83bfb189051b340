import type { WebSocketLike } from "@inkmesh/client";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { BreakingSocket } from "../../../client/app/breaking-socket.ts";
import { SlowLine } from "../../../client/app/slow-line.ts";

/** A socket that opens at once and notes what is sent; the test speaks for the other side. */
class NotingSocket implements WebSocketLike {
  binaryType = "blob";
  onopen: ((event: never) => void) | null = null;
  onmessage: ((event: never) => void) | null = null;
  onclose: ((event: never) => void) | null = null;
  onerror: ((event: never) => void) | null = null;
  readonly url: string;
  readonly sent: number[] = [];
  closedWith: number | undefined | "open" = "open";

  constructor(url = "") {
    this.url = url;
    made.push(this);
    setTimeout(() => this.onopen?.({} as never), 0);
  }

  send(frame: Uint8Array): void {
    this.sent.push(frame[0] ?? -1);
  }

  close(code?: number): void {
    this.closedWith = code;
  }
}

let made: NotingSocket[] = [];
beforeEach(() => {
  made = [];
  vi.useFakeTimers();
});
afterEach(() => void vi.useRealTimers());

const frame = (...bytes: number[]): Uint8Array<ArrayBuffer> => new Uint8Array(bytes);

/** A client's end of a line, with what it heard. */
function aLine(options: { delays: number[]; lastsMs?: number }) {
  const delays = [...options.delays];
  const socket = new BreakingSocket({
    connect: () => new NotingSocket(),
    delayMs: () => delays.shift() ?? 1_000,
    lastsMs: options.lastsMs ?? 60_000,
  });
  const heard: unknown[] = [];
  socket.onopen = () => heard.push("open");
  socket.onmessage = (event: { data: unknown }) => heard.push(event.data);
  socket.onclose = (event: { code?: number }) => heard.push(`closed ${event.code}`);
  return { socket, heard, say: (data: unknown) => made[0]?.onmessage?.({ data } as never) };
}

describe("a bad line", () => {
  test("delays what goes there and back, and keeps its order though later things are faster", () => {
    const { socket, heard, say } = aLine({ delays: [1_000, 3_000, 1_000, 2_500, 1_000] });
    vi.advanceTimersByTime(999);
    expect(made).toEqual([]);
    vi.advanceTimersByTime(2);
    expect(heard).toEqual(["open"]);
    socket.send(frame(1));
    socket.send(frame(2));
    say("a");
    say("b");
    vi.advanceTimersByTime(2_499);
    expect([made[0]?.sent, heard]).toEqual([[], ["open"]]);
    vi.advanceTimersByTime(1);
    expect(heard).toEqual(["open", "a", "b"]);
    vi.advanceTimersByTime(500);
    expect(made[0]?.sent).toEqual([1, 2]);
  });

  test("breaks after its time: what is under way is lost on both sides, and the client hears of it once", () => {
    const { socket, heard, say } = aLine({ delays: [1_000], lastsMs: 5_000 });
    vi.advanceTimersByTime(4_500);
    socket.send(frame(1));
    say("a");
    vi.advanceTimersByTime(500);
    expect(heard).toEqual(["open", "closed 1006"]);
    say("b");
    made[0]?.onclose?.({ code: 1000 } as never);
    vi.advanceTimersByTime(60_000);
    expect([made[0]?.sent, made[0]?.closedWith, heard]).toEqual([[], undefined, ["open", "closed 1006"]]);
  });

  test("brings what was sent before a close, and nothing is heard after it", () => {
    const { socket, heard, say } = aLine({ delays: [1_000] });
    vi.advanceTimersByTime(1_001);
    socket.send(frame(1));
    socket.close(1000);
    say("late");
    vi.advanceTimersByTime(60_000);
    expect([made[0]?.sent, made[0]?.closedWith, heard]).toEqual([[1], 1000, ["open"]]);
  });

  test("tells of the other side's close after what came before it", () => {
    const { heard, say } = aLine({ delays: [1_000] });
    vi.advanceTimersByTime(1_001);
    say("a");
    made[0]?.onclose?.({ code: 1012 } as never);
    expect(heard).toEqual(["open"]);
    vi.advanceTimersByTime(60_000);
    expect(heard).toEqual(["open", "a", "closed 1012"]);
  });

  test("sends what was given to it, though the buffer is used for something else meanwhile", () => {
    const { socket } = aLine({ delays: [0, 1_000] });
    vi.advanceTimersByTime(0);
    const buffer = frame(1);
    socket.send(buffer);
    buffer[0] = 9;
    vi.advanceTimersByTime(1_000);
    expect(made[0]?.sent).toEqual([1]);
  });
});

describe("the switch", () => {
  function aSwitch(kept: Record<string, string> = {}) {
    const storage = { getItem: (name: string) => kept[name] ?? null, setItem: (name: string, value: string) => void (kept[name] = value) };
    return { kept, line: new SlowLine({ WebSocket: NotingSocket, random: () => 0.5, storage: () => storage }) };
  }

  test("off, the client has the browser's own socket", () => {
    const { line } = aSwitch();
    expect(new line.WebSocket("ws://a/sync")).toBe(made[0]);
    expect(made[0]?.url).toBe("ws://a/sync");
  });

  test("turned either way breaks the line that is open, so that the next one is of the other kind", () => {
    const { line } = aSwitch();
    void new line.WebSocket("ws://a/sync");
    line.turn(true);
    expect(made[0]?.closedWith).toBeUndefined();
    const slow = new line.WebSocket("ws://a/sync");
    expect(slow).toBeInstanceOf(BreakingSocket);
    const closed = vi.fn();
    slow.onclose = closed;
    vi.advanceTimersByTime(2_000);
    line.turn(false);
    expect(closed).toHaveBeenCalledOnce();
    expect(new line.WebSocket("ws://a/sync")).toBe(made[2]);
  });

  test("is remembered for the tab, and tells who listens", () => {
    const { line, kept } = aSwitch();
    const told = vi.fn();
    line.on(told);
    line.turn(true);
    line.turn(true);
    expect(told).toHaveBeenCalledOnce();
    expect(aSwitch(kept).line.isOn).toBe(true);
    line.turn(false);
    expect(aSwitch(kept).line.isOn).toBe(false);
  });

  test("works where storage is forbidden", () => {
    const forbidden = () => {
      throw new Error("forbidden by the test");
    };
    const line = new SlowLine({ WebSocket: NotingSocket, random: () => 0, storage: forbidden });
    expect(line.isOn).toBe(false);
    line.turn(true);
    expect(line.isOn).toBe(true);
  });
});
