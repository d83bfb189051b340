/**
 * Released automerge-repo clients, unchanged, on one relay.
 */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { generateAutomergeUrl } from "@automerge/automerge-repo";
import { randomInteger, seededRandom } from "@inkmesh/shared/base/random";
import type { RoomName } from "@inkmesh/shared/base/ids";
import { documentOfRoom } from "@inkmesh/shared/wire/automerge-document";
import { decodeRepoMessage, encodeRepoMessage, type RepoMessage } from "@inkmesh/shared/wire/automerge-repo";
import { decodeCbor, encodeCbor } from "@inkmesh/shared/wire/cbor";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { AutomergeClient, endAutomergeClients, haveConverged, saved, textOf, type } from "../harness/automerge-client.ts";
import { endRawSockets, RawSocket } from "../harness/raw-socket.ts";
import { changeRoom } from "../harness/relay-api.ts";
import { endRelays, projectRoot, startRelayProcess, type RelayProcess } from "../harness/relay-process.ts";
import { pause, until } from "../harness/until.ts";

let relay: RelayProcess;

beforeAll(async () => {
  relay = await startRelayProcess();
});
afterEach(() => {
  endAutomergeClients();
  endRawSockets();
});
afterAll(() => endRelays());

describe("[P11] automerge-repo clients on one relay", () => {
  test("[P1] type at once, and all converge, who comes later too", async () => {
    const [a, b] = [new AutomergeClient(relay), new AutomergeClient(relay)];
    const ours = await a.begun("begun ");
    const theirs = await b.find(ours.url);
    for (let round = 0; round < 20; round++) {
      type(ours, `a${round} `);
      type(theirs, `b${round} `, 0);
      await new Promise(setImmediate);
    }
    const text = await haveConverged([ours, theirs], (read) => read.split(" ").length === 42, "all 41 words are on both");
    const late = await new AutomergeClient(relay).find(ours.url);
    await haveConverged([late, ours], (read) => read === text, "a late one reads all");
  });

  test("are told when there is nothing of a document, and get it once there is", async () => {
    const [early, writer] = [new AutomergeClient(relay), new AutomergeClient(relay)];
    const url = generateAutomergeUrl();
    await expect(early.find(url)).rejects.toThrow(/unavailable/);
    // As somebody writes who was offline when he began the document.
    const binary = (await import("@automerge/automerge")).save((await writer.begun("now ")).doc());
    const { interpretAsDocumentId } = await import("@automerge/automerge-repo");
    writer.repo.import(binary, { docId: interpretAsDocumentId(url) });
    await until("it comes by itself", async () => early.repo.handles[interpretAsDocumentId(url)]?.isReady() === true);
    expect(early.repo.handles[interpretAsDocumentId(url)]!.doc()).toMatchObject({ text: "now " });
  });

  test("have many documents on one socket", async () => {
    const [a, b] = [new AutomergeClient(relay), new AutomergeClient(relay)];
    const ours = await Promise.all(Array.from({ length: 40 }, (_, index) => a.begun(`document ${index} `)));
    const theirs = await Promise.all(ours.map(({ url }) => b.find(url)));
    for (const [index, handle] of theirs.entries()) type(handle, `read ${index}`);
    for (const [index, handle] of ours.entries())
      await haveConverged([handle, theirs[index]!], (text) => text === `document ${index} read ${index}`, `document ${index} is the same`);
  });

  test("[P7] edits of both sides made while offline merge once", async () => {
    const [a, b] = [new AutomergeClient(relay), new AutomergeClient(relay)];
    const ours = await a.begun("common ");
    const theirs = await b.find(ours.url);
    await haveConverged([ours, theirs], (text) => text === "common ", "both have it");
    a.goOffline();
    b.goOffline();
    for (const word of ["one ", "two "]) type(ours, word);
    for (const word of ["three ", "four "]) type(theirs, word, 0);
    a.goOnline(relay);
    b.goOnline(relay);
    await haveConverged(
      [ours, theirs],
      (text) => text.split(" ").toSorted().join(" ") === " common four one three two",
      "all is on both sides",
    );
    await Promise.all([saved(ours), saved(theirs)]);
  });

  test("[P1] whose lines are cut again and again while they type lose nothing", async () => {
    const random = seededRandom(7);
    const clients = Array.from({ length: 3 }, () => new AutomergeClient(relay));
    const first = await clients[0]!.begun("");
    const handles = [first, ...(await Promise.all(clients.slice(1).map((client) => client.find(first.url))))];
    for (let round = 0; round < 150; round++) {
      type(handles[randomInteger(random, 3)]!, "x", randomInteger(random, 50));
      if (round % 10 === 9) clients[randomInteger(random, 3)]!.cut();
      await pause(20); // Edits are to meet lines in every state.
    }
    await haveConverged(handles, (text) => text.length === 150, "every letter is there once");
  });

  test("[P2] lose nothing whose heads were durable when the relay is killed, and go on", async () => {
    const gone = new AutomergeClient(relay);
    const handle = await gone.begun("");
    for (const letter of "kept ") type(handle, letter);
    await saved(handle);
    await relay.end("SIGKILL");
    gone.end();
    await relay.start();
    const client = new AutomergeClient(relay);
    const read = await client.find(handle.url);
    expect(textOf(read)).toBe("kept ");
    await relay.end("SIGKILL");
    type(read, "while away ");
    await relay.start();
    await saved(read);
    const other = await new AutomergeClient(relay).find(handle.url);
    expect(textOf(other)).toBe("kept while away ");
  });

  test("hear what others say to all once, and not what they said themselves", async () => {
    const clients = Array.from({ length: 3 }, () => new AutomergeClient(relay));
    const first = await clients[0]!.begun("");
    const handles = [first, ...(await Promise.all(clients.slice(1).map((client) => client.find(first.url))))];
    const heard = handles.map((handle) => {
      const words: unknown[] = [];
      handle.on("ephemeral-message", ({ message }) => words.push(message));
      return words;
    });
    handles[0]!.broadcast({ cursor: 1 });
    handles[0]!.broadcast({ cursor: 2 });
    await until("both are heard", () => heard.slice(1).every((words) => words.length === 2));
    await pause(300); // Time for what must not come a second time.
    expect(heard).toEqual([[], [{ cursor: 1 }, { cursor: 2 }], [{ cursor: 1 }, { cursor: 2 }]]);
  });

  test("[P5] are told that a document which is deleted is not there", async () => {
    const [a, b] = [new AutomergeClient(relay), new AutomergeClient(relay)];
    const handle = await a.begun("to go");
    expect(await changeRoom(relay, "DELETE", handle.url)).toBe(204);
    await expect(b.find(handle.url)).rejects.toThrow(/unavailable/);
  });

  test("take a document of 250,000 operations, and bring it to who comes", async () => {
    const handle = await new AutomergeClient(relay).begun("");
    for (let part = 0; part < 25; part++) {
      type(handle, "0123456789".repeat(1_000));
      await saved(handle);
    }
    const late = await new AutomergeClient(relay).find(handle.url);
    expect(late.heads()).toEqual(handle.heads());
    expect(textOf(late)).toHaveLength(250_000);
  });
});

test("the example in Node writes a line and says when it is saved", async () => {
  const handle = await new AutomergeClient(relay).begun("begun\n");
  const program = join(projectRoot, "examples/automerge-node/main.mjs");
  const { stdout } = await promisify(execFile)(process.execPath, [program, relay.socketUrl(""), handle.url, "a line"]);
  expect(stdout).toBe(`${handle.url} is saved:\nbegun\na line\n\n`);
});

describe("a socket at /automerge", () => {
  const peerMetadata = { storageId: undefined, isEphemeral: true };
  const joinFrame = (senderId: string, versions = ["1"]): Uint8Array =>
    encodeRepoMessage({ type: "join", senderId, peerMetadata, versions });
  const document = documentOfRoom(generateAutomergeUrl() as string as RoomName)!;

  async function aSocket(): Promise<RawSocket> {
    return new RawSocket(relay.socketUrl("/automerge")).opened();
  }

  async function joined(senderId: string): Promise<RawSocket> {
    const socket = (await aSocket()).send(joinFrame(senderId));
    await until("it is answered", () => socket.received.length === 1);
    return socket;
  }

  function heard(socket: RawSocket): readonly RepoMessage[] {
    return socket.received.map((frame) => {
      const value = decodeCbor(frame);
      const read = decodeRepoMessage(frame, value.ok ? (value.value as { senderId: string }).senderId : undefined);
      if (!read.ok) throw new Error(read.refusal.detail);
      return read.value;
    });
  }

  test("is told who the relay is, with the version that both speak", async () => {
    const socket = await joined("peer-1");
    expect(heard(socket)).toMatchObject([{ type: "peer", targetId: "peer-1", version: "1", peerMetadata: { storageId: undefined } }]);
    const silent = (await aSocket()).send(encodeCbor({ type: "join", senderId: "peer-2", peerMetadata: {} }));
    await until("no version is as good as 1", () => silent.received.length === 1);
  });

  test("that speaks another version is told so, and closed", async () => {
    const socket = (await aSocket()).send(joinFrame("peer-1", ["2"]));
    await socket.closedWith();
    expect(heard(socket)).toMatchObject([{ type: "error", targetId: "peer-1" }]);
  });

  test("ends when its peer joins on another one, which goes on", async () => {
    const former = await joined("twin");
    const next = await joined("twin");
    await former.closedWith();
    next.send(
      encodeRepoMessage({ type: "request", senderId: "twin", targetId: "x", documentId: document, data: Uint8Array.of(0x42, 0, 0, 0, 0) }),
    );
    await until("it is answered", () => heard(next).some(({ type: kind }) => kind === "doc-unavailable"));
  });

  const sync = (fields: Record<string, unknown>): Uint8Array =>
    encodeCbor({ type: "sync", senderId: "me", targetId: "x", documentId: document, data: Uint8Array.of(0x42, 0, 0, 0, 0), ...fields });
  const garbage: readonly (readonly [string, Uint8Array])[] = [
    ["one byte that is a number", Uint8Array.of(1)],
    ["nothing", new Uint8Array()],
    ["what is no CBOR", Uint8Array.of(0xff, 0xff)],
    ["a list", Uint8Array.of(0x80)],
    ["a message without a type", encodeCbor({ senderId: "me" })],
    ["a message for nobody", sync({ targetId: undefined })],
    ["a sync message of no bytes", sync({ data: new Uint8Array() })],
    ["a sync message that is none", sync({ data: Uint8Array.of(1, 2, 3) })],
    ["a message about what is no document", sync({ documentId: "no" })],
    ["a message of somebody else", sync({ senderId: "you" })],
    ["ten thousand levels", Uint8Array.from({ length: 10_000 }, () => 0x81)],
  ];

  test("that sends garbage is closed, and others go on", async () => {
    const { pid } = relay;
    const [a, b] = [new AutomergeClient(relay), new AutomergeClient(relay)];
    const ours = await a.begun("");
    const theirs = await b.find(ours.url);
    for (const [what, frame] of garbage) {
      const socket = (await joined("me")).send(frame);
      expect(await socket.closedWith(), what).toBe(1007);
      type(ours, "x");
    }
    await haveConverged([ours, theirs], (text) => text.length === garbage.length, "others go on");
    expect(relay.pid).toBe(pid);
  });

  test("that says nothing, or too much, before it has joined is closed", async () => {
    const silent = await aSocket();
    const loud = (await aSocket()).send(new Uint8Array(20_000));
    expect(await loud.closedWith()).toBe(1009);
    expect(await silent.closedWith()).toBe(1013);
    const early = (await aSocket()).send(sync({}));
    expect(await early.closedWith()).toBe(1007);
  });
});
