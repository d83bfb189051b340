import { MemoryStore, type OfflineStore } from "@inkmesh/client";
import { Automerge, AutomergeHandle, loadAutomerge, newAutomergeRoom } from "@inkmesh/client/automerge";
import * as Y from "yjs";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { aBeginning, type Note } from "../../property/provider/sim-document.ts";
import { aMesh, aTab, closeAll, name, onRelay, read, soon, type, type ATab } from "./automerge-tab.ts";
import { GatedStore } from "./gated-store.ts";
import { ModelNetwork } from "./model-web-socket.ts";
import { SimChannels, SimLocks } from "./tab-twins.ts";

beforeAll(() => loadAutomerge());
afterEach(closeAll);

const actorOf = ({ handle }: ATab): string => Automerge.getActorId(handle.doc());

test("[P1] two clients type and see each other, and say saved when the relay's disk has it", async () => {
  const network = new ModelNetwork("automerge");
  const [a, b] = [aTab(network), aTab(network)];
  type(a, "hello");
  await a.room.whenSaved();
  await b.room.whenSynced;
  await soon(() => read(b) === "hello");
  type(b, " world");
  await b.room.whenSaved();
  await soon(() => read(a) === "hello world");
  expect(onRelay(network)).toBe("hello world");
  expect(a.room.status).toMatchObject({ phase: "saved", synced: true, waiting: 0, copies: 1 });
});

test("[P2] [P7] an edit is handed to the store in its own task, and from that task on it is not called saved", async () => {
  const network = new ModelNetwork("automerge");
  const store = new GatedStore(new MemoryStore());
  const a = aTab(network, { store });
  await a.room.whenSaved();
  store.isHeld = true;
  const before = store.writes;
  type(a, "x");
  expect(a.room.status).toMatchObject({ phase: "on-this-device", waiting: 1, notOnDevice: 1 });
  await Promise.resolve();
  expect(store.writes).toBe(before + 1);
  store.isHeld = false;
  store.release();
});

test("[P1] what was written into a document before it was opened is saved with the rest", async () => {
  const network = new ModelNetwork("automerge");
  const handle = new AutomergeHandle<Note>(aBeginning());
  const mesh = aMesh(network, { store: new MemoryStore() });
  type({ handle } as ATab, "before ");
  const room = mesh.open(name, { doc: handle });
  type({ handle, room, mesh }, "after");
  expect(room.status.waiting).toBe(1);
  await room.whenLoaded;
  expect(room.status.waiting).toBe(2);
  await room.whenSaved();
  expect(onRelay(network)).toBe("before after");
  expect((await mesh.deviceRooms())[0]?.waiting).toBe(0);
});

test("[P1] both sides of a cut go on, and agree when it is over", async () => {
  const network = new ModelNetwork("automerge");
  const [a, b] = [aTab(network), aTab(network)];
  type(a, "one ");
  await a.room.whenSaved();
  await soon(() => read(b) === "one ");
  network.isDown = true;
  network.cutAll();
  await soon(() => a.mesh.status.connection !== "online" && b.mesh.status.connection !== "online");
  type(a, "from a ");
  type(b, "from b ");
  network.isDown = false;
  for (const tab of [a, b]) tab.mesh.retry();
  await Promise.all([a.room.whenSaved(), b.room.whenSaved()]);
  await soon(() => a.handle.heads().join() === b.handle.heads().join());
  expect(read(a)).toBe(onRelay(network));
  for (const words of ["one ", "from a ", "from b "]) expect(read(a)).toContain(words);
});

test("[P7] a page that is loaded again has its unsent edits, sends them once, and writes as another actor", async () => {
  const network = new ModelNetwork("automerge");
  network.isDown = true;
  const store = (): OfflineStore => kept;
  const kept = new MemoryStore({ shared: true });
  const first = aTab(network, { store: store() });
  await first.room.whenLoaded;
  type(first, "unsent ");
  await soon(() => first.room.status.waiting === 2);
  await first.mesh.close();
  const second = aTab(network, { store: store() });
  expect(second.handle.isReady()).toBe(false);
  await second.handle.whenReady();
  expect([second.handle.isReady(), read(second)]).toEqual([true, "unsent "]);
  type(second, "again");
  network.isDown = false;
  second.mesh.retry();
  await second.room.whenSaved();
  await soon(() => second.room.status.waiting === 0);
  expect(onRelay(network)).toBe("unsent again");
  expect(actorOf(second)).not.toBe(actorOf(first));
  // The beginning, the first life's edit and the second's: nobody's twice.
  expect(network.relay.durable).toHaveLength(3);
});

test("[P7] two tabs with one store agree without a line, under two actors, and one sends what the other typed", async () => {
  const network = new ModelNetwork("automerge");
  const [channels, locks, store] = [new SimChannels(), new SimLocks(), new MemoryStore({ shared: true })];
  const tab = (id: string): ATab => aTab(network, { store, tabs: { channel: channels.open(), locks: locks.of(id) } });
  const [a, b] = [tab("a"), tab("b")];
  for (const { mesh } of [a, b]) mesh.workOffline(true);
  await Promise.all([a.room.whenLoaded, b.room.whenLoaded]);
  type(a, "from a ");
  await soon(() => read(b) === "from a ");
  type(b, "from b");
  await soon(() => read(a) === "from a from b" && a.room.status.waiting === b.room.status.waiting);
  expect(actorOf(a)).not.toBe(actorOf(b));
  const late = tab("c");
  late.mesh.workOffline(true);
  await late.room.whenLoaded;
  await soon(() => read(late) === "from a from b");
  b.mesh.workOffline(false);
  await soon(() => onRelay(network) === "from a from b");
  await soon(() => a.room.status.waiting === 0 && b.room.status.phase === "saved");
});

test("[P7] what a closed tab left of a document that nobody has open is sent, once Automerge can be brought in", async () => {
  const network = new ModelNetwork("automerge");
  network.isDown = true;
  const store = new MemoryStore({ shared: true });
  const first = aTab(network, { store });
  await first.room.whenLoaded;
  type(first, "left");
  await soon(() => first.room.status.waiting === 2);
  await first.mesh.close();
  network.isDown = false;
  const without = aMesh(network, { store });
  await soon(() => without.status.connection === "online");
  expect(await without.deviceRooms()).toMatchObject([{ room: name, waiting: 2 }]);
  await without.close();
  const brought = vi.fn(async () => await import("@inkmesh/client/automerge"));
  const mesh = aMesh(network, { store, automerge: brought });
  await soon(() => onRelay(network) === "left");
  // An application is told the same whether or not something was left.
  expect(() => mesh.open(newAutomergeRoom())).toThrow("give open() an AutomergeHandle");
  expect(brought).toHaveBeenCalledOnce();
});

test("[P1] a relay that lost its disk gets all of it from a client that nothing waits in", async () => {
  const network = new ModelNetwork("automerge");
  const a = aTab(network);
  for (const words of ["one ", "two ", "three"]) type(a, words);
  await a.room.whenSaved();
  network.relay.loseDisk();
  network.cutAll();
  await soon(() => onRelay(network) === "one two three");
  await soon(() => a.room.status.phase === "saved");
});

test("[P8] who comes back to a relay where others went on sends only what that lacks", async () => {
  const network = new ModelNetwork("automerge");
  const [a, b] = [aTab(network), aTab(network)];
  for (const words of ["one ", "two ", "three "]) type(a, words);
  await Promise.all([a.room.whenSaved(), b.room.whenSaved()]);
  await soon(() => read(b) === read(a));
  b.mesh.workOffline(true);
  type(a, "four ");
  await a.room.whenSaved();
  type(b, "from b ");
  const received = vi.spyOn(network.relay, "refuses");
  b.mesh.workOffline(false);
  await b.room.whenSaved();
  await soon(() => b.handle.heads().join() === a.handle.heads().join());
  await soon(() => b.room.status.phase === "saved");
  expect(received).toHaveBeenCalledOnce();
});

describe("what a relay refuses for good", () => {
  async function aRefused(): Promise<{ network: ModelNetwork; a: ATab; refusedAt: () => number }> {
    const network = new ModelNetwork("automerge");
    const a = aTab(network);
    type(a, "fine ");
    await a.room.whenSaved();
    let refused = 0;
    network.relay.refuses = (update) => Buffer.from(update).includes("bad") && (refused += 1) > 0;
    type(a, "bad ");
    await soon(() => a.room.status.setAsideEdits === 1);
    return { network, a, refusedAt: () => refused };
  }

  test("[P7] stays on the device and is offered no more, in no difference either", async () => {
    const { network, a, refusedAt } = await aRefused();
    expect([refusedAt(), a.room.onlyHere.setAside.length, read(a), onRelay(network)]).toEqual([1, 1, "fine bad ", "fine "]);
    network.cutAll();
    await soon(() => a.mesh.status.connection !== "online");
    a.mesh.retry();
    await soon(() => a.mesh.status.connection === "online");
    network.relay.loseDisk();
    network.cutAll();
    await soon(() => onRelay(network) === "fine ");
    expect([refusedAt(), a.room.status.setAsideEdits]).toEqual([1, 1]);
  });

  test("[P7] keeps what hangs on it on the device, too, and nothing of that is called saved", async () => {
    const { network, a, refusedAt } = await aRefused();
    type(a, "after");
    await soon(() => a.room.status.waiting === 1);
    await expect(a.room.whenSaved()).rejects.toThrow("could not be decoded");
    expect([refusedAt(), onRelay(network), read(a)]).toEqual([1, "fine ", "fine bad after"]);
    const { waiting, setAside } = a.room.onlyHere;
    expect(waiting.length + setAside.length).toBe(2);
  });

  test("[P7] is gone when it was discarded and the document is opened anew", async () => {
    const { network, a } = await aRefused();
    const discarded = new Promise<void>((resolve) => a.room.on("discarded", resolve));
    await a.room.discardSetAside();
    await discarded;
    await a.room.close();
    const handle = new AutomergeHandle<Note>(aBeginning());
    const room = a.mesh.open(name, { doc: handle });
    await room.whenSynced;
    type({ handle }, "good");
    await room.whenSaved();
    expect([onRelay(network), handle.doc().text]).toEqual(["fine good", "fine good"]);
  });
});

describe("kinds of documents", () => {
  test("a room takes the kind of document that its name says", () => {
    const mesh = aMesh(new ModelNetwork());
    expect(() => mesh.open(name, { doc: new Y.Doc() })).toThrow("takes an AutomergeHandle");
    expect(() => mesh.open(name)).toThrow("give open() an AutomergeHandle");
    expect(() => mesh.open("notes", { doc: new AutomergeHandle() })).toThrow("takes a Y.Doc");
    expect(() => mesh.open("automerge:nothing", { doc: new AutomergeHandle() })).toThrow("Not a document's name");
  });

  test("a handle is open in one room at a time", async () => {
    const mesh = aMesh(new ModelNetwork("automerge"));
    const handle = new AutomergeHandle();
    const room = mesh.open(name, { doc: handle });
    expect(() => mesh.open(newAutomergeRoom(), { doc: handle })).toThrow("open in another room already");
    await room.close();
    expect(mesh.open(newAutomergeRoom(), { doc: handle }).doc).toBe(handle);
  });
});

test("who is here is told as in a document of Yjs", async () => {
  const network = new ModelNetwork("automerge");
  const [a, b] = [aTab(network), aTab(network)];
  await Promise.all([a.room.whenSynced, b.room.whenSynced]);
  const user = { name: "Ada", color: "#f80" };
  a.room.awareness.setLocalStateField("user", user);
  await soon(() => [...b.room.awareness.getStates().values()].some((state) => state["user"]?.name === "Ada"));
});
