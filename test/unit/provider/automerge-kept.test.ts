import { MemoryStore } from "@inkmesh/client";
import { Automerge, AutomergeHandle, loadAutomerge } from "@inkmesh/client/automerge";
import { afterEach, beforeAll, expect, test } from "vitest";
import { aBeginning, type Note } from "../../property/provider/sim-document.ts";
import { aTab, closeAll, name, onRelay, read, soon, type } from "./automerge-tab.ts";
import { ModelNetwork } from "./model-web-socket.ts";

beforeAll(() => loadAutomerge());
afterEach(closeAll);

test("[P7] what was typed before the document was opened is kept and sent as all edits are", async () => {
  const network = new ModelNetwork("automerge");
  network.isDown = true;
  const store = new MemoryStore({ shared: true });
  const handle = new AutomergeHandle<Note>(aBeginning());
  type({ handle }, "before ");
  const first = aTab(network, { store }, handle);
  await first.room.whenLoaded;
  type(first, "after");
  await first.mesh.close();
  const second = aTab(network, { store });
  await second.room.whenLoaded;
  expect(read(second)).toBe("before after");
  network.isDown = false;
  second.mesh.retry();
  await second.room.whenSaved();
  await soon(() => onRelay(network) === "before after" && second.room.status.waiting === 0);
});

test("[P2] a document that was given without content and written before it was opened is not called saved without a line", async () => {
  const network = new ModelNetwork("automerge");
  network.isDown = true;
  const handle = new AutomergeHandle<Note>();
  handle.change((draft) => void (draft.text = "important"));
  const { room, mesh } = aTab(network, {}, handle);
  await room.whenLoaded;
  expect(room.status.waiting).toBe(1);
  network.isDown = false;
  mesh.retry();
  await room.whenSaved();
  expect(onRelay(network)).toBe("important");
});

test("[P7] what was typed between two openings of a handle is kept", async () => {
  const network = new ModelNetwork("automerge");
  network.isDown = true;
  const store = new MemoryStore({ shared: true });
  const { mesh, handle, room } = aTab(network, { store });
  await room.whenLoaded;
  type({ handle }, "one ");
  await room.close();
  type({ handle }, "two");
  await mesh.open(name, { doc: handle }).whenLoaded;
  await mesh.close();
  const again = aTab(network, { store });
  await again.room.whenLoaded;
  expect(read(again)).toBe("one two");
});

test("[P7] what was typed before the device's copy was read, by a script that closes at once, can be shown and sent later", async () => {
  const network = new ModelNetwork("automerge");
  network.isDown = true;
  const store = new MemoryStore({ shared: true });
  const { mesh, handle } = aTab(network, { store }, new AutomergeHandle<Note>(Automerge.from({ text: "" })));
  type({ handle }, "written");
  await mesh.close();
  network.isDown = false;
  const later = new AutomergeHandle<Note>();
  const { room } = aTab(network, { store }, later);
  await room.whenLoaded;
  expect(later.doc().text).toBe("written");
  await soon(() => onRelay(network) === "written");
});
