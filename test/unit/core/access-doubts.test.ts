/**
 * What becomes of documents that are open, or about to be, when the application changes its mind: what was answered before counts for nothing.
 */
import { describe, expect, test } from "vitest";
import { AccessDoubts } from "../../../server/core/access-doubts.ts";
import * as Y from "yjs";
import { CoreWorld } from "./core-world.ts";
import { HocuspocusScript } from "./hocuspocus-script.ts";
import { NativeScript, YScript } from "./scripted-client.ts";

const minute = 60_000;

const edit = (): Uint8Array => {
  const doc = new Y.Doc();
  doc.getText("text").insert(0, "words");
  return Y.encodeStateAsUpdate(doc);
};

const aWorld = (): CoreWorld => new CoreWorld({ limits: { credentialMs: 500 }, asksAccess: true });
const questions = (world: CoreWorld): unknown[] => world.asked.map(({ ask }) => [ask.room, ask.credential, ask.isAgain]);
const appended = (world: CoreWorld): readonly { author: string }[] =>
  world.effects.flatMap((effect) => (effect.type === "append-log" ? effect.entries : []));

describe("what is called into doubt", () => {
  const doubt = (world: CoreWorld, whom: { room?: string; user?: string } = {}): void => {
    world.tell({ type: "reconsider-access", room: whom.room, user: whom.user });
    world.run();
    world.pass(20);
  };

  test("[P9] is asked about at once, though it was granted for good: in that room, of that name", () => {
    const world = aWorld();
    for (const [room, user] of [
      ["one", "ada"],
      ["one", "bob"],
      ["two", "ada"],
    ] as const) {
      new YScript(world, room);
      world.run();
      world.grant({ user });
    }
    const asked = (whom: { room?: string; user?: string }): readonly string[] => {
      doubt(world, whom);
      return world.asked.splice(0).map(({ ask, connection }) => `${ask.room} of ${connection}`);
    };
    expect(asked({ room: "one", user: "ada" })).toEqual(["one of 1"]);
    expect(asked({ user: "bob" })).toEqual(["one of 2"]);
    expect(asked({ room: "two" })).toEqual(["two of 3"]);
    expect(asked({ room: "three" })).toEqual([]);
  });

  test("[P9] and ends where there is no answer", () => {
    const world = aWorld();
    const y = new YScript(world, "one").step1();
    world.run();
    world.grant({ expiresInMs: 100 * minute });
    doubt(world);
    world.deny("ACCESS_UNKNOWN");
    expect(y.closeCode).toBe(1013);
  });

  test("[P9] while it is being asked about, is asked about once more: the first answer may be of before", () => {
    const world = aWorld();
    const y = new YScript(world, "one").step1();
    world.run();
    world.grant();
    doubt(world);
    doubt(world);
    expect(world.asked.length).toBe(1);
    world.grant();
    expect([y.closeCode, world.asked.length]).toEqual([undefined, 1]);
    world.deny();
    expect(y.closeCode).toBe(4403);
  });

  test("[P9] while it is being asked about as somebody else, is asked about once more before it may what the other may", () => {
    const world = aWorld();
    const client = new HocuspocusScript(world).step1("one").step2("one");
    world.run();
    world.pass(500);
    world.grant({ access: "read-only" });
    client.token("one", "of ada");
    world.run();
    doubt(world, { user: "ada" });
    world.grant({ user: "ada" });
    client.update("one", edit());
    world.run();
    expect([appended(world), questions(world)]).toEqual([[], [["one", "of ada", true]]]);
    world.deny();
    expect(client.heard("denied").length).toBe(1);
  });

  test("[P9] who is about to be let in by an answer of before is asked about once more, and nothing is read or written until then", () => {
    const world = aWorld();
    const native = new NativeScript(world).hello().open("one");
    native.updates(1, [edit()]);
    world.run();
    doubt(world, { user: "ada" });
    world.grant({ user: "ada" });
    expect([native.heard("opened"), appended(world), questions(world)]).toEqual([[], [], [["one", "", undefined]]]);
    world.deny();
    expect(native.heard("error")).toMatchObject([{ code: "NOT_ALLOWED" }]);
  });

  test("[P9] who is not meant is let in by the answer that was under way", () => {
    const world = aWorld();
    const native = new NativeScript(world).hello().open("one");
    world.run();
    doubt(world, { user: "ada" });
    doubt(world, { room: "two" });
    world.grant({ user: "bob" });
    expect([native.heard("opened").length, world.asked]).toEqual([1, []]);
  });

  test("[P9] what was said in one that was let go of does not count", () => {
    const world = aWorld();
    const native = new NativeScript(world).hello().open("one");
    world.run();
    world.holdsAnswers = true;
    world.grant({ user: "ada" });
    native.updates(1, [edit()]).say({ type: "close", channel: 1 });
    world.run();
    doubt(world, { user: "ada" });
    world.holdsAnswers = false;
    world.run();
    expect([world.asked, appended(world), native.heard("error")]).toEqual([[], [], []]);
  });

  test("is in for good when it is granted anew: no answer to a later question ends it early", () => {
    const world = aWorld();
    const y = new YScript(world, "one").step1();
    world.run();
    world.grant();
    doubt(world);
    world.grant({ expiresInMs: minute });
    while (world.asked.length === 0) world.pass(100);
    world.deny("ACCESS_UNKNOWN");
    expect(y.closeCode).toBeUndefined();
  });

  test("[P8] however often the application says so, and of however many one by one, a thousand a second are asked about", () => {
    const [world, crowd] = [aWorld(), 1_000];
    for (let client = 0; client < crowd; client++) new YScript(world, `room ${client % 10}`).step1();
    world.run();
    for (let user = 0; world.asked.length > 0; user++) world.grant({ user: `user ${user}` });
    const counts: number[] = [];
    const pass = (): void => {
      world.pass(10);
      counts.push(world.asked.splice(0).length);
    };
    for (let user = 0; user < crowd; user++) {
      world.tell({ type: "reconsider-access", room: undefined, user: `user ${user}` });
      if (user % 100 === 99) pass();
    }
    while (counts.length < 110) pass();
    expect(counts.reduce((sum, count) => sum + count)).toBe(crowd);
    expect(Math.max(...counts)).toBeLessThan(30);
  });

  test("[P8] said of the same ones over and over it makes nobody else wait", () => {
    const world = aWorld();
    for (let client = 0; client < 500; client++) new YScript(world, "one").step1();
    world.run();
    while (world.asked.length > 0) world.grant({ user: "ada" });
    for (let time = 0; time < 10; time++) doubt(world, { user: "ada" });
    new YScript(world, "one").step1();
    world.asked.length = 0;
    world.run();
    world.grant({ user: "bob" });
    doubt(world, { user: "bob" });
    world.pass(2_000);
    expect(world.asked.map(({ connection }) => connection)).toContain(501);
  });

  test("nobody is where no application is asked", () => {
    const world = new CoreWorld();
    const y = new YScript(world, "one").step1();
    world.run();
    doubt(world);
    expect([world.asked, y.closeCode]).toEqual([[], undefined]);
  });
});

test("[C7] of doubts the last ones are known one by one; to a question that is older everybody is meant", () => {
  const doubts = new AccessDoubts();
  for (let one = 0; one < 1_025; one++) doubts.add({ user: `user ${one}` });
  const mean = (user: string, count: number): boolean => doubts.mean({ room: "one", user }, count);
  expect([mean("user 1", 1), mean("user 0", 1), mean("user 1", 2), mean("nobody", 1), mean("nobody", 0)]).toEqual([
    true,
    false,
    false,
    false,
    true,
  ]);
});
