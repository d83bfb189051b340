import * as Y from "yjs";
import { describe, expect, test } from "vitest";
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

describe("gaps", () => {
  const [first, second] = typedUpdates(1, ["a", "b"]) as [Uint8Array, Uint8Array];

  test("[P1] a gap of a native client is refused by number, and healed by what it sends under that number", () => {
    const world = new CoreWorld();
    const client = native(world);
    client.updates(1, [second]);
    client.updates(2, typedUpdates(1, ["a", "b", "c"]).slice(2));
    world.run();
    const [nack] = client.heard("nack");
    expect(nack).toMatchObject({ number: 1, code: "GAP", stateVector: Uint8Array.of(0) });
    expect(client.heard("nack")).toHaveLength(1);
    client.updates(1, [Y.mergeUpdates([first, second])], "state");
    world.run();
    expect(client.heard("ack")).toMatchObject([{ number: 1 }]);
    expect(textOf(world.disk.parts(lineage))).toBe("ab");
  });

  test("[P2] a state of which a part hangs on something missing is no reason for an ack: that part is asked for", () => {
    const world = new CoreWorld();
    const client = native(world);
    const [other] = typedUpdates(2, ["x"]) as [Uint8Array];
    client.updates(1, [Y.mergeUpdates([other, second])], "state");
    world.run();
    expect(client.heard("ack")).toEqual([]);
    expect(client.heard("nack")).toMatchObject([{ number: 1, code: "GAP" }]);
    expect(textOf(world.disk.parts(lineage))).toBe("x");
    client.updates(1, [Y.mergeUpdates([first, second])], "state");
    world.run();
    expect(client.heard("ack")).toMatchObject([{ number: 1 }]);
  });

  test("[P9] gaps without end close the channel as TOO_MANY_GAPS", () => {
    const world = new CoreWorld({ limits: { gapsPerWindowMax: 3 } });
    const client = native(world);
    for (let count = 0; count < 4; count++) {
      client.updates(1, [second]);
      world.run();
    }
    expect(client.heard("nack")).toHaveLength(3);
    expect(client.heard("error")).toMatchObject([{ channel: 1, code: "TOO_MANY_GAPS" }]);
    expect(client.closeCode).toBeUndefined();
  });

  test("a Yjs client's gap is asked for at most once a second", () => {
    const world = new CoreWorld();
    const client = yjs(world);
    world.pass(1_000);
    const before = client.heard("step-1").length;
    for (const update of typedUpdates(1, [..."abcdef"]).slice(1)) client.update(update);
    world.run();
    expect(client.heard("step-1")).toHaveLength(before + 1);
    client.step2(Y.mergeUpdates([...typedUpdates(1, [..."abcdef"])]));
    world.run();
    expect(textOf(world.disk.parts(lineage))).toBe("abcdef");
  });

  test("[P9] a Yjs client that never closes its gap is closed", () => {
    const world = new CoreWorld({ limits: { gapsPerWindowMax: 3 } });
    const client = yjs(world);
    for (let count = 0; count < 10; count++) {
      client.update(second);
      world.run();
      world.pass(1_000);
    }
    expect(client.closeCode).toBe(1008);
    expect(world.disk.entries(lineage)).toEqual([]);
  });
});

describe("updates that are not let in", () => {
  test.each([
    ["bytes that are no update", Uint8Array.of(1, 1, 1), "BAD_UPDATE", 1007],
    ["an edit larger than editBytesMax", typedUpdates(1, ["x".repeat(600)])[0]!, "UPDATE_TOO_BIG", 1009],
  ] as const)("[P9] %s: nack for native, close for Yjs, others do not notice", (_what, update, code, closeCode) => {
    const world = new CoreWorld({ limits: { editBytesMax: 512 } });
    const [writer, hostile, reader] = [native(world), yjs(world), yjs(world)];
    const heard = reader.frames.length;
    writer.updates(1, [update]);
    hostile.update(update);
    world.run();
    expect(writer.heard("nack")).toMatchObject([{ number: 1, code }]);
    expect(writer.closeCode).toBeUndefined();
    expect(hostile.closeCode).toBe(closeCode);
    expect(reader.frames).toHaveLength(heard);
    expect(world.disk.entries(lineage)).toEqual([]);
    writer.updates(1, typedUpdates(1, ["a"]));
    world.run();
    expect(writer.heard("ack")).toMatchObject([{ number: 1 }]);
  });

  test("a read-only session cannot write", () => {
    const world = new CoreWorld();
    const client = new NativeScript(world)
      .hello()
      .open("note", { access: "read-only" })
      .updates(1, typedUpdates(1, ["a"]));
    world.run();
    expect(client.heard("opened")).toMatchObject([{ access: "read-only" }]);
    expect(client.heard("nack")).toMatchObject([{ code: "READ_ONLY", retryAfterMs: 0 }]);
    expect(world.disk.entries(lineage)).toEqual([]);
  });

  test("[P8] a room that has reached its largest size refuses what would make it larger", () => {
    const world = new CoreWorld({ limits: { roomBytesMax: 1_024 } });
    const client = native(world);
    client.updates(1, typedUpdates(1, ["x".repeat(900), "y".repeat(900)]));
    world.run();
    expect(client.heard("nack")).toMatchObject([{ number: 2, code: "ROOM_FULL" }]);
    expect(client.heard("ack")).toMatchObject([{ number: 1 }]);
  });

  test("[P8] more unacknowledged updates than the limit wait with their author", () => {
    const world = new CoreWorld({ limits: { unackedPerSessionMax: 2 } });
    const client = native(world);
    world.holdsAppends = true;
    client.updates(1, typedUpdates(1, ["a", "b", "c"]));
    world.run();
    expect(client.heard("nack")).toMatchObject([{ number: 3, code: "RELAY_BUSY" }]);
  });
});
