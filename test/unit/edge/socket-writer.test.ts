import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { frameHeader, SocketWriter } from "../../../server/edge/socket-writer.ts";

let http: Server;
let client: WebSocket;
let serverSide: WebSocket;
let socket: Duplex;
let received: Buffer[];

beforeEach(async () => {
  const server = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  http = createServer();
  const upgraded = new Promise<void>((resolve) =>
    http.on("upgrade", (request, raw, head) =>
      server.handleUpgrade(request, raw, head, (webSocket) => {
        serverSide = webSocket;
        socket = raw;
        resolve();
      }),
    ),
  );
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  client = new WebSocket(`ws://127.0.0.1:${(http.address() as AddressInfo).port}/`);
  received = [];
  client.on("message", (data: Buffer) => void received.push(data));
  await Promise.all([upgraded, new Promise((resolve) => client.once("open", resolve))]);
});

afterEach(async () => {
  client.terminate();
  serverSide.terminate();
  await new Promise((resolve) => http.close(resolve));
});

function payload(length: number, fill: number): Uint8Array {
  return new Uint8Array(length).fill(fill);
}

async function receivedCount(count: number): Promise<void> {
  await vi.waitFor(() => expect(received).toHaveLength(count), { timeout: 5_000, interval: 5 });
}

describe("a real client reads", () => {
  test.each([0, 1, 125, 126, 127, 16_384, 16_385, 65_535, 65_536, 1_048_576])("a message of %i bytes", async (length) => {
    new SocketWriter().write(socket, [[payload(length, 7), payload(3, 9)]], () => undefined);
    await receivedCount(2);
    expect(received[0]!.equals(payload(length, 7))).toBe(true);
    expect([...received[1]!]).toEqual([9, 9, 9]);
  });

  test("many messages of several lists in their order, small and large mixed", async () => {
    const lengths = [3, 40_000, 5, 200, 70_000, 0, 126];
    const lists = [lengths.map((length, index) => payload(length, index)), [payload(2, 100)], [payload(20_000, 101), payload(1, 102)]];
    new SocketWriter().write(socket, lists, () => undefined);
    await receivedCount(10);
    expect(received.map((data) => data.length)).toEqual([...lengths, 2, 20_000, 1]);
    expect(received.map((data) => data[0] ?? 5)).toEqual([0, 1, 2, 3, 4, 5, 6, 100, 101, 102]);
  });

  test("whole messages between ws' own pongs, and a close after them", async () => {
    const pongs: number[] = [];
    client.on("pong", () => pongs.push(received.length));
    const closed = new Promise<number>((resolve) => client.once("close", resolve));
    const writer = new SocketWriter();
    for (let round = 0; round < 50; round++) {
      client.ping();
      writer.write(socket, [[payload(40_000, round)]], () => undefined);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await vi.waitFor(() => expect(pongs).toHaveLength(50), { interval: 5 });
    writer.write(socket, [[payload(9, 200)]], () => undefined);
    serverSide.close(1012);
    expect(await closed).toBe(1012);
    expect(received).toHaveLength(51);
    expect(received[50]!.equals(payload(9, 200))).toBe(true);
  });
});

describe("a write", () => {
  test("is one socket write for small lists, and one gathering write for large ones", () => {
    const write = vi.spyOn(socket, "write");
    const cork = vi.spyOn(socket, "cork");
    new SocketWriter().write(socket, [[payload(5, 1), payload(6, 1)], [payload(7, 1)]], () => undefined);
    expect(write).toHaveBeenCalledTimes(1);
    expect(cork).not.toHaveBeenCalled();
    new SocketWriter().write(socket, [[payload(5, 1), payload(60_000, 1)], [payload(7, 1)]], () => undefined);
    expect(cork).toHaveBeenCalledTimes(1);
  });

  test("frames a list that goes to many sockets once", () => {
    const writer = new SocketWriter();
    const list = [payload(5, 1)];
    expect(writer.framed(list)).toBe(writer.framed(list));
    const write = vi.spyOn(socket, "write");
    writer.write(socket, [list], () => undefined);
    writer.write(socket, [list], () => undefined);
    expect(write.mock.calls[0]![0]).toBe(write.mock.calls[1]![0]);
  });

  test("tells when the kernel has taken it, and its size", async () => {
    const written = vi.fn();
    expect(new SocketWriter().write(socket, [[payload(5, 1)], [payload(130, 1)]], written)).toEqual({ bytes: 7 + 134, frames: 2 });
    await vi.waitFor(() => expect(written).toHaveBeenCalledTimes(1), { interval: 5 });
  });

  test.each([
    [125, "827d"],
    [126, "827e007e"],
    [65_535, "827effff"],
    [65_536, "827f0000000000010000"],
    [2 ** 33, "827f0000000200000000"],
  ])("of %i bytes has the header %s", (length, hex) => {
    expect(Buffer.from(frameHeader(length)).toString("hex")).toBe(hex);
  });
});
