import { Inkmesh, MemoryStore } from "@inkmesh/client";
import { AutomergeHandle, loadAutomerge, newAutomergeRoom } from "@inkmesh/client/automerge";
import { afterEach, beforeAll, expect, test, vi } from "vitest";
import { ModelNetwork } from "./model-web-socket.ts";

beforeAll(() => loadAutomerge());
afterEach(() => vi.useRealTimers());

test("[P7] what brings Automerge in and does not come keeps back nothing that is left of other documents", async () => {
  const network = new ModelNetwork();
  const store = new MemoryStore({ shared: true });
  network.isDown = true;
  const first = new Inkmesh({ url: "ws://relay.test", WebSocket: network.WebSocket, store });
  const handle = new AutomergeHandle<{ text: string }>();
  const notes = first.open(newAutomergeRoom(), { doc: handle });
  await notes.whenLoaded;
  handle.change((draft) => void (draft.text = "left"));
  notes.flush();
  const text = first.open("text");
  await text.whenLoaded;
  text.doc.getText("t").insert(0, "left, too");
  await first.close();
  expect((await store.rooms()).map(({ waiting }) => waiting)).toEqual([1, 1]);
  vi.useFakeTimers();
  network.isDown = false;
  const bring = vi.fn(() => new Promise<never>(() => {}));
  const second = new Inkmesh({ url: "ws://relay.test", WebSocket: network.WebSocket, store, automerge: bring });
  await vi.advanceTimersByTimeAsync(10_000);
  expect([bring.mock.calls.length, network.relay.durable.length]).toEqual([1, 0]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(network.relay.durableDoc().getText("t").toString()).toBe("left, too");
  const closed = second.close();
  await vi.advanceTimersByTimeAsync(10_000);
  await closed;
});
