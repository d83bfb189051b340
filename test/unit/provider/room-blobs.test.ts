/**
 * Images in a client: on the device before they are named, counted until they are saved, shown from the device.
 */
import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Inkmesh, MemoryStore, type InkmeshRoom } from "@inkmesh/client";
import { pause } from "../../harness/until.ts";
import { ABlobRelay, refusal } from "./a-blob-relay.ts";
import { ModelNetwork } from "./model-web-socket.ts";
import { SimChannels, SimLocks } from "./tab-twins.ts";

const bytes = Uint8Array.of(1, 2, 3);
const nameOf = (of: Uint8Array): string => `sha256-${createHash("sha256").update(of).digest("hex")}`;
const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

/** The digest of a real crypto is not on the pretended clock. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) {
    await new Promise<void>((resolve) => setImmediate(resolve));
    await pass(20);
  }
}

let network: ModelNetwork;
let relay: ABlobRelay;
let store: MemoryStore;
let channels: SimChannels;
let locks: SimLocks;
const open: Inkmesh[] = [];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "performance", "Date"] });
  [network, relay, store, channels, locks] = [
    new ModelNetwork(),
    new ABlobRelay(),
    new MemoryStore({ shared: true }),
    new SimChannels(),
    new SimLocks(),
  ];
});
afterEach(async () => {
  const closing = Promise.all(open.splice(0).map((mesh) => mesh.close()));
  await pass(1_000);
  await closing;
  vi.useRealTimers();
});

function aTab(name = "tab", options: { credential?: string } = {}): { mesh: Inkmesh; room: InkmeshRoom } {
  const tabs = { channel: channels.open(), locks: locks.of(name) };
  const mesh = new Inkmesh({ url: "ws://relay.test/sync", WebSocket: network.WebSocket, fetch: relay.fetch, store, tabs, ...options });
  open.push(mesh);
  return { mesh, room: mesh.open("a room") };
}

const phaseOf = ({ status }: InkmeshRoom): readonly [string, number] => [status.phase, status.waitingBlobs];

test("[P2] a document is not saved while an image of this device is not, and is when it is", async () => {
  const { room } = aTab();
  await settle();
  expect(phaseOf(room)).toEqual(["saved", 0]);
  let answer!: (response: Response) => void;
  relay.offers.push(() => new Promise((resolve) => (answer = resolve)));
  const [name] = await Promise.all([room.blobs.add(bytes), settle()]);
  expect(name).toBe(nameOf(bytes));
  expect(phaseOf(room)).toEqual(["on-this-device", 1]);
  let isSaved = false;
  void room.whenSaved().then(() => (isSaved = true));
  await settle();
  expect(isSaved).toBe(false);
  answer(Response.json({ saved: { copies: 1, needed: 1 } }));
  await settle();
  expect([phaseOf(room), isSaved]).toEqual([["saved", 0], true]);
});

test("[P2] the first status of a page that is loaded again does not say saved for an image that waits", async () => {
  await store.blobs.put("a room", nameOf(bytes) as never, bytes, true);
  relay.offers = Array.from({ length: 9 }, () => () => Promise.resolve(refusal(503, "STORE_FULL", true)));
  // The disk is slower than the relay.
  const read = store.blobs.waiting.bind(store.blobs);
  store.blobs.waiting = () => pause(2_000).then(read);
  const said: string[] = [];
  const { room } = aTab();
  room.on("status", ({ phase }) => said.push(phase));
  await settle();
  await pass(5_000);
  expect(said).not.toContain("saved");
  expect(room.status).toMatchObject({ phase: "on-this-device", waitingBlobs: 1, problem: { code: "STORE_FULL" } });
});

test("[P2] a store of images that could not be read is read again, and until then nothing is called saved", async () => {
  await store.blobs.put("a room", nameOf(bytes) as never, bytes, true);
  const read = store.blobs.waiting.bind(store.blobs);
  store.blobs.waiting = () => Promise.reject(new Error("refused"));
  const { room } = aTab();
  let isSaved = false;
  room.whenSaved().then(
    () => (isSaved = true),
    () => undefined,
  );
  await settle();
  await pass(20_000);
  expect([phaseOf(room), room.status.areBlobsUnknown, isSaved]).toEqual([["on-this-device", 0], true, false]);
  relay.isDown = true;
  store.blobs.waiting = read;
  await pass(6_000);
  await settle();
  expect([phaseOf(room), room.status.areBlobsUnknown, isSaved]).toEqual([["on-this-device", 1], undefined, false]);
});

test("[P2] [P7] the last copy of an image is offered, though the store was emptied and the disk refuses to take it back", async () => {
  const { room, mesh } = aTab();
  await settle();
  relay.isDown = true;
  await Promise.all([room.blobs.add(bytes), settle()]);
  store.blobs.put = () => Promise.reject(new Error("full"));
  await store.blobs.remove("a room");
  mesh.workOffline(true);
  store.onEmptied?.();
  await settle();
  await pass(60_000);
  expect(phaseOf(room)).toEqual(["on-this-device", 1]);
  expect(room.status.blobsNotOnDevice).toBe(1);
  relay.isDown = false;
  mesh.workOffline(false);
  await settle();
  await settle();
  expect([relay.kept.size, phaseOf(room), room.status.blobsNotOnDevice]).toEqual([1, ["saved", 0], 0]);
});

test("[P2] what cannot be written once more waits on", async () => {
  const { room } = aTab();
  await settle();
  relay.isDown = true;
  await Promise.all([room.blobs.add(bytes), settle()]);
  store.blobs.put = () => Promise.reject(new Error("full"));
  await Promise.all([room.blobs.add(bytes).catch(() => undefined), settle()]);
  expect(phaseOf(room)).toEqual(["on-this-device", 1]);
});

test.each([
  ["an answer that it is here and not on enough relays", () => refusal(503, "NOT_CONFIRMED", true), "kept-by-a-relay"],
  ["an answer that says so", () => Response.json({ saved: false, copies: 1 }), "kept-by-a-relay"],
  ["a page of something in between", () => new Response("<html>", { status: 200 }), "on-this-device"],
  ["JSON of something in between", () => Response.json({ status: "ok" }), "on-this-device"],
  ["a refusal", () => refusal(413, "TOO_MANY_BLOBS", false), "on-this-device"],
  ["an answer of something that is no relay", () => new Response("<html>", { status: 502 }), "on-this-device"],
])("[P2] %s is not saved", async (_, answer, phase) => {
  const { room } = aTab();
  await settle();
  relay.offers = [() => Promise.resolve(answer())];
  await Promise.all([room.blobs.add(bytes), settle()]);
  await settle();
  expect(phaseOf(room)).toEqual([phase, 1]);
  await pass(700_000);
  await settle();
  expect(phaseOf(room)).toEqual(["saved", 0]);
});

test("[P7] what was put in without a line goes out after the page was loaded again, to the relay that is reached", async () => {
  const first = aTab("first");
  first.mesh.workOffline(true);
  await settle();
  await Promise.all([first.room.blobs.add(bytes), settle()]);
  expect([phaseOf(first.room), relay.requests]).toEqual([["on-this-device", 1], []]);
  await Promise.all([first.mesh.close(), pass(1_000)]);
  const { room } = aTab("second");
  await settle();
  await settle();
  expect(relay.requests).toEqual([`PUT http://relay.test/api/rooms/a%20room/blobs/${nameOf(bytes)}`]);
  expect(phaseOf(room)).toEqual(["saved", 0]);
});

describe("of several tabs", () => {
  test("one without a line has its images sent by one that has one, and both know when they are saved", async () => {
    const [a, b] = [aTab("a"), aTab("b")];
    a.mesh.workOffline(true);
    await settle();
    await pass(5_000);
    await Promise.all([a.room.blobs.add(bytes), settle()]);
    await settle();
    expect([relay.requests.length, phaseOf(a.room)[1], phaseOf(b.room)]).toEqual([1, 0, ["saved", 0]]);
  });

  test("[P2] none says saved while an image of another one waits", async () => {
    const [a, b] = [aTab("a"), aTab("b")];
    await settle();
    await pass(5_000);
    relay.isDown = true;
    await Promise.all([a.room.blobs.add(bytes), settle()]);
    expect([phaseOf(a.room), phaseOf(b.room)]).toEqual([
      ["on-this-device", 1],
      ["on-this-device", 1],
    ]);
  });

  test("[P2] nor while it reads from a slow disk what another one put there", async () => {
    const [a, b] = [aTab("a"), aTab("b")];
    await settle();
    await pass(5_000);
    relay.isDown = true;
    const read = store.blobs.waiting.bind(store.blobs);
    store.blobs.waiting = () => pause(2_000).then(read);
    await Promise.all([a.room.blobs.add(bytes), settle()]);
    expect([phaseOf(a.room), phaseOf(b.room)]).toEqual([
      ["on-this-device", 1],
      ["on-this-device", 1],
    ]);
  });
});

describe("of several tabs, when one forgets a document", () => {
  test("[P7] another one that shows it writes its images again, and says so to the one that sends", async () => {
    const [a, b] = [aTab("a"), aTab("b")];
    await settle();
    await pass(5_000);
    relay.isDown = true;
    await Promise.all([b.room.blobs.add(bytes), settle()]);
    await Promise.all([a.mesh.forget("a room"), settle()]);
    relay.isDown = false;
    await pass(70_000);
    await settle();
    expect([relay.kept.size, phaseOf(b.room)]).toEqual([1, ["saved", 0]]);
  });

  test("[P11] one that closed it brings nothing back", async () => {
    const [a, b] = [aTab("a"), aTab("b")];
    await settle();
    relay.isDown = true;
    await Promise.all([b.room.blobs.add(bytes), settle()]);
    await Promise.all([b.room.close(), settle()]);
    await Promise.all([a.mesh.forget("a room"), settle()]);
    await settle();
    expect(await store.blobs.waiting()).toEqual([]);
  });
});

test("[P7] tabs whose store has no images of its own each send theirs", async () => {
  Object.defineProperty(store, "blobs", { value: undefined });
  const [a, b] = [aTab("a"), aTab("b")];
  await settle();
  await pass(5_000);
  await Promise.all([a.room.blobs.add(bytes), b.room.blobs.add(Uint8Array.of(4)), settle()]);
  await pass(70_000);
  await settle();
  expect([relay.kept.size, phaseOf(a.room), phaseOf(b.room)]).toEqual([2, ["saved", 0], ["saved", 0]]);
});

test("an image is shown from the device, and from the relay only where the device has not got it", async () => {
  const { room, mesh } = aTab("a", { credential: "let me in" });
  await settle();
  const [name] = await Promise.all([room.blobs.add(bytes), settle()]);
  expect(await room.blobs.get(name)).toEqual({ type: "found", bytes });
  const others = Uint8Array.of(9);
  relay.kept.set(`/api/rooms/a%20room/blobs/${nameOf(others)}`, others);
  relay.requests.length = 0;
  const [once] = await Promise.all([room.blobs.get(nameOf(others)), room.blobs.get(nameOf(others)), settle()]);
  expect(once).toEqual({ type: "found", bytes: others });
  mesh.workOffline(true);
  await settle();
  expect(await room.blobs.get(nameOf(others))).toEqual({ type: "found", bytes: others });
  expect(relay.requests).toEqual([`GET http://relay.test/api/rooms/a%20room/blobs/${nameOf(others)} Bearer let me in`]);
});

test("a browser that cannot combine signals saves images all the same", async () => {
  const any = vi.spyOn(AbortSignal, "any").mockImplementation(() => {
    throw new TypeError("AbortSignal.any is not a function");
  });
  const { room } = aTab();
  await settle();
  await Promise.all([room.blobs.add(bytes), settle()]);
  await settle();
  expect(phaseOf(room)).toEqual(["saved", 0]);
  any.mockRestore();
});

test("an image is asked of the next relay at once when the one that was asked is left", async () => {
  const { room, mesh } = aTab();
  await settle();
  relay.kept.set(`/api/rooms/a%20room/blobs/${nameOf(bytes)}`, bytes);
  relay.isMute = true;
  const asking = room.blobs.get(nameOf(bytes));
  await settle();
  relay.isMute = false;
  mesh.workOffline(true);
  expect((await Promise.all([asking, settle()]))[0]).toEqual({ type: "offline" });
  mesh.workOffline(false);
  await settle();
  expect((await Promise.all([room.blobs.get(nameOf(bytes)), settle()]))[0]).toEqual({ type: "found", bytes });
});

test("why an image cannot be had is said, and what is not the image is not shown as it", async () => {
  const { room, mesh } = aTab();
  await settle();
  const ask = async (of: Uint8Array): Promise<string> => (await Promise.all([room.blobs.get(nameOf(of)), settle()]))[0].type;
  expect(await ask(Uint8Array.of(5))).toBe("not-found");
  relay.kept.set(`/api/rooms/a%20room/blobs/${nameOf(Uint8Array.of(6))}`, Uint8Array.of(7));
  expect(await ask(Uint8Array.of(6))).toBe("unanswered");
  relay.isDown = true;
  expect(await ask(Uint8Array.of(5))).toBe("unanswered");
  mesh.workOffline(true);
  await settle();
  expect(await ask(Uint8Array.of(5))).toBe("offline");
  expect((await room.blobs.get("../../secrets")).type).toBe("not-found");
});

test("what is too large, and what the disk refuses, is not added and does not wait", async () => {
  const { room } = aTab();
  await settle();
  await expect(room.blobs.add(new Uint8Array(8 * 2 ** 20 + 1))).rejects.toThrow("too large");
  store.blobs.put = () => Promise.reject(new Error("full"));
  const [failure] = await Promise.all([room.blobs.add(bytes).catch(String), settle()]);
  expect(failure).toContain("full");
  expect(phaseOf(room)).toEqual(["saved", 0]);
});

test("what is brought along from another document is this one's, too", async () => {
  const { mesh, room } = aTab();
  await settle();
  const [name] = await Promise.all([room.blobs.add(bytes), settle()]);
  const other = mesh.open("other");
  await settle();
  await Promise.all([other.blobs.bring(name, "a room"), settle()]);
  expect([...relay.kept.keys()]).toEqual([`/api/rooms/a%20room/blobs/${name}`, `/api/rooms/other/blobs/${name}`]);
});

test("[P7] what is brought once more is offered once more: relays may have collected it", async () => {
  const { room } = aTab();
  await settle();
  const [name] = await Promise.all([room.blobs.add(bytes), settle()]);
  await settle();
  relay.kept.clear();
  await Promise.all([room.blobs.bring(name, "a room"), settle()]);
  await settle();
  expect([relay.kept.size, phaseOf(room)]).toEqual([1, ["saved", 0]]);
});

test("forgetting a document removes its images; the device's rooms say what waits", async () => {
  const { mesh, room } = aTab();
  relay.isDown = true;
  await settle();
  room.doc.getText("t").insert(0, "a");
  await Promise.all([room.blobs.add(bytes), settle()]);
  expect(await mesh.deviceRooms()).toMatchObject([{ room: "a room", waitingBlobs: 1 }]);
  await Promise.all([mesh.forget("a room"), settle()]);
  expect(await store.blobs.get("a room", nameOf(bytes) as never)).toBeUndefined();
});
