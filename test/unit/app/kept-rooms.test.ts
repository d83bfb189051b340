import { Inkmesh, MemoryStore } from "@inkmesh/client";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type AnyRoom, isYjsRoom, type YjsRoom } from "../../../client/app/any-room.ts";
import { KeptRooms } from "../../../client/app/kept-rooms.ts";
import { GatedStore } from "../provider/gated-store.ts";
import { ModelNetwork } from "../provider/model-web-socket.ts";

const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

let network: ModelNetwork;
let store: GatedStore;
let mesh: Inkmesh;
let rooms: KeptRooms;
/** Documents for which the tab is not closed unasked. */
let guarded: string[];

beforeEach(() => {
  vi.useFakeTimers();
  network = new ModelNetwork();
  network.isDown = true;
  store = new GatedStore(new MemoryStore());
  mesh = new Inkmesh({ url: "ws://relay.test", WebSocket: network.WebSocket, store });
  guarded = [];
  const guard = ({ name }: AnyRoom) => {
    guarded.push(name);
    return () => void guarded.splice(guarded.indexOf(name), 1);
  };
  rooms = new KeptRooms({ mesh, guard });
});
afterEach(async () => {
  const closing = mesh.close().catch(() => undefined);
  await pass(10_000);
  await closing;
  vi.useRealTimers();
});

/** One types in a document and leaves it at once. */
async function typeAndLeave(): Promise<YjsRoom> {
  const room = rooms.open("r");
  if (!isYjsRoom(room)) throw new Error("a room of Yjs by its name");
  await room.whenLoaded;
  room.doc.getText("t").insert(0, "last words");
  rooms.leave(room);
  return room;
}

test("[P7] a document that is left in the moment of a write is closed after it", async () => {
  const room = await typeAndLeave();
  expect([room.isClosed, guarded, rooms.refused]).toEqual([false, ["r"], []]);
  await pass(100);
  expect([room.isClosed, guarded, room.awareness.getLocalState()]).toEqual([true, [], null]);
  expect((await store.load("r")).outbox).toHaveLength(1);
});

test("[P7] last words that the disk refuses are told of, written when it takes them, and the document closed then", async () => {
  store.isBroken = true;
  const told = vi.fn();
  rooms.on(() => told(rooms.refused.map(({ count }) => count)));
  const room = await typeAndLeave();
  await pass(60_000);
  expect(told).toHaveBeenLastCalledWith([1]);
  expect([room.isClosed, guarded]).toEqual([false, ["r"]]);
  store.isBroken = false;
  await pass(60_000);
  expect(told).toHaveBeenLastCalledWith([]);
  expect([room.isClosed, guarded]).toEqual([true, []]);
  expect((await store.load("r")).outbox).toHaveLength(1);
});

test("[P7] last words that the disk refuses are sent when there is a line, though the document is not shown any more", async () => {
  store.isBroken = true;
  const room = await typeAndLeave();
  network.isDown = false;
  await pass(60_000);
  expect(network.relay.durableDoc().getText("t").toString()).toBe("last words");
  expect([room.isClosed, guarded]).toEqual([true, []]);
});

test("[P7] whoever comes back to a document that the disk refuses finds what was typed last, and is seen again", async () => {
  store.isBroken = true;
  const left = await typeAndLeave();
  await pass(1_000);
  const room = rooms.open("r");
  expect(room).toBe(left);
  expect([guarded, rooms.refused, room.awareness.getLocalState()]).toEqual([[], [], {}]);
});

test("a document in which nothing was typed is closed at once", async () => {
  const room = rooms.open("r");
  await room.whenLoaded;
  rooms.leave(room);
  expect(room.isClosed).toBe(true);
});
