/**
 * `inkmesh import`, out of what other servers really write: y-leveldb by its own package, Hocuspocus' file by the statements of its
 * extension, files of Yjs updates.
 */
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import Database from "better-sqlite3";
import { LeveldbPersistence } from "y-leveldb";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import * as Y from "yjs";
import { importDocument, type ImportedDocument } from "../../../server/cli/document-import.ts";
import { UpdateFolderSource } from "../../../server/sources/update-folder-source.ts";
import { commandOf, inkmesh, type Said } from "../../harness/command-line.ts";
import { until } from "../../harness/until.ts";
import { aRelay, type RunningRelay } from "./a-relay.ts";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "inkmesh-import-command-"));
let relay: RunningRelay;

interface Answer {
  readonly kind: string;
  readonly dryRun: boolean;
  readonly documents: readonly ImportedDocument[];
  readonly problem?: string;
}

const run = (...args: readonly string[]): Promise<Said> => inkmesh("import", ...args, "--at", relay.address);

async function answered(...args: readonly string[]): Promise<Answer & { code: number }> {
  const { code, out } = await run(...args, "--json");
  return { ...(JSON.parse(out) as Answer), code };
}

/** Room → outcome. */
function outcomes({ documents }: Answer): Record<string, string> {
  return Object.fromEntries(documents.map(({ room, outcome }) => [room, outcome]));
}

async function contentOf(room: string): Promise<string | undefined> {
  const answer = await fetch(new URL(`/api/rooms/${encodeURIComponent(room)}/content?format=text`, relay.address));
  return answer.ok ? (await answer.text()).trim() : undefined;
}

/** The room's clock, which every write moves. */
async function clockOf(room: string): Promise<unknown> {
  return ((await (await fetch(new URL(`/api/rooms/${encodeURIComponent(room)}`, relay.address))).json()) as { clock: unknown }).clock;
}

/** A text of several authors with a past: each update of its own, deletions among them. */
function writtenBy(authors: number, words: string): { readonly updates: readonly Uint8Array[]; readonly text: string } {
  const updates: Uint8Array[] = [];
  const all = new Y.Doc();
  for (let author = 0; author < authors; author++) {
    const own = new Y.Doc();
    Y.applyUpdate(own, Y.encodeStateAsUpdate(all));
    own.on("update", (update: Uint8Array) => updates.push(update));
    const text = own.getText("text");
    text.insert(text.length, `${words} ${author}.. `);
    text.delete(text.length - 2, 1);
    Y.applyUpdate(all, Y.encodeStateAsUpdate(own));
  }
  return { updates, text: all.getText("text").toString().trim() };
}

async function aLevelFolder(name: string, documents: Readonly<Record<string, readonly Uint8Array[]>>): Promise<string> {
  const place = path.join(folder, name);
  const persistence = new LeveldbPersistence(place);
  for (const [room, updates] of Object.entries(documents)) for (const update of updates) await persistence.storeUpdate(room, update);
  await persistence.setMeta(Object.keys(documents)[0]!, "owner", "somebody");
  await persistence.destroy();
  return place;
}

/** As the extension does it (packages/extension-sqlite/src/SQLite.ts of ueberdosis/hocuspocus). */
function aHocuspocusFile(name: string, documents: Readonly<Record<string, Uint8Array>>): string {
  const file = path.join(folder, name);
  const database = new Database(file);
  database.exec('CREATE TABLE IF NOT EXISTS "documents" ("name" varchar(255) NOT NULL, "data" blob NOT NULL, UNIQUE(name))');
  const store = database.prepare(
    'INSERT INTO "documents" ("name", "data") VALUES ($name, $data) ON CONFLICT(name) DO UPDATE SET data = $data',
  );
  for (const [room, data] of Object.entries(documents)) store.run({ name: room, data });
  database.close();
  return file;
}

/** File → bytes, of everything in a folder. */
function contentsOf(place: string): Record<string, string> {
  return Object.fromEntries(fs.readdirSync(place).map((name) => [name, fs.readFileSync(path.join(place, name)).toString("base64")]));
}

const merged = (updates: readonly Uint8Array[]): Uint8Array => {
  const doc = new Y.Doc();
  for (const update of updates) Y.applyUpdate(doc, update);
  return Y.encodeStateAsUpdate(doc);
};

beforeAll(async () => {
  relay = await aRelay({ name: "a", data: path.join(folder, "a") });
}, 60_000);

afterAll(async () => {
  await relay.stop();
  fs.rmSync(folder, { recursive: true });
});

/** Where an import lays what it has to copy. */
const copies = path.join(folder, "copies");
fs.mkdirSync(copies);
process.env["TMPDIR"] = copies;
const copiesNow = (): readonly string[] => fs.readdirSync(copies).filter((name) => name.startsWith("inkmesh-"));
afterEach(() => expect(copiesNow()).toEqual([]));

describe("inkmesh import", { timeout: 120_000 }, () => {
  test("brings every document of a y-leveldb folder, which stays as it was, and a second time writes nothing", async () => {
    const [minutes, plan] = [writtenBy(40, "minutes"), writtenBy(1, "plan")];
    const source = await aLevelFolder("level", { "team/minutes": minutes.updates, plan: plan.updates });
    const untouched = contentsOf(source);
    const first = await answered(source);
    expect(first).toMatchObject({ code: 0, kind: "y-leveldb", dryRun: false });
    expect(outcomes(first)).toEqual({ "team/minutes": "made", plan: "made" });
    expect(first.documents.find(({ name }) => name === "team/minutes")).toMatchObject({ updates: minutes.updates.length });
    expect([await contentOf("team/minutes"), await contentOf("plan")]).toEqual([minutes.text, plan.text]);
    expect(contentsOf(source)).toEqual(untouched);
    const clocks = [await clockOf("team/minutes"), await clockOf("plan")];
    const second = await answered(source);
    expect(outcomes(second)).toEqual({ "team/minutes": "there", plan: "there" });
    expect([await clockOf("team/minutes"), await clockOf("plan")]).toEqual(clocks);
  });

  test("brings a Hocuspocus file under a prefix, says so in a table, and merges into what others have written meanwhile", async () => {
    const [letter, list] = [writtenBy(3, "letter"), writtenBy(20, "list")];
    const file = aHocuspocusFile("hocuspocus.sqlite", { letter: merged(letter.updates), list: merged(list.updates.slice(0, 20)) });
    const { code, out, err } = await run(file, "--prefix", "old/");
    expect(code).toBe(0);
    expect(out).toMatch(/^document +result +updates +bytes +problem\nold\/letter +made +1 +\d+\nold\/list +made +1 +\d+\n2 made, 0 merged/);
    expect(err).toMatch(/^(1 of 2 documents\n)?2 of 2 documents\n$/);
    const doc = new Y.Doc();
    doc.getText("text").insert(0, "new here ");
    const patch = { method: "PATCH", headers: { "Content-Type": "application/octet-stream" }, body: Y.encodeStateAsUpdate(doc) };
    expect((await fetch(new URL("/api/rooms/old%2Flist/content", relay.address), patch as RequestInit)).status).toBe(200);
    aHocuspocusFile("hocuspocus.sqlite", { list: merged(list.updates) });
    expect(outcomes(await answered(file, "--prefix", "old/"))).toEqual({ "old/letter": "there", "old/list": "merged" });
    const text = await contentOf("old/list");
    expect([text?.includes("new here"), text?.includes(list.text)]).toEqual([true, true]);
    expect(await contentOf("letter"), "without the prefix there is nothing").toBeUndefined();
  });

  test("brings a folder of updates: files and folders by their names, in whatever order their updates come", async () => {
    const source = path.join(folder, "updates");
    const [one, many] = [writtenBy(2, "one"), writtenBy(5, "many")];
    fs.mkdirSync(path.join(source, "v1.2"), { recursive: true });
    fs.writeFileSync(path.join(source, "a%2Fb.bin"), merged(one.updates));
    fs.writeFileSync(path.join(source, ".hidden"), "not an update");
    for (const [index, update] of many.updates.entries())
      fs.writeFileSync(path.join(source, "v1.2", `${String(100 - index)}.update`), update);
    expect(outcomes(await answered(source))).toEqual({ "a/b": "made", "v1.2": "made" });
    expect([await contentOf("a/b"), await contentOf("v1.2")]).toEqual([one.text, many.text]);
  });

  test("a dry run says what would be done and writes nothing", async () => {
    const source = path.join(folder, "dry");
    fs.mkdirSync(source);
    fs.writeFileSync(path.join(source, "dry new.bin"), merged(writtenBy(1, "new").updates));
    fs.writeFileSync(path.join(source, "plan.bin"), merged(writtenBy(1, "another plan").updates));
    const clock = await clockOf("plan");
    const answer = await answered(source, "--dry-run");
    expect(answer).toMatchObject({ code: 0, dryRun: true });
    expect(outcomes(answer)).toEqual({ "dry new": "made", plan: "merged" });
    expect((await run(source, "--dry-run")).out).toMatch(/1 made, 1 merged .*; nothing was written: it was a dry run\.\n$/);
    expect([await contentOf("dry new"), await clockOf("plan")]).toEqual([undefined, clock]);
  });

  test("[P2] nothing is called made that the relay does not give back", async () => {
    const place = path.join(folder, "unwritten");
    fs.mkdirSync(place);
    fs.writeFileSync(path.join(place, "unwritten.bin"), merged(writtenBy(1, "unwritten").updates));
    const source = new UpdateFolderSource(place);
    await source.names();
    const writing = { merge: () => Promise.resolve({ copies: 1, replicas: 1 }) };
    const imported = await importDocument("unwritten", { source, at: relay.address, prefix: "", writing });
    expect(imported).toMatchObject({ outcome: "failed", problem: "read back from the relay, it lacks a part" });
  });

  test("[P9] a document that cannot be read, or may not be, is said with its reason, and the others come", async () => {
    const { updates, text } = writtenBy(3, "sound");
    const source = await aLevelFolder("partly", {
      "sound 1": updates,
      torn: [updates[0]!, updates[1]!.subarray(0, updates[1]!.length - 3)],
      "with a gap": [updates[0]!, updates[4]!],
      "bad\nname": updates,
      "automerge:abc": updates,
      "sound 2": updates,
    });
    const answer = await answered(source);
    expect(answer.code).toBe(1);
    const problems = Object.fromEntries(answer.documents.map(({ name, outcome, problem }) => [name, [outcome, problem]]));
    expect(problems).toMatchObject({
      "sound 1": ["made", undefined],
      torn: ["failed", "update 2 of 2 cannot be read"],
      "with a gap": ["failed", "update 2 of 2 hangs on what the source does not hold"],
      "bad\nname": ["failed", expect.stringContaining("name")],
      "automerge:abc": ["failed", expect.any(String)],
      "sound 2": ["made", undefined],
    });
    expect([await contentOf("sound 1"), await contentOf("sound 2")]).toEqual([text, text]);
    expect([await contentOf("torn"), await contentOf("with a gap")]).toEqual([undefined, undefined]);
  });

  test("[P10] a document that was deleted at the relay does not come back", async () => {
    const source = path.join(folder, "gone");
    fs.mkdirSync(source);
    fs.writeFileSync(path.join(source, "gone.bin"), merged(writtenBy(1, "gone").updates));
    expect(outcomes(await answered(source))).toEqual({ gone: "made" });
    expect((await fetch(new URL("/api/rooms/gone", relay.address), { method: "DELETE" })).status).toBe(204);
    expect(await answered(source)).toMatchObject({ code: 1, documents: [{ outcome: "failed", problem: "This document was deleted." }] });
    expect(await contentOf("gone")).toBeUndefined();
  });

  test("[P9] of a damaged source comes what can be read, and it is said that there may be more", async () => {
    const large = (name: string): Uint8Array => merged(writtenBy(2, `${name} ${"words ".repeat(2_000)}`).updates);
    const names = Array.from({ length: 40 }, (_, index) => `page ${String(index).padStart(2, "0")}`);
    const file = aHocuspocusFile("damaged.sqlite", Object.fromEntries(names.map((name) => [name, large(name)])));
    const bytes = fs.readFileSync(file);
    bytes.fill(0xff, Math.floor(bytes.length * 0.6), Math.floor(bytes.length * 0.6) + 40_000);
    fs.writeFileSync(file, bytes);
    const answer = await answered(file, "--prefix", "damaged/");
    expect(answer.code).toBe(1);
    const done = answer.documents.filter(({ outcome }) => outcome === "made");
    expect(done.length).toBeGreaterThan(10);
    expect(done.length).toBeLessThan(40);
    for (const { name, room } of done) expect(await contentOf(room)).toContain(`${name} words`);

    const source = await aLevelFolder("damaged", { one: [large("one")], two: [large("two")] });
    for (const name of fs.readdirSync(source).filter((each) => each.startsWith("MANIFEST"))) fs.rmSync(path.join(source, name));
    expect(await run(source)).toMatchObject({
      code: 2,
      out: "",
      err: expect.stringMatching(/^SOURCE must be a folder of y-leveldb, .* \(.+\)\.\n$/),
    });
  });

  test("a source that is none, and a relay that is none, are said in one sentence", async () => {
    const file = path.join(folder, "text.txt");
    fs.writeFileSync(file, "words");
    const other = path.join(folder, "other.sqlite");
    new Database(other).exec("CREATE TABLE cars (name)").close();
    for (const wrong of [file, other, path.join(folder, "nowhere")])
      expect(await run(wrong)).toMatchObject({ code: 2, out: "", err: expect.stringMatching(/^SOURCE must be .*\n$/) });
    const away = await inkmesh("import", folder, "--at", "http://127.0.0.1:1");
    expect(away).toMatchObject({ code: 2, err: expect.stringMatching(/^--at must be the address of a relay that runs/) });
  });

  test("[P9] a relay that goes away fails the documents that it has not, and what came of each is said all the same", async () => {
    const source = path.join(folder, "forsaken");
    fs.mkdirSync(source);
    for (const name of ["one", "two", "three", "four", "five", "six"])
      fs.writeFileSync(path.join(source, `${name}.bin`), merged(writtenBy(1, name).updates));
    // It is there for the first look, and for nothing after it.
    const leaving = createServer((request, response) => (request.url === "/health" ? response.end("{}") : request.socket.destroy()));
    await new Promise<void>((resolve) => leaving.listen(0, "127.0.0.1", resolve));
    const at = `http://127.0.0.1:${(leaving.address() as AddressInfo).port}`;
    const { code, out, err } = await inkmesh("import", source, "--json", "--at", at);
    leaving.closeAllConnections();
    leaving.close();
    expect([code, err]).toEqual([1, expect.stringMatching(/6 of 6 documents, 6 failed\n$/)]);
    const { documents } = JSON.parse(out) as Answer;
    expect(documents.map(({ outcome, problem }) => [outcome, problem])).toEqual(
      documents.map(() => ["failed", `the relay at ${at} cannot be reached`]),
    );
    expect(documents).toHaveLength(6);
  });

  test.each(["SIGINT", "SIGTERM"] as const)("an import that is ended by %s leaves no copy behind", async (signal) => {
    const source = await aLevelFolder(`ended by ${signal}`, { one: writtenBy(1, "one").updates });
    let copied: readonly string[] = [];
    const silent = createServer((request, response) => {
      if (request.url === "/health") return response.end("{}");
      copied = copiesNow();
    });
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const at = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const child = spawn(process.execPath, [...commandOf("import", source, "--at", at)], { stdio: "ignore" });
    const ended = new Promise((resolve) => child.once("exit", (_code, by) => resolve(by)));
    await until("it is in the middle of it", () => copied.length > 0, { timeoutMs: 60_000 });
    child.kill(signal);
    expect([await ended, copiesNow()]).toEqual([signal, []]);
    silent.closeAllConnections();
    silent.close();
  });

  test("an import that is killed goes on when it is run again: nothing twice, nothing missing", async () => {
    const names = Array.from({ length: 300 }, (_, index) => `killed ${index}`);
    const documents = new Map(names.map((name) => [name, writtenBy(2, name)]));
    const file = aHocuspocusFile("killed.sqlite", Object.fromEntries([...documents].map(([name, { updates }]) => [name, merged(updates)])));
    const here = async (): Promise<number> => {
      const found = await fetch(new URL("/api/rooms?limit=200&search=killed", relay.address));
      return ((await found.json()) as { rooms: unknown[] }).rooms.length;
    };
    const child = spawn(process.execPath, [...commandOf("import", file, "--at", relay.address)], { stdio: "ignore" });
    const ended = new Promise((resolve) => child.once("exit", (_code, signal) => resolve(signal)));
    await until("some of them are there", async () => (await here()) > 5, { timeoutMs: 60_000 });
    child.kill("SIGKILL");
    expect(await ended, "it was not done before").toBe("SIGKILL");
    const answer = await answered(file);
    expect(answer.code).toBe(0);
    const found = Object.values(outcomes(answer));
    expect(found.filter((outcome) => outcome === "there").length).toBeGreaterThan(1);
    expect(found.filter((outcome) => outcome === "made").length).toBeGreaterThan(1);
    for (const [name, { text }] of documents) expect(await contentOf(name)).toBe(text);
  });
});
