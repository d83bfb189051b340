/**
 * Released Hocuspocus providers at three relays of one mesh, with the other kinds of clients in the same rooms.
 */
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import * as Y from "yjs";
import { endHocuspocusClients, HocuspocusClient, hocuspocusVersions } from "../harness/hocuspocus-client.ts";
import { endInkClients, InkClient } from "../harness/ink-client.ts";
import { becomeOneMesh, relaysToStart, startMesh, type MeshProcess } from "../harness/mesh-processes.ts";
import { contentOf } from "../harness/relay-api.ts";
import { endRelays } from "../harness/relay-process.ts";
import { TraceAuthor, type TypedUpdates } from "../harness/trace-author.ts";
import { concurrentTrace, tracesMissing } from "../harness/traces.ts";
import { pause, until } from "../harness/until.ts";
import { endYClients, YClient } from "../harness/y-client.ts";

const names = ["a", "b", "c"];
const missing = tracesMissing();
/** Of the trace, in the form that every machine runs. */
const transactions = process.env["INKMESH_LONG"] === "1" ? Number.POSITIVE_INFINITY : 4_000;

let relays: readonly [MeshProcess, MeshProcess, MeshProcess];
let rooms = 0;
const aRoom = (): string => `mesh-${++rooms}`;

beforeAll(async () => {
  relays = Object.values(await relaysToStart({ a: names, b: names, c: names })) as unknown as typeof relays;
  await startMesh(relays);
});
afterEach(async () => {
  endHocuspocusClients();
  endYClients();
  await endInkClients();
});
afterAll(() => endRelays());

test("[P1, P11] three versions at three relays, y-websocket and ours type at once, and all have the same, deletions too", async () => {
  const room = aRoom();
  const theirs = hocuspocusVersions.map((version, index) => new HocuspocusClient(relays[index]!, room, { version }));
  const clients = [...theirs, new YClient(relays[1], room), new InkClient(relays[2], room)];
  await Promise.all(clients.map((client) => client.synced()));
  for (let round = 0; round < 20; round++) {
    for (const [index, client] of clients.entries()) {
      client.insert(0, `${"abcde"[index]}${round} gone `);
      client.text.delete(client.read().indexOf("gone "), 5);
    }
    await pause(5);
  }
  const agree = (): boolean =>
    clients.every((client) => client.read() === clients[0]!.read()) && clients[0]!.read().split(" ").length === 101;
  await until("all 100 words are everywhere", agree, { seen: () => clients.map((client) => client.read().length) });
  await Promise.all(theirs.map((client) => client.saved()));
  const late = await new HocuspocusClient(relays[0], room).synced();
  await late.reads(clients[0]!.read());
  for (const { doc } of [...clients.slice(1), late]) {
    await until("the state vectors are equal", () => Buffer.from(Y.encodeStateVector(doc)).equals(Y.encodeStateVector(clients[0]!.doc)));
    expect(Y.equalSnapshots(Y.snapshot(doc), Y.snapshot(clients[0]!.doc))).toBe(true);
  }
});

test("[P2] a change is unsynced as long as it is on one disk of three only, and no longer", async () => {
  const room = aRoom();
  const client = await new HocuspocusClient(relays[0], room).synced();
  client.insert(0, "first ");
  await client.saved();
  for (const relay of relays.slice(1)) relay.signal("SIGSTOP");
  client.insert(0, "alone ");
  await until("this relay has it on its disk", async () => (await contentOf(relays[0], room)) === "alone first ");
  await pause(1_000);
  expect(client.provider.unsyncedChanges).toBe(1);
  for (const relay of relays.slice(1)) relay.signal("SIGCONT");
  await client.saved(30_000);
});

test("[P10] presence and words to all reach the providers at the other relays, each once", async () => {
  const room = aRoom();
  const clients = relays.map((relay, index) => new HocuspocusClient(relay, room, { version: hocuspocusVersions[index]! }));
  const ours = new InkClient(relays[2], room);
  await Promise.all([...clients, ours].map((client) => client.synced()));
  clients[0]!.awareness.setLocalStateField("user", { name: "Olga" });
  const ears = [...clients.slice(1).map(({ awareness }) => awareness), ours.room.awareness];
  await until("the name appears to all", () => ears.every((awareness) => awareness.getStates().has(clients[0]!.doc.clientID)));
  clients[0]!.provider.sendStateless("hear me");
  clients[0]!.provider.sendStateless("and me");
  await until("both are heard", () => clients.slice(1).every(({ heard }) => heard.length === 2));
  await pause(300); // Time for what must not come a second time.
  expect(clients.map(({ heard }) => heard)).toEqual([[], ["hear me", "and me"], ["hear me", "and me"]]);
});

test("[P2] a provider whose relay is killed right after it called everything synced goes on at another one, and nothing is lost", async () => {
  const room = aRoom();
  const client = await new HocuspocusClient(relays[0], room).synced();
  for (let index = 0; index < 50; index++) client.insert(0, `${index} `);
  await client.saved();
  const [text, update] = [client.read(), Y.encodeStateAsUpdate(client.doc)];
  await relays[0].end("SIGKILL");
  // Nobody has it but the relays' disks, until a reader has seen it.
  client.end();
  const reader = await new HocuspocusClient(relays[1], room).synced();
  await reader.reads(text);
  const doc = new Y.Doc();
  Y.applyUpdate(doc, update);
  const moved = await new HocuspocusClient(relays[2], room, { doc }).synced();
  moved.insert(0, "moved ");
  await moved.saved();
  await reader.reads(`moved ${text}`);
  await relays[0].start();
  await becomeOneMesh(relays);
  await until("the killed one has it, too", async () => (await contentOf(relays[0], room)) === `moved ${text}`);
});

test("[P1, P11] friendsforever, typed by a y-websocket and a Hocuspocus client at two relays", { timeout: 300_000 }, async (context) => {
  if (missing !== undefined) context.skip(missing);
  const room = aRoom();
  const trace = concurrentTrace("friendsforever");
  const end = Math.min(transactions, trace.txns.length);
  const [y, theirs] = [new YClient(relays[0], room), new HocuspocusClient(relays[1], room)];
  const watcher = new InkClient(relays[2], room);
  await Promise.all([y, theirs, watcher].map((client) => client.synced()));
  const typed: TypedUpdates = [];
  await Promise.all([y, theirs].map((client, agent) => new TraceAuthor({ agent, client, trace, typed }).type(end)));
  const alone = new Y.Doc();
  for (const update of typed) if (update !== undefined) Y.applyUpdate(alone, update);
  const text = alone.getText("text").toString();
  await Promise.all([y, theirs, watcher].map((client) => client.reads(text, 60_000)));
  await theirs.saved(60_000);
  await until("HTTP has it", async () => (await contentOf(relays[2], room)) === text, { timeoutMs: 60_000 });
});
