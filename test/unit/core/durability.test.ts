import * as Y from "yjs";
import { describe, expect, test } from "vitest";
import { aLineage, CoreWorld } from "./core-world.ts";
import { NativeScript, YScript } from "./scripted-client.ts";
import { textOf, typedUpdates } from "./typed-updates.ts";

const lineage = aLineage("note");

function joined(world: CoreWorld): NativeScript {
  const client = new NativeScript(world).hello().open("note");
  world.run();
  return client;
}

describe("acks and the disk", () => {
  test("[P2] an ack never precedes the append", () => {
    const world = new CoreWorld();
    const client = joined(world);
    world.holdsAppends = true;
    client.updates(1, typedUpdates(1, ["a", "b"]));
    world.run();
    expect(client.heard("ack")).toEqual([]);
    world.landAppends();
    world.run();
    expect(client.heard("ack")).toMatchObject([{ number: 2, copies: 1, replicas: 1, needed: 1 }]);
    expect(textOf(world.disk.parts(lineage))).toBe("ab");
  });

  test("[C3] fan-out does not wait for the disk", () => {
    const world = new CoreWorld();
    const [writer, reader] = [joined(world), joined(world)];
    world.holdsAppends = true;
    writer.updates(1, typedUpdates(1, ["a"]));
    world.turn();
    expect(textOf(reader.heard("updates").flatMap((message) => message.updates))).toBe("a");
    expect(writer.heard("updates")).toEqual([]);
  });

  test("[P2] an update that is known already is acked only when what it repeats is on disk", () => {
    const world = new CoreWorld();
    const [first, second] = [joined(world), joined(world)];
    world.holdsAppends = true;
    const updates = typedUpdates(1, ["a"]);
    first.updates(1, updates);
    second.updates(1, updates);
    world.run();
    expect(world.count("known")).toBe(1);
    expect(second.heard("ack")).toEqual([]);
    world.landAppends();
    world.run();
    expect(second.heard("ack")).toMatchObject([{ number: 1 }]);
    expect(world.disk.entries(lineage)).toHaveLength(1);
  });

  test("one room's turn is one append, in the order of admission", () => {
    const world = new CoreWorld();
    const [left, right] = [joined(world), joined(world)];
    world.holdsAppends = true;
    left.updates(1, typedUpdates(1, ["a"]));
    right.updates(1, typedUpdates(2, ["b"]));
    left.updates(2, typedUpdates(1, ["a", "c"]).slice(1));
    world.turn();
    expect(world.appends).toHaveLength(1);
    expect(world.appends[0]?.entries.map((entry) => entry.dot.counter)).toEqual([1, 2, 3]);
    for (const entry of world.appends[0]?.entries ?? []) expect(entry.deps.counter(entry.dot.actor)).toBe(entry.dot.counter - 1);
  });

  test("[C3] what a Yjs client reads as an ack, a state vector, waits for the appends in flight", () => {
    const world = new CoreWorld();
    const writer = joined(world);
    world.holdsAppends = true;
    writer.updates(1, typedUpdates(1, ["a"]));
    world.run();
    const joiner = new YScript(world, "note").step1();
    world.run();
    expect(joiner.heard("step-1")).toEqual([]);
    expect(textOf(joiner.heard("step-2").map((heard) => heard.body))).toBe("a");
    world.landAppends();
    world.run();
    expect(Y.decodeStateVector(joiner.heard("step-1")[0]!.body)).toEqual(new Map([[1, 1]]));
  });

  test("[C3] `opened` and `synced` name only what is on disk", () => {
    const world = new CoreWorld();
    const writer = joined(world);
    world.holdsAppends = true;
    writer.updates(1, typedUpdates(1, ["a"]));
    world.run();
    const joiner = new NativeScript(world).hello().open("note");
    world.run();
    expect(joiner.heard("opened")).toEqual([]);
    world.landAppends();
    world.run();
    expect(joiner.heard("opened")).toHaveLength(1);
    expect(joiner.heard("synced")[0]?.clock.entries()).toHaveLength(1);
  });

  test("the first use of a room writes its record", () => {
    const world = new CoreWorld();
    const client = joined(world);
    expect(world.disk.records.size).toBe(0);
    client.updates(1, typedUpdates(1, ["a"]));
    world.run();
    expect(world.disk.records.get(lineage.room)).toMatchObject({ generation: 0, everDeleted: false, deleted: undefined });
  });
});

describe("a disk that takes nothing", () => {
  test("[P2] what failed is kept in order and appended again; meanwhile updates are refused as STORE_FULL", () => {
    const world = new CoreWorld({ limits: { appendRetryMs: 100 } });
    const client = joined(world);
    const updates = typedUpdates(1, ["a", "b", "c"]);
    world.holdsAppends = true;
    client.updates(1, updates.slice(0, 1));
    world.run();
    client.updates(2, updates.slice(1, 2));
    world.run();
    expect(world.appends).toHaveLength(2);
    world.failAppends();
    world.run();
    expect(world.reports).toContainEqual({ type: "store-full", full: true });
    client.updates(3, updates.slice(2));
    world.run();
    expect(client.heard("nack")).toMatchObject([{ number: 3, code: "STORE_FULL", retryAfterMs: 1000 }]);
    expect(client.heard("ack")).toEqual([]);
    world.holdsAppends = false;
    world.pass(100);
    expect(client.heard("ack")).toMatchObject([{ number: 2 }]);
    expect(world.reports).toContainEqual({ type: "store-full", full: false });
    client.updates(3, updates.slice(2));
    world.run();
    expect(client.heard("ack")).toMatchObject([{ number: 2 }, { number: 3 }]);
    expect(textOf(world.disk.parts(lineage))).toBe("abc");
  });

  test("an answer to an append from before the failure is stale and promises nothing", () => {
    const world = new CoreWorld({ limits: { appendRetryMs: 100 } });
    const client = joined(world);
    const updates = typedUpdates(1, ["a", "b"]);
    world.holdsAppends = true;
    client.updates(1, updates.slice(0, 1));
    world.run();
    client.updates(2, updates.slice(1));
    world.run();
    const [first, second] = world.appends;
    world.appends = [];
    world.tell({ type: "log-append-failed", lineage, seq: first!.seq, refusal: { code: "STORE_FAILED", detail: "" } });
    world.tell({ type: "log-appended", lineage, seq: second!.seq });
    world.run();
    expect(client.heard("ack")).toEqual([]);
    world.pass(100);
    expect(world.appends.map(({ entries }) => entries.length)).toEqual([2]);
  });

  test("a y-websocket client that writes is not read until there is space, and is asked for what was refused", () => {
    const world = new CoreWorld({ limits: { appendRetryMs: 100 } });
    const native = joined(world);
    const yjs = new YScript(world, "note").step1();
    world.run();
    world.holdsAppends = true;
    native.updates(1, typedUpdates(1, ["a"]));
    world.run();
    world.failAppends();
    const update = typedUpdates(2, ["x"])[0]!;
    yjs.update(update);
    world.run();
    expect(world.paused.has(yjs.connection)).toBe(true);
    expect(yjs.closeCode).toBeUndefined();
    world.holdsAppends = false;
    world.pass(100);
    expect(world.paused.has(yjs.connection)).toBe(false);
    expect(Y.decodeStateVector(yjs.heard("step-1").at(-1)!.body)).toEqual(new Map([[1, 1]]));
    yjs.step2(update);
    world.run();
    expect(world.disk.index(lineage).examine(update, "edit", { ...limitsOfContent }).type).toBe("known");
  });

  test("[P8] past appendBytesMax updates wait with their authors, and go on when the disk has caught up", () => {
    const world = new CoreWorld({ limits: { appendBytesMax: 64 } });
    const client = joined(world);
    const updates = typedUpdates(1, ["a".repeat(100), "b"]);
    world.holdsAppends = true;
    client.updates(1, updates);
    world.run();
    expect(client.heard("nack")).toMatchObject([{ number: 2, code: "RELAY_BUSY" }]);
    world.holdsAppends = false;
    world.run();
    client.updates(2, updates.slice(1));
    world.run();
    expect(client.heard("ack").at(-1)).toMatchObject({ number: 2 });
  });
});

const limitsOfContent = { partsPerUpdateMax: 1_000, authorsPerEditMax: 16, clockMax: 2 ** 40, nestingMax: 64, authorsPerRoomMax: 1_000 };
