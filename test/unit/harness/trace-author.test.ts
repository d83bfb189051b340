/**
 * The two-person replay is right by itself: over a network of timers, without a relay, it gives the recorded text. So
 * a wrong text in the conformance tests is the relay's or a client's doing.
 */
import { expect, test } from "vitest";
import * as Y from "yjs";
import { containsUpdate, TraceAuthor, type TypedUpdates } from "../../harness/trace-author.ts";
import { concurrentTrace, tracesMissing } from "../../harness/traces.ts";

test("friendsforever gives the recorded text over a slow network without a relay", { timeout: 60_000 }, async (context) => {
  const missing = tracesMissing();
  if (missing !== undefined) context.skip(missing);
  const trace = concurrentTrace("friendsforever");
  const clients = [new Y.Doc(), new Y.Doc()].map((doc) => ({ doc, text: doc.getText("text") }));
  for (const [index, client] of clients.entries()) {
    const other = clients[1 - index]!.doc;
    client.doc.on("update", (update: Uint8Array, origin: unknown) => {
      if (origin === "author") setImmediate(() => Y.applyUpdate(other, update, "network"));
    });
  }
  const typed: TypedUpdates = [];
  await Promise.all(clients.map((client, agent) => new TraceAuthor({ agent, client, trace, typed }).type()));
  await new Promise(setImmediate);
  await new Promise(setImmediate);
  expect(clients.map((client) => client.text.toString() === trace.endContent)).toEqual([true, true]);
});

test("an update is here only when its deletions are", () => {
  const [author, reader] = [new Y.Doc(), new Y.Doc()];
  const updates: Uint8Array[] = [];
  author.on("update", (update: Uint8Array) => updates.push(update));
  author.getText("text").insert(0, "abc");
  author.getText("text").delete(1, 1);
  expect(containsUpdate(reader, updates[0]!)).toBe(false);
  Y.applyUpdate(reader, updates[0]!);
  expect(updates.map((update) => containsUpdate(reader, update))).toEqual([true, false]);
  Y.applyUpdate(reader, updates[1]!);
  expect(updates.map((update) => containsUpdate(reader, update))).toEqual([true, true]);
});
