/**
 * What holds for every released client, of each kind and version, at one relay and at three with the clients spread over them. The table in
 * `README.md` says which test shows what. All kinds go through a line at once, each in a document of its own.
 */
import { seededRandom, type Random } from "@inkmesh/shared/base/random";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import * as Y from "yjs";
import { HocuspocusClient, HocuspocusSocket, hocuspocusVersions } from "../harness/hocuspocus-client.ts";
import { InkClient } from "../harness/ink-client.ts";
import { relaysToStart, startMesh, becomeOneMesh, type MeshProcess } from "../harness/mesh-processes.ts";
import { areAlike, endReleasedClients, releasedKinds, type ReleasedClient, type ReleasedKind } from "../harness/released-client.ts";
import { contentOf } from "../harness/relay-api.ts";
import { endRelays, startRelayProcess, type RelayProcess } from "../harness/relay-process.ts";
import { aSeed } from "../harness/seed.ts";
import { SilentWire } from "../harness/silent-wire.ts";
import { pause, until } from "../harness/until.ts";
import { YClient } from "../harness/y-client.ts";

const edits = 250_000;
const names = ["a", "b", "c"];
const seed = aSeed("test/conformance/released-everywhere.test.ts", "conformance");

afterEach(() => endReleasedClients());
afterAll(() => endRelays());

let rooms = 0;
/** Runs a line for all kinds at once, each in a new document; says whose it was that failed. */
async function forAll(line: (kind: ReleasedKind, room: string) => Promise<void>): Promise<void> {
  rooms += 1;
  const runs = releasedKinds.map(async (kind) => {
    await line(kind, `everywhere-${rooms}-${kind.name}`).catch((error: Error) => {
      throw new Error(`${kind.name}: ${error.message}; again: ${seed.replay}`, { cause: error });
    });
  });
  const failed = (await Promise.allSettled(runs)).flatMap((run) => (run.status === "rejected" ? [String(run.reason)] : []));
  expect(failed).toEqual([]);
}

async function joined(clients: readonly ReleasedClient[]): Promise<readonly [ReleasedClient, ReleasedClient, ReleasedClient]> {
  await Promise.all(clients.map((client) => client.synced()));
  return clients as unknown as readonly [ReleasedClient, ReleasedClient, ReleasedClient];
}

/** What a client can know of the relay having everything on its disk: Hocuspocus counts, y-websocket is told by the next handshake. */
async function acknowledged(client: ReleasedClient): Promise<void> {
  if (client instanceof HocuspocusClient) return void (await client.saved());
  await until(`${client.version} is told that the relay has it`, async () => {
    client.goOffline();
    await until("it is away", () => !client.isOnline);
    client.goOnline();
    await client.synced();
    await until("the relay asks", () => client.asked !== undefined);
    return Y.decodeStateVector(client.asked!).get(client.doc.clientID) === Y.getState(client.doc.store, client.doc.clientID);
  });
}

/** One edit by chance: mostly some letters, now and then the loss of some. */
function typeAnything(client: ReleasedClient, random: Random): void {
  const { length } = client.text;
  const at = Math.floor(random.fraction() * (length + 1));
  // A deletion that a Hocuspocus provider makes before it has answered the relay's first question is never confirmed.
  const mayDelete = client instanceof YClient || client.isSaved;
  if (random.fraction() < 0.3 && length > at && mayDelete) client.text.delete(at, Math.min(3, length - at));
  else client.insert(at, "abcdefgh".slice(0, 1 + Math.floor(random.fraction() * 4)));
}

describe.each([1, 3])("[P1] [P11] at %d relays, each released client", (count) => {
  let relays: readonly RelayProcess[] = [];
  const at = (index: number): RelayProcess => relays[index % relays.length]!;

  beforeAll(async () => {
    if (count === 1) relays = [await startRelayProcess()];
    else {
      const mesh = Object.values(await relaysToStart({ a: names, b: names, c: names }));
      await startMesh(mesh);
      relays = mesh;
    }
  });

  test("has what all others have, whoever edits and whichever sockets break meanwhile, and so has one that comes late", () =>
    forAll(async (kind, room) => {
      const random = seededRandom(seed.value);
      const clients = await joined([0, 1, 2].map((index) => kind.at(at(index), room)));
      for (let round = 0; round < 60; round++) {
        for (const client of clients) typeAnything(client, random);
        if (round % 10 === 5) clients[Math.floor(random.fraction() * 3)]!.cut();
        await pause(5); // Sockets are to break among edits, not before or after all of them.
      }
      const text = await areAlike("after all of it", clients);
      expect(
        clients.reduce((sum, { opened }) => sum + opened, 0),
        "sockets broke",
      ).toBeGreaterThan(clients.length);
      const late = await kind.at(at(1), room).synced();
      expect(await areAlike("a late one", [...clients, late])).toBe(text);
      await acknowledged(clients[0]);
      await until("HTTP has it", async () => (await contentOf(at(2), room)) === text);
    }));

  test("[P7] merges once what was typed and deleted on both sides without a line", () =>
    forAll(async (kind, room) => {
      const [a, b, c] = await joined([0, 1, 2].map((index) => kind.at(at(index), room)));
      a.insert(0, "one two three ");
      await Promise.all([b, c].map((client) => client.reads("one two three ")));
      for (const client of [a, b, c]) client.goOffline();
      await until("all are away", () => ![a, b, c].some((client) => client.isOnline));
      a.insert(0, "A ");
      b.insert(b.text.length, "B ");
      c.text.delete(4, 4); // Deletions only: no state vector shows them.
      for (const client of [c, b, a]) client.goOnline();
      await until("all are back", () => [a, b, c].every((client) => client.isOnline));
      expect(await areAlike("what both sides did", [a, b, c])).toBe("A one three B ");
    }));

  test("[P7] hears of a deletion that was made while it was away", () =>
    forAll(async (kind, room) => {
      const [away, here] = await joined([0, 1].map((index) => kind.at(at(index), room)));
      here.insert(0, "keep drop keep");
      await away.reads("keep drop keep");
      away.goOffline();
      await until("it is away", () => !away.isOnline);
      here.text.delete(4, 5);
      await acknowledged(here);
      away.goOnline();
      await away.reads("keep keep");
      await areAlike("afterwards", [away, here]);
    }));

  test("[P10] is seen, seen to move, and gone with its socket", () =>
    forAll(async (kind, room) => {
      const [watcher, other] = await joined([0, 1].map((index) => kind.at(at(index), room)));
      const state = (): unknown => watcher.awareness.getStates().get(other.doc.clientID);
      for (const place of [1, 2]) {
        other.awareness.setLocalState({ place });
        await until(`it is seen at ${place}`, () => JSON.stringify(state()) === JSON.stringify({ place }), { seen: state });
      }
      other.vanish();
      await until("it is gone", () => state() === undefined, { timeoutMs: 5_000 });
      other.goOnline();
      await other.synced();
      other.awareness.setLocalState({ place: 3 });
      await until("it is seen again", () => state() !== undefined, { timeoutMs: 5_000 });
    }));

  test("[P7] goes on at another relay with its document, and nothing is there twice", () =>
    forAll(async (kind, room) => {
      const before = await kind.at(at(0), room).synced();
      before.insert(0, "typed here, ");
      await acknowledged(before);
      before.goOffline();
      await until("it is away", () => !before.isOnline);
      before.insert(0, "on the way, ");
      const after = await kind.at(at(1), room, before.doc).synced();
      after.insert(0, "typed there, ");
      const reader = await kind.at(at(2), room).synced();
      await reader.reads("typed there, on the way, typed here, ");
      await areAlike("there and here", [after, reader]);
    }));

  test(`opens a document of ${edits.toLocaleString("en")} edits, and adds to it`, async () => {
    const room = `large-${count}`;
    const doc = new Y.Doc();
    Y.applyUpdate(doc, largeDocument());
    const writer = await new HocuspocusClient(at(0), room, { doc }).saved(60_000);
    const before = writer.read();
    // One after the other: all of them are one process here, and who waits for others' documents would run out of time for its own.
    const clients: ReleasedClient[] = [];
    for (const [index, kind] of releasedKinds.entries()) clients.push(await kind.at(at(index), room).synced());
    for (const client of clients) expect(client.read()).toHaveLength(before.length);
    for (const [index, client] of clients.entries()) client.insert(client.text.length, `<${index}>`);
    // One look at so long a text, not one for each of them.
    const areIn = (): boolean => ((text) => clients.every((_, index) => text.includes(`<${index}>`)))(writer.read());
    await until("what each of them wrote is there", areIn, { seen: () => writer.read().slice(before.length) });
    expect(writer.read().startsWith(before)).toBe(true);
  });

  test.each(hocuspocusVersions)("carries many documents on one socket (Hocuspocus %s)", async (version) => {
    const documents = Array.from({ length: 12 }, (_, index) => `many-${count}-${version}-${index}`);
    const sockets = [0, 1].map((index) => new HocuspocusSocket(at(index), version));
    const [mine, theirs] = sockets.map((socket) => documents.map((room) => new HocuspocusClient(at(0), room, { socket })));
    for (const [index, client] of mine!.entries()) client.insert(0, `document ${index}`);
    await Promise.all(mine!.map((client) => client.saved()));
    await Promise.all(theirs!.map((client, index) => client.reads(`document ${index}`)));
    expect(sockets.map(({ opened }) => opened)).toEqual([1, 1]);
  });

  test("[P9] is not disturbed by garbage beside it", () =>
    forAll(async (kind, room) => {
      const [a, b] = await joined([0, 1].map((index) => kind.at(at(index), room)));
      const random = seededRandom(seed.value);
      const vandal = await kind.at(at(0), room).synced();
      const socket = vandal instanceof YClient ? vandal.provider.ws : vandal.line.socket.webSocket;
      socket!.send(Uint8Array.from({ length: 64 }, () => Math.floor(random.fraction() * 256)));
      await until("it is sent away", () => vandal.closeCodes.length > 0);
      expect(vandal.closeCodes[0], "not for good").toBeLessThan(4_400);
      await until("it comes back", () => vandal.opened > 1 && vandal.isOnline);
      a.insert(0, "undisturbed");
      await b.reads("undisturbed");
      expect([a.closeCodes, b.closeCodes]).toEqual([[], []]);
    }));

  if (count === 1)
    test("comes back by itself to a relay that is started anew, sent away with 1012", async () => {
      const pairs = await pairsOfAll("anew");
      await at(0).end("SIGTERM");
      await start(at(0));
      for (const [here] of pairs) here.insert(0, "back ");
      await Promise.all(pairs.map(([, there]) => there.reads("back ", 30_000)));
      expect(pairs.map(([here]) => here.closeCodes[0])).toEqual(pairs.map(() => 1_012));
    });

  test("[P2] [P10] has lost nothing that was acknowledged when its relay is killed, and its cursor is gone elsewhere", async () => {
    const pairs = await pairsOfAll("killed");
    const isSeen = ([client, other]: (typeof pairs)[number]): boolean => other.awareness.getStates().has(client.doc.clientID);
    for (const [client] of pairs) client.awareness.setLocalState({ place: 1 });
    await until("all are seen", () => pairs.every(isSeen));
    for (const [client] of pairs) for (const letter of " tpek") client.insert(0, letter);
    await Promise.all(pairs.map(([client]) => acknowledged(client)));
    await at(0).end("SIGKILL");
    await until("nobody is seen", () => !pairs.some(isSeen), { timeoutMs: 5_000 });
    // Nobody has it but disks, and only its own is asked.
    endReleasedClients();
    for (const other of relays.slice(1)) await other.end("SIGKILL");
    await at(0).start();
    await forAll(async (kind) => {
      const reader = await kind.at(at(0), roomOf("killed", kind)).synced();
      await reader.reads("kept ");
    });
  });

  const roomOf = (what: string, { name }: ReleasedKind): string => `${what}-${count}-${name}`;

  /** Two of each kind, the first at the first relay. */
  function pairsOfAll(what: string): Promise<readonly (readonly [ReleasedClient, ReleasedClient])[]> {
    return Promise.all(
      releasedKinds.map(async (kind) => {
        const [first, second] = await joined([0, 1].map((index) => kind.at(at(index), roomOf(what, kind))));
        return [first, second] as const;
      }),
    );
  }

  async function start(relay: RelayProcess): Promise<void> {
    await relay.start();
    if (relays.length > 1) await becomeOneMesh(relays as readonly MeshProcess[]);
  }
});

describe("[P7] [P10] [P11] in a minute", () => {
  const idleMs = 65_000;
  const wires: SilentWire[] = [];
  afterAll(() => Promise.all(wires.map((wire) => wire.end())));

  test("each released client keeps its line while nothing happens, leaves one that carries nothing any more, and is not seen on a dead one", async () => {
    const relay = await startRelayProcess();
    const isOverMs = performance.now() + idleMs;
    const ours = await new InkClient(relay, "idle").synced();
    await forAll(async (kind, room) => {
      const wire = await SilentWire.before(relay);
      wires.push(wire);
      const [idle, here] = await joined([kind.at(relay, "idle"), kind.at(relay, room)]);
      const [lost, ghost] = await joined([kind.at(wire, room), kind.at(wire, room)]);
      ghost.awareness.setLocalState({ name: "ghost" });
      const isSeen = (): boolean => here.awareness.getStates().has(ghost.doc.clientID);
      await until("it is seen", isSeen);
      wire.fallSilent();
      ghost.vanish();
      lost.insert(0, "typed into silence");
      expect(isSeen()).toBe(true);
      // Clients close what they read nothing from for 30 s, and y-websocket 1 waits as long again for an answer to that; cursors that are not
      // renewed end after 30 s, too.
      await here.reads("typed into silence", 80_000);
      await until("the ghost is gone", () => !isSeen(), { timeoutMs: 50_000 });
      // A client forgets by itself whom it hears nothing of; what the relay still has, one that comes now is told.
      const late = await kind.at(relay, room).synced();
      late.awareness.setLocalState({ name: "late" });
      await until("the late one is seen", () => here.awareness.getStates().has(late.doc.clientID));
      expect(late.awareness.getStates().has(ghost.doc.clientID)).toBe(false);
      expect(lost.opened).toBeGreaterThanOrEqual(2);
      expect(lost.opened).toBeLessThanOrEqual(4);
      await areAlike("when the line is back", [lost, here]);
      await pause(isOverMs - performance.now()); // The subject is time: twice as long as clients wait for a message.
      expect([idle.opened, idle.closeCodes]).toEqual([1, []]);
      idle.insert(0, `${kind.name} is still here, `);
      await until("what it types is there", () => ours.read().includes(`${kind.name} is still here, `));
    });
    expect(ours.mesh.status.connection).toBe("online");
    await ours.end();
  });
});

let large: Uint8Array | undefined;
/** A text that was typed by twenty letters here and there, of each of which the last three were deleted again; as one state. */
function largeDocument(): Uint8Array {
  if (large !== undefined) return large;
  const random = seededRandom(seed.value);
  const text = new Y.Doc().getText("text");
  for (let done = 0; done < edits; done += 23) {
    let at = Math.floor(random.fraction() * text.length);
    // One transaction a place: what is typed in one row is one piece at once, and the next place is found among few.
    text.doc!.transact(() => {
      for (let step = 0; step < Math.min(23, edits - done); step++) {
        if (step < 20) text.insert(at++, "abcdefghijklmnopqrst"[step]!);
        else text.delete(--at, 1);
      }
    });
  }
  large = Y.encodeStateAsUpdate(text.doc!);
  return large;
}
