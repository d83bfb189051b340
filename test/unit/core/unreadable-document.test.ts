/**
 * A document that cannot be read, beside others on its socket.
 */
import * as Y from "yjs";
import { describe, expect, test } from "vitest";
import { aLineage, CoreWorld } from "./core-world.ts";
import { HocuspocusScript } from "./hocuspocus-script.ts";
import { YScript } from "./scripted-client.ts";
import { textOf, typedUpdates } from "./typed-updates.ts";

const lineage = aLineage("note");

describe("a document that cannot be read", () => {
  const edits = typedUpdates(1, [..."abcdefgh"]);
  const loads = (world: CoreWorld, from = 0): number => world.effects.slice(from).filter(({ type }) => type === "load-room").length;

  test("[P8] leaves the socket to the others, is read again and again but not often, and is served with all that was said meanwhile", () => {
    const world = new CoreWorld();
    const client = new HocuspocusScript(world).join("stays");
    world.run();
    world.loadsFail = true;
    client.token("note").step1("note").update("note", edits[0]!);
    world.pass(500);
    for (const id of [1, 1, 1]) client.cursor("note", id);
    client.update("note", edits[1]!).update("stays", typedUpdates(2, ["z"])[0]!);
    const before = world.effects.length;
    world.pass(100_000);
    expect([client.closeCode, client.heard("denied"), client.heard("status", "note")]).toEqual([undefined, [], []]);
    expect(client.heard("status", "stays")).toHaveLength(2);
    expect(loads(world, before)).toBeGreaterThanOrEqual(10);
    expect(loads(world, before)).toBeLessThanOrEqual(20);
    expect(world.relay.census()).toMatchObject({ roomsInUse: 1, waitingMessages: 4 });
    world.loadsFail = false;
    world.pass(10_000);
    expect([client.heard("authenticated", "note").length, client.heard("step-1", "note").length]).toEqual([1, 1]);
    client.step2("note", Y.mergeUpdates([edits[0]!, edits[1]!]));
    client.update("note", edits[2]!);
    world.run();
    expect([textOf(world.disk.parts(lineage)), client.heard("status", "note").length]).toEqual(["abc", 4]);
    expect(world.relay.census().waitingMessages).toBe(0);
  });

  /** A socket with one document that is served, and one more that cannot be read. */
  function besideAnother(world: CoreWorld): HocuspocusScript {
    const client = new HocuspocusScript(world).join("stays");
    world.run();
    world.loadsFail = true;
    client.join("note").update("note", edits[0]!);
    world.run();
    return client;
  }

  test("[P8] has its client look for another relay where nothing else is served on the socket, at once or at a later try", () => {
    const world = new CoreWorld();
    world.loadsFail = true;
    const alone = new HocuspocusScript(world).join("note").join("none");
    world.run();
    expect(alone.closeCode).toBe(1013);
    world.loadsFail = false;
    const client = besideAnother(world);
    world.pass(20_000);
    expect(client.closeCode).toBeUndefined();
    client.letGo("stays");
    world.pass(11_000);
    expect(client.closeCode).toBe(1013);
  });

  test("is told of in the log once, however often it is tried", () => {
    const world = new CoreWorld();
    besideAnother(world);
    world.pass(60_000);
    expect(world.refusals()).toEqual(["STORE_FAILED"]);
  });

  test("[P8] holds no more than may wait for any document, all of a socket together", () => {
    const world = new CoreWorld({ limits: { waitingPerSessionMax: 9 } });
    const client = besideAnother(world);
    for (const index of [1, 2, 3]) client.token(`note\0${index}`).update(`note\0${index}`, edits[index]!);
    world.run();
    expect([client.closeCode, world.relay.census().waitingMessages]).toEqual([undefined, 6]);
    for (const update of edits.slice(4)) client.update("note", update);
    world.run();
    expect([client.closeCode, world.refusals().at(-1)]).toEqual([1013, "RELAY_BUSY"]);
    expect(world.relay.census().waitingMessages).toBe(0);
  });

  test("[P9] holds no more bytes than may wait for any document, all of a socket together", () => {
    const world = new CoreWorld({ limits: { stateBytesMax: 1_000, editBytesMax: 1_000 } });
    const client = besideAnother(world);
    const before = world.relay.census().waitingMessageBytes;
    for (let index = 1; index <= 9; index++) client.token(`note\0${index}`).step2(`note\0${index}`, new Uint8Array(200));
    world.run();
    expect([client.closeCode, world.relay.census().waitingMessageBytes]).toEqual([undefined, before + 1_800]);
    client.token("note\x0010").step2("note\x0010", new Uint8Array(200));
    world.run();
    expect([client.closeCode, world.refusals().at(-1)]).toEqual([1013, "RELAY_BUSY"]);
  });

  test("[P2] is forgotten when it is let go of: whoever opens it anew is told nothing of before", () => {
    const world = new CoreWorld();
    const client = besideAnother(world);
    client.letGo("note");
    world.run();
    expect(world.relay.census().waitingMessages).toBe(0);
    world.loadsFail = false;
    new YScript(world, "note").step1().step2(edits[0]!);
    world.run();
    client.token("note").step1("note");
    world.pass(60_000);
    expect([client.heard("authenticated", "note").length, client.heard("status", "note"), loads(world)]).toEqual([1, [], 3]);
  });

  test("[P9] is forgotten when it is let go of: who is denied it afterwards is", () => {
    const world = new CoreWorld({ asksAccess: true });
    const client = new HocuspocusScript(world).token("stays", "good").step1("stays");
    world.run();
    world.grant();
    world.run();
    world.loadsFail = true;
    client.token("note", "good").step1("note").update("note", edits[0]!);
    world.run();
    world.grant();
    world.run();
    client.letGo("note");
    world.loadsFail = false;
    client.token("note", "bad");
    world.run();
    world.deny();
    world.pass(60_000);
    expect([client.heard("denied", "note").length, client.heard("authenticated", "note")]).toEqual([1, []]);
    expect([world.asked, world.disk.parts(lineage)]).toEqual([[], []]);
  });

  test("is forgotten with its socket", () => {
    const world = new CoreWorld();
    const before = world.relay.census().deadlines;
    const client = besideAnother(world);
    world.disconnect(client.connection);
    world.run();
    expect(world.relay.census()).toMatchObject({ deadlines: before, waitingMessages: 0, waitingMessageBytes: 0 });
    const effects = world.effects.length;
    world.pass(60_000);
    expect(loads(world, effects)).toBe(0);
  });

  test("is not tried by a relay that ends", () => {
    const world = new CoreWorld();
    const client = besideAnother(world);
    world.loadsFail = false;
    const other = new HocuspocusScript(world).join("other");
    world.run();
    world.holdsAppends = true;
    other.update("other", edits[0]!);
    world.run();
    world.tell({ type: "stop-requested" });
    world.pass(5_000);
    expect([world.disk.parts(lineage), world.appends.map(({ lineage: { room } }) => room)]).toEqual([[], ["other"]]);
    world.landAppends();
    world.run();
    expect(client.closeCode).toBe(1012);
  });

  test("ends with a deletion while it waits", () => {
    const world = new CoreWorld();
    const client = besideAnother(world);
    world.loadsFail = false;
    new YScript(world, "note").step1().step2(edits[0]!);
    world.run();
    world.ask({ type: "delete", room: lineage.room, principal: "" });
    world.run();
    world.pass(5_000);
    expect([client.closeCode, client.heard("denied", "note").map(({ words }) => words)]).toEqual([undefined, ["ROOM_DELETED"]]);
  });

  test("keeps whom cursors tell of: one takes the place of another one only of the same people", () => {
    const world = new CoreWorld();
    const client = besideAnother(world);
    const before = world.relay.census().waitingMessages;
    for (const id of [1, 2, 1, 2, 1]) client.cursor("note", id);
    world.run();
    expect(world.relay.census().waitingMessages).toBe(before + 2);
  });

  describe("[P9] where an application is asked", () => {
    function aPostponed() {
      const world = new CoreWorld({ asksAccess: true });
      const client = new HocuspocusScript(world).token("stays", "day 1").step1("stays").token("note", "day 1");
      world.run();
      world.grant();
      world.run();
      world.loadsFail = true;
      client.step1("note").update("note", edits[0]!);
      world.grant();
      world.run();
      return { world, client };
    }

    test("is asked about anew with every try, with what was shown last", () => {
      const { world, client } = aPostponed();
      client.token("note", "day 2");
      world.pass(1_100);
      expect(world.asked.map(({ ask }) => ask.credential)).toEqual(["day 2"]);
      world.loadsFail = false;
      client.token("note", "day 3");
      world.run();
      world.grant({ access: "read-only" });
      world.run();
      // What was answered is of what is not shown any more.
      expect([client.heard("authenticated", "note"), world.asked.map(({ ask }) => ask.credential)]).toEqual([[], ["day 3"]]);
      world.grant({ user: "ada", access: "read-only" });
      world.run();
      expect(client.heard("authenticated", "note")).toMatchObject([{ words: "readonly" }]);
      expect(world.disk.parts(lineage)).toEqual([]);
    });

    test("is denied to who was shut out of it meanwhile", () => {
      const { world, client } = aPostponed();
      world.pass(1_100);
      world.loadsFail = false;
      world.deny();
      world.pass(60_000);
      expect([client.heard("denied", "note").length, client.heard("authenticated", "note"), client.closeCode]).toEqual([1, [], undefined]);
      expect([world.asked, world.disk.parts(lineage)]).toEqual([[], []]);
    });
  });
});
