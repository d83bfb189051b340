/**
 * Released Hocuspocus providers, unchanged, of three versions, with y-websocket's and our own clients in the same rooms.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import * as Y from "yjs";
import { endHocuspocusClients, HocuspocusClient, HocuspocusSocket, hocuspocusVersions } from "../harness/hocuspocus-client.ts";
import { endInkClients, InkClient } from "../harness/ink-client.ts";
import { changeRoom, contentOf } from "../harness/relay-api.ts";
import { endRelays, startRelayProcess, type RelayProcess } from "../harness/relay-process.ts";
import { pause, until } from "../harness/until.ts";
import { endYClients, YClient } from "../harness/y-client.ts";

let relay: RelayProcess;
let rooms = 0;
const aRoom = (): string => `hocuspocus-${++rooms}`;

beforeAll(async () => {
  relay = await startRelayProcess();
});
afterEach(async () => {
  endHocuspocusClients();
  endYClients();
  await endInkClients();
});
afterAll(() => endRelays());

interface Reader {
  read(): string;
}

async function allRead(clients: readonly Reader[], condition: (text: string) => boolean, what: string): Promise<string> {
  const agree = (): boolean => clients.every((client) => client.read() === clients[0]!.read()) && condition(clients[0]!.read());
  await until(what, agree, { seen: () => clients.map((client) => client.read()) });
  return clients[0]!.read();
}

describe.each(hocuspocusVersions)("[P11] the Hocuspocus provider %s", (version) => {
  test("[P1] types at once with another one, a y-websocket client and ours, and all converge", async () => {
    const room = aRoom();
    const [a, b] = [new HocuspocusClient(relay, room, { version }), new HocuspocusClient(relay, room, { version, token: "a token" })];
    const [y, ours] = [new YClient(relay, room), new InkClient(relay, room)];
    const clients = [a, b, y, ours];
    await Promise.all(clients.map((client) => client.synced()));
    for (let round = 0; round < 20; round++) {
      for (const [index, client] of clients.entries()) client.insert(0, `${"abcd"[index]}${round} `);
      await new Promise(setImmediate);
    }
    const text = await allRead(clients, (read) => read.split(" ").length === 81, "all 80 words are everywhere");
    await Promise.all([a.saved(), b.saved()]);
    expect(await contentOf(relay, room)).toBe(text);
    for (const { doc } of [b, y]) {
      expect(Y.encodeStateVector(doc)).toEqual(Y.encodeStateVector(a.doc));
      expect(Y.equalSnapshots(Y.snapshot(doc), Y.snapshot(a.doc))).toBe(true);
    }
  });

  test("[P2] is told of its first state and of each of its changes once", async () => {
    const client = await new HocuspocusClient(relay, aRoom(), { version, token: "" }).saved();
    client.counted.length = 0;
    for (let index = 0; index < 5; index++) client.insert(index, "x");
    expect(client.provider.unsyncedChanges).toBe(5);
    await client.saved();
    expect(client.counted).toEqual([1, 2, 3, 4, 5, 4, 3, 2, 1, 0]);
    await pause(300); // Time for one too many.
    expect(client.confirmed).toBe(6);
  });

  test("[P10] presence appears in all three kinds of clients, and goes when the socket dies", async () => {
    const room = aRoom();
    const [watcher, other] = [new HocuspocusClient(relay, room, { version }), new HocuspocusClient(relay, room, { version })];
    const [y, ours] = [new YClient(relay, room), new InkClient(relay, room)];
    await Promise.all([watcher.synced(), other.synced(), y.synced(), ours.synced()]);
    other.awareness.setLocalStateField("user", { name: "Olga" });
    const ears = [watcher.awareness, y.awareness, ours.room.awareness];
    const nameIn = (awareness: (typeof ears)[number]): unknown =>
      (awareness.getStates().get(other.doc.clientID)?.["user"] as { name?: string } | undefined)?.name;
    await until("the name appears to all", () => ears.every((awareness) => nameIn(awareness) === "Olga"));
    y.awareness.setLocalStateField("user", { name: "Yves" });
    await until("the y-websocket client appears", () => watcher.awareness.getStates().has(y.doc.clientID));
    other.line.socket.disconnect();
    await until("it goes", () => ears.every((awareness) => !awareness.getStates().has(other.doc.clientID)), { timeoutMs: 5_000 });
  });

  test("[P7] edits of both sides made while offline, deletions too, merge once and are saved", async () => {
    const room = aRoom();
    const [theirs, ours] = [new HocuspocusClient(relay, room, { version }), new InkClient(relay, room)];
    await Promise.all([theirs.synced(), ours.synced()]);
    theirs.insert(0, "common gone ");
    await ours.reads("common gone ");
    theirs.goOffline();
    ours.goOffline();
    await until("it is away", () => theirs.line.closeCodes.length > 0);
    theirs.text.delete(7, 5);
    theirs.insert(0, "theirs ");
    ours.insert(7, "ours ");
    theirs.goOnline();
    ours.goOnline();
    const text = await allRead([theirs, ours], (read) => read === "theirs common ours ", "both edits are on both sides");
    await theirs.saved();
    // Ours says nothing of its edit here, and HTTP shows what is on disk.
    await until("HTTP shows both", async () => (await contentOf(relay, room)) === text);
  });

  test("[P2] loses nothing that it called synced when the relay is killed, and goes on", async () => {
    const room = aRoom();
    const gone = await new HocuspocusClient(relay, room, { version }).synced();
    for (const letter of " tpek") gone.insert(0, letter);
    await gone.saved();
    await relay.end("SIGKILL");
    // Nobody has it but the relay's disk.
    gone.end();
    await relay.start();
    expect(await contentOf(relay, room)).toBe("kept ");

    const client = await new HocuspocusClient(relay, room, { version }).synced();
    await client.reads("kept ");
    await relay.end("SIGKILL");
    await until("it notices", () => !client.provider.synced);
    client.insert(0, "while away ");
    expect(client.provider.hasUnsyncedChanges).toBe(true);
    await relay.start();
    await client.saved(30_000);
    expect(await contentOf(relay, room)).toBe("while away kept ");
    const late = await new HocuspocusClient(relay, room, { version }).synced();
    await late.reads("while away kept ");
  });

  test("carries many documents on one socket, and lets go of one without the others", async () => {
    const socket = new HocuspocusSocket(relay, version);
    const names = Array.from({ length: 12 }, aRoom);
    const clients = names.map((room) => new HocuspocusClient(relay, room, { socket }));
    for (const [index, client] of clients.entries()) client.insert(0, `document ${index}`);
    await Promise.all(clients.map((client) => client.saved()));
    for (const [index, room] of names.entries()) expect(await contentOf(relay, room)).toBe(`document ${index}`);
    if (version !== "2.15.3") clients[0]!.end(); // One that is destroyed takes its socket along in version 2.
    await pause(300); // Time for one too many: each typed before it was connected, and counts its first state only.
    expect(clients.map(({ confirmed }) => confirmed)).toEqual(clients.map(() => 1));
    clients[1]!.insert(0, "still ");
    await clients[1]!.saved();
    expect(await contentOf(relay, names[1]!)).toBe("still document 1");
    expect(socket.opened).toBe(1);
  });

  test("hears what another one says to all, and not what it says itself", async () => {
    const room = aRoom();
    const [speaker, ear, elsewhere] = [room, room, aRoom()].map((name) => new HocuspocusClient(relay, name, { version }));
    await Promise.all([speaker!.synced(), ear!.synced(), elsewhere!.synced()]);
    speaker!.provider.sendStateless("a comment was added");
    await until("it is heard", () => ear!.heard.length > 0);
    expect([ear!.heard, speaker!.heard, elsewhere!.heard]).toEqual([["a comment was added"], [], []]);
  });

  test("[P10] is denied a document that was deleted, with the reason, and keeps its socket", async () => {
    const [room, other] = [aRoom(), aRoom()];
    const socket = new HocuspocusSocket(relay, version);
    const [doomed, stays] = [new HocuspocusClient(relay, room, { socket }), new HocuspocusClient(relay, other, { socket })];
    doomed.insert(0, "doomed");
    await Promise.all([doomed.saved(), stays.saved()]);
    expect(await changeRoom(relay, "DELETE", room)).toBeLessThan(300);
    await until("it is told", () => doomed.denied.length > 0);
    expect(doomed.denied).toEqual(["ROOM_DELETED"]);
    if (version === "2.15.3") return; // It closes its socket by itself when it is denied something.
    stays.insert(0, "stays");
    await stays.saved();
    expect(await contentOf(relay, other)).toBe("stays");
    expect(socket.opened).toBe(1);
  });
});

test("[P11] a second question of a provider is answered and counted anew", async () => {
  const client = await new HocuspocusClient(relay, aRoom()).saved();
  client.insert(0, "text");
  await client.saved();
  client.provider.forceSync();
  expect(client.provider.unsyncedChanges).toBe(1);
  await client.saved();
});

test.each(["each on a socket of its own", "both on one socket"])(
  "[P10] [P11] two providers that say who they are by a session of their own, %s",
  async (where) => {
    const room = aRoom();
    const socket = where === "both on one socket" ? { socket: new HocuspocusSocket(relay) } : {};
    const [a, b] = [true, true].map((sessionAwareness) => new HocuspocusClient(relay, room, { sessionAwareness, ...socket }));
    await Promise.all([a!.synced(), b!.synced()]);
    a!.insert(0, "from a");
    await b!.reads("from a");
    await a!.saved();
    b!.insert(6, ", from b");
    await a!.reads("from a, from b");
    await b!.saved();
    const seenBy = ({ awareness }: HocuspocusClient): number => awareness.getStates().size;
    for (const { awareness } of [a!, b!]) awareness.setLocalStateField("name", "somebody");
    await until("both see two", () => seenBy(a!) === 2 && seenBy(b!) === 2);
    b!.end();
    await until("one is left", () => seenBy(a!) === 1);
    a!.insert(0, "still ");
    await a!.saved();
  },
);
