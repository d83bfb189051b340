import { writeEphemeral } from "@inkmesh/shared/wire/ephemeral-words";
import * as Y from "yjs";
import { describe, expect, test } from "vitest";
import { aLineage, CoreWorld } from "./core-world.ts";
import { HocuspocusScript } from "./hocuspocus-script.ts";
import { NativeScript, YScript } from "./scripted-client.ts";
import { textOf, typedUpdates } from "./typed-updates.ts";

const lineage = aLineage("note");

function joined(world: CoreWorld, address = "note"): HocuspocusScript {
  const client = new HocuspocusScript(world).join(address);
  world.run();
  return client;
}

describe("[P2] what a provider counts as unsaved", () => {
  test("its first state and each of its updates are told once, and only when they are on disk", () => {
    const world = new CoreWorld();
    const client = new HocuspocusScript(world).join("note");
    world.run();
    expect(client.saves).toBe(1);
    world.holdsAppends = true;
    for (const update of typedUpdates(1, ["a", "b", "c"])) client.update("note", update);
    world.run();
    expect(client.saves).toBe(1);
    world.landAppends();
    world.run();
    expect(client.saves).toBe(4);
    expect(textOf(world.disk.parts(lineage))).toBe("abc");
  });

  test("an update of more authors than one edit has is asked for as a state, and told when that is saved", () => {
    const world = new CoreWorld();
    const client = joined(world);
    const all = Y.mergeUpdates(Array.from({ length: 17 }, (_, index) => typedUpdates(index + 1, ["a"])[0]!));
    client.update("note", all);
    world.pass(1_100);
    expect([client.closeCode, client.saves, client.heard("step-1").length]).toEqual([undefined, 1, 2]);
    client.step2("note", all);
    world.run();
    expect([client.saves, client.heard("status").map(({ status }) => status)]).toEqual([2, [1, 1]]);
    expect(textOf(world.disk.parts(lineage))).toBe("a".repeat(17));
  });

  test("[P8] what would be too much as a state, too, is refused as it was", () => {
    const world = new CoreWorld({ limits: { content: { authorsPerRoomMax: 10 } } });
    const client = joined(world);
    client.update("note", Y.mergeUpdates(Array.from({ length: 17 }, (_, index) => typedUpdates(index + 1, ["a"])[0]!)));
    world.run();
    expect([client.heard("denied").length, client.heard("step-1").length, world.disk.entries(lineage), world.refusals()]).toEqual([
      1,
      1,
      [],
      ["TOO_MANY_PARTS"],
    ]);
  });

  test("an update that hangs on something missing is told when the provider's answer to the relay's question is saved", () => {
    const world = new CoreWorld();
    const client = joined(world);
    const updates = typedUpdates(1, ["a", "b", "c"]);
    client.update("note", updates[1]!).update("note", updates[2]!);
    // Not sooner than a second after the last question.
    world.pass(1_100);
    expect([client.saves, client.heard("step-1").length]).toEqual([1, 2]);
    client.step2("note", Y.mergeUpdates([...updates]));
    world.run();
    expect(client.saves).toBe(3);
    // A further answer is one to a question of the relay's: the provider does not count it.
    client.step2("note", Y.mergeUpdates([...updates]));
    world.run();
    expect(client.saves).toBe(3);
  });

  test("a provider that asks anew counts anew: what was owed before is void", () => {
    const world = new CoreWorld();
    const client = joined(world);
    world.holdsAppends = true;
    const updates = typedUpdates(1, ["a", "b"]);
    for (const update of updates) client.update("note", update);
    world.run();
    client.step1("note").step2("note", Y.mergeUpdates([...updates]));
    world.run();
    world.landAppends();
    world.run();
    expect(client.saves).toBe(2);
    expect(client.heard("step-1")).toHaveLength(2);
  });

  test("what it made before it asked, and sends behind that, it does not count", () => {
    const world = new CoreWorld();
    const [early, late] = typedUpdates(1, ["a", "b"]);
    const client = new HocuspocusScript(world).token("note").step1("note", Y.encodeStateVectorFromUpdate(early!));
    client.update("note", early!).step2("note", early).update("note", late!);
    world.run();
    expect(client.saves).toBe(2);
    expect(textOf(world.disk.parts(lineage))).toBe("ab");
  });

  test("what a full disk refused is told when there is space, and was never told before", () => {
    const world = new CoreWorld({ limits: { appendRetryMs: 100 } });
    const client = joined(world);
    world.holdsAppends = true;
    const updates = typedUpdates(1, ["a", "b"]);
    client.update("note", updates[0]!);
    world.run();
    world.failAppends("STORE_FULL");
    client.update("note", updates[1]!);
    world.run();
    expect(client.saves).toBe(1);
    world.holdsAppends = false;
    world.pass(1_000);
    client.step2("note", Y.mergeUpdates([...updates]));
    world.run();
    expect(client.saves).toBe(3);
    expect(textOf(world.disk.parts(lineage))).toBe("ab");
  });

  test("an update that cannot be read is never told, ends its document with the reason, and leaves the others alone", () => {
    const world = new CoreWorld();
    const client = new HocuspocusScript(world).join("note").join("other");
    world.run();
    client.update("note", Uint8Array.of(9, 9, 9));
    world.run();
    expect(client.heard("denied")).toMatchObject([{ address: "note", words: expect.stringMatching(/^BAD_UPDATE/) }]);
    client.update("note", typedUpdates(1, ["x"])[0]!);
    client.update("other", typedUpdates(1, ["y"])[0]!);
    world.run();
    expect([client.saves, client.closeCode, textOf(world.disk.parts(aLineage("other")))]).toEqual([3, undefined, "y"]);
    expect(world.disk.parts(lineage)).toEqual([]);
  });
});

describe("[P11] documents of one socket", () => {
  test("open with a token, or with a question where there is none, and are each told that they may be written in", () => {
    const world = new CoreWorld();
    const client = new HocuspocusScript(world).token("one", "secret").step1("two");
    world.run();
    expect(client.heard("authenticated")).toEqual([
      { address: "one", type: "authenticated", words: "read-write" },
      { address: "two", type: "authenticated", words: "read-write" },
    ]);
  });

  test("share rooms with the other dialects", () => {
    const world = new CoreWorld();
    const [native, y] = [new NativeScript(world).hello().open("note"), new YScript(world, "note").step1()];
    const client = joined(world);
    client.update("note", typedUpdates(1, ["a"])[0]!);
    world.run();
    expect(textOf(native.heard("updates").flatMap(({ updates }) => updates))).toBe("a");
    expect(textOf(y.heard("update").map(({ body }) => body))).toBe("a");
    native.updates(1, typedUpdates(2, ["b"]));
    world.run();
    expect(textOf(client.heard("update", "note").map(({ body }) => body))).toBe("b");
  });

  test("are called what their client calls them, though others call them otherwise", () => {
    const world = new CoreWorld();
    const [plain, session] = [joined(world), joined(world, "note\0a session")];
    plain.update("note", typedUpdates(1, ["a"])[0]!);
    world.run();
    expect(session.heard("update")).toMatchObject([{ address: "note\0a session" }]);
    session.update("note\0a session", typedUpdates(2, ["b"])[0]!);
    world.run();
    expect(plain.heard("update")).toMatchObject([{ address: "note" }]);
    // Whoever joins now is sent the state under its own name for the document.
    const [third, fourth] = [joined(world, "note\0another"), joined(world)];
    expect([third.heard("step-2", "note\0another").length, fourth.heard("step-2", "note").length]).toEqual([1, 1]);
  });

  test("are let go one by one, and opened again", () => {
    const world = new CoreWorld();
    const other = joined(world);
    const client = new HocuspocusScript(world).join("note").join("kept");
    world.run();
    client.letGo("note");
    world.run();
    other.update("note", typedUpdates(1, ["a"])[0]!);
    world.run();
    expect(client.heard("update")).toEqual([]);
    client.update("note", typedUpdates(2, ["lost"])[0]!);
    world.run();
    expect(textOf(world.disk.parts(lineage))).toBe("a");
    client.join("note");
    world.run();
    expect([
      textOf(
        client
          .heard("step-2", "note")
          .slice(1)
          .map(({ body }) => body),
      ),
      client.closeCode,
    ]).toEqual(["a", undefined]);
  });

  test("that may not be are denied with the reason", () => {
    const world = new CoreWorld();
    const client = new HocuspocusScript(world).join("note").token("").token("x".repeat(300));
    world.run();
    expect(client.heard("denied").map(({ address, words }) => [address.length, words.split(":", 1)[0]])).toEqual([[300, "BAD_ROOM_NAME"]]);
    expect(client.closeCode).toBeUndefined();
  });

  test("several sessions of one socket in one document are told of each other, and each of its own updates when they are saved", () => {
    const world = new CoreWorld();
    const [first, second] = ["note\0first", "note\0second"] as const;
    const client = new HocuspocusScript(world).join(first).join(second);
    world.run();
    const before = [first, second].map((address) => client.heard("status", address).length);
    const [a, b] = typedUpdates(1, ["a", "b"]);
    client.update(first, a!).stateless(first, "hear me").cursor(first, 1);
    world.run();
    expect(textOf(client.heard("update", second).map(({ body }) => body))).toBe("a");
    expect([first, second].map((address) => client.heard("update", address).length)).toEqual([0, 1]);
    expect([first, second].map((address) => client.heard("stateless", address).length)).toEqual([0, 1]);
    expect(client.heard("awareness", second)).toHaveLength(1);
    expect([first, second].map((address, at) => client.heard("status", address).length - before[at]!)).toEqual([1, 0]);
    client.letGo(first).update(second, b!);
    world.run();
    expect(client.heard("update", first)).toEqual([]);
    // Whoever let go is gone, with the cursor that it had, and the other one is still there.
    expect(client.heard("awareness", second)).toHaveLength(2);
    expect(client.heard("status", second).length - before[1]!).toBe(1);
    expect(client.closeCode).toBeUndefined();
  });

  test("hear what is said to all by others of their document, and not what they say", () => {
    const world = new CoreWorld();
    const [speaker, ear, elsewhere] = [joined(world), joined(world), joined(world, "other")];
    speaker.stateless("note", "hear me");
    world.run();
    expect([speaker, ear, elsewhere].map((client) => client.heard("stateless").map(({ words }) => words))).toEqual([[], ["hear me"], []]);
  });

  test("hear everything that is said, also what automerge-repo's clients would take for a repetition", () => {
    const world = new CoreWorld();
    const [speaker, ear] = [joined(world), joined(world)];
    const words = writeEphemeral({ senderId: "a", sessionId: "b", count: 1, data: Uint8Array.of(1) });
    speaker.stateless("note", words).stateless("note", words);
    world.run();
    expect(ear.heard("stateless").map((heard) => heard.words)).toEqual([words, words]);
  });

  test("are kept alive by something to read", () => {
    const world = new CoreWorld();
    const client = joined(world);
    const before = client.frames.length;
    world.pass(25_000);
    expect(client.frames.slice(before).length).toBeGreaterThan(0);
    expect(client.heard("awareness").at(-1)?.body).toEqual(Uint8Array.of(0));
  });
});
