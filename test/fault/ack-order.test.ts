/**
 * kill -9 does not lose what the kernel holds, so crashes alone cannot show that an ack waits for the disk. The order of
 * the relay's system calls does: between an update's arrival and its ack there is always a completed sync.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { devNull } from "node:os";
import type { Socket } from "node:net";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { keystroke } from "../bench/keystroke.ts";
import { NativeSocket } from "../harness/native-socket.ts";
import { endRawSockets } from "../harness/raw-socket.ts";
import { endRelays, startRelayProcess, temporaryFolder } from "../harness/relay-process.ts";

const updates = 40;

afterEach(async () => {
  endRawSockets();
  await endRelays();
});

/** The client's words in, syncs done, words to the client out, in the order in which the kernel saw them. */
function callsOf(trace: string, clientPort: number): string {
  const client = `:${clientPort}]>`;
  const letters = trace.split("\n").map((line) => {
    if (/\bf(data)?sync\b.*= 0$/.test(line)) return "s";
    if (!line.includes(client)) return "";
    if (/^\d+ +(read|recvmsg|recvfrom)\(.*= [1-9]\d*$/.test(line)) return "r";
    return /^\d+ +(write|writev|sendmsg|sendto)\(/.test(line) ? "w" : "";
  });
  return letters.join("");
}

/** One letter group per answer: does a sync lie between the last word in and the word out? */
function unsyncedAnswers(calls: string): number {
  return calls
    .split("w")
    .slice(0, -1)
    .filter((before) => !/s/.test(before.slice(before.lastIndexOf("r") + 1))).length;
}

test(
  "[P2] between an update's arrival and its ack there is a completed sync, by the order of system calls",
  { timeout: 120_000 },
  async (context) => {
    const probe = spawnSync("strace", ["-o", devNull, "true"], { encoding: "utf8" });
    if (probe.status !== 0) return context.skip(`strace does not work here (${(probe.error?.message ?? probe.stderr).trim()})`);
    const file = join(temporaryFolder("strace"), "calls");
    // -D: the relay stays our child, the tracer is a grandchild that ends with it.
    const prefix = [
      "strace",
      "-D",
      "-f",
      "-yy",
      "-s",
      "0",
      "-o",
      file,
      "-e",
      "trace=read,recvmsg,recvfrom,write,writev,sendmsg,sendto,fsync,fdatasync",
    ];
    const relay = await startRelayProcess({ prefix });
    const client = await new NativeSocket(relay.socketUrl("/sync")).hello();
    await client.open("order");
    for (let clock = 0; clock < updates; clock++) await client.acked(client.update([keystroke(1, clock)]));
    const port = (client.raw.socket as unknown as { _socket: Socket })._socket.localPort!;
    const traced = readFileSync(file, "utf8");
    await relay.end("SIGKILL");
    const calls = callsOf(traced, port);
    expect(calls.match(/w/g)?.length, calls.slice(0, 200)).toBeGreaterThanOrEqual(updates);
    // Before the first update come the handshake's words, which promise nothing.
    const fromFirstUpdate = calls
      .split("w")
      .slice(-updates - 1)
      .join("w");
    expect(unsyncedAnswers(fromFirstUpdate), calls).toBe(0);
  },
);

test("an ack before its sync would be seen", () => {
  expect(unsyncedAnswers("rswrsw")).toBe(0);
  expect(unsyncedAnswers("rswrwsrsw")).toBe(1);
  expect(unsyncedAnswers("srw")).toBe(1);
});
