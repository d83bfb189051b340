import { Inkmesh, MemoryStore } from "@inkmesh/client";
import { afterEach, expect, test, vi } from "vitest";
import { GatedStore } from "./gated-store.ts";
import { ModelNetwork } from "./model-web-socket.ts";

afterEach(() => void vi.useRealTimers());

/** A document that is left without a line, in which something was just typed that the disk refuses. */
async function leaving(): Promise<{ store: GatedStore; mesh: Inkmesh; closing: Promise<unknown> }> {
  vi.useFakeTimers();
  const network = new ModelNetwork();
  network.isDown = true;
  const store = new GatedStore(new MemoryStore());
  const mesh = new Inkmesh({ url: "ws://relay.test", WebSocket: network.WebSocket, store });
  const room = mesh.open("r");
  await room.whenLoaded;
  room.doc.getText("t").insert(0, "last");
  store.isBroken = true;
  return { store, mesh, closing: room.close().then(() => "kept", String) };
}

test("[P7] a disk that refuses what was typed last is written to again when the document is closed", async () => {
  const { store, closing } = await leaving();
  await vi.advanceTimersByTimeAsync(500);
  store.isBroken = false;
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await closing).toBe("kept");
  expect((await store.load("r")).outbox).toHaveLength(1);
});

test("[P7] a disk that refuses what was typed last is told of when it goes on refusing, by the document and by the whole client", async () => {
  const { store, mesh, closing } = await leaving();
  const ended = mesh.close().then(() => "kept", String);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await closing).toContain("Lost: 1 of the last edits");
  expect(await ended).toContain("Lost: 1 of the last edits");
  expect(store.writes).toBe(4);
});
