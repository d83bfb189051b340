/**
 * Real input over three relays: recorded keystrokes typed into one of them are the recorded text at all, and two authors whose relays
 * are cut apart for a while end with what Yjs itself makes of their updates. What is expected never comes from a relay.
 */
import { afterEach, describe, expect, test } from "vitest";
import * as Y from "yjs";
import { endInkClients, InkClient } from "../harness/ink-client.ts";
import { becomeOneMesh, relaysToStart, startMesh, type MeshProcess } from "../harness/mesh-processes.ts";
import { MeshWires } from "../harness/mesh-wires.ts";
import { contentOf } from "../harness/relay-api.ts";
import { endRelays } from "../harness/relay-process.ts";
import { TraceAuthor, type TypedUpdates } from "../harness/trace-author.ts";
import { concurrentTrace, sequentialTrace, tracesMissing, typePatches } from "../harness/traces.ts";
import { endYClients, YClient } from "../harness/y-client.ts";

const long = process.env["INKMESH_LONG"] === "1";
const missing = tracesMissing();
const names = ["a", "b", "c"];
/** Of each trace, in the form that every machine runs. */
const shortTransactions = 6_000;
const arrivesWithinMs = long ? 180_000 : 60_000;

let wires: MeshWires | undefined;

afterEach(async () => {
  endYClients();
  await endInkClients();
  await endRelays();
  await wires?.end();
  wires = undefined;
});

/** Every relay says `text`, over the socket to clients that have nothing and over HTTP. */
async function expectEverywhere(relays: readonly MeshProcess[], room: string, text: string): Promise<void> {
  for (const relay of relays) {
    const [theirs, ours] = [new YClient(relay, room), new InkClient(relay, room)];
    await Promise.all([theirs.synced(), ours.synced()]);
    const reads = { theirs: theirs.read() === text, ours: ours.read() === text, http: (await contentOf(relay, room)) === text };
    expect(reads, relay.name).toEqual({ theirs: true, ours: true, http: true });
    theirs.end();
    await ours.end();
  }
}

/** The same when one of them has been killed and is back. */
async function expectAfterRestart(relays: readonly MeshProcess[], room: string, text: string): Promise<void> {
  endYClients();
  await endInkClients();
  await expectEverywhere(relays, room, text);
  await relays[1]!.crashAndRestart();
  await becomeOneMesh(relays);
  await expectEverywhere(relays, room, text);
}

describe("[P1, P2] recorded keystrokes over three relays", () => {
  test("sveltecomponent, typed at one relay while others watch at the two others", { timeout: 300_000 }, async (context) => {
    if (missing !== undefined) context.skip(missing);
    const trace = sequentialTrace("sveltecomponent");
    const relays = Object.values(await relaysToStart({ a: names, b: names, c: names }));
    await startMesh(relays);
    const writer = await new InkClient(relays[0]!, "svelte").synced();
    const watchers = [new YClient(relays[1]!, "svelte"), new InkClient(relays[2]!, "svelte")];
    await Promise.all(watchers.map((watcher) => watcher.synced()));
    const alone = new Y.Doc().getText("text");
    const txns = long ? trace.txns : trace.txns.slice(0, shortTransactions);
    for (const text of [alone, writer.text]) if (trace.startContent !== "") text.insert(0, trace.startContent);
    for (const [index, { patches }] of txns.entries()) {
      typePatches(alone, patches);
      typePatches(writer.text, patches);
      if (index % 20 === 0) await new Promise(setImmediate);
    }
    const text = alone.toString();
    if (long) expect(text === trace.endContent).toBe(true);
    await Promise.all(watchers.map((watcher) => watcher.reads(text, arrivesWithinMs)));
    await writer.saved(arrivesWithinMs);
    expect(writer.room.status).toMatchObject({ phase: "saved", replicas: 3, needed: 2 });
    await expectAfterRestart(relays, "svelte", text);
  });

  test("friendsforever, its authors at two relays that are cut apart in the middle and healed", { timeout: 300_000 }, async (context) => {
    if (missing !== undefined) context.skip(missing);
    const trace = concurrentTrace("friendsforever");
    const end = long ? trace.txns.length : shortTransactions;
    const [cutAt, healAt] = [Math.floor(end * 0.4), Math.floor(end * 0.6)];
    const mesh = await MeshWires.between(names);
    wires = mesh.wires;
    await startMesh(mesh.relays);
    const [a, b, c] = mesh.relays as [MeshProcess, MeshProcess, MeshProcess];
    const clients = [new YClient(a, "friends", { version: "2.1.0" }), new InkClient(b, "friends")] as const;
    const watcher = new YClient(c, "friends");
    await Promise.all([...clients, watcher].map((client) => client.synced()));
    const typed: TypedUpdates = [];
    const authors = clients.map((client, agent) => new TraceAuthor({ agent, client, trace, typed }));

    await Promise.all(authors.map((author) => author.type(cutAt)));
    await clients[1].saved(arrivesWithinMs);
    for (const other of [a, c]) wires.cut(b.name, other.name);
    await Promise.all(authors.map((author) => author.typeRegardless(cutAt, healAt)));
    const left = madeBy(typed.filter((_, index) => index < cutAt || trace.txns[index]!.agent === 0));
    // Each side has its own author's words only, the third relay those of the first author, and whoever is alone saves nothing.
    await watcher.reads(left, arrivesWithinMs);
    expect(clients[0].read() === left).toBe(true);
    expect(clients[1].read() === left).toBe(false);
    expect(clients[1].room.status.phase).not.toBe("saved");
    wires.heal();
    await Promise.all(authors.map((author) => author.typeRegardless(healAt, end)));

    const both = madeBy(typed);
    await Promise.all([...clients, watcher].map((client) => client.reads(both, arrivesWithinMs)));
    await clients[1].saved(arrivesWithinMs);
    await expectAfterRestart(mesh.relays, "friends", both);
  });
});

/** What Yjs by itself makes of these updates. */
function madeBy(updates: TypedUpdates): string {
  const doc = new Y.Doc();
  doc.transact(() => updates.forEach((update) => update !== undefined && Y.applyUpdate(doc, update)));
  return doc.getText("text").toString();
}
