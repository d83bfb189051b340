import type * as net from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import type { ConnectionId } from "@inkmesh/shared/base/ids";
import { anEdge, closeCodeOf, eventually, opened } from "./an-edge.ts";

let edge: Awaited<ReturnType<typeof anEdge>>;
afterEach(() => edge.close());

const first = 1 as ConnectionId;

describe("a client's socket", () => {
  test.each([
    ["/sync", "native", undefined],
    ["/sync?x=1", "native", undefined],
    ["/y/room", "y-websocket", "room"],
    ["/y/a/b%20c?token=t", "y-websocket", "a/b c"],
    ["/y/%25", "y-websocket", "%"],
    ["/y/", "y-websocket", ""],
    ["/y/%E0%A4%A", "y-websocket", ""],
    ["/y/%00", "y-websocket", ""],
  ])("at %s speaks %s in room %s", async (path, dialect, room) => {
    edge = await anEdge();
    await opened(edge.connect(path));
    expect(edge.inputs).toEqual([{ type: "connection-opened", connection: first, dialect, room, principal: "" }]);
  });

  test("says what it received, as plain bytes, and that it closed, once each", async () => {
    edge = await anEdge();
    const client = edge.connect("/sync");
    await opened(client);
    client.send(Uint8Array.of(1, 2, 3));
    client.close();
    await eventually(() => expect(edge.inputs).toHaveLength(3));
    expect(edge.inputs.slice(1)).toEqual([
      { type: "frame-received", connection: first, bytes: Uint8Array.of(1, 2, 3) },
      { type: "connection-closed", connection: first },
    ]);
    expect(edge.ofType("frame-received")[0]!.bytes).not.toBeInstanceOf(Buffer);
  });

  test("[P9] a text message closes with 1003 and is counted", async () => {
    edge = await anEdge();
    const client = edge.connect("/sync");
    await opened(client);
    client.send("hello");
    client.send(Uint8Array.of(1));
    expect(await closeCodeOf(client)).toBe(1003);
    expect(edge.ofType("frame-received")).toEqual([]);
    expect(await edge.refusals()).toContain('code="BAD_FRAME",relay="a"} 1');
  });

  test("[P8] a message beyond the limit closes with 1009 and is counted", async () => {
    edge = await anEdge({ limits: { frameBytesMax: 1_024 } });
    const client = edge.connect("/sync");
    await opened(client);
    client.send(new Uint8Array(1_024));
    client.send(new Uint8Array(1_025));
    expect(await closeCodeOf(client)).toBe(1009);
    expect(edge.ofType("frame-received")).toHaveLength(1);
    expect(await edge.refusals()).toContain('code="FRAME_TOO_BIG",relay="a"} 1');
  });

  test("[P9] bytes that are no WebSocket frames close it and leave the others", async () => {
    edge = await anEdge();
    const client = edge.connect("/sync");
    const neighbour = edge.connect("/sync");
    await Promise.all([opened(client), opened(neighbour)]);
    (client as unknown as { _socket: net.Socket })._socket.write(Buffer.from("f0f0f0f0", "hex"));
    await closeCodeOf(client);
    neighbour.send(Uint8Array.of(1));
    await eventually(() => expect(edge.ofType("frame-received")).toHaveLength(1));
    expect(edge.ofType("connection-closed")).toHaveLength(1);
  });

  test("reads nothing while paused, and loses nothing", async () => {
    edge = await anEdge();
    const client = edge.connect("/sync");
    await opened(client);
    edge.sockets.pauseReading(first, true);
    client.send(Uint8Array.of(1));
    client.send(Uint8Array.of(2));
    // Long enough for loopback to have delivered, had it been read.
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(edge.ofType("frame-received")).toEqual([]);
    edge.sockets.pauseReading(first, false);
    await eventually(() => expect(edge.ofType("frame-received")).toHaveLength(2));
  });

  test("closes with the code it was told, also while paused, and sends nothing afterwards", async () => {
    edge = await anEdge();
    const client = edge.connect("/sync");
    const received: Buffer[] = [];
    client.on("message", (data: Buffer) => void received.push(data));
    await opened(client);
    edge.sockets.pauseReading(first, true);
    edge.sockets.write(new Map([[first, [[Uint8Array.of(1)]]]]));
    edge.sockets.close(first, 4404, "ö".repeat(200));
    edge.sockets.write(new Map([[first, [[Uint8Array.of(2)]]]]));
    expect(await closeCodeOf(client)).toBe(4404);
    expect(received.map((data) => data[0])).toEqual([1]);
    await eventually(() => expect(edge.ofType("connection-closed")).toHaveLength(1));
  });

  test("[P8] a reader that stopped is told to the core when its backlog passes a mark or a multiple of the last, either way", async () => {
    edge = await anEdge({ limits: { backlogSheddingBytes: 100_000, backlogBytesMax: 2_000_000 } });
    const client = edge.connect("/sync");
    await opened(client);
    client.pause();
    const frames = [new Uint8Array(1_000_000)];
    for (let turn = 0; turn < 20; turn++) {
      edge.sockets.write(new Map([[first, [frames]]]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    const rising = edge.ofType("backlog-changed");
    const [shedding, ...further] = rising.map(({ bytes }) => bytes);
    expect(shedding).toBeLessThanOrEqual(2_000_000);
    // Past the last mark at each further multiple of it, for a core that forgave what came before.
    expect(further.map((bytes) => Math.floor(bytes / 2_000_000))).toEqual(further.map((_, index) => index + 1));
    client.resume();
    await eventually(() => expect(edge.ofType("backlog-changed").at(-1)!.bytes).toBeLessThanOrEqual(100_000));
  });

  test("[P8] a large state under way is no backlog", async () => {
    edge = await anEdge({ limits: { backlogSheddingBytes: 100_000, backlogBytesMax: 200_000 } });
    const client = edge.connect("/sync");
    await opened(client);
    edge.sockets.write(new Map([[first, [[new Uint8Array(12_000_000)]]]]));
    const size = await new Promise((resolve) => client.once("message", (data: Buffer) => resolve(data.length)));
    expect(size).toBe(12_000_000);
    expect(edge.ofType("backlog-changed")).toEqual([]);
  });

  test("[P10] a line that is dead is ended, one that answers pings is kept", async () => {
    edge = await anEdge({ pingMs: 50 });
    const living = edge.connect("/sync");
    const dead = edge.connect("/sync");
    await Promise.all([opened(living), opened(dead)]);
    const connectionOfDead = edge.ofType("connection-opened").length;
    dead.pause();
    await eventually(() => expect(edge.ofType("connection-closed")).toHaveLength(1));
    expect(connectionOfDead).toBe(2);
    // Several spans of silence for the living one.
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(living.readyState).toBe(living.OPEN);
    expect(edge.ofType("connection-closed")).toHaveLength(1);
  });

  test("drained when the last socket has gone", async () => {
    edge = await anEdge();
    await edge.sockets.drained();
    const client = edge.connect("/sync");
    await opened(client);
    const drained = edge.sockets.drained();
    edge.sockets.close(first, 1012, "");
    await drained;
    expect(edge.ofType("connection-closed")).toHaveLength(1);
  });
});
