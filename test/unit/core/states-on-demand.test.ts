/**
 * States are large, and asking for one is cheap: what one client can make the relay hold for it is bounded.
 */
import { describe, expect, test } from "vitest";
import type { RoomName } from "@inkmesh/shared/base/ids";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import { DurabilityGate } from "../../../server/core/durability-gate.ts";
import type { ClientMessage } from "@inkmesh/shared/wire/client-message";
import { CoreWorld } from "./core-world.ts";
import { NativeScript, YScript } from "./scripted-client.ts";
import { typedUpdates } from "./typed-updates.ts";

const open = (channel: number): ClientMessage => ({
  type: "open",
  channel,
  room: "note",
  generation: undefined,
  access: "read-write",
  token: "",
  clock: VectorClock.empty,
  stateVector: new Uint8Array(0),
});

describe("a state on demand", () => {
  test("[P8] opening and closing a room over and over in one frame is refused once a room's size of states is owed", () => {
    const world = new CoreWorld({ limits: { roomBytesMax: 20_000 } });
    const author = new NativeScript(world).hello().open("note");
    author.updates(1, typedUpdates(1, ["x".repeat(5_000)]));
    world.run();
    author.close();
    const client = new NativeScript(world).hello();
    client.say(...Array.from({ length: 200 }, (_, turn): ClientMessage[] => [open(turn + 1), { type: "close", channel: turn + 1 }]).flat());
    world.run();
    expect(client.heard("opened").length).toBeLessThan(10);
    expect(client.heard("error").at(-1)).toMatchObject({ code: "RATE_LIMITED" });
    expect(client.closeCode).toBeUndefined();
  });

  test("[P8] a reader that never reads is closed even if it had asked for large states before", () => {
    const world = new CoreWorld({ limits: { roomBytesMax: 20_000, backlogSheddingBytes: 1_000, backlogBytesMax: 5_000 } });
    const author = new NativeScript(world).hello().open("note");
    author.updates(1, typedUpdates(1, ["x".repeat(15_000)]));
    const reader = new YScript(world, "note").say(Uint8Array.of(0, 0, 1, 0));
    world.run();
    world.tell({ type: "backlog-changed", connection: reader.connection, bytes: 12_000 });
    world.run();
    expect(reader.closeCode).toBeUndefined();
    world.tell({ type: "backlog-changed", connection: reader.connection, bytes: 5_000 + 40_001 });
    world.run();
    expect(reader.closeCode).toBe(1013);
  });
});

test("[P8] what sessions that have gone left behind a gate is swept out, what is wanted is kept in order", () => {
  const gate = new DurabilityGate();
  const released: number[] = [];
  for (let number = 0; number < 10_000; number++) {
    gate.hold(
      1,
      () => void released.push(number),
      () => number % 1_000 === 0,
    );
  }
  expect(gate.size).toBeLessThan(200);
  gate.open(1);
  expect(released.filter((number) => number % 1_000 === 0)).toEqual([0, 1_000, 2_000, 3_000, 4_000, 5_000, 6_000, 7_000, 8_000, 9_000]);
});

test("[P8] a document without entries of its own under way is deleted while the disk is full", () => {
  const world = new CoreWorld();
  const other = new NativeScript(world).hello().open("note");
  other.updates(1, typedUpdates(1, ["a"]));
  world.run();
  other.close();
  world.run();
  const full = new NativeScript(world).hello().open("full");
  world.run();
  world.holdsAppends = true;
  full.updates(1, typedUpdates(2, ["b"]));
  world.turn();
  world.failAppends("STORE_FULL");
  world.turn();
  expect(world.count("store-full")).toBe(1);
  const request = world.ask({ type: "delete", room: "note" as RoomName, principal: "" });
  for (let turn = 0; turn < 10; turn++) world.turn();
  expect(world.answers.get(request)).toMatchObject({ type: "done" });
});
