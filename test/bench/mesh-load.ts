/**
 * MeshLoad: what relays say to each other for what clients say to them: for lone keystrokes and for batches, for rooms that are equal,
 * and after a partition.
 */
import type { Socket } from "node:net";
import { becomeOneMesh, type MeshProcess } from "../harness/mesh-processes.ts";
import { NativeSocket } from "../harness/native-socket.ts";
import { contentOf, roomOf } from "../harness/relay-api.ts";
import { pause, until } from "../harness/until.ts";
import { keystroke } from "./keystroke.ts";
import { beyond, type MeshUnderTest, type Spent } from "./mesh-under-test.ts";

export interface TrafficShape {
  readonly clients: number;
  /** Frames per second and client. */
  readonly pace: number;
  /** Updates in one frame, and characters in one update. */
  readonly updates: number;
  readonly characters: number;
  readonly seconds: number;
}

export interface TrafficFigures {
  readonly clientBytes: number;
  readonly frameBytes: number;
  readonly meshBytes: number;
  /** Bytes between the relays per byte that clients sent, both with their framing. */
  readonly ratio: number;
}

/** Changed rooms are compared a second later, which is paid for by the change. */
const aftermathSeconds = 2.5;

/** Each client has a room of its own, at one of the relays. */
export async function measureTraffic(mesh: MeshUnderTest, shape: TrafficShape): Promise<TrafficFigures> {
  const writers = await Promise.all(
    Array.from({ length: shape.clients }, (_, index) => aWriter(mesh.url("/sync"), `traffic-${index}`, shape)),
  );
  // The first edit makes the document, which is told once and not for each edit.
  for (const writer of writers) writer.type();
  const isSaved = (): boolean => writers.every((writer) => writer.isSaved());
  await until("each document is there", isSaved, { timeoutMs: 60_000 });
  await pause(aftermathSeconds * 1000); // Opening the rooms is over.
  const idle = await mesh.idle(shape.seconds);
  const before = writers.reduce((sum, writer) => sum + writer.bytes(), 0);
  const framesOf = (writer: (typeof writers)[number]): number => writer.frames() - 1;
  const spent = await mesh.spent(async () => {
    const startedAt = performance.now();
    for (let now = startedAt; now - startedAt < shape.seconds * 1000; now = performance.now()) {
      for (const [index, writer] of writers.entries())
        while (framesOf(writer) < Math.floor(((now - startedAt) / 1000) * shape.pace + index / writers.length)) writer.type();
      await pause(2); // The clock of the pace.
    }
    await until("everything is saved", isSaved, { timeoutMs: 60_000 });
  }, aftermathSeconds);
  const clientBytes = writers.reduce((sum, writer) => sum + writer.bytes(), 0) - before;
  const frames = writers.reduce((sum, writer) => sum + framesOf(writer), 0);
  for (const writer of writers) writer.end();
  const { bytes: meshBytes } = beyond(idle, spent);
  return { clientBytes, frameBytes: clientBytes / frames, meshBytes, ratio: meshBytes / clientBytes };
}

async function aWriter(url: string, room: string, { updates, characters }: TrafficShape) {
  const socket = await new NativeSocket(url).hello();
  await socket.open(room);
  const beneath = (socket.raw.socket as unknown as { _socket: Socket })._socket;
  let [frames, last, saved] = [0, 0, 0];
  socket.onMessage = (message) => {
    if (message.type === "ack" && message.copies >= message.needed) saved = message.number;
  };
  return {
    type: () => {
      const text = "x".repeat(characters);
      last = socket.update(Array.from({ length: updates }, (_, index) => keystroke(1, (frames * updates + index) * characters, text)));
      frames += 1;
    },
    frames: () => frames,
    bytes: () => beneath.bytesWritten,
    isSaved: () => saved === last,
    end: () => socket.end(),
  };
}

export interface SweepFigures {
  readonly rooms: number;
  /** All links are made anew, and each of the three pairs compares everything. */
  readonly again: Spent;
}

const settledSeconds = 6;

/** Of relays that have the same `rooms` on disk, none of them open. */
export async function measureSweeps(mesh: MeshUnderTest, rooms: number): Promise<SweepFigures> {
  await settled(mesh);
  const idle = await mesh.idle(settledSeconds);
  const spent = await mesh.spent(async () => {
    for (const [one, other] of pairsOf(mesh.relays)) mesh.wires.refuse(one.name, other.name);
    mesh.wires.heal();
    await becomeOneMesh(mesh.relays, 60_000);
  }, settledSeconds);
  return { rooms, again: beyond(idle, spent) };
}

/** Until reading the rooms after a start is over, and what follows from it: when all do next to nothing for a while. */
export async function settled(mesh: MeshUnderTest): Promise<void> {
  const isQuiet = async (): Promise<boolean> => (await mesh.idle(settledSeconds)).cpuSeconds < 0.1 * settledSeconds;
  await until("the relays have nothing more to do", isQuiet, { timeoutMs: 600_000 });
}

export interface HealingFigures {
  readonly edits: number;
  /** From when the wires were whole until every relay said the same text with everything in it. */
  readonly convergedMs: number;
  readonly meshBytes: number;
}

/** One relay is cut off from two; `edits` characters are typed on each side, as so many updates. */
export async function measureHealing(mesh: MeshUnderTest, edits: number): Promise<HealingFigures> {
  const [alone, other] = [mesh.relays[0]!, mesh.relays[1]!];
  const room = `healed-${edits}`;
  const writers = await Promise.all(
    [alone, other].map(async (relay) => {
      const socket = await new NativeSocket(relay.socketUrl("/sync")).hello();
      await socket.open(room);
      return socket;
    }),
  );
  for (const relay of mesh.relays.slice(1)) mesh.wires.cut(alone.name, relay.name);
  for (let clock = 0; clock < edits; clock += 100) {
    for (const [index, writer] of writers.entries())
      writer.update(Array.from({ length: 100 }, (_, offset) => keystroke(index + 1, clock + offset)));
    await pause(20); // So that the edits are many transactions.
  }
  const has = async (relay: MeshProcess, length: number): Promise<boolean> => (await contentOf(relay, room)).length === length;
  await until("each side has its own", async () => (await has(alone, edits)) && (await has(other, edits)), { timeoutMs: 120_000 });
  const before = mesh.wires.bytes;
  const healedAt = performance.now();
  mesh.wires.heal();
  // Clocks are asked for first: the text costs the relays more than what is measured.
  const clocks = (): Promise<readonly string[]> =>
    Promise.all(mesh.relays.map(async (relay) => JSON.stringify((await roomOf(relay, room)).clock)));
  const areEqual = async (): Promise<boolean> => {
    await pause(50); // The pace of asking.
    return new Set(await clocks()).size === 1 && has(other, 2 * edits);
  };
  await until("all have everything", areEqual, { timeoutMs: 120_000, seen: clocks });
  const figures = { edits, convergedMs: performance.now() - healedAt, meshBytes: mesh.wires.bytes - before };
  for (const writer of writers) writer.end();
  return figures;
}

function pairsOf(relays: readonly MeshProcess[]): readonly (readonly [MeshProcess, MeshProcess])[] {
  return relays.flatMap((one, index) => relays.slice(index + 1).map((other) => [one, other] as const));
}
