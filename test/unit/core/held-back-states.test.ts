/**
 * What a Yjs client holds back for want of what is not here, and when it is asked for it.
 */
import * as Y from "yjs";
import { describe, expect, test } from "vitest";
import { aLineage, CoreWorld } from "./core-world.ts";
import { HocuspocusScript } from "./hocuspocus-script.ts";
import { YScript } from "./scripted-client.ts";
import { textOf, typedUpdates } from "./typed-updates.ts";

const lineage = aLineage("note");

describe("a state of which a part hangs on what nobody has", () => {
  /** Two words of somebody, and what another one wrote behind each of them. */
  function answers() {
    const [first, second] = typedUpdates(1, ["one ", "two "]);
    const doc = new Y.Doc();
    doc.clientID = 2;
    doc.on("update", (update) => mine.push(update));
    const mine: Uint8Array[] = [];
    for (const [update, word] of [
      [first!, "one "],
      [second!, "two "],
    ] as const) {
      Y.applyUpdate(doc, update);
      doc.getText("text").insert(doc.getText("text").toString().indexOf(word) + word.length, "mine ");
    }
    return { first: first!, second: second!, state: Y.mergeUpdates(mine.filter((_, index) => index % 2 === 1)) };
  }

  const theirs = typedUpdates(3, [..."abcdefghijklmnopqrstuvwxyz"]);

  test("[P2] is asked for again when that has come, and not before; then it is told as saved", () => {
    const world = new CoreWorld();
    const { first, second, state } = answers();
    const client = new HocuspocusScript(world)
      .token("note")
      .step1("note")
      .step2("note", Y.mergeUpdates([theirs[0]!, state]));
    const other = new HocuspocusScript(world).join("note");
    world.run();
    world.pass(60_000);
    expect([client.closeCode, client.heard("step-1").length, client.saves]).toEqual([undefined, 1, 0]);
    expect(textOf(world.disk.parts(lineage))).toBe("a");
    // What others write meanwhile is nothing to it.
    for (const update of theirs.slice(1)) {
      other.update("note", update);
      world.pass(1_500);
    }
    expect(client.heard("step-1")).toHaveLength(1);
    other.update("note", first);
    world.run();
    expect(client.heard("step-1")).toHaveLength(2);
    client.step2("note", state);
    world.run();
    expect([client.saves, client.heard("step-1").length]).toEqual([0, 2]);
    other.update("note", second);
    world.pass(1_900);
    expect(client.heard("step-1")).toHaveLength(2);
    world.pass(200);
    expect([client.saves, client.heard("step-1").length]).toEqual([0, 3]);
    client.step2("note", state);
    world.run();
    expect([client.saves, client.heard("step-1").length]).toEqual([1, 3]);
  });

  test("does not cost a y-websocket client its line, however long nobody has it", () => {
    const world = new CoreWorld();
    const { first, second, state } = answers();
    const client = new YScript(world, "note").step1().step2(state);
    world.run();
    world.pass(120_000);
    expect([client.closeCode, client.heard("step-1").length]).toEqual([undefined, 1]);
    new YScript(world, "note").step1().step2(Y.mergeUpdates([first, second]));
    world.run();
    expect(client.heard("step-1")).toHaveLength(2);
    client.step2(state);
    world.run();
    expect(textOf(world.disk.parts(lineage)).match(/mine/g)).toHaveLength(2);
  });
});

describe("what a client holds back", () => {
  /** What `author` writes behind `base`. */
  function behind(author: number, base: Uint8Array): Uint8Array {
    const doc = new Y.Doc();
    doc.clientID = author;
    Y.applyUpdate(doc, base);
    const before = Y.encodeStateVector(doc);
    doc.getText("text").insert(doc.getText("text").length, `by ${author}`);
    return Y.encodeStateAsUpdate(doc, before);
  }

  test.each([
    [20, 10],
    [10, 20],
  ])("[P1] for want of two others is asked for when either has come (authors %d and %d)", (one, other) => {
    const world = new CoreWorld();
    const [never, comes] = [typedUpdates(1, ["A"])[0]!, typedUpdates(2, ["B"])[0]!];
    const state = Y.mergeUpdates([behind(one, never), behind(other, comes)]);
    const client = new YScript(world, "note").step1().step2(state);
    world.run();
    new YScript(world, "note").step1().step2(comes);
    world.pass(1_100);
    expect(client.heard("step-1")).toHaveLength(2);
    client.step2(state);
    world.run();
    expect(textOf(world.disk.parts(lineage))).toBe(`Bby ${other}`);
  });

  test("[P1] for want of more others than are named is asked for whenever anything has come", () => {
    const world = new CoreWorld();
    const theirs = Array.from({ length: 80 }, (_, index) => typedUpdates(index + 1, ["x"])[0]!);
    const state = Y.mergeUpdates(theirs.map((update, index) => behind(1_000 + index, update)));
    const client = new YScript(world, "note").step1().step2(state);
    const other = new YScript(world, "note").step1().step2(Uint8Array.of(0, 0));
    world.run();
    world.pass(60_000);
    expect(client.heard("step-1")).toHaveLength(1);
    for (const update of theirs) {
      other.update(update);
      world.pass(1_100);
    }
    world.pass(31_000);
    client.step2(state);
    world.run();
    expect(textOf(world.disk.parts(lineage)).match(/by/g)).toHaveLength(80);
    expect(client.heard("step-1").length).toBeGreaterThan(1);
  });

  test("is asked for less and less often while what it hangs on comes letter by letter, and at once when all of it was in", () => {
    const world = new CoreWorld();
    const letters = typedUpdates(3, [..."abcdefghijklmnopqrstuvwxyz".repeat(4)]);
    const doc = new Y.Doc();
    for (const letter of letters) Y.applyUpdate(doc, letter);
    const before = Y.encodeStateVector(doc);
    doc.getText("text").delete(0, 104);
    const state = Y.encodeStateAsUpdate(doc, before);
    const client = new YScript(world, "note").step1().step2(state);
    const other = new YScript(world, "note").step1().step2(Uint8Array.of(0, 0));
    world.run();
    const answer = (asked: number): number => {
      const now = client.heard("step-1").length;
      if (now > asked) client.step2(state);
      world.run();
      return now;
    };
    let asked = 1;
    for (const letter of letters) {
      other.update(letter);
      world.pass(1_100);
      asked = answer(asked);
    }
    world.pass(31_000);
    asked = answer(asked);
    // After 1, 2, 4 … 30 seconds.
    expect(asked).toBeGreaterThanOrEqual(6);
    expect(asked).toBeLessThanOrEqual(11);
    expect(textOf(world.disk.parts(lineage))).toBe("");
    const theirs = typedUpdates(7, ["x"])[0]!;
    client.step2(behind(9, theirs));
    world.pass(2_000);
    other.update(theirs);
    world.run();
    expect(client.heard("step-1")).toHaveLength(asked + 1);
  });

  test("[P9] without end closes the socket, also of who asks meanwhile", () => {
    const world = new CoreWorld({ limits: { gapsPerWindowMax: 5 } });
    const client = new HocuspocusScript(world).join("note");
    const gap = typedUpdates(1, ["a", "b"])[1]!;
    world.pass(2_000);
    for (let halfSeconds = 0; halfSeconds < 30; halfSeconds++) {
      client.update("note", gap).step1("note");
      world.pass(500);
    }
    expect(world.refusals()).toContain("TOO_MANY_GAPS");
  });
});
