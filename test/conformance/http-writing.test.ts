/**
 * Documents that programs write as text, Markdown and HTML over HTTP at three relays of one mesh, beside people who type.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import * as Y from "yjs";
import { endInkClients, InkClient } from "../harness/ink-client.ts";
import { becomeOneMesh, startMesh, type MeshProcess } from "../harness/mesh-processes.ts";
import { MeshWires } from "../harness/mesh-wires.ts";
import { endRelays } from "../harness/relay-process.ts";
import { pause, until } from "../harness/until.ts";

const names = ["a", "b", "c"] as const;
let wires: MeshWires;
let relays: readonly [MeshProcess, MeshProcess, MeshProcess];
let rooms = 0;
const aRoom = (): string => `written ${++rooms}`;

beforeAll(async () => {
  const mesh = await MeshWires.between(names);
  wires = mesh.wires;
  relays = mesh.relays as unknown as typeof relays;
  await startMesh(relays);
});
afterEach(async () => {
  wires.heal();
  await endInkClients();
});
afterAll(async () => {
  await endRelays();
  await wires.end();
});

type Format = "text" | "markdown" | "html";
const types = { text: "text/plain", markdown: "text/markdown; charset=utf-8", html: "text/html" } as const;

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly token: string;
  readonly etag: string;
}

async function asked(relay: MeshProcess, room: string, query: string, init: RequestInit = {}): Promise<Answer> {
  const answer = await fetch(`${relay.url}/api/rooms/${encodeURIComponent(room)}/content?${query}`, init);
  return {
    status: answer.status,
    body: await answer.text(),
    token: answer.headers.get("Inkmesh-Token") ?? "",
    etag: answer.headers.get("ETag") ?? "",
  };
}

const read = (relay: MeshProcess, room: string, format: Format, token = ""): Promise<Answer> =>
  asked(relay, room, `format=${format}`, { headers: { "Inkmesh-Token": token } });

const put = (relay: MeshProcess, room: string, format: Format, body: string, headers: Record<string, string> = {}): Promise<Answer> =>
  asked(relay, room, "", { method: "PUT", headers: { "Content-Type": types[format], ...headers }, body });

const sure = async (answer: Promise<Answer>): Promise<Answer> => {
  const given = await answer;
  expect([given.status, given.body]).toMatchObject([200, expect.any(String)]);
  return given;
};

describe("a document that a program writes", () => {
  const markdown = "# Title\n\nSome **bold** words.\n\n- one\n- two\n\n| A | B |\n| --- | --- |\n| 1 | 2 |\n";

  test("[P6] at one relay is at the others what was written, in each format, and writing it back writes nothing", async () => {
    const room = aRoom();
    const begun = await sure(put(relays[0], room, "markdown", markdown));
    const seen = await sure(read(relays[1], room, "markdown", begun.token));
    expect(seen.body).toBe(markdown);
    for (const [index, format] of (["text", "markdown", "html"] as const).entries()) {
      const relay = relays[index]!;
      const given = await sure(read(relay, room, format, begun.token));
      await sure(put(relay, room, format, given.body, { "If-Match": given.etag }));
      expect((await read(relay, room, format)).etag).toBe(given.etag);
    }
  });

  test("and that people type in at every relay loses none of their letters, nor what the program writes", async () => {
    const room = aRoom();
    const [title, ...lines] = ["A title", "first", "second", "third"];
    const begun = await sure(put(relays[0], room, "text", [title, ...lines].join("\n")));
    const people = await Promise.all(relays.map((relay) => new InkClient(relay, room).synced()));
    const lineOf = (at: number): Y.XmlText => (people[at]!.doc.getXmlFragment("default").get(at + 1) as Y.XmlElement).get(0) as Y.XmlText;
    await until("all have it", () => people.every(({ doc }) => doc.getXmlFragment("default").length === 4));
    let isTyping = true;
    const typing = people.map(async (person, at) => {
      for (let key = 0; key < 60; key++) {
        lineOf(at).insert(lineOf(at).length, String(key % 10));
        // A person's pace: that the program's reads and writes come between the keys is what is tested.
        await pause(15);
      }
      await person.saved();
    });
    const program = (async () => {
      let turns = 0;
      for (let token = begun.token; isTyping || turns < 5; turns++) {
        const relay = relays[turns % 3]!;
        const seen = await read(relay, room, "text", token);
        if (seen.status !== 200) continue;
        const [, ...rest] = seen.body.split("\n");
        const written = await put(relay, room, "text", [`Title ${turns}`, ...rest].join("\n"), { "Inkmesh-Token": seen.token });
        // What was read may have been folded into a snapshot since: then it is read anew.
        expect([200, 412, 503]).toContain(written.status);
        token = written.status === 200 ? written.token : seen.token;
      }
      return turns - 1;
    })();
    await Promise.all(typing);
    isTyping = false;
    const last = await program;
    const keys = Array.from({ length: 60 }, (_, key) => String(key % 10)).join("");
    const wanted = [`Title ${last}`, ...lines.map((line) => line + keys)].join("\n");
    for (const relay of relays)
      await until("every relay has all of it", async () => (await read(relay, room, "text")).body === wanted, {
        timeoutMs: 20_000,
        seen: () => read(relay, room, "text"),
      });
    expect(last).toBeGreaterThan(3);
  });

  test("on something else than there is now is refused where it says so, and nothing is written", async () => {
    const room = aRoom();
    await sure(put(relays[0], room, "text", "one"));
    const seen = await sure(read(relays[0], room, "text"));
    await sure(put(relays[0], room, "text", "two", { "If-Match": seen.etag }));
    const late = await put(relays[0], room, "text", "three", { "If-Match": seen.etag });
    expect([late.status, late.body]).toMatchObject([412, expect.stringContaining("CHANGED_SINCE")]);
    expect((await read(relays[0], room, "text")).body).toBe("two");
  });
});

test("a request with a key is done once, at whichever relays it comes, and known after a restart", async () => {
  const room = aRoom();
  await sure(put(relays[0], room, "text", "first"));
  const keyed = (relay: MeshProcess, body: string): Promise<Answer> =>
    put(relay, room, "text", body, { "Idempotency-Key": '"of this test"' });
  const done = await sure(keyed(relays[0], "first\nsecond"));
  await sure(put(relays[1], room, "text", "third", { "Inkmesh-Token": done.token }));
  for (const relay of relays) {
    await until("it has heard of it", async () => (await read(relay, room, "text")).body === "third");
    await sure(keyed(relay, "first\nsecond"));
    const other = await keyed(relay, "first\nsomething else");
    expect([other.status, other.body]).toMatchObject([422, expect.stringContaining("KEY_REUSED")]);
  }
  await relays[2].end("SIGKILL");
  await relays[2].start();
  await becomeOneMesh(relays);
  await sure(keyed(relays[2], "first\nsecond"));
  expect((await read(relays[2], room, "text", done.token)).body).toBe("third");
});

describe("a new document", () => {
  const words = "The first words.\n\nAnd more of them.";

  test("[P4] that is begun with the same words on both sides of a partition has them once when it is over", async () => {
    const room = aRoom();
    wires.cut("a", "b");
    wires.cut("a", "c");
    await until(
      "the relays have noticed",
      async () => (await relays[0].view()).links.length === 0 && (await relays[1].view()).links.length === 1,
      { timeoutMs: 60_000 },
    );
    const answers = await Promise.all(relays.map((relay) => put(relay, room, "text", words, { "If-None-Match": "*" })));
    // Whoever is alone cannot call it saved, and has it all the same.
    expect(answers[0]!.body).toContain("NOT_CONFIRMED");
    await until(
      "the majority has saved it",
      async () => (await put(relays[1], room, "text", words, { "If-None-Match": "*" })).status === 200,
      { timeoutMs: 20_000 },
    );
    for (const relay of relays) expect((await read(relay, room, "text")).body).toBe(words);
    wires.heal();
    await becomeOneMesh(relays, 60_000);
    await until(
      "it is confirmed everywhere",
      async () => (await put(relays[0], room, "text", words, { "If-None-Match": "*" })).status === 200,
      { timeoutMs: 60_000 },
    );
    const states = await Promise.all(
      relays.map(async (relay) =>
        Buffer.from(await (await fetch(`${relay.url}/api/rooms/${encodeURIComponent(room)}/content?format=update`)).arrayBuffer()),
      ),
    );
    for (const [index, state] of states.entries()) {
      expect((await read(relays[index]!, room, "text")).body).toBe(words);
      const doc = new Y.Doc();
      Y.applyUpdate(doc, state);
      expect([...doc.store.clients.keys()]).toHaveLength(1);
    }
    const other = await put(relays[2], room, "text", "other words", { "If-None-Match": "*" });
    expect([other.status, other.body]).toMatchObject([412, expect.stringContaining("NOT_EMPTY")]);
  });
});
