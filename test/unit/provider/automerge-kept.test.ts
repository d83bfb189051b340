import { createRequire } from "node:module";
import { MemoryStore } from "@inkmesh/client";
import { Automerge, AutomergeHandle, loadAutomerge, newAutomergeRoom } from "@inkmesh/client/automerge";
import { afterEach, beforeAll, expect, test, vi } from "vitest";
import * as Y from "yjs";
import type { RoomName } from "@inkmesh/shared/base/ids";
import { GivenDocuments } from "../../../client/provider/given-documents.ts";
import { aBeginning, type Note } from "../../property/provider/sim-document.ts";
import { aMesh, aTab, closeAll, name, onRelay, read, soon, type, type ATab } from "./automerge-tab.ts";
import { ModelNetwork } from "./model-web-socket.ts";
import { SimChannels, SimLocks } from "./tab-twins.ts";

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

test("[P7] what is typed after a refusal goes where that goes, without being sent, and is gone when it was discarded", async () => {
  const network = new ModelNetwork("automerge");
  const store = new MemoryStore({ shared: true });
  const a = aTab(network, { store });
  type(a, "fine ");
  await a.room.whenSaved();
  network.relay.refuses = (update) => Buffer.from(update).includes("bad");
  // Under way together, and afterwards.
  type(a, "bad ");
  for (let key = 0; key < 5; key++) type(a, "k");
  await soon(() => a.room.status.setAsideEdits === 6);
  for (let key = 0; key < 35; key++) {
    type(a, "k");
    await Promise.resolve();
  }
  await soon(() => a.room.status.setAsideEdits === 41);
  expect(a.room.status).toMatchObject({ phase: "on-this-device", waiting: 0, setAside: { code: "BAD_UPDATE" } });
  await expect(a.room.whenSaved()).rejects.toThrow("could not be decoded");
  expect(network.relay.gaps).toBeLessThanOrEqual(1);
  await a.mesh.close();
  const b = aTab(network, { store });
  await b.room.whenSynced;
  expect([b.room.status.setAsideEdits, b.room.status.waiting]).toEqual([41, 0]);
  await b.room.discardSetAside();
  await b.room.close();
  const handle = new AutomergeHandle<Note>(aBeginning());
  const again = b.mesh.open(name, { doc: handle });
  await again.whenSynced;
  type({ handle }, "good");
  await again.whenSaved();
  expect(again.status).toMatchObject({ phase: "saved", waiting: 0, setAsideEdits: 0 });
  expect([onRelay(network), handle.doc().text]).toEqual(["fine good", "fine good"]);
  expect(network.relay.gaps).toBeLessThanOrEqual(1);
});

test("[P7] what another tab typed upon something that is refused for good is set aside with it", async () => {
  const network = new ModelNetwork("automerge");
  const [channels, locks, store] = [new SimChannels(), new SimLocks(), new MemoryStore({ shared: true })];
  const tab = (id: string): ATab => aTab(network, { store, tabs: { channel: channels.open(), locks: locks.of(id) } });
  const [a, b] = [tab("a"), tab("b")];
  await Promise.all([a.room.whenSaved(), b.room.whenSaved()]);
  await Promise.all([a.room.whenSynced, b.room.whenSynced]);
  network.relay.refuses = (update) => Buffer.from(update).includes("bad");
  const underWay: (() => void)[] = [];
  const receive = vi.spyOn(network, "receive").mockImplementation((id, frame) => {
    underWay.push(() => network.receive(id, frame));
  });
  type(a, "bad ");
  await soon(() => read(b) === "bad ");
  type(b, "after");
  await soon(() => read(a) === "bad after" && underWay.length >= 2);
  receive.mockRestore();
  for (const arrives of underWay) arrives();
  await soon(() => [a, b].every(({ room }) => room.status.setAsideEdits === 2 && room.status.waiting === 0));
  expect([onRelay(network), network.relay.gaps]).toEqual(["", 1]);
});

test("[P1] a document longer than a frame is sent again in pieces to a relay that lost its disk, and what was typed meanwhile", async () => {
  const network = new ModelNetwork("automerge");
  network.relay.frameBytesMax = 100_000;
  const a = aTab(network);
  let document = aBeginning();
  for (let key = 0; key < 1_500; key++)
    document = Automerge.change(document, (draft) => Automerge.splice(draft as Automerge.Doc<Note>, ["text"], key, 0, "x"));
  const changes = Automerge.getAllChanges(document);
  expect(Buffer.concat(changes).length).toBeGreaterThan(network.relay.frameBytesMax);
  a.handle.merge(Automerge.save(document));
  await a.room.whenSaved();
  a.mesh.workOffline(true);
  network.relay.loseDisk();
  type(a, "one word");
  a.mesh.workOffline(false);
  await soon(() => a.room.status.phase === "saved");
  await a.room.whenSaved();
  expect([a.room.status.setAsideEdits, onRelay(network)]).toEqual([0, read(a)]);
});

test("a handle that is open in another room is refused before anything is made for this one", () => {
  const { handle } = aTab(new ModelNetwork("automerge"));
  const given = new GivenDocuments(undefined);
  expect(() => given.of(newAutomergeRoom() as RoomName, { doc: handle })).toThrow("open in another room already");
});

test("a document of another copy of Yjs has one number in its awareness, too", () => {
  const mesh = aMesh(new ModelNetwork());
  const Copy = createRequire(import.meta.url)("yjs") as typeof Y;
  const doc = new Copy.Doc();
  expect(doc).not.toBeInstanceOf(Y.Doc);
  expect(mesh.open("notes", { doc }).awareness.clientID).toBe(doc.clientID);
});
