/**
 * What becomes of a document that is open when what was granted for it expires, or is called into doubt: the application is asked again, and
 * obeyed in every dialect.
 */
import { describe, expect, test } from "vitest";
import { ok, refused } from "@inkmesh/shared/base/result";
import { nativeVersion } from "@inkmesh/shared/wire/protocol-version";
import * as Y from "yjs";
import type { Grant } from "../../../server/core/access.ts";
import { CoreWorld } from "./core-world.ts";
import { HocuspocusScript } from "./hocuspocus-script.ts";
import { NativeScript, YScript } from "./scripted-client.ts";

const minute = 60_000;
/** Until a question is answered that follows on what the client is asked to show. */
const answerMs = 6_500;

const edit = (words = "words"): Uint8Array => {
  const doc = new Y.Doc();
  doc.getText("text").insert(0, words);
  return Y.encodeStateAsUpdate(doc);
};

function aWorld(limits: ConstructorParameters<typeof CoreWorld>[0] = {}): CoreWorld {
  return new CoreWorld({ limits: { credentialMs: 500 }, ...limits, asksAccess: true });
}

/** What it is asked about, in the order in which it was asked. */
const questions = (world: CoreWorld): unknown[] => world.asked.map(({ ask }) => [ask.room, ask.credential, ask.isAgain]);
const appended = (world: CoreWorld): readonly { author: string }[] =>
  world.effects.flatMap((effect) => (effect.type === "append-log" ? effect.entries : []));

/** A client of each dialect, each in its document, granted as said. */
function threeClients(world: CoreWorld, grant: Partial<Grant>) {
  const native = new NativeScript(world);
  native.say({ type: "hello", version: nativeVersion, agent: "test", credential: "of all" });
  native.open("native").open("other", { channel: 2 });
  const y = new YScript(world, "y").step1();
  const hocuspocus = new HocuspocusScript(world).token("hocuspocus", "old").step1("hocuspocus").step2("hocuspocus");
  world.run();
  world.grant(grant);
  world.grant();
  world.grant(grant);
  world.grant(grant);
  return { native, y, hocuspocus };
}

/** Lets it expire, and the Hocuspocus client, which is asked to, shows a new token. Nothing is answered yet. */
function expire(world: CoreWorld, { hocuspocus }: { hocuspocus: HocuspocusScript }): void {
  const untilMs = world.now.monotonicMs + minute;
  const requests = (): number => hocuspocus.heard("token-request").length;
  for (const before = requests(); requests() === before;) world.pass(100);
  hocuspocus.token("hocuspocus", "new");
  world.run();
  expect(world.asked.map(({ ask }) => ask.room)).toContain("hocuspocus");
  world.pass(untilMs - world.now.monotonicMs);
}

/** Answers the question about `room`. */
function answer(world: CoreWorld, room: string, how: Partial<Grant> | "NOT_ALLOWED" | "ACCESS_UNKNOWN"): void {
  const at = world.asked.findIndex(({ ask }) => ask.room === room);
  expect(at, `a question about ${room}`).toBeGreaterThanOrEqual(0);
  world.asked.unshift(...world.asked.splice(at, 1));
  if (typeof how === "string") world.deny(how);
  else world.grant(how);
}

describe("what is granted for a time", () => {
  test("[P9] is asked about again at its end, with what the client has shown, or shows when it is asked to", () => {
    const world = aWorld();
    const { native, y, hocuspocus } = threeClients(world, { expiresInMs: minute });
    world.pass(minute * 0.9 - answerMs - 1);
    expect([world.asked, hocuspocus.heard("token-request")]).toEqual([[], []]);
    expire(world, { hocuspocus });
    expect(questions(world).sort()).toEqual([
      ["hocuspocus", "new", true],
      ["native", "of all", true],
      ["y", "", true],
    ]);
    expect(hocuspocus.heard("token-request").length).toBe(1);
    for (const room of ["native", "y", "hocuspocus"]) answer(world, room, { expiresInMs: minute });
    world.pass(minute / 2);
    expect([native.heard("error"), y.closeCode, hocuspocus.heard("denied"), world.asked]).toEqual([[], undefined, [], []]);
    expire(world, { hocuspocus });
    expect(world.asked.length).toBe(3);
  });

  test("[P9] a Hocuspocus client that shows nothing new is asked about with what it showed last", () => {
    const world = aWorld();
    const { hocuspocus } = threeClients(world, { expiresInMs: minute });
    hocuspocus.token("hocuspocus", "shown by itself");
    world.run();
    expect(world.asked).toEqual([]);
    world.pass(minute + 500);
    expect(questions(world)).toContainEqual(["hocuspocus", "shown by itself", true]);
  });

  test("a Hocuspocus client that was let in with nothing is asked about at once when it shows its first token, and not for the next", () => {
    const world = aWorld();
    const late = new HocuspocusScript(world).step1("one").step2("one");
    world.run();
    world.pass(500);
    world.grant({ access: "read-only" });
    late.token("one", "of one").token("one", "another");
    world.run();
    expect(questions(world)).toEqual([["one", "of one", true]]);
    world.grant({ access: "read-write" });
    world.pass(minute);
    expect(late.heard("authenticated").map(({ words }) => words)).toEqual(["readonly", "read-write"]);
    expect(world.asked).toEqual([]);
  });

  test("[P9] who is refused then is out, with the code of their dialect; their other documents stay", () => {
    const world = aWorld();
    const clients = threeClients(world, { expiresInMs: minute });
    const { native, y, hocuspocus } = clients;
    expire(world, clients);
    for (const room of ["native", "y", "hocuspocus"]) answer(world, room, "NOT_ALLOWED");
    expect(native.heard("error")).toMatchObject([{ channel: 1, code: "NOT_ALLOWED" }]);
    expect([native.closeCode, y.closeCode, hocuspocus.closeCode]).toEqual([undefined, 4403, undefined]);
    expect(hocuspocus.heard("denied")).toMatchObject([{ address: "hocuspocus" }]);
    native.updates(1, [edit()], "edit", 2);
    world.run();
    expect(native.heard("ack").length).toBe(1);
  });

  test("[P2] [P9] an edit that comes before the answer counts, one that comes after a refusal is not acknowledged and not kept", () => {
    const world = aWorld();
    const clients = threeClients(world, { user: "ada", expiresInMs: minute });
    const { native, y, hocuspocus } = clients;
    expire(world, clients);
    native.updates(1, [edit()]);
    world.run();
    expect([native.heard("ack").length, appended(world)]).toMatchObject([1, [{ author: "ada" }]]);
    for (const room of ["native", "y", "hocuspocus"]) answer(world, room, "NOT_ALLOWED");
    const saves = hocuspocus.saves;
    native.updates(2, [edit()]);
    y.update(edit());
    hocuspocus.update("hocuspocus", edit());
    world.run();
    expect([native.heard("ack").length, appended(world).length, hocuspocus.saves]).toEqual([1, 1, saves]);
  });

  test("[P9] who may only read from then on changes nothing any more, in each dialect", () => {
    const world = aWorld();
    const clients = threeClients(world, { expiresInMs: minute });
    const { native, y, hocuspocus } = clients;
    expire(world, clients);
    for (const room of ["native", "y", "hocuspocus"]) answer(world, room, { access: "read-only" });
    // Our own client opens the document anew, and is told then.
    expect(native.heard("error")).toMatchObject([{ channel: 1, code: "ACCESS_CHANGED" }]);
    native.open("native", { channel: 3 }).updates(1, [edit()], "edit", 3);
    y.update(edit());
    hocuspocus.update("hocuspocus", edit());
    world.run();
    answer(world, "native", { access: "read-only" });
    expect(native.heard("opened").at(-1)).toMatchObject({ channel: 3, access: "read-only" });
    expect(native.heard("nack")).toMatchObject([{ code: "READ_ONLY" }]);
    expect(hocuspocus.heard("authenticated").map(({ words }) => words)).toEqual(["read-write", "readonly"]);
    expect(hocuspocus.heard("status").at(-1)).toMatchObject({ status: 0 });
    expect([appended(world), y.closeCode]).toEqual([[], undefined]);
  });

  test("[P2] who may write from then on is asked for what was refused until then", () => {
    const world = aWorld();
    const clients = threeClients(world, { access: "read-only", expiresInMs: minute });
    const { y, hocuspocus } = clients;
    y.update(edit());
    hocuspocus.update("hocuspocus", edit());
    world.run();
    expect(appended(world)).toEqual([]);
    const [asked, askedOfHocuspocus] = [y.heard("step-1").length, hocuspocus.heard("step-1").length];
    expire(world, clients);
    for (const room of ["y", "hocuspocus"]) answer(world, room, { access: "read-write" });
    expect(hocuspocus.heard("authenticated").map(({ words }) => words)).toEqual(["readonly", "read-write"]);
    expect([y.heard("step-1").length, hocuspocus.heard("step-1").length]).toEqual([asked + 1, askedOfHocuspocus + 1]);
    y.step2(edit());
    hocuspocus.step2("hocuspocus", edit());
    world.run();
    expect(appended(world).length).toBe(2);
  });

  test("writes under another name when the application calls them so", () => {
    const world = aWorld();
    const y = new YScript(world, "one").step1();
    world.run();
    world.grant({ user: "ada", expiresInMs: minute });
    world.pass(minute);
    world.grant({ user: "ada lovelace" });
    y.update(edit());
    world.run();
    expect(appended(world)).toMatchObject([{ author: "ada lovelace" }]);
  });

  test("our own client is not bothered when it is only called something else", () => {
    const world = aWorld();
    const native = new NativeScript(world).hello().open("one");
    world.run();
    world.grant({ user: "ada", expiresInMs: minute });
    world.pass(minute);
    world.grant({ user: "ada lovelace" });
    native.updates(1, [edit()]);
    world.run();
    expect([native.heard("error"), native.heard("opened").length, appended(world)]).toMatchObject([[], 1, [{ author: "ada lovelace" }]]);
  });

  test("[P9] no answer ends it only when its time is over: it is asked again until then", () => {
    const world = aWorld();
    const y = new YScript(world, "one").step1();
    world.run();
    world.grant({ expiresInMs: 100 * minute });
    for (let seconds = 0; world.asked.length === 0; seconds++) world.pass(1_000);
    world.deny("ACCESS_UNKNOWN");
    expect(y.closeCode).toBeUndefined();
    for (let seconds = 0; world.asked.length === 0; seconds++) world.pass(1_000);
    world.deny("ACCESS_UNKNOWN");
    expect([y.closeCode, world.now.monotonicMs >= 1_000 + 100 * minute]).toEqual([1013, true]);
  });

  test("[P9] is asked about so early that one time without an answer ends nothing", () => {
    const world = aWorld();
    const clients = Array.from({ length: 100 }, () => new YScript(world, "one").step1());
    world.run();
    const grant = (): void => {
      const value = { user: "", access: "read-write", expiresInMs: minute } as const;
      for (const { seq } of world.asked.splice(0)) world.tell({ type: "access-answered", seq, result: ok(value) });
      world.run();
    };
    grant();
    const silent: number[] = [];
    const untilMs = world.now.monotonicMs + minute;
    // As late as may be, and then it speaks again, before what was granted is over.
    while (world.now.monotonicMs < untilMs - answerMs) {
      world.pass(100);
      silent.push(...world.asked.splice(0).map(({ seq }) => seq));
    }
    world.pass(untilMs - 100 - world.now.monotonicMs);
    for (const seq of silent) world.tell({ type: "access-answered", seq, result: refused("ACCESS_UNKNOWN") });
    world.run();
    expect([silent.length, world.asked.length]).toEqual([100, 0]);
    world.pass(100);
    expect(world.asked.length).toBe(100);
    grant();
    expect(clients.filter(({ closeCode }) => closeCode !== undefined)).toEqual([]);
  });

  test("[P8] is asked about once a second at most, and once a day at least", () => {
    const world = aWorld({ limits: { grantMsMin: 1_000, grantMsMax: 86_400_000, verifyMs: 86_400_000 } });
    new YScript(world, "short").step1();
    world.run();
    world.grant({ expiresInMs: 1 });
    for (let time = 0; time < 10; time++) {
      world.pass(999);
      expect(world.asked).toEqual([]);
      world.pass(1);
      expect(world.asked.length).toBe(1);
      world.grant({ expiresInMs: 1 });
    }
    const long = aWorld({ limits: { grantMsMax: 10_000 } });
    new YScript(long, "long").step1();
    long.run();
    long.grant({ expiresInMs: Number.MAX_SAFE_INTEGER });
    long.pass(10_000);
    expect(questions(long)).toEqual([["long", "", true]]);
  });

  test("[P8] of a thousand that were granted at one moment few are asked about at one moment", () => {
    const world = aWorld();
    for (let client = 0; client < 1_000; client++) new YScript(world, "one").step1();
    world.run();
    const value = { user: "", access: "read-write", expiresInMs: minute } as const;
    for (const { seq } of world.asked.splice(0)) world.tell({ type: "access-answered", seq, result: ok(value) });
    world.run();
    world.pass(minute * 0.9 - answerMs - 1);
    expect(world.asked.length).toBe(0);
    const counts = Array.from({ length: 60 }, () => {
      world.pass(100);
      return world.asked.splice(0).length;
    });
    expect(counts.reduce((sum, count) => sum + count)).toBe(1_000);
    expect(Math.max(...counts)).toBeLessThan(50);
  });

  test("of a document that was let go of nobody is asked any more, whoever opens it on that channel afterwards", () => {
    const world = aWorld();
    const native = new NativeScript(world).hello().open("one");
    world.run();
    world.grant({ expiresInMs: minute });
    native.say({ type: "close", channel: 1 });
    native.open("two");
    world.run();
    world.grant();
    world.pass(2 * minute);
    expect([world.asked, native.heard("error")]).toEqual([[], []]);
  });

  test("[P9] one that is let go of before it is answered leaves the time of what is opened on its channel alone", () => {
    const world = aWorld();
    const native = new NativeScript(world).hello().open("one");
    world.run();
    native.updates(1, [edit()]).say({ type: "close", channel: 1 });
    native.open("two");
    world.run();
    answer(world, "two", { expiresInMs: minute });
    answer(world, "one", { expiresInMs: minute });
    expect(appended(world).length).toBe(1);
    world.pass(minute);
    expect(questions(world)).toEqual([["two", "", true]]);
  });

  test("[P9] what was said in one that is let go of does not count once its time is over: nobody is asked any more", () => {
    const world = aWorld();
    const native = new NativeScript(world).hello().open("one");
    world.run();
    world.holdsAnswers = true;
    world.grant({ expiresInMs: minute });
    native.updates(1, [edit()]).say({ type: "close", channel: 1 });
    world.run();
    world.pass(minute + 1);
    world.holdsAnswers = false;
    world.run();
    expect([world.asked, appended(world), native.heard("error")]).toEqual([[], [], []]);
  });

  test("[P9] one that is let go of while it is loaded leaves alone what is opened on its channel meanwhile", () => {
    const world = aWorld();
    const native = new NativeScript(world).hello().open("one");
    world.run();
    world.holdsAnswers = true;
    world.grant({ expiresInMs: minute });
    native.updates(1, [edit()]).say({ type: "close", channel: 1 });
    native.open("two");
    world.run();
    world.grant({ expiresInMs: minute });
    world.holdsAnswers = false;
    world.run();
    expect(appended(world).length).toBe(1);
    world.pass(minute);
    expect(questions(world)).toEqual([["two", "", true]]);
  });
});

describe("who shows something else while the question is under way", () => {
  /** A Hocuspocus client that is being asked about with what it had shown; `old` empty: with nothing. */
  function anAsking(old: string, grant: Partial<Grant> = { expiresInMs: minute }) {
    const world = aWorld();
    const client = new HocuspocusScript(world);
    if (old !== "") client.token("one", old);
    client.step1("one").step2("one");
    world.run();
    world.pass(500);
    world.grant(grant);
    while (world.asked.length === 0) world.pass(500);
    return { world, client };
  }

  test.each(["old", ""])("[P9] is refused only with that, when it was %j before", (old) => {
    const { world, client } = anAsking(old);
    client.token("one", "new");
    world.run();
    world.deny();
    expect([questions(world), client.heard("denied")]).toEqual([[["one", "new", true]], []]);
    world.grant({ expiresInMs: minute });
    expect([world.asked, client.heard("denied")]).toEqual([[], []]);
  });

  test("[P9] is refused all the same when that is refused, or not answered, whatever it shows meanwhile", () => {
    for (const code of ["NOT_ALLOWED", "ACCESS_UNKNOWN"] as const) {
      const { world, client } = anAsking("old");
      client.token("one", "new");
      world.run();
      world.deny();
      client.token("one", "newer");
      world.run();
      world.deny(code);
      expect([world.asked, client.heard("denied").length + (client.closeCode === 1013 ? 1 : 0)]).toEqual([[], 1]);
    }
  });

  test("[P9] for the first time is asked about with that at once, though the first question was not answered", () => {
    const { world, client } = anAsking("", { access: "read-only", expiresInMs: 100 * minute });
    client.token("one", "first");
    world.run();
    world.deny("ACCESS_UNKNOWN");
    expect(questions(world)).toEqual([["one", "first", true]]);
    // Nobody has called anything into doubt: what was granted is not over.
    world.deny("ACCESS_UNKNOWN");
    expect(client.closeCode).toBeUndefined();
  });
});
