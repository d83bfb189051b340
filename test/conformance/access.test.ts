/**
 * Who may do what, as an application says that is asked over HTTP: released clients of each dialect, and the documents over HTTP, against
 * a real relay; with the application there, gone, slow, and saying nonsense.
 */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import * as Y from "yjs";
import { inkmesh } from "../harness/command-line.ts";
import { endHocuspocusClients, HocuspocusClient, hocuspocusVersions } from "../harness/hocuspocus-client.ts";
import { endInkClients, InkClient } from "../harness/ink-client.ts";
import { endRelays, type RelayProcess, startRelayProcess, temporaryFolder } from "../harness/relay-process.ts";
import { until } from "../harness/until.ts";
import { endYClients, YClient, yVersions } from "../harness/y-client.ts";

interface Asked {
  readonly dialect: string;
  readonly room: string | null;
  readonly token: string;
  readonly address: string;
  readonly origin: string | null;
}

/** The tokens of the application: what each may. */
const answers: Readonly<Record<string, object>> = {
  writer: { allow: true, access: "write", user: "Wilma" },
  reader: { allow: true, access: "read", user: "Rita" },
};

let application: Server;
let relay: RelayProcess;
let asked: Asked[] = [];
/** How the application is at the moment. */
let state: "well" | "failing" | "silent" | "talking nonsense" = "well";
/** What a token named "brief" may at the moment, for a moment. */
const briefly = { allow: true, access: "write", user: "Bea", expiresInMs: 300 };
let brief: object = briefly;

beforeAll(async () => {
  application = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const question = JSON.parse(Buffer.concat(parts).toString()) as Asked;
    asked.push(question);
    if (state === "silent") return;
    if (state === "failing") return void response.writeHead(500).end();
    if (state === "talking nonsense") return void response.writeHead(200).end('{"allow":"yes"}');
    response.end(
      JSON.stringify(question.token.startsWith("brief") ? brief : (answers[question.token] ?? { allow: false, reason: "Sign in first." })),
    );
  });
  await new Promise<void>((resolve) => application.listen(0, "127.0.0.1", resolve));
  const config = join(temporaryFolder("config"), "relay.json");
  // Nothing is kept for long, so that each client is asked for; and who says nothing is soon given up.
  writeFileSync(config, JSON.stringify({ process: { accessKeptMs: 1, accessMs: 500 }, limits: { grantMsMin: 100 } }));
  const { port } = application.address() as AddressInfo;
  relay = await startRelayProcess({ args: ["--auth-url", `http://127.0.0.1:${port}/access?key=k`, "--config", config] });
});

afterEach(async () => {
  state = "well";
  brief = briefly;
  asked = [];
  endYClients();
  endHocuspocusClients();
  await endInkClients();
});

afterAll(async () => {
  application.closeAllConnections();
  application.close();
  await endRelays();
});

const api = (path: string, token: string | undefined, init: RequestInit = {}): Promise<Response> =>
  fetch(`${relay.url}/api/rooms${path}`, {
    ...init,
    headers: { ...(init.headers as Record<string, string>), ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }) },
  });

async function codeOf(answer: Response): Promise<string> {
  return ((await answer.json()) as { error: { code: string } }).error.code;
}

/** How many entries the room's log ever had; undefined: there is no room. */
async function entriesOf(room: string): Promise<number | undefined> {
  const answer = await api(`/${encodeURIComponent(room)}`, "writer");
  if (!answer.ok) return undefined;
  const { clock } = (await answer.json()) as { clock: Record<string, number> };
  return Object.values(clock).reduce((sum, counter) => sum + counter, 0);
}

/** A document with "here" in it. */
async function aDocument(room: string): Promise<void> {
  const writer = new InkClient(relay, room, { credential: "writer" });
  await writer.synced();
  writer.insert(0, "here");
  await writer.saved();
  await writer.end();
}

function anUpdate(): Uint8Array {
  const doc = new Y.Doc();
  doc.getText("text").insert(0, "by HTTP ");
  return Y.encodeStateAsUpdate(doc);
}

const patch = (body: Uint8Array): RequestInit => ({
  method: "PATCH",
  headers: { "Content-Type": "application/octet-stream" },
  body: body as unknown as NonNullable<RequestInit["body"]>,
});

/** A client of each kind with a token, and how it is told that it may not come in. */
const kinds: readonly (readonly [
  string,
  (room: string, token: string) => { text: Y.Text; reads: (words: string) => Promise<void>; isTurnedAway: () => boolean },
])[] = [
  [
    "our client",
    (room, credential) => {
      const client = new InkClient(relay, room, { credential });
      return { text: client.text, reads: (words) => client.reads(words), isTurnedAway: () => client.room.status.phase === "refused" };
    },
  ],
  ...yVersions.map(
    (version) =>
      [
        `y-websocket ${version}`,
        (room: string, token: string) => {
          const client = new YClient(relay, room, { version, token });
          return { text: client.text, reads: (words: string) => client.reads(words), isTurnedAway: () => client.closeCodes.includes(4403) };
        },
      ] as const,
  ),
  ...hocuspocusVersions.map(
    (version) =>
      [
        `Hocuspocus ${version}`,
        (room: string, token: string) => {
          const client = new HocuspocusClient(relay, room, { version, token });
          return {
            text: client.text,
            reads: (words: string) => client.reads(words),
            isTurnedAway: () => client.denied.some((reason) => reason.startsWith("NOT_ALLOWED: Sign in first.")),
          };
        },
      ] as const,
  ),
];

describe.each(kinds)("%s", (name, client) => {
  test("[P9] is let in to write, to read alone, or not at all, as the application says", async () => {
    const room = `access ${name}`;
    await aDocument(room);
    const stranger = client(room, "nobody");
    stranger.text.insert(0, "never ");
    await until("the stranger is turned away", () => stranger.isTurnedAway());
    expect(stranger.text.toString()).toBe("never ");

    const reader = client(room, "reader");
    await reader.reads("here");
    const before = (await entriesOf(room)) ?? 0;
    reader.text.insert(0, "not ");
    const writer = client(room, "writer");
    await writer.reads("here");
    writer.text.insert(4, " and there");
    // Behind what the reader wrote: had that been taken, it would be here, too.
    await reader.reads("not here and there");
    const onlooker = client(room, "reader");
    await onlooker.reads("here and there");
    const kept = async (): Promise<string> => (await api(`/${encodeURIComponent(room)}/content?format=text`, "reader")).text();
    await until("it is on the relay's disk", async () => (await kept()) === "here and there", { seen: kept });
    expect(await entriesOf(room), "the writer's edit, and nobody else's").toBe(before + 1);
  });
});

describe.each(kinds)("%s whose token is good for a moment", (name, client) => {
  test("[P9] stays while it is, may only read when that is so, and is out when it is refused", async () => {
    const room = `brief ${name}`;
    await aDocument(room);
    const visitor = client(room, "brief");
    await visitor.reads("here");
    asked = [];
    await until("it is asked about again and again", () => asked.filter(({ token }) => token === "brief").length >= 3);
    expect(visitor.isTurnedAway()).toBe(false);
    visitor.text.insert(0, "still ");
    const writer = client(room, "writer");
    await writer.reads("still here");

    brief = { ...briefly, access: "read" };
    asked = [];
    await until("it is asked about again", () => asked.filter(({ token }) => token === "brief").length >= 2);
    visitor.text.insert(0, "not ");
    writer.text.insert(0, "we are ");
    await until("the reader sees what is new", () => visitor.text.toString().includes("we are "));
    const onlooker = client(room, "reader");
    await onlooker.reads("we are still here");

    brief = { allow: false, reason: "Sign in first." };
    await until("it is turned away", () => visitor.isTurnedAway());
    visitor.text.insert(0, "never ");
    writer.text.insert(0, "and ");
    await onlooker.reads("and we are still here");
    expect(visitor.text.toString()).toContain("never ");
  });
});

describe.each(hocuspocusVersions.filter((version) => !version.startsWith("2")))("Hocuspocus %s", (version) => {
  test("[P9] shows a new token when the old one is over, without losing its line", async () => {
    let tokens = 0;
    const client = new HocuspocusClient(relay, `renewed ${version}`, { version, token: () => `brief ${tokens++}` });
    await client.synced();
    await until("it has shown three", () => new Set(asked.map(({ token }) => token)).size >= 3);
    client.insert(0, "here");
    await client.saved();
    expect([client.denied, client.line.closeCodes]).toEqual([[], []]);
  });
});

describe("the application", () => {
  test("is told what is asked for, by whom and from where, and what it says is written under its name", async () => {
    await aDocument("named");
    new YClient(relay, "named", { token: "reader" });
    new HocuspocusClient(relay, "named", { token: "reader" });
    await until("all have asked", () => new Set(asked.map(({ dialect }) => dialect)).size === 3);
    await api("/named", "reader", { headers: { Origin: "http://127.0.0.1:1" } });
    await api("", undefined);
    const one = { room: "named", address: "127.0.0.1", origin: null };
    expect(asked).toContainEqual({ ...one, dialect: "native", token: "writer" });
    expect(asked).toContainEqual({ ...one, dialect: "y-websocket", token: "reader" });
    expect(asked).toContainEqual({ ...one, dialect: "hocuspocus", token: "reader" });
    expect(asked).toContainEqual({ ...one, dialect: "http", token: "reader", origin: "http://127.0.0.1:1" });
    expect(asked).toContainEqual({ dialect: "http", room: null, token: "", address: "127.0.0.1", origin: null });
    const history = (await (await api("/named/history", "reader")).json()) as { versions: { authors: { author: string }[] }[] };
    expect(history.versions[0]?.authors).toMatchObject([{ author: "Wilma" }]);
  });

  test("[P9] stands before every request about documents, and who may read changes nothing", async () => {
    await aDocument("guarded");
    const paths = [
      "",
      "/guarded",
      "/guarded/content?format=text",
      "/guarded/history",
      `/guarded/blobs/sha256-${"0".repeat(64)}`,
      "/guarded/clocks",
      "/guarded/no-such-thing",
      "/other",
    ];
    for (const path of paths) expect([path, (await api(path, "nobody")).status]).toEqual([path, 403]);
    const entries = await entriesOf("guarded");
    const json = { "Content-Type": "application/json" };
    const changes: readonly (readonly [string, RequestInit])[] = [
      ["", { method: "POST", headers: json, body: JSON.stringify({ room: "made" }) }],
      ["", { method: "POST", headers: json, body: "{}" }],
      ["/guarded", { method: "PATCH", headers: json, body: JSON.stringify({ title: "mine" }) }],
      ["/guarded", { method: "DELETE" }],
      ["/guarded/content", patch(anUpdate())],
      ["/guarded/content", { method: "PUT", headers: { "Content-Type": "text/plain" }, body: "mine" }],
      [`/guarded/blobs/sha256-${"0".repeat(64)}`, { method: "PUT", body: "mine" }],
      ["/begun/content", { method: "PUT", headers: { "Content-Type": "text/plain", "If-None-Match": "*" }, body: "mine" }],
    ];
    for (const [path, init] of changes) {
      expect(await codeOf(await api(path, "nobody", init))).toBe("NOT_ALLOWED");
      expect(await codeOf(await api(path, "reader", init))).toBe("READ_ONLY");
    }
    expect([await entriesOf("guarded"), await entriesOf("made")]).toEqual([entries, undefined]);
    asked = [];
    expect((await api("", "writer", changes[0]![1])).status).toBe(201);
    expect(asked.map(({ room }) => room)).toEqual(["made"]);
    expect((await api("/guarded/content", "writer", patch(anUpdate()))).status).toBe(200);
    expect((await api("/guarded", "writer", { method: "DELETE" })).status).toBe(204);
    expect((await fetch(`${relay.url}/api/rooms/made?token=reader`)).status).toBe(200);
    expect(await codeOf(await api("/%E0%A4%A", "writer"))).toMatch(/^BAD_(ROOM_NAME|REQUEST)$/);
  });

  test("[P9] tells only those of what happens to documents who may have them", async () => {
    const listen = async (token: string, query = ""): Promise<string> => {
      const answer = await fetch(`${relay.url}/api/events${query}`, { headers: { Authorization: `Bearer ${token}` } });
      if (answer.status !== 200) return codeOf(answer);
      await answer.body?.cancel();
      return "listens";
    };
    expect(await listen("nobody")).toBe("NOT_ALLOWED");
    expect(await listen("nobody", "?room=guarded")).toBe("NOT_ALLOWED");
    asked = [];
    expect(await listen("reader", "?room=guarded&room=other")).toBe("listens");
    expect(asked.map(({ room }) => room).toSorted()).toEqual(["guarded", "other"]);
    expect(await listen("reader")).toBe("listens");
  });

  test("[P9] is asked again about those who listen while they do, and cuts them off", async () => {
    const { body, status } = await fetch(`${relay.url}/api/events?token=brief`);
    expect(status).toBe(200);
    let isOver = false;
    const reading = (async () => {
      for await (const _part of body as unknown as AsyncIterable<Uint8Array>) continue;
    })();
    const over = (): void => {
      isOver = true;
    };
    void reading.then(over, over);
    await until("it is asked about again and again", () => asked.filter(({ token }) => token === "brief").length >= 3);
    expect(isOver).toBe(false);
    brief = { allow: false };
    await until("it is cut off", () => isOver);
    expect((await fetch(`${relay.url}/api/events?token=brief`)).status).toBe(403);
  });

  test.each(["failing", "silent", "talking nonsense"] as const)(
    "[P9] is %s: nobody gets in, and everybody comes back by themselves when it is well again",
    async (trouble) => {
      const room = `while ${trouble}`;
      await aDocument(room);
      state = trouble;
      const answer = await api(`/${encodeURIComponent(room)}`, "writer");
      expect([answer.status, await codeOf(answer)]).toEqual([503, "ACCESS_UNKNOWN"]);
      const native = new InkClient(relay, room, { credential: "writer" });
      const y = new YClient(relay, room, { token: "writer" });
      const hocuspocus = new HocuspocusClient(relay, room, { token: "writer" });
      await until("all are sent away for the moment", () =>
        [
          native.room.status.problem?.code === "ACCESS_UNKNOWN",
          y.closeCodes.includes(1013),
          hocuspocus.line.closeCodes.includes(1013),
        ].every(Boolean),
      );
      expect([native.read(), y.read(), hocuspocus.read()]).toEqual(["", "", ""]);
      state = "well";
      await Promise.all([native.reads("here", 30_000), y.reads("here", 30_000), hocuspocus.reads("here", 30_000)]);
    },
  );

  test("sends the commands away, too, unless they show a token", async () => {
    const list = (): ReturnType<typeof inkmesh> => inkmesh("room", "list", "--at", relay.url);
    expect(await list()).toMatchObject({ code: 2, err: "You have no access to this document. (Sign in first.)\n" });
    const folder = temporaryFolder("updates");
    writeFileSync(join(folder, "brought.bin"), anUpdate());
    process.env["INKMESH_TOKEN"] = "writer";
    try {
      expect(await list()).toMatchObject({ code: 0 });
      expect(await inkmesh("import", folder, "--at", relay.url)).toMatchObject({ code: 0, out: expect.stringContaining("1 made") });
    } finally {
      delete process.env["INKMESH_TOKEN"];
    }
  });

  test("that is not there at all lets nobody in", async () => {
    const lonely = await startRelayProcess({ args: ["--auth-url", "http://127.0.0.1:1/access"] });
    const answer = await fetch(`${lonely.url}/api/rooms`, { headers: { Authorization: "Bearer writer" } });
    expect([answer.status, await codeOf(answer)]).toEqual([503, "ACCESS_UNKNOWN"]);
    const client = new YClient(lonely, "one", { token: "writer" });
    await until("it is sent away", () => client.closeCodes.includes(1013));
    // Whether it is up is no secret, and no document.
    expect((await fetch(`${lonely.url}/health`)).status).toBe(200);
  });
});
