/**
 * Hocuspocus' providers in unlucky moments, and sockets that only look like one.
 */
import * as Y from "yjs";
import { describe, expect, test } from "vitest";
import { aLineage, CoreWorld } from "./core-world.ts";
import { HocuspocusScript } from "./hocuspocus-script.ts";
import { textOf, typedUpdates } from "./typed-updates.ts";

const lineage = aLineage("note");

/** The state vector of who has the first `count` of `updates`. */
function having(updates: readonly Uint8Array[], count: number): Uint8Array {
  return Y.encodeStateVectorFromUpdate(Y.mergeUpdates(updates.slice(0, count)));
}

describe("[P2] a provider counts one, and is told one", () => {
  test("with deletions in its queue that it made before it asked", () => {
    const world = new CoreWorld();
    const base = typedUpdates(1, ["a", "b"]);
    const other = new HocuspocusScript(world).join("note");
    for (const update of base) other.update("note", update);
    world.run();
    const doc = new Y.Doc();
    for (const update of base) Y.applyUpdate(doc, update);
    const before = Y.encodeStateVector(doc);
    const queue: Uint8Array[] = [];
    doc.on("update", (update) => queue.push(update));
    doc.getText("text").delete(0, doc.getText("text").length);
    world.holdsAppends = true;
    const client = new HocuspocusScript(world).token("note").step1("note", Y.encodeStateVector(doc));
    for (const update of queue) client.update("note", update);
    client.step2("note", Y.encodeStateAsUpdate(doc, before));
    world.run();
    expect(queue).toHaveLength(1);
    world.landAppends();
    world.run();
    expect(client.saves).toBe(1);
  });

  test("with questions in its queue that are older than the one that it counts from", () => {
    const world = new CoreWorld();
    const updates = typedUpdates(1, ["a", "b", "c"]);
    const client = new HocuspocusScript(world).token("note").step1("note", having(updates, 3));
    client.update("note", updates[0]!).step1("note", having(updates, 1)).update("note", updates[1]!).update("note", updates[2]!);
    client.step2("note", Y.mergeUpdates([...updates])).step2("note", Y.mergeUpdates([...updates]));
    world.run();
    expect([client.saves, textOf(world.disk.parts(lineage))]).toEqual([1, "abc"]);
  });

  test("whose state a full disk refused, and who is asked for it again", () => {
    const world = new CoreWorld({ limits: { appendRetryMs: 100 } });
    const other = new HocuspocusScript(world).join("note");
    world.run();
    world.holdsAppends = true;
    other.update("note", typedUpdates(2, ["z"])[0]!);
    world.run();
    world.failAppends("STORE_FULL");
    const [mine] = typedUpdates(1, ["a"]);
    const client = new HocuspocusScript(world).token("note").step1("note", Y.encodeStateVectorFromUpdate(mine!)).step2("note", mine);
    world.run();
    expect(client.saves).toBe(0);
    world.holdsAppends = false;
    world.pass(1_000);
    client.step2("note", mine);
    world.run();
    expect(client.saves).toBe(1);
  });

  test("who asks anew while its first answer is being made", () => {
    const world = new CoreWorld({ limits: { tailEntriesMax: 5 } });
    const other = new HocuspocusScript(world).join("note");
    for (const update of typedUpdates(
      1,
      Array.from({ length: 30 }, () => "a"),
    ))
      other.update("note", update);
    world.run();
    world.pass(2_000);
    const [mine] = typedUpdates(2, ["z"]);
    world.holdsAnswers = true;
    const client = new HocuspocusScript(world).token("note").step1("note", Y.encodeStateVectorFromUpdate(mine!));
    world.run();
    client.step2("note", mine);
    world.run();
    expect([client.saves, client.heard("step-1").length, client.heard("step-2").length]).toEqual([1, 1, 0]);
    client.step1("note", Y.encodeStateVectorFromUpdate(mine!));
    world.run();
    expect(client.heard("step-1")).toHaveLength(2);
    client.step2("note", mine);
    world.holdsAnswers = false;
    world.run();
    expect([client.saves, client.heard("step-2").length]).toEqual([2, 1]);
  });
});

test("an edit above the ceiling of edits is asked for as a part of a state, and the document goes on", () => {
  const world = new CoreWorld({ limits: { editBytesMax: 1_000 } });
  const paste = typedUpdates(1, ["p".repeat(2_000), "q"]);
  const client = new HocuspocusScript(world).join("note");
  world.run();
  client.update("note", paste[0]!).update("note", paste[1]!);
  world.pass(1_100);
  expect([client.saves, client.heard("step-1").length, client.heard("denied")]).toEqual([1, 2, []]);
  client.step2("note", Y.mergeUpdates([...paste]));
  world.run();
  expect([client.saves, textOf(world.disk.parts(lineage)).length]).toEqual([3, 2_001]);
});

test("[P2] what is let go of while it is loaded is taken, and nothing is said of it to who opens it anew", () => {
  const world = new CoreWorld();
  world.holdsAnswers = true;
  const client = new HocuspocusScript(world)
    .join("note")
    .update("note", typedUpdates(1, ["a"])[0]!)
    .letGo("note");
  world.run();
  client.token("note").step1("note");
  world.run();
  world.holdsAnswers = false;
  world.run();
  expect([client.heard("authenticated").length, client.heard("step-1").length, client.saves]).toEqual([1, 1, 0]);
  expect(textOf(world.disk.parts(lineage))).toBe("a");
});

test("[P2] what was typed in a document that is let go of before it was loaded is kept", () => {
  const world = new CoreWorld();
  const client = new HocuspocusScript(world)
    .join("note")
    .update("note", typedUpdates(1, ["a"])[0]!)
    .letGo("note");
  world.run();
  expect(textOf(world.disk.parts(lineage))).toBe("a");
  client.join("note");
  world.run();
  expect(textOf(client.heard("step-2", "note").map(({ body }) => body))).toBe("a");
});

test("a document that ends while it waits for a full disk leaves the socket to the others", () => {
  const world = new CoreWorld({ limits: { appendRetryMs: 100 } });
  const full = new HocuspocusScript(world).join("full");
  const client = new HocuspocusScript(world).join("doomed").join("stays");
  world.run();
  world.holdsAppends = true;
  full.update("full", typedUpdates(2, ["z"])[0]!);
  world.run();
  world.failAppends("STORE_FULL");
  for (const name of ["doomed", "stays"]) client.update(name, typedUpdates(1, ["a"])[0]!);
  world.run();
  expect(world.paused.has(client.connection)).toBe(true);
  world.disconnect(full.connection);
  client.letGo("doomed");
  world.run();
  // The other one waits still.
  expect(world.paused.has(client.connection)).toBe(true);
  world.holdsAppends = false;
  world.pass(10_000);
  expect(world.paused.has(client.connection)).toBe(false);
});

describe("a socket", () => {
  test("[P9] without a document is kept alive, and costs a look now and then", () => {
    const world = new CoreWorld();
    const [client, silent] = [new HocuspocusScript(world).join("note"), new HocuspocusScript(world)];
    world.run();
    client.letGo("note");
    silent.world.send(silent.connection, Uint8Array.of(9));
    world.run();
    const before = [client.frames.length, silent.frames.length];
    world.pass(60_000);
    const signs = [client.frames.slice(before[0]), silent.frames.slice(before[1])];
    // An awareness update of nobody, about no document: what providers take for a sign of life.
    for (const frames of signs) expect(frames.map((frame) => [...frame])).toEqual([...frames].map(() => [0, 1, 1, 0]));
    for (const frames of signs) expect(frames.length).toBeGreaterThanOrEqual(3);
    for (const frames of signs) expect(frames.length).toBeLessThanOrEqual(6);
  });

  test("is told once that a document is denied, by its token and not again by its question", () => {
    const world = new CoreWorld();
    const client = new HocuspocusScript(world).join("x".repeat(300));
    world.run();
    expect(client.heard("denied")).toHaveLength(1);
    client.token("x".repeat(300));
    world.run();
    expect(client.heard("denied")).toHaveLength(2);
  });

  test("[P9] that talks about documents which are not open is held to the rate as any other", () => {
    const world = new CoreWorld();
    const [nothing, something] = [new HocuspocusScript(world).join("note"), new HocuspocusScript(world).join("note")];
    world.run();
    for (let index = 0; index < 30_000; index++) {
      nothing.say("d", Uint8Array.of(3));
      something.say("note", Uint8Array.of(3));
    }
    world.run();
    expect([nothing, something].map(({ connection }) => world.paused.has(connection))).toEqual([true, true]);
  });
});
