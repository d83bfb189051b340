import { Inkmesh, MemoryStore } from "@inkmesh/client";
import { expect, test, vi } from "vitest";
import { ModelNetwork } from "./model-web-socket.ts";

test("[P10] what this device holds of a deleted document is said to be that, and not of the next one of that name", async () => {
  vi.useFakeTimers();
  const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);
  const network = new ModelNetwork();
  const store = new MemoryStore();
  const mesh = new Inkmesh({ url: "ws://relay.test", WebSocket: network.WebSocket, store });
  const room = mesh.open("r");
  await pass(1_000);
  network.isDiskHeld = true;
  room.doc.getText("t").insert(0, "never sent");
  await pass(1_000);
  expect(await mesh.deviceRooms()).toMatchObject([{ room: "r", waiting: 1 }]);
  expect((await mesh.deviceRooms())[0]).not.toHaveProperty("deletion");
  network.relay.deleteRoom("ada", 7);
  await pass(1_000);
  await room.close();
  expect(await mesh.deviceRooms()).toMatchObject([{ room: "r", waiting: 1, deletion: { by: "ada", atMs: 7 } }]);
  await store.remove("r");
  await store.write("r", [{ type: "edits", entries: [{ tab: "other", number: 1, createdMs: 0, bytes: new Uint8Array([0, 0]) }] }]);
  expect((await mesh.deviceRooms())[0]).not.toHaveProperty("deletion");
  await mesh.close();
  vi.useRealTimers();
});
