import * as Y from "yjs";
import { describe, expect, test } from "vitest";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import { openToken } from "@inkmesh/shared/wire/session-token";
import { aLineage, CoreWorld, tokenSecret } from "./core-world.ts";
import { NativeScript, YScript } from "./scripted-client.ts";
import { textOf, typedUpdates } from "./typed-updates.ts";

const lineage = aLineage("note");
const words = ["a", "b", "c", "d", "e", "f"];

/** A room that one native client has typed `words` into. */
function written(world: CoreWorld): NativeScript {
  const client = new NativeScript(world).hello().open("note");
  world.run();
  client.updates(1, typedUpdates(1, words));
  world.run();
  return client;
}

/** The same with everything so far in a snapshot. */
function compacted(limits: { chunkBytes?: number } = {}): { world: CoreWorld; writer: NativeScript } {
  const world = new CoreWorld({ limits: { ...limits, tailEntriesMax: words.length - 1 } });
  const writer = written(world);
  expect(world.disk.snapshot(lineage)).toBeDefined();
  return { world, writer };
}

function payloads(client: NativeScript): readonly Uint8Array[] {
  return client.heard("updates").flatMap((message) => message.updates);
}

describe("native clients", () => {
  test("a newcomer gets everything, then `synced` with clock and token", () => {
    const world = new CoreWorld();
    written(world);
    const joiner = new NativeScript(world).hello().open("note");
    world.run();
    expect(joiner.messages().map((message) => message.type)).toEqual(["welcome", "opened", "updates", "synced"]);
    expect(textOf(payloads(joiner))).toBe("abcdef");
    const [synced] = joiner.heard("synced");
    const token = openToken(synced!.token, tokenSecret);
    expect(token.ok && token.value.lineage).toEqual(lineage);
    expect(token.ok && token.value.clock.compare(synced!.clock)).toBe("equal");
  });

  test("[P7] who returns gets exactly the entries after its clock", () => {
    const world = new CoreWorld();
    const writer = written(world);
    const first = new NativeScript(world).hello().open("note");
    world.run();
    const seen = first.heard("synced")[0]!.clock;
    first.close();
    writer.updates(words.length + 1, typedUpdates(1, [...words, "g", "h"]).slice(words.length));
    world.run();
    const back = new NativeScript(world).hello().open("note", { generation: 0, clock: seen, stateVector: Uint8Array.of(1, 1, 6) });
    world.run();
    expect(payloads(back)).toHaveLength(2);
    expect(back.heard("synced")[0]!.clock.entries()[0]![1]).toBe(words.length + 2);
  });

  test("a clock of another generation is not believed", () => {
    const world = new CoreWorld();
    written(world);
    const clock = VectorClock.of(world.disk.entries(lineage).map((entry) => [entry.dot.actor, entry.dot.counter] as const));
    const joiner = new NativeScript(world).hello().open("note", { clock });
    world.run();
    expect(payloads(joiner)).toHaveLength(words.length);
  });

  test("a newcomer to a compacted room gets the snapshot and the tail", () => {
    const { world, writer } = compacted();
    writer.updates(words.length + 1, typedUpdates(1, [...words, "g"]).slice(words.length));
    world.run();
    const joiner = new NativeScript(world).hello().open("note");
    world.run();
    expect(payloads(joiner)).toHaveLength(2);
    expect(textOf(payloads(joiner))).toBe("abcdefg");
  });

  test("who has every struct of the snapshot gets its deletions and the tail", () => {
    const { world, writer } = compacted();
    writer.updates(words.length + 1, typedUpdates(1, [...words, "g"]).slice(words.length));
    world.run();
    const stateVector = world.disk.snapshot(lineage)!.stateVector;
    const joiner = new NativeScript(world).hello().open("note", { stateVector });
    world.run();
    expect(payloads(joiner)[0]).toEqual(world.disk.snapshot(lineage)!.deleteSetUpdate);
    expect(textOf([...typedUpdates(1, words), ...payloads(joiner)])).toBe("abcdefg");
  });

  test("[C6] who has something else gets a difference from a worker, and what comes meanwhile behind it", () => {
    const { world, writer } = compacted();
    world.holdsAnswers = true;
    const joiner = new NativeScript(world).hello().open("note", { stateVector: Uint8Array.of(1, 1, 3) });
    writer.updates(words.length + 1, typedUpdates(1, [...words, "g"]).slice(words.length));
    world.run();
    expect(payloads(joiner)).toEqual([]);
    world.holdsAnswers = false;
    world.run();
    expect(textOf([...typedUpdates(1, words.slice(0, 3)), ...payloads(joiner)])).toBe("abcdefg");
    expect(joiner.messages().map((message) => message.type)).toEqual(["welcome", "opened", "updates", "updates", "synced"]);
  });

  test("[C7] more held behind a difference than the limit ends the connection as CLIENT_SLOW", () => {
    const world = new CoreWorld({ limits: { tailEntriesMax: words.length - 1, backlogBytesMax: 1_024 } });
    const writer = written(world);
    world.holdsAnswers = true;
    const joiner = new NativeScript(world).hello().open("note", { stateVector: Uint8Array.of(1, 1, 3) });
    world.run();
    writer.updates(words.length + 1, typedUpdates(1, [...words, "x".repeat(2_000)]).slice(words.length));
    world.run();
    expect(joiner.closeCode).toBe(1013);
    expect(world.refusals()).toContain("CLIENT_SLOW");
  });

  test("a state larger than a chunk comes in slices", () => {
    const world = new CoreWorld({ limits: { chunkBytes: 1_024 } });
    const writer = new NativeScript(world).hello().open("note");
    world.run();
    writer.updates(1, typedUpdates(1, ["x".repeat(2_500)]));
    world.run();
    const joiner = new NativeScript(world).hello().open("note");
    world.run();
    const chunks = joiner.heard("chunk");
    expect(chunks.map((chunk) => chunk.bytes.length)).toEqual([1_024, 1_024, expect.any(Number)]);
    expect(chunks.at(-1)?.remaining).toBe(0);
    expect(textOf([Uint8Array.from(chunks.flatMap((chunk) => [...chunk.bytes]))])).toHaveLength(2_500);
  });

  test("a worker that died costs a longer answer, not a wrong one", () => {
    const { world } = compacted();
    world.holdsAnswers = true;
    const joiner = new NativeScript(world).hello().open("note", { stateVector: Uint8Array.of(1, 1, 3) });
    world.run();
    const call = world.effects.find((effect) => effect.type === "engine-call");
    world.tell({
      type: "engine-result",
      lineage,
      seq: call?.type === "engine-call" ? call.seq : 0,
      result: { ok: false, refusal: { code: "INTERNAL", detail: "" } },
    });
    world.run();
    expect(textOf(payloads(joiner))).toBe("abcdef");
  });
});

describe("y-websocket clients", () => {
  test("[P11] parts go as updates, only the last as SyncStep2; SyncStep1 comes first", () => {
    const world = new CoreWorld();
    written(world);
    const joiner = new YScript(world, "note").step1();
    world.run();
    const types = joiner.heard().map((heard) => heard.type);
    expect(types).toEqual(["step-1", "update", "update", "update", "update", "update", "step-2"]);
    expect(
      textOf(
        joiner
          .heard()
          .slice(1)
          .map((heard) => heard.body),
      ),
    ).toBe("abcdef");
  });

  test("an empty room answers with an empty SyncStep2", () => {
    const world = new CoreWorld();
    const joiner = new YScript(world, "note").step1();
    world.run();
    expect(joiner.heard("step-2").map((heard) => heard.body)).toEqual([Uint8Array.of(0, 0)]);
  });

  test("joiners share one encoding of the state", () => {
    const { world } = compacted();
    const before = world.effects.length;
    for (let count = 0; count < 3; count++) new YScript(world, "note").step1();
    world.run();
    const states = world.effects
      .slice(before)
      .flatMap((effect) => (effect.type === "send" && effect.frames[0]!.length > 12 ? [effect.frames] : []));
    expect(states).toHaveLength(3);
    expect(new Set(states).size).toBe(1);
  });

  test("a synced client that returns adds no entry: its SyncStep2 repeats what is known", () => {
    const { world } = compacted();
    const document = new Y.Doc();
    for (const update of typedUpdates(1, words)) Y.applyUpdate(document, update);
    document.getText("text").delete(0, 2);
    const client = new YScript(world, "note").step1(Y.encodeStateVector(document)).step2(Y.encodeStateAsUpdate(document));
    world.run();
    const entries = world.disk.entries(lineage).length;
    client.close();
    for (let count = 0; count < 3; count++) {
      new YScript(world, "note").step1(Y.encodeStateVector(document)).step2(Y.encodeStateAsUpdate(document));
      world.run();
    }
    expect(world.disk.entries(lineage)).toHaveLength(entries);
    expect(world.count("known")).toBe(3);
  });

  test("asking again is answered again, and costs what the answer weighs", () => {
    const world = new CoreWorld({ limits: { bytesBurst: 1_024, bytesPerSecond: 1_024 } });
    const writer = new YScript(world, "note").step1();
    writer.update(typedUpdates(1, ["x".repeat(900)])[0]!);
    world.run();
    expect(world.paused.size).toBe(0);
    const reader = new YScript(world, "note").step1().step1().step1();
    world.run();
    expect(reader.heard("step-2")).toHaveLength(3);
    expect(world.paused.has(reader.connection)).toBe(true);
    world.pass(2_000);
    expect(world.paused.size).toBe(0);
  });

  test("a state vector that cannot be read ends the connection", () => {
    const world = new CoreWorld();
    const joiner = new YScript(world, "note").step1(Uint8Array.of(5, 1));
    world.run();
    expect(joiner.closeCode).toBe(1007);
  });
});
