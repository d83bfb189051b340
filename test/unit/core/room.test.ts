import { describe, expect, test } from "vitest";
import { encodeAwarenessUpdate, decodeAwarenessUpdate } from "@inkmesh/shared/presence/awareness-update";
import { aLineage, CoreWorld } from "./core-world.ts";
import { NativeScript, YScript } from "./scripted-client.ts";
import { textOf, typedUpdates } from "./typed-updates.ts";

const lineage = aLineage("note");

function native(world: CoreWorld, room = "note"): NativeScript {
  const client = new NativeScript(world).hello().open(room);
  world.run();
  return client;
}

function yjs(world: CoreWorld, room = "note"): YScript {
  const client = new YScript(world, room).step1();
  world.run();
  return client;
}

describe("fan-out", () => {
  test("dialects share a room, and a frame for many is one list of bytes", () => {
    const world = new CoreWorld();
    const [writer, ...readers] = [native(world), native(world), native(world), yjs(world), yjs(world)];
    writer.updates(1, typedUpdates(1, ["a", "b"]));
    const before = world.effects.length;
    world.turn();
    const sends = world.effects.slice(before).filter((effect) => effect.type === "send");
    expect(sends.map((send) => (send.type === "send" ? send.to.length : 0))).toEqual([2, 2]);
    expect(readers.map((reader) => reader instanceof YScript && textOf(reader.heard("update").map(({ body }) => body)))).toEqual([
      false,
      false,
      "ab",
      "ab",
    ]);
  });

  test("a turn with several authors goes to everybody, authors included, as the same bytes", () => {
    const world = new CoreWorld();
    const [left, right] = [yjs(world), yjs(world)];
    const before = left.frames.length;
    left.update(typedUpdates(1, ["a"])[0]!);
    right.update(typedUpdates(2, ["b"])[0]!);
    world.run();
    const frames = left.frames.slice(before);
    expect(frames).toHaveLength(2);
    expect(right.frames.slice(before)).toEqual(frames);
  });

  test("who joins in the middle of a turn gets nothing twice", () => {
    const world = new CoreWorld();
    const writer = yjs(world);
    writer.update(typedUpdates(1, ["a"])[0]!);
    const joiner = new YScript(world, "note").step1();
    world.run();
    expect(joiner.heard().filter(({ type }) => type === "update" || type === "step-2")).toHaveLength(1);
  });

  test("rooms do not hear each other", () => {
    const world = new CoreWorld();
    const [writer, stranger] = [yjs(world), yjs(world, "other")];
    const before = stranger.frames.length;
    writer.update(typedUpdates(1, ["a"])[0]!);
    world.run();
    expect(stranger.frames).toHaveLength(before);
  });
});

describe("loading", () => {
  test("what is sent while the room is loaded waits, and is handled in order", () => {
    const world = new CoreWorld();
    world.holdsAnswers = true;
    const client = new NativeScript(world)
      .hello()
      .open("note")
      .updates(1, typedUpdates(1, ["a", "b"]));
    world.run();
    expect(world.relay.census().waitingMessages).toBe(1);
    world.holdsAnswers = false;
    world.run();
    expect(client.heard("ack")).toMatchObject([{ number: 2 }]);
  });

  test("[C7] more messages than waitingPerSessionMax end the channel", () => {
    const world = new CoreWorld({ limits: { waitingPerSessionMax: 3 } });
    world.holdsAnswers = true;
    const client = new NativeScript(world).hello().open("note");
    for (const [place, update] of typedUpdates(1, [..."abcde"]).entries()) client.updates(place + 1, [update]);
    world.run();
    expect(client.heard("error")).toMatchObject([{ channel: 1, code: "RELAY_BUSY" }]);
    expect(world.relay.census().waitingMessages).toBe(0);
  });

  test("a room that cannot be read sends its clients away, to come again", () => {
    const world = new CoreWorld();
    world.holdsAnswers = true;
    const clients = [new NativeScript(world).hello().open("note"), new YScript(world, "note")] as const;
    world.run();
    const load = world.effects.find((effect) => effect.type === "load-room");
    const result = { ok: false, refusal: { code: "STORE_FAILED", detail: "" } } as const;
    world.tell({ type: "room-loaded", room: lineage.room, seq: load?.type === "load-room" ? load.seq : 0, result });
    world.run();
    expect(clients[0].heard("error")).toMatchObject([{ channel: 1, code: "STORE_FAILED" }]);
    expect(clients[1].closeCode).toBe(1013);
    expect(world.relay.census()).toMatchObject({ roomsInUse: 0, roomsIdle: 0 });
    world.holdsAnswers = false;
    clients[0].open("note");
    world.run();
    expect(clients[0].heard("opened")).toHaveLength(1);
  });
});

describe("memory", () => {
  test("[P8] a room that nobody needs goes idle, and is forgotten past roomCacheBytes; it comes back from disk", () => {
    const world = new CoreWorld({ limits: { roomCacheBytes: 4_096 } });
    for (const room of ["one", "two", "three"]) {
      const client = native(world, room);
      client.updates(1, typedUpdates(1, ["x".repeat(1_000)]));
      world.run();
      client.close();
      world.run();
    }
    expect(world.relay.census()).toMatchObject({ roomsInUse: 0, roomsIdle: 1 });
    expect(world.relay.census().cacheBytes).toBeLessThanOrEqual(4_096);
    const loads = (): number => world.effects.filter((effect) => effect.type === "load-room").length;
    expect(loads()).toBe(3);
    const back = native(world, "one");
    native(world, "three");
    expect(loads()).toBe(4);
    expect(textOf(back.heard("updates").flatMap((message) => message.updates))).toHaveLength(1_000);
  });

  test("a room with entries that are not on disk is never forgotten", () => {
    const world = new CoreWorld({ limits: { roomCacheBytes: 0, appendRetryMs: 100 } });
    const client = native(world);
    world.holdsAppends = true;
    client.updates(1, typedUpdates(1, ["a"]));
    client.close();
    world.run();
    world.failAppends();
    world.run();
    expect(world.relay.census()).toMatchObject({ roomsInUse: 1, roomsIdle: 0 });
    world.holdsAppends = false;
    world.pass(100);
    expect(world.disk.entries(lineage)).toHaveLength(1);
    expect(world.relay.census()).toMatchObject({ roomsInUse: 0, roomsIdle: 0, deadlines: 0 });
  });
});

describe("compaction", () => {
  test("entries that nobody has looked at are compacted after verifyMs, and what does not apply is quarantined", () => {
    const world = new CoreWorld({ limits: { verifyMs: 5_000 } });
    const client = native(world);
    client.updates(1, typedUpdates(1, ["a", "b"]));
    world.run();
    world.pass(4_999);
    expect(world.disk.snapshot(lineage)).toBeUndefined();
    world.pass(1);
    expect(world.disk.snapshot(lineage)).toBeDefined();
    expect(world.disk.entries(lineage)).toEqual([]);
    client.updates(3, typedUpdates(1, ["a", "b", "c"]).slice(2));
    world.run();
    expect(client.heard("ack").at(-1)).toMatchObject({ number: 3 });
    expect(textOf(world.disk.parts(lineage))).toBe("abc");
  });

  test("[P9] what was quarantined is out of the index, the tail and joins, and named by the clock", () => {
    const world = new CoreWorld({ limits: { verifyMs: 1_000 } });
    const client = native(world);
    client.updates(1, typedUpdates(1, ["a", "b"]));
    world.run();
    const [first, second] = world.disk.entries(lineage);
    world.holdsAnswers = true;
    world.pass(1_000);
    const compact = world.effects.findLast((effect) => effect.type === "compact-room");
    if (compact?.type !== "compact-room") throw new Error("no compaction");
    const only = new CoreWorld();
    only.disk.append(lineage, [first!]);
    const compaction = only.disk.compact(lineage, compact.upTo);
    if (!compaction.ok) throw new Error("no compaction");
    world.tell({
      type: "room-compacted",
      lineage,
      seq: compact.seq,
      result: { ok: true, value: { ...compaction.value, quarantined: [second!.dot] } },
    });
    world.holdsAnswers = false;
    world.run();
    expect(world.reports).toContainEqual({ type: "quarantined", room: "note", count: 1 });
    const joiner = native(world);
    expect(textOf(joiner.heard("updates").flatMap((message) => message.updates))).toBe("a");
    expect(joiner.heard("synced")[0]!.clock.contains(second!.dot)).toBe(true);
    client.updates(3, typedUpdates(1, ["a", "b", "c"]).slice(2));
    world.run();
    expect(client.heard("nack")).toMatchObject([{ number: 3, code: "GAP" }]);
  });

  test("a long tail is compacted when the last one leaves", () => {
    const world = new CoreWorld({ limits: { tailEntriesMax: 16 } });
    const client = native(world);
    client.updates(1, typedUpdates(1, [..."abc"]));
    world.run();
    expect(world.disk.snapshot(lineage)).toBeUndefined();
    client.close();
    world.run();
    expect(world.disk.snapshot(lineage)).toBeDefined();
    expect(world.relay.census()).toMatchObject({ roomsInUse: 0, roomsIdle: 1 });
  });

  test("one compaction at a time, and a rest after one that failed", () => {
    const world = new CoreWorld({ limits: { tailEntriesMax: 1 } });
    const client = native(world);
    world.holdsAnswers = true;
    for (const [place, update] of typedUpdates(1, [..."abcdef"]).entries()) {
      client.updates(place + 1, [update]);
      world.run();
    }
    const compactions = () => world.effects.filter((effect) => effect.type === "compact-room");
    expect(compactions()).toHaveLength(1);
    const [compact] = compactions();
    const refusal = { code: "STORE_FULL", detail: "" } as const;
    world.tell({
      type: "room-compacted",
      lineage,
      seq: compact?.type === "compact-room" ? compact.seq : 0,
      result: { ok: false, refusal },
    });
    client.updates(7, typedUpdates(1, [..."abcdefg"]).slice(6));
    world.run();
    expect(compactions()).toHaveLength(1);
  });
});

describe("clocks and presence", () => {
  test("native sessions are told the durable clock at most every clockEveryMs", () => {
    const world = new CoreWorld({ limits: { clockEveryMs: 1_000 } });
    const [writer, reader] = [native(world), native(world)];
    for (const [place, update] of typedUpdates(1, [..."abcdefghij"]).entries()) {
      writer.updates(place + 1, [update]);
      world.run();
      world.pass(200);
    }
    world.pass(1_000);
    const clocks = reader.heard("clock");
    expect(clocks.length).toBeGreaterThanOrEqual(2);
    expect(clocks.length).toBeLessThanOrEqual(4);
    expect(clocks.at(-1)!.clock.entries()[0]![1]).toBe(10);
  });

  const cursor = (id: number, clock: number, state: string | undefined): Uint8Array => encodeAwarenessUpdate([{ id, clock, state }]);
  const seen = (heard: readonly { body: Uint8Array }[]) =>
    heard.flatMap(({ body }) => {
      const decoded = decodeAwarenessUpdate(body);
      return decoded.ok ? decoded.value.map(({ id, state }) => [id, state] as const) : [];
    });

  test("[P10] a cursor is shown to all dialects, once per turn, and goes with its socket", () => {
    const world = new CoreWorld();
    const [writer, reader, observer] = [yjs(world), yjs(world), native(world)];
    writer.awareness(cursor(7, 1, '{"x":1}')).awareness(cursor(7, 2, '{"x":2}'));
    world.run();
    expect(seen(reader.heard("awareness"))).toEqual([[7, '{"x":2}']]);
    expect(observer.heard("presence")).toHaveLength(1);
    writer.close();
    world.run();
    expect(seen(reader.heard("awareness")).at(-1)).toEqual([7, undefined]);
  });

  test("[P10] a cursor that is not renewed expires", () => {
    const world = new CoreWorld({ limits: { presenceExpiryMs: 1_000, keepaliveMs: 20_000 } });
    const [writer, reader] = [yjs(world), yjs(world)];
    writer.awareness(cursor(7, 1, "{}"));
    world.run();
    world.pass(1_000);
    expect(seen(reader.heard("awareness"))).toEqual([
      [7, "{}"],
      [7, undefined],
    ]);
  });

  test("a joiner sees who is here; a congested socket does without cursors until it is read again", () => {
    const world = new CoreWorld({ limits: { backlogSheddingBytes: 100 } });
    const [writer, slow] = [yjs(world), yjs(world)];
    world.tell({ type: "backlog-changed", connection: slow.connection, bytes: 200 });
    writer.awareness(cursor(7, 1, "{}"));
    world.run();
    expect(seen(slow.heard("awareness"))).toEqual([]);
    expect(seen(yjs(world).heard("awareness"))).toEqual([[7, "{}"]]);
    world.tell({ type: "backlog-changed", connection: slow.connection, bytes: 0 });
    world.run();
    expect(seen(slow.heard("awareness"))).toEqual([[7, "{}"]]);
  });

  test("[P9] presence that cannot be read is not shown and ends nobody", () => {
    const world = new CoreWorld();
    const client = yjs(world).awareness(Uint8Array.of(9, 9));
    world.run();
    expect(world.refusals()).toEqual(["PRESENCE_REFUSED"]);
    expect(client.closeCode).toBeUndefined();
  });
});
