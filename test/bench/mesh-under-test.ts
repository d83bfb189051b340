/**
 * MeshUnderTest: one, three or five relays, each reached by the others through a proxy that counts what passes. Nothing is pinned to a core:
 * the relays and the load share what the machine has, so that figures are to be compared within one run only.
 */
import { setTimeout as pause } from "node:timers/promises";
import { startMesh, type MeshProcess } from "../harness/mesh-processes.ts";
import { MeshWires } from "../harness/mesh-wires.ts";
import { endRawSockets } from "../harness/raw-socket.ts";
import { endRelays } from "../harness/relay-process.ts";
import type { Reached } from "./ack-load.ts";
import { cpuSecondsOf, raisedLimitsFile } from "./server-under-test.ts";

export interface Spent {
  readonly seconds: number;
  /** Between the relays, framing counted. */
  readonly bytes: number;
  /** Of all relays. */
  readonly cpuSeconds: number;
}

/** With many documents: a relay reads each before it belongs. */
const startedWithinMs = 600_000;

export class MeshUnderTest implements Reached {
  readonly relays: readonly MeshProcess[];
  readonly wires: MeshWires;
  /** From their start until all of them were members, and their disks whole. */
  readonly started: Spent;
  #turn = 0;

  private constructor(wires: MeshWires, relays: readonly MeshProcess[], startedAt: number) {
    this.wires = wires;
    this.relays = relays;
    this.started = { seconds: (performance.now() - startedAt) / 1000, bytes: wires.bytes, cpuSeconds: this.cpuSeconds };
  }

  /** Runs `measure` on fresh relays, which start after `prepare`, and ends them, whatever happens. */
  static async with<Figures>(
    count: 1 | 3 | 5,
    measure: (mesh: MeshUnderTest) => Promise<Figures>,
    prepare: (relays: readonly MeshProcess[]) => Promise<void> = async () => undefined,
    limits: Readonly<Record<string, number>> = {},
  ): Promise<Figures> {
    const args = ["--log", "json", "--config", raisedLimitsFile(limits)];
    const { wires, relays } = await MeshWires.between(["a", "b", "c", "d", "e"].slice(0, count), { args });
    try {
      await prepare(relays);
      const startedAt = performance.now();
      await startMesh(relays, startedWithinMs);
      return await measure(new MeshUnderTest(wires, relays, startedAt));
    } finally {
      endRawSockets();
      await endRelays();
      await wires.end();
    }
  }

  /** Of the next relay in turn. */
  url(path: string): string {
    this.#turn += 1;
    return this.relays[this.#turn % this.relays.length]!.socketUrl(path);
  }

  /** What the relays spend while `work` is done and, after it, for `afterSeconds`. */
  async spent(work: () => Promise<void>, afterSeconds = 0): Promise<Spent> {
    const startedAt = performance.now();
    const [bytes, cpuSeconds] = [this.wires.bytes, this.cpuSeconds];
    await work();
    await pause(afterSeconds * 1000);
    return {
      seconds: (performance.now() - startedAt) / 1000,
      bytes: this.wires.bytes - bytes,
      cpuSeconds: this.cpuSeconds - cpuSeconds,
    };
  }

  /** What they spend with nothing to do. */
  idle(seconds: number): Promise<Spent> {
    return this.spent(async () => undefined, seconds);
  }

  /** Of all relays since they were started. */
  get cpuSeconds(): number {
    return this.relays.reduce((sum, relay) => sum + cpuSecondsOf(relay.pid), 0);
  }
}

/** `spent` without what the same time costs anyway. */
export function beyond(idle: Spent, spent: Spent): Spent {
  const share = spent.seconds / idle.seconds;
  const { seconds } = spent;
  return { seconds, bytes: spent.bytes - idle.bytes * share, cpuSeconds: spent.cpuSeconds - idle.cpuSeconds * share };
}
