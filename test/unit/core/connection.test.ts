import { describe, expect, test } from "vitest";
import type { ErrorCode } from "@inkmesh/shared/base/errors";
import { nativeVersion } from "@inkmesh/shared/wire/protocol-version";
import { emptyAwarenessUpdate } from "@inkmesh/shared/wire/y-protocol";
import { aLineage, CoreWorld } from "./core-world.ts";
import { NativeScript, YScript } from "./scripted-client.ts";
import { typedUpdates } from "./typed-updates.ts";

/** What a client does, and the code that it is closed with. */
const endings: readonly (readonly [string, (client: NativeScript) => void, number, ErrorCode])[] = [
  ["a version that this relay does not speak", (client: NativeScript) => void client.hello(99), 4406, "WRONG_VERSION"],
  ["anything before hello", (client: NativeScript) => void client.open("note"), 1002, "OUT_OF_ORDER"],
  ["hello twice", (client: NativeScript) => void client.hello().hello(), 1002, "OUT_OF_ORDER"],
  ["a channel twice", (client: NativeScript) => void client.hello().open("note").open("other"), 1002, "OUT_OF_ORDER"],
  [
    "a document on two channels",
    (client: NativeScript) => void client.hello().open("note").open("note", { channel: 2 }),
    1002,
    "OUT_OF_ORDER",
  ],
  [
    "a channel that is not open",
    (client: NativeScript) => client.hello().say({ type: "presence-query", channel: 9 }),
    1002,
    "OUT_OF_ORDER",
  ],
  [
    "a number that was skipped",
    (client: NativeScript) =>
      void client
        .hello()
        .open("note")
        .updates(2, typedUpdates(1, ["a"])),
    1002,
    "OUT_OF_ORDER",
  ],
  ["bytes that are no message", (client: NativeScript) => client.world.send(client.connection, Uint8Array.of(250, 1)), 1007, "BAD_FRAME"],
  ["no bytes", (client: NativeScript) => client.world.send(client.connection, new Uint8Array(0)), 1007, "BAD_FRAME"],
];

describe("the handshake", () => {
  test("a native client says hello first and is welcomed", () => {
    const world = new CoreWorld();
    const client = new NativeScript(world).hello();
    world.run();
    expect(client.heard("welcome")).toMatchObject([{ version: nativeVersion, relay: "a", relays: [] }]);
  });

  test.each(endings)("[P9] %s ends the connection with its code and an error frame", (_what, act, closeCode, code) => {
    const world = new CoreWorld();
    const client = new NativeScript(world);
    act(client);
    world.run();
    expect(client.closeCode).toBe(closeCode);
    expect(client.heard("error").at(-1)).toMatchObject({ channel: undefined, code });
    expect(world.refusals()).toContain(code);
    expect(world.relay.census()).toMatchObject({ connections: 0, sessions: 0 });
  });

  test.each([undefined, "", "a\u0007b", "x".repeat(300)])("a y-websocket room that has no good name (%s) is refused for good", (room) => {
    const world = new CoreWorld();
    const client = new YScript(world, room);
    world.run();
    expect(client.closeCode).toBe(4400);
  });

  test("a document that calls itself Automerge's, and has no address of one, is refused", () => {
    const world = new CoreWorld();
    const client = new NativeScript(world).hello().open("automerge:4NMNnkMhL8jXrdJ9jamS58PAVdXv");
    world.run();
    expect(client.heard("error")).toMatchObject([{ channel: 1, code: "BAD_ROOM_NAME" }]);
    expect(client.closeCode).toBeUndefined();
  });

  test("[P8] who says nothing valid is closed after handshakeMs; who does is not", () => {
    const world = new CoreWorld({ limits: { handshakeMs: 500 } });
    const clients = [
      new NativeScript(world),
      new YScript(world, "note"),
      new NativeScript(world).hello(),
      new YScript(world, "note").step1(),
    ];
    world.run();
    world.pass(499);
    expect(clients.map((client) => client.closeCode)).toEqual([undefined, undefined, undefined, undefined]);
    world.pass(1);
    expect(clients.map((client) => client.closeCode)).toEqual([1013, 1013, undefined, undefined]);
  });

  test("[P8] a connection past connectionsMax is turned away", () => {
    const world = new CoreWorld({ limits: { connectionsMax: 1 } });
    const clients = [new NativeScript(world), new NativeScript(world)];
    world.run();
    expect(clients.map((client) => client.closeCode)).toEqual([undefined, 1013]);
  });
});

describe("limits of a connection", () => {
  test("[P8] a frame larger than frameBytesMax ends it", () => {
    const world = new CoreWorld({ limits: { frameBytesMax: 1_024 } });
    const client = new YScript(world, "note").say(new Uint8Array(1_025));
    world.run();
    expect(client.closeCode).toBe(1009);
  });

  test("[P8] one room too many is refused on its channel only", () => {
    const world = new CoreWorld({ limits: { roomsPerConnectionMax: 2 } });
    const client = new NativeScript(world).hello();
    for (let channel = 1; channel <= 10; channel++) client.open(`note-${channel}`, { channel });
    client.updates(1, typedUpdates(1, ["a"]), "edit", 2);
    client.updates(1, typedUpdates(1, ["a"]), "edit", 10);
    world.run();
    expect(client.heard("opened").map((opened) => opened.channel)).toEqual([1, 2]);
    expect(client.heard("error").filter((error) => error.code === "TOO_MANY_ROOMS")).toHaveLength(8);
    expect(client.heard("ack")).toHaveLength(1);
    expect(client.closeCode).toBeUndefined();
    expect(world.relay.census().sessions).toBe(2);
  });

  test("a channel that the client closed may be opened again", () => {
    const world = new CoreWorld();
    const client = new NativeScript(world).hello().open("note");
    world.run();
    client.say({ type: "close", channel: 1 });
    client.open("other");
    world.run();
    expect(client.heard("opened")).toHaveLength(2);
    expect(world.relay.census().sessions).toBe(1);
  });

  test("[P8] a client over its rate is not read for a while and loses nothing", () => {
    const world = new CoreWorld({ limits: { updatesPerSecond: 10, updatesBurst: 5 } });
    const words = [..."abcdefgh"];
    const client = new NativeScript(world).hello().open("note");
    world.run();
    client.updates(1, typedUpdates(1, words));
    world.run();
    expect(world.paused.has(client.connection)).toBe(true);
    expect(client.heard("ack")).toMatchObject([{ number: 8 }]);
    world.pass(1_000);
    expect(world.paused.has(client.connection)).toBe(false);
  });

  test("[P8] a socket that is not read is closed as CLIENT_SLOW past backlogBytesMax", () => {
    const world = new CoreWorld({ limits: { backlogSheddingBytes: 100, backlogBytesMax: 1_000 } });
    const client = new NativeScript(world).hello().open("note");
    world.run();
    world.tell({ type: "backlog-changed", connection: client.connection, bytes: 1_000 });
    world.run();
    expect(client.closeCode).toBeUndefined();
    world.tell({
      type: "backlog-changed",
      connection: client.connection,
      bytes: 1_001 + client.frames.reduce((sum, frame) => sum + frame.length, 0),
    });
    world.run();
    expect(client.closeCode).toBe(1013);
  });

  test("a large state that the client asked for is not held against it", () => {
    const world = new CoreWorld({ limits: { backlogBytesMax: 1_024, backlogSheddingBytes: 512 } });
    const writer = new YScript(world, "note").step1().update(typedUpdates(1, ["x".repeat(5_000)])[0]!);
    world.run();
    const joiner = new YScript(world, "note").step1();
    world.run();
    world.tell({ type: "backlog-changed", connection: joiner.connection, bytes: 5_500 });
    world.tell({ type: "backlog-changed", connection: writer.connection, bytes: 5_500 });
    world.run();
    expect([joiner.closeCode, writer.closeCode]).toEqual([undefined, 1013]);
  });
});

describe("a living line", () => {
  test("a silent socket is given something to read at least every keepaliveMs", () => {
    const world = new CoreWorld({ limits: { keepaliveMs: 1_000 } });
    const [native, yjs] = [new NativeScript(world).hello(), new YScript(world, "note").step1()];
    world.run();
    const before = yjs.heard("awareness").length;
    world.pass(5_000);
    expect(native.heard("keepalive").length).toBeGreaterThanOrEqual(5);
    const keepalives = yjs.heard("awareness").slice(before);
    expect(keepalives.length).toBeGreaterThanOrEqual(5);
    for (const { body } of keepalives) expect(body).toEqual(emptyAwarenessUpdate);
  });

  test("a busy socket gets none", () => {
    const world = new CoreWorld({ limits: { keepaliveMs: 1_000 } });
    const client = new NativeScript(world).hello();
    world.run();
    for (let nonce = 0; nonce < 10; nonce++) {
      client.say({ type: "ping", nonce });
      world.run();
      world.pass(500);
    }
    expect(client.heard("pong").map((pong) => pong.nonce)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(client.heard("keepalive")).toEqual([]);
  });
});

describe("a graceful stop", () => {
  test("many clients are sent away in groups, and heard until it is their turn", () => {
    const world = new CoreWorld();
    const clients = Array.from({ length: 100 }, () => new NativeScript(world).hello().open("note"));
    world.run();
    world.tell({ type: "stop-requested" });
    const late = new NativeScript(world).hello();
    const [update] = typedUpdates(1, ["a"]);
    clients.at(-1)!.updates(1, [update!]);
    world.run();
    expect(late.closeCode).toBe(1012);
    expect(clients.at(-1)!.heard("ack")).toMatchObject([{ number: 1 }]);
    const gone: number[] = [];
    for (let step = 0; step < 12; step++) {
      gone.push(clients.filter(({ closeCode }) => closeCode !== undefined).length);
      world.pass(200);
    }
    expect(gone).toEqual([0, 16, 32, 48, 64, 80, 100, 100, 100, 100, 100, 100]);
    expect(new Set(clients.map(({ closeCode }) => closeCode))).toEqual(new Set([1012]));
    expect(world.count("stopped")).toBe(1);
  });

  test("everything admitted is on disk and acked before clients are sent away with 1012", () => {
    const world = new CoreWorld();
    const [native, yjs] = [new NativeScript(world).hello().open("note"), new YScript(world, "note").step1()];
    world.run();
    world.holdsAppends = true;
    native.updates(1, typedUpdates(1, ["a"]));
    world.tell({ type: "stop-requested" });
    native.updates(2, typedUpdates(1, ["a", "b"]).slice(1));
    world.run();
    expect(world.count("stopped")).toBe(0);
    expect(native.closeCode).toBeUndefined();
    const late = new YScript(world, "note");
    world.landAppends();
    world.run();
    expect(late.closeCode).toBe(1012);
    expect(native.heard("ack")).toMatchObject([{ number: 1 }]);
    expect(native.heard("error")).toMatchObject([{ code: "RELAY_STOPPING" }]);
    expect([native.closeCode, yjs.closeCode]).toEqual([1012, 1012]);
    expect(world.count("stopped")).toBe(1);
    expect(world.disk.entries(aLineage("note"))).toHaveLength(1);
  });
});
