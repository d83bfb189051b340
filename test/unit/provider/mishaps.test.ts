import { Inkmesh, MemoryStore, type InkmeshRoom, type OfflineStore } from "@inkmesh/client";
import { concatBytes } from "@inkmesh/shared/base/bytes";
import { decodeClientMessages } from "@inkmesh/shared/wire/native-client";
import { afterEach, expect, test, vi } from "vitest";
import { Awareness } from "y-protocols/awareness";
import * as Y from "yjs";
import { ModelNetwork } from "./model-web-socket.ts";

const open: Inkmesh[] = [];
afterEach(() => Promise.all(open.splice(0).map((mesh) => mesh.close())));

function aMesh(network: ModelNetwork, store: OfflineStore = new MemoryStore()): Inkmesh {
  const mesh = new Inkmesh({ url: "ws://relay.test", WebSocket: network.WebSocket, store });
  open.push(mesh);
  return mesh;
}

const textOf = (room: InkmeshRoom): Y.Text => room.doc.getText("t");
const durable = (network: ModelNetwork): string => network.relay.durableDoc().getText("t").toString();

/** How many edits of the relay the device's clock names. */
const editsNamed = async (store: OfflineStore): Promise<number> =>
  (await store.load("r")).clock.entries().reduce((sum, [, counter]) => sum + counter, 0);

/** Collects what is reported as uncaught meanwhile, in place of the runner. */
async function uncaughtDuring(action: () => Promise<void>): Promise<unknown[]> {
  const before = process.listeners("uncaughtException");
  const uncaught: unknown[] = [];
  process.removeAllListeners("uncaughtException");
  process.on("uncaughtException", (failure) => uncaught.push(failure));
  try {
    await action();
    // The reports are timers.
    await new Promise((resolve) => setTimeout(resolve, 5));
  } finally {
    process.removeAllListeners("uncaughtException");
    for (const listener of before) process.on("uncaughtException", listener);
  }
  return uncaught;
}

/** As a real relay does: what is said in one task is one frame. */
function sayInOneFrame({ relay }: ModelNetwork): void {
  const connect = relay.connect.bind(relay);
  relay.connect = (socket, send) => {
    let said: Uint8Array[] = [];
    connect(socket, (frame) => {
      if (said.push(frame) > 1) return;
      queueMicrotask(() => {
        send(concatBytes(said));
        said = [];
      });
    });
  };
}

test("[P1] an app whose observers and presence listeners throw misses nothing, and is told of its mistake", async () => {
  const network = new ModelNetwork();
  sayInOneFrame(network);
  const store = new MemoryStore();
  const writer = aMesh(network).open("r");
  writer.awareness.setLocalStateField("user", "ada");
  textOf(writer).insert(0, "one ");
  await writer.whenSaved();
  const fail = (): never => {
    throw new Error("the app's mistake");
  };
  const uncaught = await uncaughtDuring(async () => {
    const doc = new Y.Doc();
    const awareness = new Awareness(doc);
    doc.getText("t").observe(({ transaction }) => transaction.local || fail());
    awareness.on("update", fail);
    const reader = aMesh(network, store).open("r", { doc, awareness });
    await reader.whenSynced;
    await vi.waitFor(async () => expect(await editsNamed(store)).toBe(1));
    network.cutAll();
    textOf(writer).insert(4, "two");
    await writer.whenSaved();
    await vi.waitFor(() => expect(textOf(reader).toString()).toBe("one two"), { timeout: 3_000 });
    await vi.waitFor(async () => expect(await editsNamed(store)).toBe(2));
    await vi.waitFor(() => expect(writer.awareness.getStates().has(doc.clientID)).toBe(true));
    awareness.off("update", fail);
  });
  expect(uncaught.length).toBeGreaterThan(0);
  expect(new Set(uncaught.map(String))).toEqual(new Set(["Error: the app's mistake"]));
});

/** Counts how often a room is opened at the relay. */
function countOpens(network: ModelNetwork): { opens: number } {
  const count = { opens: 0 };
  const receive = network.receive.bind(network);
  network.receive = (id, frame) => {
    const messages = decodeClientMessages(frame);
    if (messages.ok && messages.value.some(({ type }) => type === "open")) count.opens += 1;
    receive(id, frame);
  };
  return count;
}

/** A mesh that is offline, with one edit of a closed room on its device. */
async function aMeshWithLeftovers(network: ModelNetwork, store: OfflineStore): Promise<Inkmesh> {
  const mesh = aMesh(network, store);
  mesh.workOffline(true);
  const room = mesh.open("r");
  await room.whenLoaded;
  textOf(room).insert(0, "left behind");
  await room.close();
  return mesh;
}

/** Long enough for dozens of rounds, if there were rounds. */
const aWhile = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 200));

test("[P7] what is left of a deleted document is offered once, not for ever", async () => {
  const network = new ModelNetwork();
  const mesh = await aMeshWithLeftovers(network, new MemoryStore());
  network.isDiskHeld = true;
  const count = countOpens(network);
  const { receive } = network;
  network.receive = (id, frame) => {
    const before = count.opens;
    receive(id, frame);
    if (count.opens > before) network.relay.deleteRoom("ada", 7);
  };
  mesh.workOffline(false);
  await vi.waitFor(() => expect(count.opens).toBe(1));
  await aWhile();
  expect(count.opens).toBe(1);
  expect((await mesh.deviceRooms())[0]?.waiting).toBe(1);
});

test("[P7] what was sent but stays on a device that cannot note it is not sent again at once", async () => {
  const network = new ModelNetwork();
  const store = new MemoryStore();
  const write = store.write.bind(store);
  store.write = (room, changes) =>
    write(
      room,
      changes.filter(({ type }) => type !== "saved"),
    );
  const mesh = await aMeshWithLeftovers(network, store);
  const count = countOpens(network);
  mesh.workOffline(false);
  await vi.waitFor(() => expect(durable(network)).toBe("left behind"));
  await aWhile();
  expect(count.opens).toBe(1);
});

test("[P7] one damaged update on the device does not keep a document from opening", async () => {
  const network = new ModelNetwork();
  const store = new MemoryStore();
  const other = aMesh(network).open("r");
  textOf(other).insert(0, "on the relay");
  await other.whenSaved();
  await store.write("r", [{ type: "updates", updates: [Uint8Array.of(1, 200, 3, 255)] }]);
  const doc = new Y.Doc();
  doc.getMap("m").set("brought", true);
  const room = aMesh(network, store).open("r", { doc });
  await room.whenSynced;
  await room.whenSaved();
  expect(textOf(room).toString()).toBe("on the relay");
  expect(network.relay.durableDoc().getMap("m").get("brought")).toBe(true);
});

test("[P1] a deletion made in an app's own document before it is opened is an edit", async () => {
  const network = new ModelNetwork();
  const store = new MemoryStore();
  const doc = new Y.Doc();
  const first = aMesh(network, store).open("r", { doc });
  textOf(first).insert(0, "abc");
  await first.whenSaved();
  await first.close();
  doc.getText("t").delete(1, 1);
  await aMesh(network, store).open("r", { doc }).whenSaved();
  expect(durable(network)).toBe("ac");
});

test("[P2] with an edit refused for good a document is not called saved, whatever is acknowledged after it", async () => {
  const network = new ModelNetwork();
  const room = aMesh(network).open("r");
  textOf(room).insert(0, "x");
  await room.whenSaved();
  textOf(room).insert(1, "y".repeat(1_100_000));
  await vi.waitFor(() => expect(room.status.problem?.code).toBe("UPDATE_TOO_BIG"));
  textOf(room).delete(0, 1);
  await vi.waitFor(() => expect(durable(network)).toBe(""));
  await vi.waitFor(() => expect(room.status.waiting).toBe(0));
  expect(room.status).toMatchObject({ phase: "on-this-device", problem: { code: "UPDATE_TOO_BIG" }, setAside: { code: "UPDATE_TOO_BIG" } });
});

test("[P2] a document whose repair a relay refuses for good is not called saved, whatever is acknowledged after it", async () => {
  const store = new MemoryStore();
  const first = aMesh(new ModelNetwork(), store);
  const writer = first.open("r");
  for (const letter of "ab") {
    textOf(writer).insert(0, letter.repeat(600_000));
    await writer.whenSaved();
  }
  await first.close();
  const wiped = new ModelNetwork();
  const room = aMesh(wiped, store).open("r");
  await vi.waitFor(() => expect(room.status.problem?.code).toBe("UPDATE_TOO_BIG"));
  room.doc.getMap("m").set("later", true);
  await expect(room.whenSaved()).rejects.toThrow("larger than this relay takes");
  await vi.waitFor(() => expect([wiped.relay.durableDoc().getMap("m").get("later"), room.status.waiting]).toEqual([true, 0]));
  expect(room.status).toMatchObject({ phase: "on-this-device", problem: { code: "UPDATE_TOO_BIG" } });
  await expect(room.whenSaved()).rejects.toThrow("larger than this relay takes");
  expect(room.onlyHere.waiting).toHaveLength(1);
});

test("[P1] a device's copy with a hole names no clock, so that the relay fills it", async () => {
  const network = new ModelNetwork();
  const whole = new MemoryStore();
  const writer = aMesh(network, whole).open("r");
  const updates: Uint8Array[] = [];
  writer.doc.on("update", (update: Uint8Array) => updates.push(update));
  for (const letter of "ab") {
    textOf(writer).insert(textOf(writer).length, letter);
    await writer.whenSaved();
  }
  await vi.waitFor(async () => expect(await editsNamed(whole)).toBe(2));
  const holed = new MemoryStore();
  await holed.write("r", [
    { type: "updates", updates: updates.slice(1) },
    { type: "clock", generation: 0, clock: (await whole.load("r")).clock },
  ]);
  const room = aMesh(network, holed).open("r");
  await room.whenSynced;
  expect(textOf(room).toString()).toBe("ab");
});
