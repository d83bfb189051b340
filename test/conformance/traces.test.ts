/**
 * Real input: the recorded keystrokes of real people, typed through real sockets. The final text equals the recorded
 * one on every client, on a fresh one after a restart of the relay, and through the HTTP face.
 */
import { afterEach, describe, expect, test } from "vitest";
import { endInkClients, InkClient } from "../harness/ink-client.ts";
import { contentOf } from "../harness/relay-api.ts";
import { endRelays, startRelayProcess, type RelayProcess } from "../harness/relay-process.ts";
import { TraceAuthor, type TypedUpdates } from "../harness/trace-author.ts";
import { concurrentTrace, sequentialTrace, tracesMissing, typePatches, type SequentialTrace } from "../harness/traces.ts";
import { endYClients, YClient } from "../harness/y-client.ts";
import type * as Y from "yjs";

const long = process.env["INKMESH_LONG"] === "1";
const missing = tracesMissing();

afterEach(async () => {
  endYClients();
  await endInkClients();
  await endRelays();
});

/** Types a sequential trace; lets the socket breathe every few transactions, as a fast typist's would. */
async function typeAll(text: Y.Text, trace: SequentialTrace): Promise<void> {
  if (trace.startContent !== "") text.insert(0, trace.startContent);
  for (const [index, txn] of trace.txns.entries()) {
    typePatches(text, txn.patches);
    if (index % 20 === 0) await new Promise(setImmediate);
  }
}

async function expectEverywhere(relay: RelayProcess, room: string, text: string): Promise<void> {
  await relay.crashAndRestart();
  const [fresh, ours] = [new YClient(relay, room), new InkClient(relay, room)];
  await Promise.all([fresh.synced(), ours.synced()]);
  expect(fresh.read() === text).toBe(true);
  expect(ours.read() === text).toBe(true);
  expect((await contentOf(relay, room)) === text).toBe(true);
}

describe("[P1, P2] recorded keystrokes", () => {
  test("sveltecomponent, typed by one client while a second watches", async (context) => {
    if (missing !== undefined) context.skip(missing);
    const trace = sequentialTrace("sveltecomponent");
    const relay = await startRelayProcess();
    const [writer, watcher] = [new InkClient(relay, "svelte"), new YClient(relay, "svelte")];
    await Promise.all([writer.synced(), watcher.synced()]);
    await typeAll(writer.text, trace);
    await watcher.reads(trace.endContent, 90_000);
    await writer.saved(90_000);
    expect(writer.read() === trace.endContent).toBe(true);
    endYClients();
    await endInkClients();
    await expectEverywhere(relay, "svelte", trace.endContent);
  });

  test("friendsforever, typed by two clients that wait for what their author had seen", async (context) => {
    if (missing !== undefined) context.skip(missing);
    const trace = concurrentTrace("friendsforever");
    const relay = await startRelayProcess();
    const [ours, theirs] = [new InkClient(relay, "friends"), new YClient(relay, "friends", { version: "2.1.0" })];
    await Promise.all([ours.synced(), theirs.synced()]);
    const typed: TypedUpdates = [];
    await Promise.all([ours, theirs].map((client, agent) => new TraceAuthor({ agent, client, trace, typed }).type()));
    await Promise.all([ours.reads(trace.endContent, 60_000), theirs.reads(trace.endContent, 60_000)]);
    await ours.saved(60_000);
    // A client without acks: a fresh one of it that has everything is the only proof that the relay has it.
    await (await new YClient(relay, "friends", { version: "3.1.0" }).synced()).reads(trace.endContent);
    endYClients();
    await endInkClients();
    await expectEverywhere(relay, "friends", trace.endContent);
  });

  // Ten times as long as the others together: part of the long run only.
  if (long) {
    test("automerge-paper, 259,778 keystrokes by one client while a second watches", { timeout: 1_800_000 }, async (context) => {
      if (missing !== undefined) context.skip(missing);
      const trace = sequentialTrace("automerge-paper");
      const relay = await startRelayProcess();
      const [writer, watcher] = [new YClient(relay, "paper"), new InkClient(relay, "paper")];
      await Promise.all([writer.synced(), watcher.synced()]);
      await typeAll(writer.text, trace);
      await watcher.reads(trace.endContent, 900_000);
      await (await new YClient(relay, "paper").synced()).reads(trace.endContent);
      endYClients();
      await endInkClients();
      await expectEverywhere(relay, "paper", trace.endContent);
    });
  }
});
