import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as Y from "yjs";
import { inkmesh, type Said } from "../../harness/command-line.ts";
import { aRelay, type RunningRelay } from "./a-relay.ts";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "inkmesh-room-command-"));
let relay: RunningRelay;

const room = (...args: readonly string[]): Promise<Said> => inkmesh("room", ...args, "--at", relay.address);

async function create(name: string, title: string, kind = "text"): Promise<void> {
  const body = JSON.stringify({ room: name, title, kind });
  const answer = await fetch(new URL("/api/rooms", relay.address), {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body,
  });
  expect(answer.status).toBe(201);
}

beforeAll(async () => {
  relay = await aRelay({ name: "a", data: path.join(folder, "a") });
}, 60_000);

afterAll(async () => {
  await relay.stop();
  fs.rmSync(folder, { recursive: true });
});

describe("inkmesh room", { timeout: 120_000 }, () => {
  test("says so where there are no documents", async () => {
    expect(await room("list")).toEqual({ code: 0, out: "There are no documents.\n", err: "" });
  });

  test("lists all of them over several pages, shows one, and finds by words", async () => {
    for (let number = 0; number < 205; number++) await create(`note ${String(number).padStart(3, "0")}`, `Title ${number}`);
    const all = (await room("list")).out.split("\n");
    expect(all[0]).toMatch(/^document +title +kind +open +changed$/);
    expect(all.filter((line) => line.startsWith("note "))).toHaveLength(205);
    const found = JSON.parse((await room("list", "--search", "Title 204", "--json")).out) as { rooms: { room: string }[]; unanswered: [] };
    expect([found.rooms.map((each) => each.room), found.unanswered]).toEqual([["note 204"], []]);
    const { out } = await room("show", "note 204");
    expect(out).toMatch(
      /^document +note 204\ntitle +Title 204\nkind +text\nkept by +yjs, generation 0, \d+ bytes\non disk +on 1 of 1 relays: a\nopen +by 0\n/,
    );
  });

  test("says what came of exporting and deleting to scripts, too", async () => {
    await create("scripted", "For scripts");
    const file = path.join(folder, "scripted.txt");
    const exported = await room("export", "scripted", "--out", file, "--json");
    expect(JSON.parse(exported.out)).toEqual({ room: "scripted", format: "text", file, bytes: fs.statSync(file).size });
    expect(await room("export", "scripted", "--json")).toMatchObject({ code: 2, err: expect.stringMatching(/^--json needs --out FILE/) });
    expect(JSON.parse((await room("delete", "scripted", "--yes", "--json")).out)).toEqual({ deleted: "scripted" });
  });

  test("a title or kind cannot draw over what stands around it", async () => {
    const title = "harmless \u{202e}gpj.exe";
    await create("turned", title, "te\u{202e}xt");
    for (const { out } of [await room("list", "--search", "harmless"), await room("show", "turned")]) {
      expect(out).toContain("harmless \u{fffd}gpj.exe");
      expect(out).toContain("te\u{fffd}xt");
      expect(out).not.toContain("\u{202e}");
    }
  });

  test("exports to the output and to a file, and never over one that is there", async () => {
    expect(await room("export", "note 001", "--format", "json")).toMatchObject({ code: 0, out: expect.stringMatching(/^\{/) });
    const file = path.join(folder, "note.bin");
    const first = await room("export", "note 001", "--format", "update", "--out", file);
    expect(first).toMatchObject({ code: 0, out: `${fs.statSync(file).size} bytes in ${file}.\n` });
    const again = await room("export", "note 001", "--out", file);
    expect(again).toEqual({ code: 2, out: "", err: `--out must be a file that is not there yet, not ${JSON.stringify(file)}.\n` });
    expect(await room("export", "note 001", "--format", "pdf")).toMatchObject({ code: 2, err: expect.stringContaining("update") });
  });

  test("[P2] imports what was exported: as a new document, as one that was deleted, and into one that is there when that is said", async () => {
    const doc = new Y.Doc();
    doc.getText("t").insert(0, "kept in a drawer");
    const file = path.join(folder, "drawer.bin");
    fs.writeFileSync(file, Y.encodeStateAsUpdate(doc));
    expect(await room("import", file)).toEqual({ code: 0, out: '"drawer" is made: saved on 1 of 1 relays.\n', err: "" });
    const exported = path.join(folder, "exported.bin");
    await room("export", "drawer", "--format", "update", "--out", exported);
    const imported = async (name: string, ...more: readonly string[]): Promise<unknown> =>
      JSON.parse((await room("import", exported, "--room", name, "--json", ...more)).out);
    const saved = { copies: 1, replicas: 1 };
    expect(await imported("chest")).toEqual({ room: "chest", created: true, saved });
    expect((await room("export", "chest")).out).toBe((await room("export", "drawer")).out);
    await room("delete", "chest", "--yes");
    expect(await imported("chest")).toEqual({ room: "chest", created: true, saved });

    const refused = await room("import", exported, "--room", "chest");
    expect(refused).toMatchObject({ code: 2, out: "", err: expect.stringMatching(/^"chest" is there already\. Add --merge /) });
    expect(await imported("chest", "--merge")).toEqual({ room: "chest", created: false });
    doc.getText("t").insert(0, "also ");
    fs.writeFileSync(file, Y.encodeStateAsUpdate(doc));
    expect(await room("import", file, "--room", "chest", "--merge")).toMatchObject({
      out: '"chest" has it, too: saved on 1 of 1 relays.\n',
    });
    expect(JSON.stringify((await room("export", "chest", "--format", "json")).out)).toContain("also kept in a drawer");
  });

  test("imports what more people wrote than one edit may have authors", async () => {
    const all = new Y.Doc();
    for (let author = 0; author < 40; author++) {
      const own = new Y.Doc();
      Y.applyUpdate(own, Y.encodeStateAsUpdate(all));
      own.getText("text").insert(0, `${author} `);
      Y.applyUpdate(all, Y.encodeStateAsUpdate(own));
    }
    const file = path.join(folder, "crowd.bin");
    fs.writeFileSync(file, Y.encodeStateAsUpdate(all));
    expect(await room("import", file)).toEqual({ code: 0, out: '"crowd" is made: saved on 1 of 1 relays.\n', err: "" });
    expect((await room("export", "crowd")).out.trim()).toBe(all.getText("text").toString().trim());
  });

  test("says when somebody wrote in a document, and what it was then", async () => {
    const doc = new Y.Doc();
    doc.getText("t").insert(0, "first");
    const file = path.join(folder, "history.bin");
    fs.writeFileSync(file, Y.encodeStateAsUpdate(doc));
    await room("import", file, "--room", "with a past");
    const { versions } = JSON.parse((await room("history", "with a past", "--json")).out) as {
      versions: { version: string; edits: number }[];
    };
    const newest = versions[0]!.version;
    expect(versions).toMatchObject([{ edits: 1, authors: [{ author: "", edits: 1 }] }]);
    expect((await room("history", "with a past")).out).toMatch(new RegExp(`^version +edits +by\n${newest} +1\n$`));
    expect(await room("history", "with a past", newest)).toEqual(await room("export", "with a past"));
    expect(await room("history", "with a past", "2001-01-01T00:00Z")).toMatchObject({ code: 2, out: "" });
    await create("without a past", "");
    expect((await room("history", "without a past")).out).toBe("Nothing is kept of how it came to be.\n");
  });

  test("imports an empty document, too", async () => {
    const file = path.join(folder, "blank.bin");
    await room("export", "note 003", "--format", "update", "--out", file);
    expect(await room("import", file)).toEqual({ code: 0, out: '"blank" is made.\n', err: "" });
    expect(await room("show", "blank")).toMatchObject({ code: 0 });
  });

  test("imports nothing of a file that is no whole export, and makes no document for it", async () => {
    const doc = new Y.Doc();
    doc.getText("t").insert(0, "first");
    const before = Y.encodeStateVector(doc);
    doc.getText("t").insert(5, ", second");
    const wrong: Record<string, Uint8Array> = {
      text: Buffer.from("# Minutes\n\nWe met."),
      empty: new Uint8Array(),
      part: Y.encodeStateAsUpdate(doc, before),
    };
    for (const [name, bytes] of Object.entries(wrong)) {
      const file = path.join(folder, `${name}.wrong`);
      fs.writeFileSync(file, bytes);
      const err = `FILE must be what inkmesh room export --format update wrote, not ${JSON.stringify(file)}.\n`;
      expect(await room("import", file)).toEqual({ code: 2, out: "", err });
      expect(await room("show", name)).toMatchObject({ code: 2 });
    }
    expect(await room("import", path.join(folder, "nowhere"))).toMatchObject({
      code: 2,
      err: expect.stringMatching(/^FILE must be what /),
    });
  });

  test("deletes only with --yes, and what is not there is said", async () => {
    expect(await room("delete", "note 002")).toMatchObject({ code: 2, err: expect.stringContaining("Add --yes") });
    expect(await room("show", "note 002")).toMatchObject({ code: 0 });
    expect(await room("delete", "note 002", "--yes")).toEqual({ code: 0, out: '"note 002" is deleted.\n', err: "" });
    expect(await room("show", "note 002")).toMatchObject({ code: 2, out: "" });
    expect(await room("show", "no such note")).toMatchObject({ code: 2, out: "" });
  });

  test("says what --at has to be", async () => {
    const { err } = await inkmesh("room", "list", "--at", "nonsense");
    expect(err).toBe('--at must be the address of a relay that runs, e.g. http://127.0.0.1:4400, not "nonsense".\n');
  });
});
