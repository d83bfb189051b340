import { describe, expect, test } from "vitest";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import { sealToken } from "@inkmesh/shared/wire/session-token";
import { asked, content, refused, remove, room, show, writer } from "./asked-rooms.ts";
import { aLineage, CoreWorld, tokenSecret } from "./core-world.ts";
import { NativeScript, YScript } from "./scripted-client.ts";
import { typedUpdates } from "./typed-updates.ts";

const create = { type: "create", room, title: "Shopping", kind: undefined, principal: "ada" } as const;

/** A token of somebody who has seen so many entries of the document that `writer` began. */
const ahead = (lineage = aLineage("note"), counter = 9): string => {
  const world = new CoreWorld();
  writer(world);
  const { actor } = world.disk.entries(aLineage("note"))[0]!.dot;
  return sealToken({ lineage, clock: VectorClock.of([[actor, counter]]) }, tokenSecret);
};

describe("showing, creating and changing", () => {
  test.each([show, content(), remove, { type: "change", room, title: "x", kind: undefined, principal: "" }] as const)(
    "a room that was never used is not there: $type",
    (ask) => {
      expect(asked(new CoreWorld(), ask)).toMatchObject(refused("NOT_FOUND"));
    },
  );

  test("explicit creation opens generation 0, once", () => {
    const world = new CoreWorld();
    expect(asked(world, create)).toMatchObject({
      type: "room",
      created: true,
      room: { room, generation: 0, title: "Shopping", sessions: 0 },
    });
    expect(asked(world, create)).toMatchObject(refused("ROOM_EXISTS"));
    expect(world.disk.records.get(room)?.title?.value).toBe("Shopping");
  });

  test("two creations at once: one is told that it exists", () => {
    const world = new CoreWorld();
    const requests = [world.ask(create), world.ask(create)];
    world.run();
    expect(requests.map((request) => world.answers.get(request)?.type)).toEqual(["room", "refused"]);
  });

  test("a room that was used exists, and is shown with its sessions and durable clock", () => {
    const world = new CoreWorld();
    writer(world);
    expect(asked(world, create)).toMatchObject(refused("ROOM_EXISTS"));
    const answer = asked(world, show);
    expect(answer).toMatchObject({
      type: "room",
      created: false,
      room: { sessions: 1, heldBy: ["a"], copies: 1, replicas: 1, needed: 1, engine: "yjs" },
    });
    expect(answer?.type === "room" && answer.room.clock.size).toBe(1);
  });

  test("a title is stamped later than the one it replaces, even when that relay's clock was ahead", () => {
    const world = new CoreWorld();
    asked(world, create);
    const record = world.disk.records.get(room)!;
    const ahead = { physicalMs: world.now.wallMs + 3_600_000, logical: 3, relay: record.created.relay };
    world.disk.putRecord({ ...record, title: { value: "from the future", hlc: ahead } });
    world.crash();
    expect(asked(world, { type: "change", room, title: "now", kind: "code", principal: "" })).toMatchObject({
      type: "room",
      room: { title: "now", kind: "code" },
    });
    expect(world.disk.records.get(room)?.title?.hlc.physicalMs).toBeGreaterThan(ahead.physicalMs);
  });

  test("rooms are listed with who is in them", () => {
    const world = new CoreWorld();
    writer(world);
    const answer = asked(world, { type: "list", after: undefined, limit: 10, search: undefined });
    expect(answer).toMatchObject({ type: "rooms", rooms: [{ room, sessions: 1 }], next: undefined });
  });

  test("a request whose client has gone is not answered, and lets go of its room", () => {
    const world = new CoreWorld();
    world.holdsAnswers = true;
    const request = world.ask(show);
    world.run();
    world.tell({ type: "request-cancelled", request });
    world.holdsAnswers = false;
    world.run();
    expect(world.answers.size).toBe(0);
    expect(world.relay.census()).toMatchObject({ waitingRequests: 0, roomsInUse: 0 });
  });
});

describe("content", () => {
  test("[P6] content is what is on disk, and its token names exactly that", () => {
    const world = new CoreWorld();
    const client = writer(world);
    world.holdsAppends = true;
    client.updates(2, typedUpdates(1, ["hello", " you"]).slice(1));
    const answer = asked(world, content());
    expect(answer?.type === "content" && new TextDecoder().decode(answer.bytes).trim()).toBe("hello");
    const token = answer?.type === "content" ? answer.token : "";
    expect(asked(world, content(token))).toMatchObject({ type: "content" });
  });

  test("[P6] a reader who has seen more waits 2 s and is told that this relay is behind", () => {
    const world = new CoreWorld();
    writer(world);
    const request = world.ask(content(ahead()));
    world.run();
    expect(world.answers.get(request)).toBeUndefined();
    world.pass(1_999);
    expect(world.answers.get(request)).toBeUndefined();
    world.pass(1);
    expect(world.answers.get(request)).toMatchObject(refused("BEHIND"));
  });

  test("[P6] a reader who has seen more is answered when the relay has caught up", () => {
    const world = new CoreWorld();
    const client = writer(world);
    const request = world.ask(content(ahead(aLineage("note"), 2)));
    world.run();
    client.updates(2, typedUpdates(1, ["hello", " you"]).slice(1));
    world.run();
    expect(world.answers.get(request)).toMatchObject({ type: "content" });
    expect(world.relay.census().waitingRequests).toBe(0);
  });

  test.each([
    ["garbage", "x", "BAD_REQUEST"],
    ["another document's", ahead(aLineage("other")), "BAD_REQUEST"],
    ["a later generation's", ahead(aLineage("note", 1)), "BEHIND"],
  ])("a token that is %s is refused", (_what, token, code) => {
    const world = new CoreWorld();
    writer(world);
    expect(asked(world, content(token))).toMatchObject(refused(code));
  });
});

describe("deletion", () => {
  test("[P10] everybody is told, once the tombstone is on disk; old tabs cannot bring it back", () => {
    const world = new CoreWorld();
    const [native, yjs] = [writer(world), new YScript(world, "note").step1()];
    world.run();
    expect(asked(world, remove)).toEqual({ type: "done" });
    expect(native.heard("deleted")).toMatchObject([{ channel: 1, generation: 0, by: "ada" }]);
    expect(native.closeCode).toBeUndefined();
    expect(yjs.closeCode).toBe(4404);
    native.updates(2, typedUpdates(1, ["hello", "!"]).slice(1));
    native.open("note", { channel: 2, generation: 0 });
    const late = new YScript(world, "note").step1();
    world.run();
    expect(native.heard("deleted")).toHaveLength(2);
    expect(late.closeCode).toBe(4404);
    expect(world.disk.entries(aLineage("note"))).toEqual([]);
    expect(asked(world, show)).toMatchObject(refused("ROOM_DELETED"));
    expect(asked(world, content())).toMatchObject(refused("ROOM_DELETED"));
  });

  test("[P10] a deletion survives a restart", () => {
    const world = new CoreWorld();
    writer(world);
    asked(world, remove);
    world.crash();
    const [native, yjs] = [new NativeScript(world).hello().open("note", { generation: 0 }), new YScript(world, "note").step1()];
    world.run();
    expect(native.heard("deleted")).toHaveLength(1);
    expect(yjs.closeCode).toBe(4404);
  });

  test("[P9] a document that is not loaded yet is deleted, though somebody is opening it", () => {
    const world = new CoreWorld();
    writer(world);
    world.crash();
    const client = new NativeScript(world).hello().open("note");
    const request = world.ask(remove);
    world.run();
    expect(world.answers.get(request)).toEqual({ type: "done" });
    expect([client.heard("opened").length, client.heard("deleted").length]).toEqual([0, 1]);
  });

  test("everything that was admitted is on disk before the tombstone is", () => {
    const world = new CoreWorld();
    const client = writer(world);
    world.holdsAppends = true;
    client.updates(2, typedUpdates(1, ["hello", "!"]).slice(1));
    const request = world.ask(remove);
    client.updates(3, typedUpdates(1, ["hello", "!", "?"]).slice(2));
    world.run();
    expect(world.disk.records.get(room)?.deleted).toBeUndefined();
    world.holdsAppends = false;
    world.run();
    expect(world.answers.get(request)).toEqual({ type: "done" });
    expect(client.heard("ack").at(-1)).toMatchObject({ number: 2 });
    expect(client.heard("deleted")).toHaveLength(1);
  });

  test("[P2] [P10] a tombstone that the store called failed is believed to be what the disk shows", () => {
    for (const records of ["stored-and-called-failed", "not-stored"] as const) {
      const world = new CoreWorld();
      const client = writer(world);
      world.records = records;
      const answer = asked(world, remove);
      client.updates(2, typedUpdates(1, ["hello", "!"]).slice(1));
      world.run();
      const isGone = records === "stored-and-called-failed";
      expect(answer).toMatchObject(isGone ? { type: "done" } : { type: "refused", refusal: { code: "STORE_FAILED" } });
      expect(client.heard("deleted")).toHaveLength(isGone ? 1 : 0);
      expect(client.heard("ack").at(-1)).toMatchObject({ number: isGone ? 1 : 2 });
    }
  });

  test("[P2] [P10] while the disk does not say what became of a tombstone, nothing is acknowledged, and it is asked again", () => {
    const world = new CoreWorld({ limits: { appendRetryMs: 200 } });
    const client = writer(world);
    world.records = "stored-and-called-failed";
    world.loadsFail = true;
    const request = world.ask(remove);
    client.updates(2, typedUpdates(1, ["hello", "!"]).slice(1));
    world.run();
    world.pass(1_000);
    expect([world.answers.get(request), client.heard("ack").length]).toEqual([undefined, 1]);
    world.loadsFail = false;
    world.pass(300);
    expect(world.answers.get(request)).toEqual({ type: "done" });
    expect(client.heard("deleted")).toHaveLength(1);
  });

  test("explicit creation opens the next generation, for dialects that carry lineage", () => {
    const world = new CoreWorld();
    writer(world);
    asked(world, remove);
    expect(asked(world, { ...create, title: "Again" })).toMatchObject({ type: "room", room: { generation: 1, title: "Again" } });
    const clients = [undefined, 0, 1].map((generation) => new NativeScript(world).hello().open("note", { generation }));
    const yjs = new YScript(world, "note").step1();
    world.run();
    expect(clients.map((client) => [client.heard("opened").length, client.heard("deleted").length])).toEqual([
      [1, 0],
      [0, 1],
      [1, 0],
    ]);
    expect(yjs.closeCode).toBe(4404);
    clients[2]!.updates(1, typedUpdates(2, ["new"]));
    world.run();
    expect(world.disk.entries(aLineage("note", 1))).toHaveLength(1);
    expect(clients[0]!.heard("updates")).toHaveLength(1);
  });

  test("a client of a generation that this relay has not heard of is told that the relay is behind", () => {
    const world = new CoreWorld();
    const client = new NativeScript(world).hello().open("note", { generation: 5 });
    world.run();
    expect(client.heard("error")).toMatchObject([{ channel: 1, code: "BEHIND" }]);
  });

  test.each(["while it is being closed", "when it is closed"])(
    "[P6] a client of a later generation is not told that its document is deleted where an earlier one is, %s",
    (when) => {
      const world = new CoreWorld();
      writer(world);
      world.holdsAnswers = when === "while it is being closed";
      world.ask(remove);
      world.run();
      const clients = [undefined, 0, 1].map((generation) => new NativeScript(world).hello().open("note", { generation }));
      world.run();
      world.holdsAnswers = false;
      world.run();
      for (const client of clients.slice(0, 2)) expect(client.heard("deleted")).toMatchObject([{ generation: 0 }]);
      expect(clients[2]!.heard("deleted")).toEqual([]);
      expect(clients[2]!.heard("error")).toMatchObject([{ channel: 1, code: "BEHIND" }]);
    },
  );

  test("a deletion that the disk refuses leaves the room as it was", () => {
    const world = new CoreWorld({ limits: { appendRetryMs: 100 } });
    const client = writer(world);
    world.holdsAppends = true;
    client.updates(2, typedUpdates(1, ["hello", "!"]).slice(1));
    const request = world.ask(remove);
    world.run();
    client.updates(3, typedUpdates(1, ["hello", "!", "?"]).slice(2));
    world.run();
    world.failAppends();
    world.run();
    expect(world.answers.get(request)).toMatchObject(refused("STORE_FULL"));
    expect(client.heard("nack")).toMatchObject([{ number: 3, code: "STORE_FULL" }]);
    world.holdsAppends = false;
    world.pass(100);
    client.updates(3, typedUpdates(1, ["hello", "!", "?"]).slice(2));
    world.run();
    expect(client.heard("ack").at(-1)).toMatchObject({ number: 3 });
  });
});
