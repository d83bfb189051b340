/**
 * JoinLoad: what it costs to join a document of 250,000 edits, cold and warm, and to come back with 100 updates missing.
 * The floor hands out ready-made bytes: the whole state, or exactly what is missing.
 *
 * The document is the recorded paper (259,778 keystrokes), sent by a y-websocket client as an offline author would.
 */
import { WebSocket } from "ws";
import * as Y from "yjs";
import { yFrame } from "../harness/hostile-update.ts";
import { contentOf, roomOf } from "../harness/relay-api.ts";
import { sequentialTrace, typePatches } from "../harness/traces.ts";
import { pause, until } from "../harness/until.ts";
import { median } from "./percentile.ts";
import type { ServerUnderTest } from "./server-under-test.ts";

/** A large document as its author has it. */
export interface Paper {
  readonly state: Uint8Array;
  /** What the last 100 edits added, and the state vector of a client that lacks them. */
  readonly lastEdits: readonly Uint8Array[];
  readonly before: { readonly state: Uint8Array; readonly stateVector: Uint8Array; readonly text: string };
  readonly text: string;
}

export interface JoinFigures {
  /** The first join after a start of the server, in ms until the joiner has everything. */
  readonly coldMs: number;
  readonly joinCpuMs: number;
  readonly joinMs: number;
  readonly joinBytes: number;
  readonly returnCpuMs: number;
  readonly returnMs: number;
  readonly returnBytes: number;
}

const joins = 40;

export function aPaper(): Paper {
  const trace = sequentialTrace("automerge-paper");
  const doc = new Y.Doc();
  const text = doc.getText("text");
  const body = trace.txns.slice(0, -100);
  for (const txn of body) typePatches(text, txn.patches);
  const before = { state: Y.encodeStateAsUpdate(doc), stateVector: Y.encodeStateVector(doc), text: text.toString() };
  const lastEdits: Uint8Array[] = [];
  doc.on("update", (update: Uint8Array) => lastEdits.push(update));
  for (const txn of trace.txns.slice(-100)) typePatches(text, txn.patches);
  return { state: Y.encodeStateAsUpdate(doc), lastEdits, before, text: text.toString() };
}

export async function measureJoins(server: ServerUnderTest, paper: Paper): Promise<JoinFigures> {
  const visit = server.relay === undefined ? await floorVisits(server, paper) : await relayVisits(server, paper);
  const cold = await visit.join();
  const warm = await several(server, visit.join);
  const returning = await several(server, visit.comeBack);
  return {
    coldMs: cold.ms,
    joinCpuMs: warm.cpuMs,
    joinMs: warm.ms,
    joinBytes: cold.bytes,
    returnCpuMs: returning.cpuMs,
    returnMs: returning.ms,
    returnBytes: returning.bytes,
  };
}

interface Visit {
  readonly ms: number;
  readonly bytes: number;
}

interface Visits {
  readonly join: () => Promise<Visit>;
  readonly comeBack: () => Promise<Visit>;
}

async function several(server: ServerUnderTest, visit: () => Promise<Visit>): Promise<Visit & { readonly cpuMs: number }> {
  const before = server.cpuSeconds();
  const visits: Visit[] = [];
  for (let index = 0; index < joins; index++) visits.push(await visit());
  const cpuMs = ((server.cpuSeconds() - before) * 1000) / joins;
  return { cpuMs, ms: median(visits.map((each) => each.ms)), bytes: visits[0]!.bytes };
}

async function floorVisits(server: ServerUnderTest, paper: Paper): Promise<Visits> {
  const missing = Y.mergeUpdates([...paper.lastEdits]);
  for (const [name, bytes] of [
    ["paper", paper.state],
    ["missing", missing],
  ] as const) {
    const socket = await connected(server.url(`/put/${name}`));
    await new Promise<void>((done) => socket.send(bytes, () => done()));
    socket.close();
    await new Promise((done) => socket.once("close", done));
  }
  const visit = (name: string, length: number) => (): Promise<Visit> =>
    visitOf(server.url(`/blob/${name}`), undefined, (bytes) => bytes >= length);
  return { join: visit("paper", paper.state.length), comeBack: visit("missing", missing.length) };
}

async function relayVisits(server: ServerUnderTest, paper: Paper): Promise<Visits> {
  const relay = server.relay!;
  const has = async (text: string): Promise<boolean> => (await contentOf(relay, "paper")) === text;
  const send = async (frames: readonly Uint8Array[], expected: string): Promise<void> => {
    const author = await connected(server.room("paper"));
    for (const frame of frames) author.send(frame);
    await until("the relay has it on disk", () => has(expected), { timeoutMs: 60_000, seen: () => roomOf(relay, "paper").catch(String) });
    author.close();
  };
  await send([yFrame(paper.before.state, 1)], paper.before.text);
  await pause(3_000); // A document that nobody has open is compacted; nothing outside tells when.
  await send(
    paper.lastEdits.map((update) => yFrame(update)),
    paper.text,
  );
  await relay.end("SIGTERM");
  await relay.start();
  const visit = (stateVector: Uint8Array) => (): Promise<Visit> => visitOf(server.room("paper"), stateVector, isSyncStep2);
  return { join: visit(Uint8Array.of(0)), comeBack: visit(paper.before.stateVector) };
}

/** The relay's last part of the state; what came before has been counted. */
function isSyncStep2(_bytes: number, frame: Uint8Array): boolean {
  return frame[0] === 0 && frame[1] === 1;
}

/** Connects, asks as a y-websocket client does, and counts until all is there. */
async function visitOf(
  url: string,
  stateVector: Uint8Array | undefined,
  isDone: (bytes: number, frame: Uint8Array) => boolean,
): Promise<Visit> {
  const startedAt = performance.now();
  const socket = new WebSocket(url, { perMessageDeflate: false });
  let bytes = 0;
  await new Promise<void>((done, fail) => {
    socket.once("error", fail);
    socket.on("open", () => {
      if (stateVector !== undefined) socket.send(Uint8Array.of(0, 0, ...lengthOf(stateVector), ...stateVector));
    });
    socket.on("message", (data: Buffer) => {
      bytes += data.length;
      if (isDone(bytes, data)) done();
    });
    socket.once("close", (code) => fail(new Error(`closed with ${code} during a join`)));
  });
  const ms = performance.now() - startedAt;
  socket.terminate();
  return { ms, bytes };
}

function lengthOf(bytes: Uint8Array): readonly number[] {
  return bytes.length < 128 ? [bytes.length] : [(bytes.length & 127) | 128, bytes.length >>> 7];
}

async function connected(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  await new Promise<void>((done, fail) => socket.once("open", done).once("error", fail));
  return socket;
}
