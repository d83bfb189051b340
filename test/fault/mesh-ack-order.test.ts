/**
 * kill -9 does not lose what the kernel holds, so that crashes alone cannot show that acks wait for the disks. The system calls of all
 * three relays do: when an ack leaves the origin that claims k copies, the syncs that cover its updates are over on k relays.
 */
import type { Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import * as Y from "yjs";
import { AckAudit, auditedBytes, auditedCalls, type AckVerdict } from "../harness/ack-audit.ts";
import { freePorts } from "../harness/free-ports.ts";
import { MeshProcess, meshSecret, startMesh } from "../harness/mesh-processes.ts";
import { mutatedProgram, type Mutant } from "../harness/mutated-relay.ts";
import { NativeSocket } from "../harness/native-socket.ts";
import { endRawSockets } from "../harness/raw-socket.ts";
import { endRelays } from "../harness/relay-process.ts";
import { bytesWritten, CallLines, straceMissing, SystemCalls } from "../harness/system-calls.ts";
import { ackBeforeSync } from "./mutants/ack-before-sync.ts";
import { savedAlone } from "./mutants/saved-alone.ts";

const names = ["a", "b", "c"] as const;
const writers = 5;
const updates = process.env["INKMESH_LONG"] === "1" ? 10_000 : 400;

let watched: SystemCalls[] = [];

afterEach(async () => {
  endRawSockets();
  await endRelays();
  for (const calls of watched.splice(0)) calls.end();
});

/** `count` updates at "a", each writer's next one when its last is saved on a majority; `planted`: what some of the relays are. */
async function audited(count: number, planted: Partial<Record<(typeof names)[number], Mutant>> = {}): Promise<AckVerdict> {
  const audit = new AckAudit("a");
  const ports = await freePorts(names.length);
  const args = ports.flatMap((port) => ["--join", `ws://127.0.0.1:${port}/mesh`]);
  watched = names.map((name) => new SystemCalls({ names: auditedCalls, bytes: auditedBytes, heard: (call) => audit.heard(name, call) }));
  const relays = names.map((name, index) => {
    const mutant = planted[name];
    const program = mutant === undefined ? {} : { program: mutatedProgram(mutant) };
    return new MeshProcess({ name, port: ports[index]!, args, secret: meshSecret, prefix: watched[index]!.prefix, ...program });
  });
  await startMesh(relays);
  await Promise.all(Array.from({ length: writers }, (_, index) => write(relays[0]!, audit, { index, count: count / writers })));
  // An ordered end: of a process that is killed the tracer may miss the last call.
  await Promise.all(relays.map((relay) => relay.end("SIGTERM")));
  await Promise.all(watched.map((calls) => calls.over));
  return audit.verdict();
}

async function write(relay: MeshProcess, audit: AckAudit, { index, count }: { index: number; count: number }): Promise<void> {
  const socket = await new NativeSocket(relay.socketUrl("/sync")).hello();
  await socket.open(`order ${index % 2}`);
  const port = (socket.raw.socket as unknown as { _socket: Socket })._socket.localPort!;
  const doc = new Y.Doc();
  doc.on("update", (update: Uint8Array) => socket.update([update]));
  for (let number = 1; number <= count; number++) {
    const token = `[w${index}:${number}]`;
    audit.typed(port, token);
    const saved = new Promise<void>((done) => {
      socket.onMessage = (message) => message.type === "ack" && message.number >= number && message.copies >= 2 && done();
    });
    doc.getText("text").insert(0, token);
    await saved;
  }
}

const missing = straceMissing();

test(
  "[P2] no ack leaves its relay before the syncs that cover it on as many relays as it says",
  { timeout: 120_000 + updates * 100 },
  async (context) => {
    if (missing !== undefined) return context.skip(missing);
    const { saved, early } = await audited(updates);
    expect(early.slice(0, 10)).toEqual([]);
    expect(saved).toBe(updates);
    process.stdout.write(`${saved} updates were saved, no ack was early\n`);
  },
);

describe.each([
  ["a relay that acknowledges before its own sync", { a: ackBeforeSync }],
  ["replicas that say durable before their sync", { b: ackBeforeSync, c: ackBeforeSync }],
  ["a relay that counts what others have not said", { a: savedAlone }],
])("the audit finds", (what, planted) => {
  test(`[P2] ${what}`, { timeout: 120_000 }, async (context) => {
    if (missing !== undefined) return context.skip(missing);
    const { saved, early } = await audited(20, planted);
    expect(saved).toBe(20);
    expect(early.length).toBeGreaterThan(0);
  });
});

test("calls in two lines are one, and escapes are bytes", () => {
  const lines = new CallLines();
  expect(lines.read("7 10.000100 fsync(26</d/log.sqlite-wal> <unfinished ...>")).toBeUndefined();
  const write = lines.read('8 10.000200 write(29<TCP:[127.0.0.1:1->127.0.0.1:2]>, "\\202\\6\'\\1\\0201\\n\\"", 8) = 8 <0.000100>')!;
  expect(write).toMatchObject({ name: "write", target: "TCP:[127.0.0.1:1->127.0.0.1:2]", failed: false, start: 10.0002 });
  expect([...bytesWritten(write)]).toEqual([0x82, 6, 39, 1, 16, 49, 10, 34]);
  const sync = lines.read("7 10.000900 <... fsync resumed>)        = 0 <0.000800>")!;
  expect(sync).toMatchObject({ name: "fsync", target: "/d/log.sqlite-wal", failed: false, start: 10.0001, end: 10.0009 });
  expect(lines.read("7 11.000000 +++ killed by SIGKILL +++")).toBeUndefined();
});
