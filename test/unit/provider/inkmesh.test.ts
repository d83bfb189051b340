import { Inkmesh, MemoryStore, type InkmeshRoom, type OfflineStore } from "@inkmesh/client";
import { afterEach, expect, test, vi } from "vitest";
import * as Y from "yjs";
import { GatedStore } from "./gated-store.ts";
import { ModelNetwork } from "./model-web-socket.ts";
import { SimChannels, SimLocks } from "./tab-twins.ts";

const open: Inkmesh[] = [];
afterEach(() => Promise.all(open.splice(0).map((mesh) => mesh.close())));

function aMesh(
  network: ModelNetwork,
  options: { store?: OfflineStore; tabs?: { channels: SimChannels; locks: SimLocks; name: string } } = {},
): Inkmesh {
  const { store, tabs } = options;
  const mesh = new Inkmesh({
    url: "ws://relay.test",
    WebSocket: network.WebSocket,
    ...(store ? { store } : {}),
    ...(tabs ? { tabs: { channel: tabs.channels.open(), locks: tabs.locks.of(tabs.name) } } : {}),
  });
  open.push(mesh);
  return mesh;
}

const textOf = (room: InkmeshRoom): Y.Text => room.doc.getText("t");
const read = (room: InkmeshRoom): string => textOf(room).toString();
const soon = <Value>(holds: () => Value): Promise<Value> =>
  vi.waitFor(
    () => {
      const value = holds();
      if (value === false) throw new Error(`not yet: ${holds.toString()}`);
      return value;
    },
    { timeout: 3_000, interval: 2 },
  );

test("a credential that no relay would read is refused where it is given", () => {
  const network = new ModelNetwork();
  const shown = (credential: string): Inkmesh => new Inkmesh({ url: "ws://relay.test", WebSocket: network.WebSocket, credential });
  open.push(shown("x".repeat(16_384)));
  expect(() => shown("x".repeat(16_385))).toThrow("The credential has 16385 bytes, and may have 16384.");
});

test("[P1] two clients type and see each other, and say saved when the relay's disk has it", async () => {
  const network = new ModelNetwork();
  const [a, b] = [aMesh(network).open("r"), aMesh(network).open("r")];
  textOf(a).insert(0, "hello");
  await a.whenSaved();
  await b.whenSynced;
  textOf(b).insert(5, " world");
  await b.whenSaved();
  await soon(() => read(a) === "hello world");
  expect(network.relay.durableDoc().getText("t").toString()).toBe("hello world");
  expect(a.status).toMatchObject({ phase: "saved", synced: true, waiting: 0, copies: 1, replicas: 1, needed: 1, generation: 0 });
});

test("[P2] in the very task of an edit nothing is called saved, though the last thing told was", async () => {
  const room = aMesh(new ModelNetwork()).open("r");
  textOf(room).insert(0, "a");
  await room.whenSaved();
  expect(room.status).toMatchObject({ phase: "saved", waiting: 0 });
  textOf(room).insert(1, "b");
  expect(room.status).toMatchObject({ phase: "on-this-device", waiting: 1, notOnDevice: 1, copies: 0 });
});

test("[P2] the phase follows the truth: connecting, on this device, saved, and back while a disk keeps the relay waiting", async () => {
  const network = new ModelNetwork();
  network.isDown = true;
  const room = aMesh(network, { store: new GatedStore(new MemoryStore()) }).open("r");
  const phases: string[] = [];
  room.on("status", ({ phase }) => void (phases.at(-1) === phase || phases.push(phase)));
  await room.whenLoaded;
  textOf(room).insert(0, "a");
  await soon(() => room.status.phase === "on-this-device" && room.status.waiting === 1 && room.status.notOnDevice === 0);
  network.isDown = false;
  await room.whenSaved();
  await soon(() => room.status.phase === "saved");
  network.isDiskHeld = true;
  textOf(room).insert(0, "b");
  await soon(() => room.status.phase === "on-this-device");
  expect(phases).not.toContain("kept-by-a-relay");
});

test("[P7] an edit is handed to the store in its own task, and is not called on this device before the store says so", async () => {
  const network = new ModelNetwork();
  const store = new GatedStore(new MemoryStore());
  const room = aMesh(network, { store }).open("r");
  await room.whenSynced;
  store.isHeld = true;
  const before = store.writes;
  textOf(room).insert(0, "x");
  await Promise.resolve();
  expect(store.writes).toBe(before + 1);
  await soon(() => room.status.notOnDevice === 1);
  store.isHeld = false;
  store.release();
  await soon(() => room.status.notOnDevice === 0);
});

test("the edits of one turn are one write", async () => {
  const store = new GatedStore(new MemoryStore());
  const network = new ModelNetwork();
  const room = aMesh(network, { store }).open("r");
  await room.whenLoaded;
  network.isDown = true;
  network.cutAll();
  await soon(() => room.status.phase === "on-this-device");
  const before = store.writes;
  for (const letter of "word") textOf(room).insert(0, letter);
  await soon(() => room.status.waiting === 4);
  expect(store.writes).toBe(before + 1);
});

test("[P2] no clock is kept while an edit told before it is not on this device's disk", async () => {
  const network = new ModelNetwork();
  const store = new GatedStore(new MemoryStore());
  const room = aMesh(network, { store }).open("r");
  await room.whenSynced;
  await soon(() => store.idle);
  store.isHeld = true;
  textOf(room).insert(0, "x");
  await room.whenSaved();
  expect(store.written.flat().filter(({ type }) => type === "clock").length).toBeLessThanOrEqual(1);
  const clocksBefore = (await store.load("r")).clock.size;
  expect(clocksBefore).toBe(0);
  store.isHeld = false;
  store.release();
  await vi.waitFor(async () => expect((await store.load("r")).clock.size).toBe(1));
});

test("a device disk that refuses is said, and written to again until it takes everything", async () => {
  const network = new ModelNetwork();
  network.isDown = true;
  const store = new GatedStore(new MemoryStore());
  const room = aMesh(network, { store }).open("r");
  await room.whenLoaded;
  store.isBroken = true;
  textOf(room).insert(0, "x");
  await soon(() => room.status.device === "failed" && room.status.notOnDevice === 1);
  textOf(room).insert(0, "y");
  store.isBroken = false;
  await soon(() => room.status.device === "disk" && room.status.notOnDevice === 0);
  expect((await store.load("r")).outbox).toHaveLength(2);
});

test("[P1] a deletion that a relay showed and lost is given back by who saw it, though its author never comes again", async () => {
  const network = new ModelNetwork();
  const [author, reader] = [aMesh(network), aMesh(network)];
  const [a, b] = [author.open("r"), reader.open("r")];
  textOf(a).insert(0, "two words");
  await a.whenSaved();
  await soon(() => read(b) === "two words");
  network.isDiskHeld = true;
  textOf(a).delete(0, 4);
  await soon(() => read(b) === "words");
  author.workOffline(true);
  network.relay.crash();
  network.isDiskHeld = false;
  network.cutAll();
  await soon(() => network.relay.durableDoc().getText("t").toString() === "words");
  await soon(() => b.status.phase === "saved");
});

test("[P7] a device store that was emptied from outside is written again whole: content, and what waits", async () => {
  const network = new ModelNetwork();
  const store = new GatedStore(new MemoryStore());
  const room = aMesh(network, { store }).open("r");
  await room.whenSynced;
  textOf(room).insert(0, "saved ");
  await room.whenSaved();
  network.isDiskHeld = true;
  textOf(room).insert(6, "waiting");
  await soon(() => room.status.waiting === 1);
  await store.remove("r");
  store.onEmptied?.();
  await vi.waitFor(async () => expect((await store.load("r")).outbox).toHaveLength(1));
  const copy = await store.load("r");
  const doc = new Y.Doc();
  for (const update of copy.updates) Y.applyUpdate(doc, update);
  expect(doc.getText("t").toString()).toBe("saved waiting");
});

test("[P7] a device store that cannot be read does not keep the document from being edited, nor a clock that is not true", async () => {
  const network = new ModelNetwork();
  const inner = new MemoryStore();
  const before = aMesh(network, { store: new GatedStore(inner) }).open("r");
  await before.whenSynced;
  textOf(before).insert(0, "known to the relay");
  await before.whenSaved();
  const store = new GatedStore(new MemoryStore());
  store.isUnreadable = true;
  const room = aMesh(network, { store }).open("r");
  await room.whenLoaded;
  textOf(room).insert(0, "x");
  await room.whenSynced;
  await room.whenSaved();
  store.isUnreadable = false;
  await vi.waitFor(async () => expect((await store.load("r")).clock.size).toBe(1));
  const doc = new Y.Doc();
  const { updates, outbox } = await store.load("r");
  for (const update of [...updates, ...outbox.map((entry) => entry.bytes)]) Y.applyUpdate(doc, update);
  expect(doc.getText("t").toString()).toBe(read(room));
});

test("in memory only, everything that waits is said not to be on this device", async () => {
  const network = new ModelNetwork();
  network.isDown = true;
  const room = aMesh(network).open("r");
  await room.whenLoaded;
  textOf(room).insert(0, "x");
  await soon(() => room.status.waiting === 1);
  expect(room.status).toMatchObject({ device: "memory", notOnDevice: 1 });
});

test("remote updates of one frame come in one transaction, whose origin is the room, and undo passes them over", async () => {
  const network = new ModelNetwork();
  const writer = aMesh(network).open("r");
  await writer.whenSynced;
  for (const letter of "abcdef") textOf(writer).insert(0, letter);
  await writer.whenSaved();
  const reader = aMesh(network).open("r");
  const undo = new Y.UndoManager(textOf(reader));
  const origins: unknown[] = [];
  reader.doc.on("afterTransaction", (transaction) => void (transaction.changed.size > 0 && origins.push(transaction.origin)));
  await reader.whenSynced;
  expect(read(reader)).toBe("fedcba");
  expect(origins).toEqual([reader]);
  undo.undo();
  expect(read(reader)).toBe("fedcba");
});

test("while remote updates are held they are stored, and shown at once when they are let go", async () => {
  const network = new ModelNetwork();
  const store = new MemoryStore();
  const [writer, reader] = [aMesh(network).open("r"), aMesh(network, { store }).open("r")];
  await Promise.all([writer.whenSynced, reader.whenSynced]);
  let applied = 0;
  reader.on("remote", () => (applied += 1));
  reader.holdRemote(true);
  textOf(writer).insert(0, "one");
  textOf(writer).insert(0, "two ");
  await writer.whenSaved();
  await vi.waitFor(async () => expect((await store.load("r")).updates.length).toBeGreaterThan(0));
  expect(read(reader)).toBe("");
  reader.holdRemote(false);
  expect([read(reader), applied]).toEqual(["two one", 1]);
});

test("content that a document brings along is an edit; content that the device has already is not", async () => {
  const network = new ModelNetwork();
  const store = new MemoryStore();
  const doc = new Y.Doc();
  doc.getText("t").insert(0, "brought");
  const mesh = aMesh(network, { store });
  const room = mesh.open("r", { doc });
  await room.whenSaved();
  expect(network.relay.durableDoc().getText("t").toString()).toBe("brought");
  await room.close();
  const again = aMesh(network, { store }).open("r", { doc });
  await again.whenLoaded;
  expect(again.status.waiting).toBe(0);
  await again.whenSynced;
  expect(read(again)).toBe("brought");
});

test("[P7] a reload offline brings back what was typed, and sends it once there is a relay", async () => {
  const network = new ModelNetwork();
  const store = new MemoryStore();
  const first = aMesh(network, { store });
  first.workOffline(true);
  textOf(first.open("r")).insert(0, "typed offline");
  await first.close();
  const second = aMesh(network, { store });
  second.workOffline(true);
  const room = second.open("r");
  await room.whenLoaded;
  expect(read(room)).toBe("typed offline");
  await soon(() => room.status.waiting === 1);
  expect(await second.deviceRooms()).toMatchObject([{ room: "r", waiting: 1 }]);
  second.workOffline(false);
  await soon(() => room.status.phase === "saved");
  expect(network.relay.durableDoc().getText("t").toString()).toBe("typed offline");
  await vi.waitFor(async () => expect(await second.deviceRooms()).toMatchObject([{ room: "r", waiting: 0 }]));
});

test("[P7] edits of a room that was closed before they were saved are sent in the background", async () => {
  const network = new ModelNetwork();
  const mesh = aMesh(network, { store: new MemoryStore() });
  mesh.workOffline(true);
  const room = mesh.open("r");
  await room.whenLoaded;
  textOf(room).insert(0, "left behind");
  await room.close();
  mesh.workOffline(false);
  await soon(() => network.relay.durableDoc().getText("t").toString() === "left behind");
  await vi.waitFor(async () => expect((await mesh.deviceRooms())[0]?.waiting).toBe(0));
  const again = mesh.open("r");
  await again.whenLoaded;
  expect(read(again)).toBe("left behind");
});

test("[P10] a deleted room says by whom, keeps what waits, and rejects whoever waits for saved", async () => {
  const network = new ModelNetwork();
  const mesh = aMesh(network);
  const room = mesh.open("r");
  await room.whenSynced;
  network.isDiskHeld = true;
  textOf(room).insert(0, "x");
  const saved = room.whenSaved();
  const deletion = new Promise((resolve) => room.on("deleted", resolve));
  expect(room.deletion).toBeUndefined();
  await soon(() => room.status.waiting === 1);
  network.relay.deleteRoom("ada", 7);
  expect(await deletion).toEqual({ by: "ada", atMs: 7 });
  // For who begins to listen only now.
  expect(room.deletion).toEqual({ by: "ada", atMs: 7 });
  await expect(saved).rejects.toThrow("deleted");
  expect(room.status).toMatchObject({ phase: "deleted", waiting: 1 });
  expect((await mesh.deviceRooms())[0]?.waiting).toBe(1);
});

test("[P10] presence shows others, goes with the line and comes back after it", async () => {
  const network = new ModelNetwork();
  const [a, b] = [aMesh(network).open("r"), aMesh(network).open("r")];
  await Promise.all([a.whenSynced, b.whenSynced]);
  a.awareness.setLocalStateField("user", { name: "ada" });
  const seen = (): unknown => b.awareness.getStates().get(a.doc.clientID)?.["user"];
  await vi.waitFor(() => expect(seen()).toEqual({ name: "ada" }));
  network.cutAll();
  await soon(() => seen() === undefined);
  await vi.waitFor(() => expect(seen()).toEqual({ name: "ada" }), { timeout: 3_000 });
});

test("[P7] tabs agree while offline, and a living tab sends what a dead one left", async () => {
  const network = new ModelNetwork();
  network.isDown = true;
  const [channels, locks, store] = [new SimChannels(), new SimLocks(), new MemoryStore({ shared: true })];
  const deadChannel = channels.open();
  const dying = new Inkmesh({
    url: "ws://relay.test",
    WebSocket: network.WebSocket,
    store,
    tabs: { channel: deadChannel, locks: locks.of("a") },
  });
  const living = aMesh(network, { store, tabs: { channels, locks, name: "b" } });
  const [a, b] = [dying.open("r"), living.open("r")];
  await Promise.all([a.whenLoaded, b.whenLoaded]);
  textOf(a).insert(0, "from a");
  await soon(() => read(b) === "from a");
  textOf(b).insert(6, " and b");
  await soon(() => read(a) === "from a and b");
  // Each knows of both edits, its own and the other tab's.
  expect([a.status.waiting, b.status.waiting]).toEqual([2, 2]);
  // The tab dies: no goodbye, no line, its locks are free.
  dying.workOffline(true);
  deadChannel.isFrozen = true;
  locks.end("a");
  await soon(() => b.status.waiting === 2);
  network.isDown = false;
  living.retry();
  await soon(() => b.status.phase === "saved");
  expect(network.relay.durableDoc().getText("t").toString()).toBe("from a and b");
  await vi.waitFor(async () => expect((await living.deviceRooms())[0]?.waiting).toBe(0));
  await dying.close();
});

test("what tabs told each other is sent by both if need be and still there once", async () => {
  const network = new ModelNetwork();
  const [channels, locks, store] = [new SimChannels(), new SimLocks(), new MemoryStore({ shared: true })];
  const first = aMesh(network, { store, tabs: { channels, locks, name: "a" } });
  const second = aMesh(network, { store, tabs: { channels, locks, name: "b" } });
  const [a, b] = [first.open("r"), second.open("r")];
  await Promise.all([a.whenSynced, b.whenSynced]);
  first.workOffline(true);
  textOf(a).insert(0, "base ");
  await soon(() => read(b) === "base ");
  // Builds on what no relay has: a gap, closed by a difference that holds the other tab's edit.
  textOf(b).insert(5, "top");
  await b.whenSaved();
  expect(network.relay.durableDoc().getText("t").toString()).toBe("base top");
  first.workOffline(false);
  await a.whenSaved();
  expect(read(a)).toBe("base top");
  expect(network.relay.durableDoc().getText("t").toString()).toBe("base top");
});

test("a room that is open already, a name that is none, and a missing WebSocket are told in a sentence", async () => {
  const network = new ModelNetwork();
  const mesh = aMesh(network);
  mesh.open("r");
  expect(() => mesh.open("r")).toThrow("open here already");
  expect(() => mesh.open("")).toThrow("name");
  vi.stubGlobal("WebSocket", undefined);
  expect(() => new Inkmesh({ url: "ws://relay.test" })).toThrow("has no WebSocket");
  vi.unstubAllGlobals();
});
