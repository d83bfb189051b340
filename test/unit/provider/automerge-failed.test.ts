import { MemoryStore } from "@inkmesh/client";
import { loadAutomerge, type AutomergeHandle } from "@inkmesh/client/automerge";
import type * as Slim from "automerge/slim";
import { afterEach, beforeAll, expect, test, vi } from "vitest";
import type { Note } from "../../property/provider/sim-document.ts";
import { aTab, closeAll, name, onRelay, read, soon, type } from "./automerge-tab.ts";
import { ModelNetwork } from "./model-web-socket.ts";

/** While true Automerge's memory is good for nothing. */
const automerge = vi.hoisted(() => ({ isBroken: false }));
vi.mock("automerge/slim", async (original) => {
  const slim = await original<typeof Slim>();
  const loadIncremental: typeof slim.loadIncremental = (...given) => {
    if (automerge.isBroken) throw new WebAssembly.RuntimeError("unreachable");
    return slim.loadIncremental(...given);
  };
  return { ...slim, loadIncremental };
});

beforeAll(() => loadAutomerge());
afterEach(async () => {
  automerge.isBroken = false;
  await closeAll();
});

test("[P7] a document that Automerge fails while it is loaded harms neither its bytes nor another room, and its status says so", async () => {
  const network = new ModelNetwork("automerge");
  const store = new MemoryStore({ shared: true });
  network.isDown = true;
  const before = aTab(network, { store });
  await before.room.whenLoaded;
  type(before, "kept");
  await before.mesh.close();
  automerge.isBroken = true;
  const { mesh, room, handle } = aTab(network, { store });
  await room.whenLoaded;
  expect(room.status.problem).toMatchObject({ code: "UNAPPLICABLE" });
  expect(() => type({ handle }, "more")).toThrow("Automerge has failed");
  await mesh.close();
  automerge.isBroken = false;
  const after = aTab(network, { store });
  await after.room.whenLoaded;
  expect(read(after)).toBe("kept");
  network.isDown = false;
  after.mesh.retry();
  await soon(() => onRelay(network) === "kept" && after.room.status.phase === "saved");
});

/** Breaks what is open by a mistake after which it is made anew. */
function breakIt(handle: AutomergeHandle<Note>): void {
  automerge.isBroken = true;
  const mistaken = (): void => {
    handle.changeAt(handle.heads(), () => {
      throw new Error("a mistake");
    });
  };
  expect(mistaken).toThrow("a mistake");
}

test("[P7] one that fails while it is open keeps what it was made of when the store is emptied, and other rooms are written again, too", async () => {
  const network = new ModelNetwork("automerge");
  const store = new MemoryStore({ shared: true });
  network.isDown = true;
  const { mesh, room, handle } = aTab(network, { store });
  const text = mesh.open("text");
  await Promise.all([room.whenLoaded, text.whenLoaded]);
  type({ handle }, "kept ");
  text.doc.getText("t").insert(0, "words");
  const [refused, emptied] = [vi.fn(), vi.fn()];
  handle.on("error", refused);
  mesh.on("device-emptied", emptied);
  breakIt(handle);
  expect(refused).toHaveBeenCalledOnce();
  expect(room.status.problem).toMatchObject({ code: "UNAPPLICABLE" });
  expect(text.status.problem).toBeUndefined();
  await Promise.all([store.remove(name), store.remove("text")]);
  store.onEmptied?.();
  expect(emptied).toHaveBeenCalledOnce();
  await mesh.close();
  automerge.isBroken = false;
  const again = aTab(network, { store });
  const texts = again.mesh.open("text");
  await Promise.all([again.room.whenLoaded, texts.whenLoaded]);
  expect([read(again), texts.doc.getText("t").toString()]).toEqual(["kept ", "words"]);
});

test("[P2] one that has failed says no more that it is saved, and what was typed before goes out on the next line all the same", async () => {
  const network = new ModelNetwork("automerge");
  const { mesh, room, handle } = aTab(network);
  await room.whenSaved();
  expect(room.status.phase).toBe("saved");
  mesh.workOffline(true);
  type({ handle }, "typed before");
  breakIt(handle);
  automerge.isBroken = false;
  mesh.workOffline(false);
  await soon(() => onRelay(network) === "typed before" && room.status.waiting === 0);
  expect(room.status).toMatchObject({ phase: "on-this-device", setAsideEdits: 0 });
});

test("[P7] an edit that meets a gap waits on the device while the document that could close it has failed", async () => {
  const network = new ModelNetwork("automerge");
  const store = new MemoryStore({ shared: true });
  const { mesh, room, handle } = aTab(network, { store, limits: { parkedRetryMs: 10, parkedRetriesMax: 1 } });
  type({ handle }, "saved ");
  await room.whenSaved();
  mesh.workOffline(true);
  network.relay.loseDisk();
  type({ handle }, "waits");
  breakIt(handle);
  mesh.workOffline(false);
  await soon(() => network.relay.gaps === 1);
  await new Promise((passed) => setTimeout(passed, 200));
  expect(room.status).toMatchObject({ waiting: 1, setAsideEdits: 0 });
  await mesh.close();
  automerge.isBroken = false;
  const after = aTab(network, { store });
  await soon(() => onRelay(network) === "saved waits" && after.room.status.phase === "saved");
});
