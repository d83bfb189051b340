/**
 * Crowds in a document at one relay: the core as it ships, with sessions that are told who is there.
 */
import { encodeAwarenessUpdate } from "@inkmesh/shared/presence/awareness-update";
import { expect, test } from "vitest";
import { CoreWorld } from "./core-world.ts";
import { NativeScript } from "./scripted-client.ts";

/** Somebody who is there, in the document and among those who are shown. */
function comes(world: CoreWorld, id: number): NativeScript {
  const viewer = new NativeScript(world).hello().open("r");
  world.run();
  viewer.say({ type: "presence", channel: 1, bytes: encodeAwarenessUpdate([{ id, clock: 1, state: "{}" }]) });
  world.run();
  return viewer;
}

function pass(world: CoreWorld, ms: number): void {
  world.now = { monotonicMs: world.now.monotonicMs + ms, wallMs: world.now.wallMs + ms };
  world.tell({ type: "deadline-reached" });
  world.run();
}

test("[P9] somebody who joins while a thousand leave in one turn ends nothing", () => {
  const world = new CoreWorld();
  const many = Array.from({ length: 17 }, () => new NativeScript(world).hello().open("r"));
  world.run();
  const said = (number: number, clock: number, state: string | undefined): Uint8Array =>
    encodeAwarenessUpdate(Array.from({ length: 64 }, (_, index) => ({ id: 1 + number * 64 + index, clock, state })));
  for (const [number, one] of many.entries()) one.say({ type: "presence", channel: 1, bytes: said(number, 1, "{}") });
  world.run();
  for (const [number, one] of many.entries()) {
    one.say({ type: "presence", channel: 1, bytes: said(number, 2, undefined) });
    if (number === 0) new NativeScript(world).hello().open("r");
  }
  expect(() => world.run()).not.toThrow();
});

test("who joined while the number was not told to all hears what becomes of it", () => {
  const world = new CoreWorld({ limits: { presenceShownMax: 3, presenceIdleMs: 10_000 } });
  const viewers = [1, 2, 3, 4].map((id) => comes(world, id));
  pass(world, 2_000);
  viewers[3]!.close();
  world.run();
  pass(world, 100);
  const fifth = comes(world, 5);
  pass(world, 100);
  const late = comes(world, 6);
  pass(world, 100);
  fifth.close();
  viewers[2]!.close();
  world.run();
  pass(world, 5_000);
  expect(late.heard("presence-count")[0]?.present).toBeGreaterThan(3);
  for (const viewer of [viewers[0]!, viewers[1]!, late]) expect(viewer.heard("presence-count").at(-1)?.present).toBe(0);
});
