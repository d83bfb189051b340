/**
 * A whole relay in this process: sockets, core, worker threads and a real store in a temporary folder.
 */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import Database from "better-sqlite3";
import { WebSocket } from "ws";
import { WebsocketProvider as Provider15 } from "y-websocket-1";
import { WebsocketProvider as Provider31 } from "y-websocket";
import * as Y from "yjs";
import { limitsWith, processWith, readSettings, type RelaySettings } from "../../server/config.ts";
import { startRelay, type RunningRelay } from "../../server/main.ts";

let folder: string;
const relays: RunningRelay[] = [];
const providers: { destroy(): void }[] = [];

beforeEach(() => void (folder = fs.mkdtempSync(path.join(os.tmpdir(), "inkmesh-main-"))));
afterEach(async () => {
  for (const provider of providers.splice(0)) provider.destroy();
  await Promise.all(relays.splice(0).map((relay) => relay.stop()));
  fs.rmSync(folder, { recursive: true });
});

function settings(changes: Partial<RelaySettings> = {}): RelaySettings {
  const answer = readSettings({ options: { name: "a", port: "0", data: path.join(folder, "a"), log: "silent" }, environment: {} });
  if (!answer.ok) throw new Error(answer.sentence);
  return { ...answer.settings, ...changes };
}

async function aRelay(changes: Partial<RelaySettings> = {}): Promise<RunningRelay> {
  const started = await startRelay(settings(changes));
  if (!started.ok) throw new Error(started.sentence);
  relays.push(started.relay);
  return started.relay;
}

function join(relay: RunningRelay, room: string, Provider: typeof Provider31 = Provider31) {
  const doc = new Y.Doc();
  const address = `${relay.address.replace("http", "ws")}/y`;
  const provider = new Provider(address, room, doc, { WebSocketPolyfill: WebSocket as never, disableBc: true });
  providers.push(provider);
  return { doc, provider, text: doc.getText("text") };
}

function eventually(expectation: () => void | Promise<void>): Promise<void> {
  return vi.waitFor(expectation, { timeout: 10_000, interval: 10 });
}

const oldProvider = Provider15 as unknown as typeof Provider31;
const textOf = async (relay: RunningRelay, room: string): Promise<string> =>
  (await fetch(`${relay.address}/api/rooms/${encodeURIComponent(room)}/content?format=json`)).text();

describe("a relay", { timeout: 30_000 }, () => {
  test("[P1] [P11] lets released clients of two generations write together, with a room name of any kind", async () => {
    const relay = await aRelay();
    const left = join(relay, "a/b c ü");
    const right = join(relay, "a/b c ü", oldProvider);
    left.text.insert(0, "hello ");
    await eventually(() => expect(right.text.toString()).toBe("hello "));
    right.text.insert(6, "world");
    await eventually(() => expect(left.text.toString()).toBe("hello world"));
    left.provider.awareness.setLocalStateField("user", { name: "Ada" });
    await eventually(() => expect(right.provider.awareness.getStates().get(left.doc.clientID)).toMatchObject({ user: { name: "Ada" } }));
    left.provider.destroy();
    await eventually(() => expect(right.provider.awareness.getStates().has(left.doc.clientID)).toBe(false));
    await eventually(async () => expect(await textOf(relay, "a/b c ü")).toContain("hello world"));
  });

  test("[P2] has after a stop and a start what was there before, under another actor", async () => {
    const first = await aRelay();
    const writer = join(first, "notes");
    writer.text.insert(0, "kept");
    await eventually(async () => expect(await textOf(first, "notes")).toContain("kept"));
    writer.provider.destroy();
    await first.stop();
    const second = await aRelay();
    expect([second.name, second.actor === first.actor]).toEqual(["a", false]);
    const reader = join(second, "notes");
    await eventually(() => expect(reader.text.toString()).toBe("kept"));
    const { rooms } = (await (await fetch(`${second.address}/api/rooms`)).json()) as { rooms: { room: string; bytes: number }[] };
    expect(rooms).toMatchObject([{ room: "notes", generation: 0 }]);
  });

  test("keeps what left the log in a history, as long as is said, and lets it go where none is wanted any more", async () => {
    const segments = (): number => {
      const database = new Database(path.join(folder, "a", "log.sqlite"), { readonly: true });
      const count = database.prepare<[], number>("SELECT count(*) FROM segment").pluck().get()!;
      database.close();
      return count;
    };
    const first = await aRelay({ limits: limitsWith({ tailEntriesMax: 1 }) });
    const writer = join(first, "notes");
    await eventually(() => expect(writer.provider.synced).toBe(true));
    for (const letter of "kept") writer.text.insert(writer.text.length, letter);
    await eventually(() => expect(segments()).toBeGreaterThan(0));
    await eventually(async () => expect(await textOf(first, "notes")).toContain("kept"));
    const { versions } = (await (await fetch(`${first.address}/api/rooms/notes/history`)).json()) as { versions: { version: string }[] };
    const then = await fetch(`${first.address}/api/rooms/notes/history/${versions[0]!.version}?format=json`);
    expect(await then.text()).toBe(await textOf(first, "notes"));
    writer.provider.destroy();
    await first.stop();
    const second = await aRelay({ historyMs: 0, process: processWith({ historyLookMs: 50 }) });
    await eventually(() => expect(segments()).toBe(0));
    expect(await textOf(second, "notes")).toContain("kept");
    expect(await (await fetch(`${second.address}/api/rooms/notes/history`)).json()).not.toHaveProperty("next");
  });

  test("stops gracefully: clients are told 1012, the port and the folder are free at once", async () => {
    const relay = await aRelay();
    const { provider, text } = join(relay, "notes");
    await eventually(() => expect(provider.synced).toBe(true));
    const codes: number[] = [];
    provider.on("connection-close", (event) => void codes.push(event?.code ?? 0));
    text.insert(0, "at the last moment");
    // One turn for the socket: what has arrived is brought to disk, what has not stays with its author.
    await eventually(async () => expect(await textOf(relay, "notes")).toContain("last moment"));
    await relay.stop();
    await eventually(() => expect(codes[0]).toBe(1012));
    await expect(fetch(`${relay.address}/health`)).rejects.toThrow("fetch failed");
    const again = await aRelay({ port: Number(new URL(relay.address).port) });
    expect(again.address).toBe(relay.address);
    expect(await textOf(again, "notes")).toContain("at the last moment");
  });

  test("[P10] a deleted room is gone for good for clients that know no lineage", async () => {
    const relay = await aRelay();
    const { provider, text } = join(relay, "gone");
    text.insert(0, "x");
    await eventually(async () => expect(await textOf(relay, "gone")).toContain("x"));
    const closed = new Promise<number>((resolve) => provider.on("connection-close", (event) => resolve(event?.code ?? 0)));
    const deleted = await fetch(`${relay.address}/api/rooms/gone`, { method: "DELETE" });
    expect([deleted.status, await closed]).toEqual([204, 4404]);
    expect((await fetch(`${relay.address}/api/rooms/gone`)).status).toBe(410);
    const late = join(relay, "gone", oldProvider);
    const refusedWith = new Promise<number>((resolve) => late.provider.on("connection-close", (event) => resolve(event?.code ?? 0)));
    expect(await refusedWith).toBe(4404);
  });

  test("[P2] is not to go on when its store is damaged while it serves, wherever the damage lies", async () => {
    let unsound = 0;
    const started = await startRelay(settings(), () => unsound++);
    if (!started.ok) throw new Error(started.sentence);
    relays.push(started.relay);
    const { text, provider } = join(started.relay, "notes");
    text.insert(0, "x");
    await eventually(async () => expect(await textOf(started.relay, "notes")).toContain("x"));
    const store = new Database(path.join(folder, "a", "log.sqlite"));
    // The table is not what the relay's statements were made for, and the next one finds that out.
    store.unsafeMode();
    store.pragma("writable_schema = ON");
    store.prepare("UPDATE sqlite_schema SET sql = 'CREATE TABLE entry(' WHERE name = 'entry'").run();
    store.pragma(`schema_version = ${(store.pragma("schema_version", { simple: true }) as number) + 1}`);
    store.close();
    expect(unsound).toBe(0);
    text.insert(1, "y");
    await eventually(() => expect(unsound).toBe(1));
    provider.destroy();
  });

  test("a second one in the same folder, or on the same port, is refused with a sentence", async () => {
    const relay = await aRelay();
    const folderTaken = await startRelay(settings());
    expect(folderTaken).toMatchObject({ ok: false, sentence: expect.stringMatching(/is in use by another relay/) });
    const port = Number(new URL(relay.address).port);
    const portTaken = await startRelay(settings({ port, name: undefined, dataFolder: path.join(folder, "b") }));
    expect(portTaken).toMatchObject({
      ok: false,
      sentence: expect.stringMatching(new RegExp(`^Port ${port} on 127\\.0\\.0\\.1 is in use`)),
    });
    const free = await startRelay(settings({ name: undefined, dataFolder: path.join(folder, "b") }));
    expect(free.ok).toBe(true);
    if (free.ok) relays.push(free.relay);
  });

  test("an address that is not this machine's is refused with a sentence", async () => {
    expect(await startRelay(settings({ host: "192.0.2.1" }))).toMatchObject({
      ok: false,
      sentence: expect.stringMatching(/^--host must be an address of this machine/),
    });
  });
});
