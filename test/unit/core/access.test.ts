/**
 * Where an application says who may do what: the core asks before anything of a document is read, and obeys in every dialect.
 */
import { describe, expect, test } from "vitest";
import { nativeVersion } from "@inkmesh/shared/wire/protocol-version";
import * as Y from "yjs";
import { CoreWorld } from "./core-world.ts";
import { HocuspocusScript } from "./hocuspocus-script.ts";
import { NativeScript, YScript } from "./scripted-client.ts";

const edit = (words = "words"): Uint8Array => {
  const doc = new Y.Doc();
  doc.getText("text").insert(0, words);
  return Y.encodeStateAsUpdate(doc);
};

const loads = (world: CoreWorld): number => world.effects.filter(({ type }) => type === "load-room").length;
const appended = (world: CoreWorld): readonly { author: string }[] =>
  world.effects.flatMap((effect) => (effect.type === "append-log" ? effect.entries : []));

function aWorld(limits: ConstructorParameters<typeof CoreWorld>[0] = {}): CoreWorld {
  return new CoreWorld({ ...limits, asksAccess: true });
}

describe("a relay that asks who may do what", () => {
  test("[P9] asks with what the client showed, and reads nothing of the document before the answer", () => {
    const world = aWorld();
    const native = new NativeScript(world);
    native.say({ type: "hello", version: nativeVersion, agent: "test", credential: "of all" });
    native.open("one").open("two", { channel: 2 });
    const y = new YScript(world, "three");
    y.step1().update(edit());
    const hocuspocus = new HocuspocusScript(world);
    hocuspocus.token("four", "of four").step1("four");
    world.run();
    expect(world.asked.map(({ connection, ask }) => [connection, ask])).toEqual([
      [native.connection, { dialect: "native", room: "one", credential: "of all" }],
      [native.connection, { dialect: "native", room: "two", credential: "of all" }],
      [y.connection, { dialect: "y-websocket", room: "three", credential: "" }],
      [hocuspocus.connection, { dialect: "hocuspocus", room: "four", credential: "of four" }],
    ]);
    expect([loads(world), appended(world), y.frames, hocuspocus.frames]).toEqual([0, [], [], []]);
    for (let answer = 0; answer < 4; answer++) world.grant({ user: "ada" });
    expect([native.heard("opened").length, y.heard("step-2").length, hocuspocus.heard("authenticated").length]).toEqual([2, 1, 1]);
    expect(appended(world)).toMatchObject([{ author: "ada" }]);
  });

  test("a relay that does not ask lets everybody in at once", () => {
    const world = new CoreWorld();
    new NativeScript(world).hello().open("one");
    world.run();
    expect([world.asked.length, loads(world)]).toEqual([0, 1]);
  });

  test("who is refused hears why, in each dialect, and a refused document leaves the others on its socket alone", () => {
    const world = aWorld();
    const native = new NativeScript(world).hello().open("one").open("two", { channel: 2 });
    const y = new YScript(world, "one").update(edit());
    const hocuspocus = new HocuspocusScript(world).token("one").step1("one").update("one", edit()).token("two");
    world.run();
    world.deny("NOT_ALLOWED", "not yours");
    world.grant();
    world.deny();
    world.deny("NOT_ALLOWED", "not yours");
    world.grant();
    expect(native.heard("error")).toMatchObject([{ channel: 1, code: "NOT_ALLOWED", detail: "not yours" }]);
    expect(native.heard("opened")).toMatchObject([{ channel: 2 }]);
    expect([y.closeCode, native.closeCode, hocuspocus.closeCode]).toEqual([4403, undefined, undefined]);
    expect(hocuspocus.heard("denied")).toMatchObject([{ address: "one", words: "NOT_ALLOWED: not yours" }]);
    expect(hocuspocus.heard("authenticated")).toMatchObject([{ address: "two" }]);
    expect([appended(world), world.disk.load("one" as never)]).toMatchObject([[], { ok: true, value: { tail: [], record: undefined } }]);
  });

  test("where it could not be found out, clients come back later: native ones to the document, others with their socket", () => {
    const world = aWorld();
    const native = new NativeScript(world).hello().open("one");
    const y = new YScript(world, "one");
    const hocuspocus = new HocuspocusScript(world).token("one");
    world.run();
    for (let answer = 0; answer < 3; answer++) world.deny("ACCESS_UNKNOWN");
    expect(native.heard("error")).toMatchObject([{ channel: 1, code: "ACCESS_UNKNOWN", retryAfterMs: 5_000 }]);
    expect([native.closeCode, y.closeCode, hocuspocus.closeCode]).toEqual([undefined, 1013, 1013]);
  });

  test("who may only read changes nothing, in each dialect, and hears so where there is a word for it", () => {
    const world = aWorld();
    const native = new NativeScript(world).hello().open("one");
    const y = new YScript(world, "one").step1().step2(edit()).update(edit());
    const hocuspocus = new HocuspocusScript(world).token("one").step1("one").step2("one", edit()).update("one", edit());
    native.updates(1, [edit()]);
    world.run();
    for (let answer = 0; answer < 3; answer++) world.grant({ access: "read-only" });
    expect(native.heard("opened")).toMatchObject([{ access: "read-only" }]);
    expect(native.heard("nack")).toMatchObject([{ number: 1, code: "READ_ONLY" }]);
    expect(y.closeCode).toBeUndefined();
    expect(hocuspocus.heard("authenticated")).toMatchObject([{ words: "readonly" }]);
    expect(hocuspocus.heard("status").map(({ status }) => status)).toEqual([0, 0]);
    expect([appended(world), hocuspocus.saves]).toEqual([[], 0]);
  });

  test("a Hocuspocus token that comes after the first question is what is asked with, and what was said before it is heard", () => {
    const world = aWorld({ limits: { credentialMs: 1_000 } });
    const late = new HocuspocusScript(world).step1("one").step2("one").update("one", edit());
    world.run();
    world.pass(300);
    expect([world.asked, late.frames]).toEqual([[], []]);
    late.token("one", "of one").token("one", "another");
    world.run();
    expect(world.asked.map(({ ask }) => ask.credential)).toEqual(["of one"]);
    world.grant();
    world.pass(2_000);
    expect([late.heard("denied"), late.heard("authenticated").length, late.saves, world.asked.length]).toEqual([[], 1, 2, 0]);
  });

  test("a Hocuspocus client that shows nothing is asked for after a while; a token that comes then is asked for anew", () => {
    const world = aWorld({ limits: { credentialMs: 1_000 } });
    const late = new HocuspocusScript(world).step1("one").step2("one").update("one", edit());
    const none = new HocuspocusScript(world).step1("two");
    const gone = new HocuspocusScript(world).step1("three").update("three", edit()).letGo("three");
    world.run();
    world.pass(999);
    expect(world.asked).toEqual([]);
    world.pass(1);
    late.token("one", "of one");
    world.run();
    expect(world.asked.map(({ ask }) => [ask.room, ask.credential])).toEqual([
      ["one", ""],
      ["two", ""],
      ["three", ""],
      ["one", "of one"],
    ]);
    world.deny();
    world.deny();
    world.deny();
    world.grant();
    expect([late.heard("denied"), late.heard("authenticated").length, late.saves]).toEqual([[], 1, 2]);
    expect([none.heard("denied").length, gone.frames]).toEqual([1, []]);
    const lost = new HocuspocusScript(world).step1("four");
    world.run();
    lost.close();
    world.pass(2_000);
    expect(world.asked).toEqual([]);
  });

  test("[P2] a Hocuspocus reader who has nothing new is told that it is saved, once, as its client counts that it was asked", () => {
    const world = aWorld();
    const hocuspocus = new HocuspocusScript(world).token("one").step1("one").step2("one");
    const writer = new HocuspocusScript(world).token("one").step1("one").step2("one").update("one", edit());
    world.run();
    world.grant({ access: "read-only" });
    world.grant();
    expect([hocuspocus.heard("status"), hocuspocus.saves, writer.saves]).toMatchObject([[{ status: 1 }], 1, 2]);
    const later = new HocuspocusScript(world).token("one").step1("one", Y.encodeStateVectorFromUpdate(edit())).step2("one", edit());
    world.run();
    world.grant({ access: "read-only" });
    expect(later.heard("status")).toMatchObject([{ status: 0 }]);
    expect(appended(world)).toHaveLength(1);
  });

  test("what a client asked for as a reader stays so, whatever it may", () => {
    const world = aWorld();
    const native = new NativeScript(world).hello().open("one", { access: "read-only" });
    world.run();
    world.grant();
    expect(native.heard("opened")).toMatchObject([{ access: "read-only" }]);
  });

  test("what was said before a client let go is heard, and what nobody waits for any more is not", () => {
    const world = aWorld();
    const hocuspocus = new HocuspocusScript(world).token("one").step1("one").update("one", edit("last words")).letGo("one");
    const silent = new NativeScript(world).hello().open("one");
    silent.say({ type: "close", channel: 1 });
    const gone = new NativeScript(world).hello().open("two");
    world.run();
    gone.close();
    world.run();
    const [, second, third] = world.asked;
    world.grant();
    expect(appended(world)).toHaveLength(1);
    expect([second?.ask.room, third?.ask.room]).toEqual(["one", "two"]);
    world.grant();
    world.grant();
    expect([silent.heard("opened"), hocuspocus.closeCode, loads(world)]).toEqual([[], undefined, 1]);
    expect(world.relay.census()).toMatchObject({ sessions: 0, waitingMessages: 0 });
  });

  test("a channel that is let go of and opened anew is asked for anew, and the first answer does not open it", () => {
    const world = aWorld();
    const native = new NativeScript(world).hello().open("one");
    native.say({ type: "close", channel: 1 });
    native.open("two");
    world.run();
    expect(world.asked.map(({ ask }) => ask.room)).toEqual(["one", "two"]);
    world.grant();
    expect(native.heard("opened")).toEqual([]);
    world.deny();
    expect(native.heard("error")).toMatchObject([{ channel: 1, code: "NOT_ALLOWED" }]);
  });

  test("[P8][C7] a client that says too much before it is clear loses that document, and cannot ask for more than it may have open", () => {
    const world = aWorld({ limits: { waitingPerSessionMax: 3, roomsPerConnectionMax: 2 } });
    const native = new NativeScript(world).hello().open("one").open("two", { channel: 2 }).open("three", { channel: 3 });
    world.run();
    expect(native.heard("error")).toMatchObject([{ channel: 3, code: "TOO_MANY_ROOMS" }]);
    for (let number = 1; number <= 4; number++) native.updates(number, [edit()]);
    world.run();
    expect(native.heard("error").slice(1)).toMatchObject([{ channel: 1, code: "RELAY_BUSY" }]);
    expect(world.relay.census().waitingMessages).toBe(0);
    world.grant();
    world.grant();
    expect(native.heard("opened")).toMatchObject([{ channel: 2 }]);
  });

  test("[P8][C7] who lets go and asks anew over and over has no more questions under way than it may have documents open", () => {
    const world = aWorld({ limits: { waitingPerSessionMax: 3, roomsPerConnectionMax: 2 } });
    const native = new NativeScript(world).hello();
    for (const room of ["one", "two", "three"]) native.open(room).say({ type: "close", channel: 1 });
    world.run();
    expect(world.asked.map(({ ask }) => ask.room)).toEqual(["one", "two"]);
    expect(native.heard("error")).toMatchObject([{ channel: 1, code: "TOO_MANY_ROOMS" }]);
    world.grant();
    native.open("four");
    world.run();
    expect(world.asked.map(({ ask }) => ask.room)).toContain("four");
    const talker = new NativeScript(world).hello().open("one").open("two", { channel: 2 });
    for (let number = 1; number <= 4; number++) talker.updates(number, [edit()]);
    talker.open("three");
    world.run();
    expect(talker.heard("error")).toMatchObject([{ code: "RELAY_BUSY" }, { code: "TOO_MANY_ROOMS" }]);
  });

  test("a document that is asked for twice on one socket is refused as where nobody asks", () => {
    const world = aWorld();
    const native = new NativeScript(world).hello().open("one").open("one", { channel: 2 });
    world.run();
    expect(native.closeCode).toBeDefined();
    expect(world.refusals()).toEqual(["OUT_OF_ORDER"]);
    expect(world.relay.census()).toMatchObject({ connections: 0, waitingMessages: 0 });
  });
});
