/**
 * ViewersLoad: many who look at one document that one person types into, spread over the relays of a mesh that are no replicas of it, its
 * edges. Viewers are raw y-websocket clients in this process.
 *
 * What the same relays spend on the same viewers while nobody does anything is taken off.
 */
import type { Socket } from "node:net";
import * as decoding from "lib0/decoding";
import * as encoding from "lib0/encoding";
import { WebSocket } from "ws";
import { decodeAwarenessUpdate, encodeAwarenessUpdate } from "@inkmesh/shared/presence/awareness-update";
import type { MeshProcess } from "../harness/mesh-processes.ts";
import { roomOf } from "../harness/relay-api.ts";
import { pause, until } from "../harness/until.ts";
import { editFrame, keystroke, keystrokeFrame, readKeystroke } from "./keystroke.ts";
import type { MeshUnderTest } from "./mesh-under-test.ts";
import { cpuSecondsOf } from "./server-under-test.ts";

export interface ViewersShape {
  /** Characters per second of the one who types. */
  readonly pace: number;
  /** Each viewer moves its cursor so often per second. */
  readonly movesPerSecond: number;
  readonly seconds: number;
}

export interface ViewersFigures {
  readonly viewers: number;
  /** Messages that viewers received, edits and cursors, per second and viewer. */
  readonly messagesPerViewer: number;
  /** Processor time of the edges and of the replicas per message delivered to a viewer, in µs. */
  readonly edgeMicroseconds: number;
  readonly replicaMicroseconds: number;
  /** Per second, as the socket counts them. */
  readonly bytesPerViewer: number;
  /** Other people that a viewer is shown. */
  readonly shown: number;
}

const room = "viewers";
/** From here on a position takes three bytes, up to two million. */
const pageCharacters = 20_000;
const settleSeconds = 2;
/** Viewers that connect at once. */
const arrivals = 50;
const tickMs = 4;

interface Viewer {
  readonly id: number;
  readonly socket: WebSocket;
  readonly shown: Set<number>;
  clock: number;
  messages: number;
  seen: number;
}

/** For each number of viewers in `steps`, which grows: nobody leaves in between. */
export async function measureViewers(
  mesh: MeshUnderTest,
  shape: ViewersShape,
  steps: readonly number[],
): Promise<readonly ViewersFigures[]> {
  const writer = await joined(mesh.relays[0]!, 1_000_000);
  // A page of text first: the numbers in later edits are as long at the end as at the beginning.
  let typed = pageCharacters;
  writer.socket.send(editFrame(keystroke(1, 0, "x".repeat(pageCharacters))));
  const type = (): void => writer.socket.send(keystrokeFrame(1, typed++));
  const holders = async (): Promise<readonly string[]> => (await roomOf(mesh.relays[0]!, room))["heldBy"] as readonly string[];
  await until("the replicas have the document", async () => (await holders()).length === 3, { timeoutMs: 60_000 });
  const heldBy = await holders();
  const edges = mesh.relays.filter(({ name }) => !heldBy.includes(name));
  const replicas = mesh.relays.filter(({ name }) => heldBy.includes(name));
  const viewers: Viewer[] = [];
  const figures: ViewersFigures[] = [];
  for (const step of steps) {
    while (viewers.length < step) {
      const coming = Array.from({ length: Math.min(arrivals, step - viewers.length) }, (_, index) => viewers.length + index);
      viewers.push(...(await Promise.all(coming.map((index) => joined(edges[index % edges.length]!, 10 + index)))));
    }
    if (shape.movesPerSecond > 0) for (const viewer of viewers) move(viewer);
    await pause(settleSeconds * 1000); // Joining is over.
    const cpu = (): readonly [number, number] => [cpuOf(edges), cpuOf(replicas)];
    const atRest = await spent(cpu, () => pause(shape.seconds * 1000));
    for (const viewer of viewers) viewer.messages = 0;
    const before = bytesOf(viewers);
    const startedAt = performance.now();
    const working = await spent(cpu, async () => {
      await work(shape, viewers, type, startedAt);
      await until("everything typed is seen by everybody", () => viewers.every(({ seen }) => seen === typed - 1), { timeoutMs: 60_000 });
    });
    const seconds = (performance.now() - startedAt) / 1000;
    const delivered = viewers.reduce((sum, { messages }) => sum + messages, 0);
    const perMessage = (which: 0 | 1): number => {
      const rest = (atRest.cpu[which] / atRest.seconds) * working.seconds;
      return ((working.cpu[which] - rest) * 1e6) / delivered;
    };
    figures.push({
      viewers: step,
      messagesPerViewer: delivered / step / seconds,
      edgeMicroseconds: perMessage(0),
      replicaMicroseconds: perMessage(1),
      bytesPerViewer: (bytesOf(viewers) - before) / step / seconds,
      shown: viewers.at(-1)!.shown.size,
    });
  }
  for (const { socket } of [writer, ...viewers]) socket.terminate();
  return figures;
}

async function work(
  { pace, movesPerSecond, seconds }: ViewersShape,
  viewers: readonly Viewer[],
  type: () => void,
  startedAt: number,
): Promise<void> {
  let [strokes, moves] = [0, 0];
  for (let now = startedAt; now - startedAt < seconds * 1000; now = performance.now()) {
    const elapsed = (now - startedAt) / 1000;
    for (; strokes < elapsed * pace; strokes++) type();
    for (; moves < elapsed * movesPerSecond * viewers.length; moves++) move(viewers[moves % viewers.length]!);
    await pause(tickMs); // The clock of the pace.
  }
}

async function spent(cpu: () => readonly [number, number], work: () => Promise<void>) {
  const startedAt = performance.now();
  const before = cpu();
  await work();
  const after = cpu();
  return { seconds: (performance.now() - startedAt) / 1000, cpu: [after[0] - before[0], after[1] - before[1]] as const };
}

function cpuOf(relays: readonly MeshProcess[]): number {
  return relays.reduce((sum, { pid }) => sum + cpuSecondsOf(pid), 0);
}

function bytesOf(viewers: readonly Viewer[]): number {
  return viewers.reduce((sum, { socket }) => sum + (socket as unknown as { _socket: Socket })._socket.bytesRead, 0);
}

function move(viewer: Viewer): void {
  viewer.clock += 1;
  const state = JSON.stringify({ user: { name: `Viewer ${viewer.id}`, color: "#3366cc" }, cursor: { at: viewer.clock } });
  const frame = encoding.encode((encoder) => {
    encoding.writeVarUint(encoder, 1);
    encoding.writeVarUint8Array(encoder, encodeAwarenessUpdate([{ id: viewer.id, clock: viewer.clock, state }]));
  });
  viewer.socket.send(frame);
}

async function joined(relay: MeshProcess, id: number): Promise<Viewer> {
  const socket = new WebSocket(relay.socketUrl(`/y/${room}`), { perMessageDeflate: false, skipUTF8Validation: true });
  const viewer: Viewer = { id, socket, shown: new Set(), clock: 0, messages: 0, seen: -1 };
  await new Promise<void>((done, fail) => socket.once("open", done).once("error", fail));
  const synced = new Promise<void>((done) => {
    socket.on("message", (frame: Buffer) => {
      if (frame[0] === 0 && frame[1] === 1) done();
      viewer.messages += 1;
      const stroke = readKeystroke(frame);
      if (stroke !== undefined) viewer.seen = Math.max(viewer.seen, stroke.clock);
      else if (frame[0] === 1) notePresence(viewer, frame);
    });
  });
  socket.send(Uint8Array.of(0, 0, 1, 0)); // A y-websocket client's first word: "I have nothing".
  await synced;
  return viewer;
}

/** Who is shown: ids with a state come, those with `null` go. */
function notePresence(viewer: Viewer, frame: Buffer): void {
  const decoder = decoding.createDecoder(frame);
  decoding.readVarUint(decoder);
  const update = decodeAwarenessUpdate(decoding.readVarUint8Array(decoder));
  if (!update.ok) return;
  for (const { id, state } of update.value) {
    if (state === undefined) viewer.shown.delete(id);
    else if (id !== viewer.id) viewer.shown.add(id);
  }
}
