/**
 * Released automerge-repo clients, unchanged, at three relays of one mesh.
 */
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { AutomergeClient, endAutomergeClients, haveConverged, saved, textOf, type } from "../harness/automerge-client.ts";
import { becomeOneMesh, relaysToStart, startMesh, type MeshProcess } from "../harness/mesh-processes.ts";
import { endRelays } from "../harness/relay-process.ts";
import { pause, until } from "../harness/until.ts";

const names = ["a", "b", "c"];
let relays: readonly [MeshProcess, MeshProcess, MeshProcess];

beforeAll(async () => {
  relays = Object.values(await relaysToStart({ a: names, b: names, c: names })) as unknown as typeof relays;
  await startMesh(relays);
});
afterEach(() => endAutomergeClients());
afterAll(() => endRelays());

/** One document, open at each of the relays. */
async function everywhere(text = "") {
  const clients = relays.map((relay) => new AutomergeClient(relay));
  const first = await clients[0]!.begun(text);
  const handles = [first, ...(await Promise.all(clients.slice(1).map((client) => client.find(first.url))))];
  return { clients, handles };
}

test("[P1, P11] type at once at three relays, and all have the same, who comes later too", async () => {
  const { handles } = await everywhere("begun ");
  for (let round = 0; round < 20; round++) {
    for (const [index, handle] of handles.entries()) type(handle, `${"abc"[index]}${round} `, 0);
    await pause(5);
  }
  const text = await haveConverged(handles, (read) => read.split(" ").length === 62, "all 61 words are everywhere");
  const late = await new AutomergeClient(relays[1]).find(handles[0]!.url);
  await haveConverged([late, handles[0]!], (read) => read === text, "a late one reads all");
});

test("[P2] heads are told of as many disks as have them, and of no more", async () => {
  const { handles } = await everywhere("on all ");
  const [handle] = handles;
  await saved(handle!, "inkmesh/on-3");
  const before = handle!.heads().join();
  for (const relay of relays.slice(1)) relay.signal("SIGSTOP");
  type(handle!, "on one ");
  await saved(handle!, "inkmesh/on-1");
  await pause(1_000); // Time for what must not be said.
  for (const remote of ["inkmesh/saved", "inkmesh/on-2", "inkmesh/on-3"] as const)
    expect(handle!.getSyncInfo(remote as never)?.lastHeads.join(), remote).toBe(before);
  for (const relay of relays.slice(1)) relay.signal("SIGCONT");
  for (const remote of ["inkmesh/saved", "inkmesh/on-2", "inkmesh/on-3"] as const) await saved(handle!, remote);
  await becomeOneMesh(relays);
});

test("what is said to all is heard at the other relays, each once", async () => {
  const { handles } = await everywhere();
  const heard = handles.map((handle) => {
    const words: unknown[] = [];
    handle.on("ephemeral-message", ({ message }) => words.push(message));
    return words;
  });
  handles[0]!.broadcast({ cursor: 1 });
  handles[0]!.broadcast({ cursor: 2 });
  await until("both are heard", () => heard.slice(1).every((words) => words.length === 2), { seen: () => heard });
  await pause(300); // Time for what must not come a second time.
  expect(heard).toEqual([[], [{ cursor: 1 }, { cursor: 2 }], [{ cursor: 1 }, { cursor: 2 }]]);
});

test("[P7] edits of both sides, made while offline, merge once, also where a client comes back at another relay", async () => {
  const { clients, handles } = await everywhere("common ");
  clients[0]!.goOffline();
  clients[1]!.goOffline();
  type(handles[0]!, "one ");
  type(handles[1]!, "two ", 0);
  type(handles[2]!, "three ");
  clients[0]!.goOnline(relays[2]);
  clients[1]!.goOnline(relays[0]);
  const isAll = (text: string): boolean => text.split(" ").toSorted().join(" ") === " common one three two";
  await haveConverged(handles, isAll, "all is everywhere");
});

test("[P2] nothing whose heads were saved is lost with the relay, and a client of it goes on at another one", async () => {
  const { clients, handles } = await everywhere("");
  for (const letter of "kept ") type(handles[0]!, letter);
  await saved(handles[0]!);
  await relays[0].end("SIGKILL");
  const [kept, away] = [textOf(handles[0]!), "while away "];
  clients[0]!.goOffline();
  type(handles[0]!, away);
  const other = await new AutomergeClient(relays[1]).find(handles[0]!.url);
  await haveConverged([other], (text) => text === kept, "the others have it");
  clients[0]!.goOnline(relays[2]);
  await haveConverged([other, ...handles], (text) => text === kept + away, "what was typed meanwhile is everywhere");
  await saved(handles[0]!, "inkmesh/on-2");
  await relays[0].start();
  await saved(handles[0]!, "inkmesh/on-3");
});
