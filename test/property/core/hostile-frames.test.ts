import * as Y from "yjs";
import { describe, expect, test } from "vitest";
import { randomInteger, seededRandom, type Random } from "@inkmesh/shared/base/random";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import { YjsEngine } from "@inkmesh/shared/engine/yjs-engine";
import { encodeClientMessages } from "@inkmesh/shared/wire/native-client";
import { nativeVersion } from "@inkmesh/shared/wire/protocol-version";
import type { DialectName } from "@inkmesh/shared/wire/dialect";
import type { RoomName } from "@inkmesh/shared/base/ids";
import { aLineage, CoreWorld } from "../../unit/core/core-world.ts";
import { NativeScript, yMessage } from "../../unit/core/scripted-client.ts";
import { typedUpdates } from "../../unit/core/typed-updates.ts";

const lineage = aLineage("note");
const rounds = 800;

/** What clients say when they mean well. */
function corpus(random: Random): Record<"native" | "y-websocket", readonly Uint8Array[]> {
  const updates = typedUpdates(1 + randomInteger(random, 1_000), ["ab", "cd", "ef"]);
  const open = {
    channel: 1,
    room: "note" as RoomName,
    generation: undefined,
    access: "read-write",
    token: "",
    clock: VectorClock.empty,
    stateVector: Uint8Array.of(0),
  } as const;
  return {
    native: [
      ...encodeClientMessages([{ type: "hello", version: nativeVersion, agent: "x", credential: "" }]),
      ...encodeClientMessages([{ type: "open", ...open }]),
      ...encodeClientMessages([{ type: "updates", channel: 1, first: 1, kind: "edit", updates }]),
      ...encodeClientMessages([{ type: "updates", channel: 1, first: 1, kind: "state", updates: [Y.mergeUpdates([...updates])] }]),
      ...encodeClientMessages([{ type: "sync-request", channel: 1, stateVector: Uint8Array.of(1, 1, 1) }]),
      ...encodeClientMessages([{ type: "presence", channel: 1, bytes: Uint8Array.of(1, 7, 1, 2, 123, 125) }]),
      ...encodeClientMessages([
        { type: "close", channel: 1 },
        { type: "ping", nonce: 3 },
      ]),
    ],
    "y-websocket": [
      yMessage([0, 0], Uint8Array.of(0)),
      yMessage([0, 1], Y.mergeUpdates([...updates])),
      ...updates.map((update) => yMessage([0, 2], update)),
      yMessage([1], Uint8Array.of(1, 7, 1, 2, 123, 125)),
      Uint8Array.of(3),
    ],
  };
}

/** Bytes flipped, cut, repeated, doubled, or made up. */
function mutated(random: Random, frame: Uint8Array): Uint8Array {
  const bytes = Uint8Array.from(frame);
  switch (randomInteger(random, 6)) {
    case 0:
      return bytes;
    case 1:
      return bytes.slice(0, randomInteger(random, bytes.length + 1));
    case 2:
      return random.bytes(randomInteger(random, 40));
    case 3:
      return Uint8Array.from([...bytes, ...bytes]);
    default:
      for (let count = 1 + randomInteger(random, 3); count > 0 && bytes.length > 0; count--)
        bytes[randomInteger(random, bytes.length)] = randomInteger(random, 256);
      return bytes;
  }
}

describe("hostile frames", () => {
  test("[C1] [P9] nothing that comes in throws, and whoever else is here goes on", { timeout: 60_000 }, () => {
    const seed = Number(process.env["INKMESH_SEED"] ?? Math.floor(Math.random() * 1_000_000));
    const replay = `INKMESH_SEED=${seed} npx vitest run --project unit test/property/core/hostile-frames.test.ts`;
    const random = seededRandom(seed);
    const world = new CoreWorld({ limits: { gapsPerWindowMax: 5 }, seed });
    const witness = new NativeScript(world).hello().open("note");
    const nobody = { received: () => undefined, closed: () => undefined };
    let written = 0;
    const words = Array.from({ length: rounds / 10 }, (_value, index) => `${index} `);
    const honest = typedUpdates(99_999, words);
    try {
      for (let round = 0; round < rounds; round++) {
        const dialect: DialectName = random.fraction() < 0.5 ? "native" : "y-websocket";
        const attacker = world.connect(dialect, nobody, { room: "note" });
        const frames = corpus(random)[dialect as "native" | "y-websocket"];
        for (const frame of frames) world.send(attacker, random.fraction() < 0.4 ? mutated(random, frame) : frame);
        if (round % 10 === 0) witness.updates((written += 1), [honest[written - 1]!]);
        world.run();
        if (random.fraction() < 0.8) world.disconnect(attacker);
        if (round % 100 === 0) world.pass(10_000);
      }
      world.run();
      expect(witness.closeCode).toBeUndefined();
      expect(witness.heard("ack").at(-1)?.number).toBe(written);
      expect(witness.heard("nack")).toEqual([]);
      expect(new YjsEngine().indexOf(world.disk.parts(lineage)).unapplied).toEqual([]);
      expect(new Set(world.refusals()).size).toBeGreaterThan(2);
    } catch (error) {
      throw new Error(`seed ${seed}; again: ${replay}`, { cause: error });
    }
  });
});
