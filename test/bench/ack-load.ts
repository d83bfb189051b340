/**
 * AckLoad: clients of our own protocol that type at a pace and wait for each ack: how long from typing to "saved", on
 * disk. There is no floor for it: the broadcaster saves nothing.
 */
import { NativeSocket } from "../harness/native-socket.ts";
import { pause, until } from "../harness/until.ts";
import { keystroke } from "./keystroke.ts";
import { percentile } from "./percentile.ts";
import type { ServerUnderTest } from "./server-under-test.ts";

export interface AckShape {
  readonly clients: number;
  readonly clientsPerRoom: number;
  /** Characters per second and client. */
  readonly pace: number;
  readonly seconds: number;
  /** Which of several loads on one server: each has people and documents of its own. */
  readonly load?: number;
}

export interface AckFigures {
  readonly acked: number;
  readonly p50: number;
  readonly p99: number;
}

/** Where a client connects to: several relays take turns. */
export type Reached = Pick<ServerUnderTest, "url">;

export async function measureAcks(server: Reached, shape: AckShape): Promise<AckFigures> {
  const latencies: number[] = [];
  const typists = await Promise.all(Array.from({ length: shape.clients }, (_, index) => anAckedTypist(server, index, shape, latencies)));
  const startedAt = performance.now();
  for (let now = startedAt; now - startedAt < shape.seconds * 1000; now = performance.now()) {
    for (const [index, typist] of typists.entries()) {
      const due = Math.floor(((now - startedAt) / 1000) * shape.pace + index / typists.length);
      while (typist.typed() < due) typist.type();
    }
    await pause(4); // The clock of the pace.
  }
  await until("everything is acknowledged", () => typists.every((typist) => typist.acked() === typist.typed()), { timeoutMs: 30_000 });
  for (const typist of typists) typist.end();
  return { acked: latencies.length, p50: percentile(latencies, 0.5), p99: percentile(latencies, 0.99) };
}

async function anAckedTypist(server: Reached, index: number, shape: AckShape, latencies: number[]) {
  const socket = await new NativeSocket(server.url("/sync")).hello();
  const load = shape.load ?? 0;
  await socket.open(`acks-${load}-${Math.floor(index / shape.clientsPerRoom)}`);
  const typedAt: number[] = [];
  let acked = 0;
  socket.onMessage = (message) => {
    if (message.type !== "ack" || message.copies < message.needed) return;
    for (; acked < message.number; acked++) latencies.push(performance.now() - typedAt[acked]!);
  };
  return {
    typed: () => typedAt.length,
    acked: () => acked,
    type: () => {
      typedAt.push(performance.now());
      socket.update([keystroke(load * shape.clients + index + 1, typedAt.length - 1)]);
    },
    end: () => socket.end(),
  };
}
