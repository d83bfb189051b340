/**
 * Documents of Automerge in our own client and a real relay, over kills of both.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Inkmesh, MemoryStore, type InkmeshRoom, type OfflineStore } from "@inkmesh/client";
import { Automerge, AutomergeHandle, loadAutomerge, newAutomergeRoom } from "@inkmesh/client/automerge";
import { isWholeDocument } from "@inkmesh/shared/engine/automerge-change";
import { FileStore } from "@inkmesh/client/file-store";
import { afterEach, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { endRelays, startRelayProcess, temporaryFolder, type RelayProcess } from "../harness/relay-process.ts";
import { until } from "../harness/until.ts";

interface Note {
  text: string;
}

const open: Inkmesh[] = [];
beforeAll(() => loadAutomerge());
afterEach(async () => {
  await Promise.all(open.splice(0).map((mesh) => mesh.close()));
  await endRelays();
});

function aClient(
  relay: RelayProcess,
  name: string,
  store?: OfflineStore,
): { handle: AutomergeHandle<Note>; room: InkmeshRoom<AutomergeHandle<Note>>; mesh: Inkmesh } {
  const mesh = new Inkmesh({ url: relay.url, WebSocket, ...(store ? { store } : {}) });
  open.push(mesh);
  const handle = new AutomergeHandle<Note>();
  return { handle, mesh, room: mesh.open(name, { doc: handle }) };
}

const append = (handle: AutomergeHandle<Note>, words: string): void =>
  handle.change((draft) => {
    draft.text ??= "";
    Automerge.splice(draft as Automerge.Doc<Note>, ["text"], draft.text.length, 0, words);
  });

async function agree(...handles: readonly AutomergeHandle<Note>[]): Promise<void> {
  await until("all have the same heads", () => handles.every((handle) => handle.heads().join() === handles[0]!.heads().join()), {
    seen: () => handles.map((handle) => [handle.heads(), handle.doc()]),
  });
}

test("[P1] two clients write an Automerge document, and what was called saved is there after kill -9 of the relay", async () => {
  const relay = await startRelayProcess();
  const name = newAutomergeRoom();
  const a = aClient(relay, name);
  append(a.handle, "one ");
  await a.room.whenSaved();
  const b = aClient(relay, name);
  await b.room.whenSynced;
  expect(b.handle.doc().text).toBe("one ");
  append(b.handle, "two ");
  append(a.handle, "three ");
  await Promise.all([a.room.whenSaved(), b.room.whenSaved()]);
  await relay.end("SIGKILL");
  append(a.handle, "four ");
  append(b.handle, "five ");
  const heads = [a.handle, b.handle].map((handle) => handle.heads().join());
  expect(heads[0]).not.toBe(heads[1]);
  await relay.start();
  await Promise.all([a.room.whenSaved(), b.room.whenSaved()]);
  await agree(a.handle, b.handle);
  expect(a.room.status).toMatchObject({ phase: "saved", waiting: 0, copies: 1 });
  await relay.crashAndRestart();
  const reader = aClient(relay, name);
  await reader.room.whenSynced;
  await agree(reader.handle, a.handle);
  for (const word of ["one", "two", "three", "four", "five"]) expect(reader.handle.doc().text).toContain(word);
});

test("[P7] what a program wrote without a relay is on its disk, and its next life sends it under another actor", async () => {
  const relay = await startRelayProcess();
  const folder = temporaryFolder("device");
  const name = newAutomergeRoom();
  await relay.end("SIGKILL");
  const first = aClient(relay, name, new FileStore(folder));
  await first.room.whenLoaded;
  append(first.handle, "offline ");
  await until("it is on the device", () => first.room.status.waiting === 1 && first.room.status.notOnDevice === 0);
  await first.mesh.close();
  const second = aClient(relay, name, new FileStore(folder));
  await second.handle.whenReady();
  expect(second.handle.doc().text).toBe("offline ");
  expect(Automerge.getActorId(second.handle.doc())).not.toBe(Automerge.getActorId(first.handle.doc()));
  append(second.handle, "again");
  await relay.start();
  await second.room.whenSaved();
  const reader = aClient(relay, name);
  await reader.room.whenSynced;
  expect(reader.handle.doc().text).toBe("offline again");
});

test("[P1] a relay that lost its disk gets from a client what it lacks", async () => {
  const relay = await startRelayProcess();
  const name = newAutomergeRoom();
  const a = aClient(relay, name);
  for (let index = 0; index < 20; index++) append(a.handle, `${index} `);
  await a.room.whenSaved();
  await relay.end("SIGKILL");
  const { port } = relay;
  const empty = await startRelayProcess({ port });
  await until("the client is back", () => a.mesh.status.connection === "online", { timeoutMs: 30_000 });
  await until("it is saved again", () => a.room.status.phase === "saved", { seen: () => a.room.status });
  const reader = aClient(empty, name);
  await reader.room.whenSynced;
  await agree(reader.handle, a.handle);
});

test("[P1] who comes back to a relay that has made one document of all its entries gets the rest, and gives what it has", async () => {
  const config = join(temporaryFolder("config"), "config.json");
  writeFileSync(config, JSON.stringify({ limits: { tailEntriesMax: 8, tailBytesMin: 0 } }));
  const relay = await startRelayProcess({ args: ["--config", config] });
  const name = newAutomergeRoom();
  const [a, b] = [aClient(relay, name), aClient(relay, name)];
  append(a.handle, "begun ");
  await a.room.whenSaved();
  await until("b has it", () => b.handle.doc().text === "begun ");
  b.mesh.workOffline(true);
  for (let index = 0; index < 60; index++) append(a.handle, `${index} `);
  await a.room.whenSaved();
  append(b.handle, "meanwhile ");
  await until("the relay has made one document of them", async () => (await sentBy(relay, name)).some(isWholeDocument), {
    timeoutMs: 60_000,
  });
  b.mesh.workOffline(false);
  await b.room.whenSaved();
  const reader = aClient(relay, name);
  await reader.room.whenSynced;
  await agree(a.handle, b.handle, reader.handle);
  expect(reader.handle.doc().text).toContain("59 ");
  expect(reader.handle.doc().text).toContain("meanwhile ");
});

/** What a relay sends to a device that has nothing. */
async function sentBy(relay: RelayProcess, name: string): Promise<readonly Uint8Array[]> {
  const store = new MemoryStore();
  const { room, mesh } = aClient(relay, name, store);
  await room.whenSynced;
  await room.close();
  const { updates } = await store.load(name);
  await mesh.close();
  return updates;
}
