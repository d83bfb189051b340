/**
 * A room that is edited through many starts of its only relay, each of which is a new actor.
 */
import { describe, expect, test } from "vitest";
import type { RoomName } from "@inkmesh/shared/base/ids";
import { dotKey } from "@inkmesh/shared/clock/dot";
import type { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { RelayMessage } from "@inkmesh/shared/wire/client-message";
import { encodeEntry } from "@inkmesh/shared/wire/entry-codec";
import { sealToken } from "@inkmesh/shared/wire/session-token";
import { limitsWith } from "../../../server/config.ts";
import { asked, refused } from "./asked-rooms.ts";
import { CoreWorld, tokenSecret } from "./core-world.ts";
import { NativeScript } from "./scripted-client.ts";
import { textOf, typedUpdates } from "./typed-updates.ts";

const room = "notes" as RoomName;
const lineage = { room, generation: 0 };
const { clockActorsMax } = limitsWith();
const words = "so it goes ".repeat(50).slice(0, 500);

type Synced = Extract<RelayMessage, { type: "synced" }>;

interface Life {
  /** What somebody who opens the room is told. */
  readonly synced: Synced;
  readonly clock: VectorClock;
  readonly dots: readonly string[];
  /** Of the rows on disk, and of the frames of whoever opens it, beside the document. */
  readonly rowBytes: number;
  readonly frameBytes: number;
}

function opened(world: CoreWorld, more: Parameters<NativeScript["open"]>[1] = {}): NativeScript {
  const client = new NativeScript(world).hello().open(room, more);
  world.run();
  return client;
}

/** One letter in each life. */
function written(lives: number): { world: CoreWorld; lives: Life[] } {
  const world = new CoreWorld();
  const told: Life[] = [];
  for (const letter of typedUpdates(1, [...words.slice(0, lives)])) {
    const author = opened(world).updates(1, [letter]);
    world.run();
    const reader = opened(world);
    const entries = world.disk.entries(lineage);
    const loaded = world.disk.load(room);
    if (!loaded.ok) throw new Error("the disk cannot be read");
    told.push({
      synced: reader.heard("synced").at(-1)!,
      clock: loaded.value.clock,
      dots: entries.map(({ dot }) => dotKey(dot)),
      rowBytes: Math.max(0, ...entries.map((entry) => encodeEntry(entry).length - entry.payload.length)),
      frameBytes: reader.frames.reduce((sum, frame) => sum + frame.length, 0) - (loaded.value.snapshot?.state.length ?? 0),
    });
    author.close();
    world.crash();
  }
  return { world, lives: told };
}

describe("a room that is edited through 500 lives of its only relay", () => {
  const { world, lives } = written(500);
  const last = lives.at(-1)!;

  test("[P8] stays small: its clock, tokens, frames and rows", () => {
    expect(lives).toHaveLength(500);
    expect(Math.max(...lives.map(({ clock }) => clock.size))).toBeLessThanOrEqual(clockActorsMax);
    expect(Math.max(...lives.map(({ synced }) => synced.clock.size))).toBeLessThanOrEqual(clockActorsMax + 1);
    expect(Math.max(...lives.map(({ synced }) => synced.token.length))).toBeLessThan(1_000);
    expect(Math.max(...lives.map(({ rowBytes }) => rowBytes))).toBeLessThan(500);
    expect(Math.max(...lives.map(({ frameBytes }) => frameBytes))).toBeLessThan(4_000);
    expect(Math.max(...lives.map(({ dots }) => dots.length))).toBeLessThanOrEqual(clockActorsMax + 1);
  });

  test("[P1] is what was written, and no dot is given twice", () => {
    expect(textOf(world.disk.parts(lineage))).toBe(words);
    const given = lives.map(({ synced }) => synced.clock.entries().map(([actor, counter]) => `${actor}:${counter}`));
    const ofLife = lives.map((_, at) => new Set(given[at]!.filter((dot) => at === 0 || !given[at - 1]!.includes(dot))));
    expect(new Set(ofLife.flatMap((dots) => [...dots])).size).toBe(500);
  });

  test("[P6] a client with a token of the life before is not behind, nor is one that was away for as many lives as clocks name", () => {
    for (const away of [1, clockActorsMax]) {
      const { token, clock } = lives.at(-away)!.synced;
      const back = opened(world, { token, clock, generation: 0 });
      expect(back.heard("behind"), `away for ${away} lives`).toEqual([]);
      expect(back.heard("synced")).toHaveLength(1);
      expect(back.heard("synced")[0]!.clock).toEqual(last.clock.join(clock));
    }
  });

  test("[P6] one with a token from long ago, of which nothing is known, is told that the relay may be behind, and gets all", () => {
    const { token, clock } = lives[3]!.synced;
    const back = opened(world, { token, clock, generation: 0 });
    world.pass(3_000);
    expect(back.heard("behind")).toMatchObject([{ lacks: "lost" }]);
    const updates = back.messages().flatMap((message) => (message.type === "updates" ? message.updates : []));
    expect(textOf([...typedUpdates(1, [...words.slice(0, 4)]), ...updates])).toBe(words);
    const read = world.ask({ type: "content", room, format: "text", token });
    world.run();
    world.pass(3_000);
    expect(world.answers.get(read)).toMatchObject({ type: "refused", refusal: { code: "BEHIND" } });
  });
});

test("[P6] a client whose clock names what the room names no more gets exactly what came since", () => {
  const { world, lives } = written(clockActorsMax + 2);
  const { token, clock } = lives[clockActorsMax - 1]!.synced;
  expect(clock.size).toBe(clockActorsMax);
  expect(lives.at(-1)!.clock.size).toBeLessThan(4);
  const back = opened(world, { token, clock, generation: 0 });
  expect(back.heard("behind")).toEqual([]);
  const updates = back.messages().flatMap((message) => (message.type === "updates" ? message.updates : []));
  expect(textOf([...typedUpdates(1, [...words.slice(0, clockActorsMax)]), ...updates])).toBe(words.slice(0, clockActorsMax + 2));
});

test("[P6] an edit over HTTP that was made on what the room names no more is let in while nothing was written since, and refused after that", () => {
  const { world, lives } = written(clockActorsMax + 1);
  const [before, after] = [lives.at(-2)!.clock, lives.at(-1)!.clock];
  expect([before.size, after.size]).toEqual([clockActorsMax, 1]);
  // As it was given to whoever was there before the last compaction.
  const match = sealToken({ lineage, clock: before.join(after) }, tokenSecret);
  const letters = typedUpdates(2, ["over", " HTTP"]);
  const ask = (update: Uint8Array) => ({ type: "update", room, update, match, principal: "" }) as const;
  expect(asked(world, ask(letters[0]!))).toMatchObject({ type: "saved" });
  expect(asked(world, ask(letters[1]!))).toMatchObject(refused("CHANGED_SINCE"));
});

test("[P2] who has only what came after the pruned entries is not taken for somebody who has those", () => {
  const { world, lives } = written(clockActorsMax + 2);
  const empty = opened(world, { clock: lives[0]!.synced.clock, generation: 0 });
  const updates = empty.messages().flatMap((message) => (message.type === "updates" ? message.updates : []));
  expect(textOf([...typedUpdates(1, [words[0]!]), ...updates])).toBe(words.slice(0, clockActorsMax + 2));
});
