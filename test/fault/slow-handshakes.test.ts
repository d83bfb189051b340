/**
 * Those who connect and do not get on: bytes that trickle, requests that never end, sockets that stay half open. Each
 * is ended after its time, and people who type do not notice.
 */
import { connect, type Socket } from "node:net";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { endRawSockets, RawSocket } from "../harness/raw-socket.ts";
import { endRelays, startRelayProcess, temporaryFolder, type RelayProcess } from "../harness/relay-process.ts";
import { pause, until } from "../harness/until.ts";
import { endYClients, YClient } from "../harness/y-client.ts";

const handshakeMs = 500;
let relay: RelayProcess;
const sockets: Socket[] = [];

beforeEach(async () => {
  const config = join(temporaryFolder("config"), "config.json");
  writeFileSync(config, JSON.stringify({ limits: { handshakeMs } }));
  relay = await startRelayProcess({ args: ["--config", config] });
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  endRawSockets();
  endYClients();
  await endRelays();
});

function aSocket(): { readonly socket: Socket; readonly isClosed: () => boolean } {
  const socket = connect(relay.port, "127.0.0.1");
  sockets.push(socket);
  let closed = false;
  socket
    .on("error", () => undefined)
    .on("close", () => (closed = true))
    .on("data", () => undefined);
  return { socket, isClosed: () => closed };
}

/** Writes a byte at a time, as long as the other side takes them. */
async function trickle(socket: Socket, isClosed: () => boolean, bytes: Uint8Array): Promise<void> {
  for (const byte of bytes) {
    if (isClosed()) return;
    socket.write(Uint8Array.of(byte));
    await pause(100); // The subject is slowness.
  }
}

describe("[P8] the relay ends", () => {
  test("a request whose head trickles", { timeout: 60_000 }, async () => {
    const { socket, isClosed } = aSocket();
    const head = `GET /sync HTTP/1.1\r\nhost: 127.0.0.1\r\nx-slow: ${"x".repeat(2_000)}`;
    const trickling = trickle(socket, isClosed, Buffer.from(head));
    await until("it is closed", isClosed, { timeoutMs: 40_000 });
    await trickling;
  });

  test("a head that is larger than any honest one", async () => {
    const { socket, isClosed } = aSocket();
    socket.write(`GET /sync HTTP/1.1\r\nhost: 127.0.0.1\r\nx-large: ${"x".repeat(100_000)}\r\n\r\n`);
    await until("it is closed", isClosed);
  });

  test("a native socket whose hello trickles", async () => {
    const raw = await new RawSocket(relay.socketUrl("/sync")).opened();
    const under = (raw.socket as unknown as { _socket: Socket })._socket;
    // A masked binary frame that says it has 100 bytes, one byte at a time.
    const trickling = trickle(
      under,
      () => raw.closeCode !== undefined,
      Uint8Array.from([0x82, 0x80 | 100, 1, 2, 3, 4, ...Array(60).fill(7)]),
    );
    await until("it is closed", () => raw.closeCode !== undefined, { timeoutMs: 10_000 });
    await trickling;
  });

  test("two hundred of them at once, while two people type undisturbed", { timeout: 60_000 }, async () => {
    const [writer, reader] = await Promise.all([new YClient(relay, "busy").synced(), new YClient(relay, "busy").synced()]);
    const silent = Array.from({ length: 200 }, () => new RawSocket(relay.socketUrl("/sync")));
    await Promise.all(silent.map((socket) => socket.opened()));
    for (let index = 0; index < 100; index++) {
      writer.insert(0, "x");
      await pause(5); // The pace of two people, over the time in which the silent ones are ended.
    }
    await reader.reads("x".repeat(100));
    await until("all the silent ones are gone", () => silent.every((socket) => socket.closeCode !== undefined), { timeoutMs: 20_000 });
    expect([writer.opened, reader.opened]).toEqual([1, 1]);
  });
});
