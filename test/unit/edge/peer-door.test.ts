import * as net from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import type { LinkId } from "@inkmesh/shared/base/ids";
import { anEdge, eventually, opened } from "./an-edge.ts";

type Edge = Awaited<ReturnType<typeof anEdge>>;
const edges: Edge[] = [];
afterEach(async () => void (await Promise.all(edges.splice(0).map((edge) => edge.close()))));

async function aDoor(options: Parameters<typeof anEdge>[0] = {}): Promise<Edge> {
  const edge = await anEdge(options);
  edges.push(edge);
  return edge;
}

const upgradeFields = `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${Buffer.alloc(16).toString("base64")}`;
const addressOf = (edge: Edge): string => `ws://${edge.host}/mesh`;
const bytesOf = (edge: Edge): number[][] => edge.ofType("link-received").map((input) => [...input.bytes]);

/** Two doors and a link between them. */
async function aLink(): Promise<{ near: Edge; far: Edge; link: LinkId; farLink: LinkId }> {
  const [near, far] = [await aDoor(), await aDoor()];
  near.peers.dial(addressOf(far));
  await eventually(() => expect([near.ofType("link-opened"), far.ofType("link-opened")].map((inputs) => inputs.length)).toEqual([1, 1]));
  return { near, far, link: near.ofType("link-opened")[0]!.link, farLink: far.ofType("link-opened")[0]!.link };
}

/** A socket at `/mesh` that does nothing by itself. */
function knock(far: Edge): net.Socket {
  const [host, port] = far.host.split(":");
  const socket = net.connect(Number(port), host);
  socket.write(`GET /mesh HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n${upgradeFields}\r\n\r\n`);
  return socket;
}

describe("a link", () => {
  test("is the same noun on both sides, but that one was dialled; bytes go both ways in order", async () => {
    const { near, far, link, farLink } = await aLink();
    expect(near.ofType("link-opened")[0]).toMatchObject({ dialled: addressOf(far), remote: far.host });
    expect(far.ofType("link-opened")[0]).toMatchObject({ dialled: undefined, remote: expect.stringMatching(/^127\.0\.0\.1:\d+$/) });
    near.peers.write(link, [Uint8Array.of(1), Uint8Array.of(2, 3)], false);
    far.peers.write(farLink, [Uint8Array.of(9)], false);
    await eventually(() => expect([bytesOf(far), bytesOf(near)]).toEqual([[[1], [2, 3]], [[9]]]));
  });

  test("says when the system has taken what it was given, if it was asked, also when it was given nothing more", async () => {
    const { near, link } = await aLink();
    near.peers.write(link, [new Uint8Array(50_000)], false);
    expect(near.ofType("link-taken")).toEqual([]);
    near.peers.write(link, [], true);
    await eventually(() => expect(near.ofType("link-taken")).toEqual([{ type: "link-taken", link }]));
  });

  test("that is closed is told closed, once, on both sides", async () => {
    const { near, far, link, farLink } = await aLink();
    near.peers.close(link, 4403, "MESH_SECRET");
    near.peers.write(link, [Uint8Array.of(1)], false);
    await eventually(() => expect(far.ofType("link-closed")).toEqual([{ type: "link-closed", link: farLink }]));
    await eventually(() => expect(near.ofType("link-closed")).toEqual([{ type: "link-closed", link }]));
    expect(bytesOf(far)).toEqual([]);
  });

  test("effects for a link that is gone are ignored", async () => {
    const { near } = await aLink();
    near.peers.write(99 as LinkId, [Uint8Array.of(1)], true);
    near.peers.close(99 as LinkId, 1000, "");
    expect(near.ofType("link-taken")).toEqual([]);
  });

  test("speaks binary messages only", async () => {
    const far = await aDoor();
    const client = far.connect("/mesh");
    await opened(client);
    client.send("hello");
    await eventually(() => expect(far.ofType("link-closed")).toHaveLength(1));
    expect(bytesOf(far)).toEqual([]);
  });
});

describe("[P8] a stranger", () => {
  test("costs some kilobytes until two messages were heard, whatever it begins to send", async () => {
    const far = await aDoor();
    const client = far.connect("/mesh");
    await opened(client);
    client.send(new Uint8Array(90_000));
    await eventually(() => expect(far.ofType("link-closed")).toHaveLength(1));
    expect(bytesOf(far)).toEqual([]);
  });

  test("that was turned away and goes on sending is cut off soon, long before a relay would be", async () => {
    const far = await aDoor();
    const stranger = knock(far);
    stranger.on("error", () => undefined);
    // Two messages of one byte each, masked with nothing; then a frame without an end.
    for (const byte of [1, 2]) stranger.write(Uint8Array.of(0x82, 0x81, 0, 0, 0, 0, byte));
    await eventually(() => expect(bytesOf(far)).toHaveLength(2));
    far.peers.close(far.ofType("link-opened")[0]!.link, 4403, "MESH_SECRET");
    stranger.write(Uint8Array.of(0x82, 0xfe, 0xff, 0xff, 0, 0, 0, 0, 1));
    await eventually(() => expect(far.ofType("link-closed")).toHaveLength(1));
    stranger.destroy();
  });

  test("whose messages are larger than any relay's is ended", async () => {
    const { near, far, link } = await aLink();
    near.peers.write(link, [Uint8Array.of(1), Uint8Array.of(2)], false);
    await eventually(() => expect(bytesOf(far)).toHaveLength(2));
    near.peers.write(link, [new Uint8Array(100_001)], false);
    await eventually(() => expect(far.ofType("link-closed")).toHaveLength(1));
    expect(bytesOf(far)).toHaveLength(2);
  });

  test.each(["https://evil.example", "http://127.0.0.1", "null"])(
    "[P9] that is a page (%s) gets no socket, not even of this machine",
    async (origin) => {
      const far = await aDoor();
      const client = far.connect("/mesh", { origin });
      const status = new Promise((resolve) => client.on("unexpected-response", (_request, response) => resolve(response.statusCode)));
      expect(await status).toBe(403);
      expect(far.ofType("link-opened")).toEqual([]);
    },
  );

  test("is not let in while the relay starts or stops", async () => {
    const far = await aDoor();
    far.status.enter("stopping");
    const client = far.connect("/mesh");
    const status = new Promise((resolve) => client.on("unexpected-response", (_request, response) => resolve(response.statusCode)));
    expect(await status).toBe(503);
  });
});

describe("a dial", () => {
  test("that nobody answers is told as failed, once, with the reason in words", async () => {
    const near = await aDoor();
    near.peers.dial("ws://127.0.0.1:1/mesh");
    await eventually(() =>
      expect(near.ofType("dial-failed")).toEqual([
        { type: "dial-failed", address: "ws://127.0.0.1:1/mesh", reason: "nobody listens there (ECONNREFUSED)" },
      ]),
    );
  });

  test("to something that is no relay says what it answers", async () => {
    const [near, far] = [await aDoor(), await aDoor()];
    near.peers.dial(`ws://${far.host}/elsewhere`);
    await eventually(() => expect(near.ofType("dial-failed")[0]?.reason).toBe("it answers with HTTP status 404"));
  });

  test("to a name goes to every machine that it stands for now, and fails only where none of them answers", async () => {
    const far = await aDoor();
    const port = far.host.split(":")[1]!;
    let machines = [
      { address: "127.0.0.1", family: 4 },
      { address: "127.0.0.2", family: 4 },
    ];
    const near = await aDoor({ resolve: (name) => (name === "relays.test" ? Promise.resolve(machines) : Promise.reject(new Error(name))) });
    near.peers.dial(`ws://relays.test:${port}/mesh`);
    // 127.0.0.2 is nobody: the edge listens on 127.0.0.1 only.
    await eventually(() => expect(near.ofType("link-opened")).toMatchObject([{ dialled: `ws://relays.test:${port}/mesh` }]));
    machines = [machines[0]!, machines[0]!];
    near.peers.dial(`ws://relays.test:${port}/mesh`);
    await eventually(() => expect(near.ofType("link-opened")).toHaveLength(3));
    machines = [];
    near.peers.dial(`ws://relays.test:${port}/mesh`);
    await eventually(() => expect(near.ofType("dial-failed")).toMatchObject([{ reason: "the name stands for no machine" }]));
  });

  test("to a name that nobody knows", async () => {
    const near = await aDoor({ resolve: () => Promise.reject(Object.assign(new Error("x"), { code: "ENOTFOUND" })) });
    near.peers.dial("ws://nowhere.test/mesh");
    await eventually(() => expect(near.ofType("dial-failed")).toMatchObject([{ reason: "no such name (ENOTFOUND)" }]));
  });
});

test("a door that was shut lets nobody out: what was under way is dropped", async () => {
  const [near, far] = [await aDoor(), await aDoor()];
  near.peers.dial(addressOf(far));
  near.peers.shut(1012, "RELAY_STOPPING");
  await eventually(() => expect(far.ofType("link-closed")).toHaveLength(1));
  expect(near.ofType("link-opened")).toEqual([]);
});
