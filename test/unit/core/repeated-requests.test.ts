import { describe, expect, test } from "vitest";
import * as Y from "yjs";
import { YjsEngine } from "@inkmesh/shared/engine/yjs-engine";
import { markedUpdate, requestMark, type RequestKey } from "@inkmesh/shared/engine/request-mark";
import type { RoomRequest } from "../../../server/core/input.ts";
import { roomyLimits } from "../engine/an-update.ts";
import { asked, content, refused, remove, room, writer } from "./asked-rooms.ts";
import { aLineage, CoreWorld, tokenSecret } from "./core-world.ts";
import { typedUpdates } from "./typed-updates.ts";

const key = (name: string, digest = "0123456789abcdef"): RequestKey => ({ name, digest });
const write = (body: string, own: RequestKey | "none" = key("k")): RoomRequest => ({
  ...{ type: "write", room, format: "text", kind: "code", where: "any", base: undefined, match: undefined, principal: "ada" },
  body,
  key: own === "none" ? undefined : own,
});
const update = (bytes: Uint8Array, own = key("k")): RoomRequest => ({
  type: "update",
  room,
  update: bytes,
  match: undefined,
  key: own,
  principal: "ada",
});
const create = (title: string | undefined, repeats: "drawn" | "named"): RoomRequest => ({
  type: "create",
  room,
  title,
  kind: undefined,
  repeats,
  principal: "",
});

const entries = (world: CoreWorld, generation = 0): readonly Uint8Array[] =>
  world.disk.entries({ ...aLineage("note"), generation }).map(({ payload }) => payload);

function textIn(world: CoreWorld): string {
  const answer = asked(world, content());
  return answer?.type === "content" ? new TextDecoder().decode(answer.bytes) : JSON.stringify(answer);
}

describe("a request with a key", () => {
  test("is done once, and answered again: a whole document", () => {
    const world = new CoreWorld();
    writer(world);
    expect(asked(world, write("hello you"))).toMatchObject({ type: "saved" });
    asked(world, write("something else", "none"));
    expect(asked(world, write("hello you"))).toMatchObject({ type: "saved" });
    expect([textIn(world), entries(world).length]).toEqual(["something else", 3]);
    expect(asked(world, write("hello them", key("k", "fedcba9876543210")))).toMatchObject(refused("KEY_REUSED"));
    expect(asked(world, write("hello them", key("another", "fedcba9876543210")))).toMatchObject({ type: "saved" });
    expect(textIn(world)).toBe("hello them");
  });

  test("is done once, and answered again: an update, also one that changes nothing", () => {
    const world = new CoreWorld();
    writer(world);
    const [edit] = typedUpdates(2, ["!"]);
    for (const bytes of [edit!, edit!]) expect(asked(world, update(bytes))).toMatchObject({ type: "saved" });
    expect(entries(world)).toHaveLength(2);
    expect(asked(world, update(edit!, key("k", "fedcba9")))).toMatchObject(refused("KEY_REUSED"));
    for (const _turn of [1, 2]) expect(asked(world, write(textIn(world), key("empty")))).toMatchObject({ type: "saved" });
    expect(entries(world)).toHaveLength(3);
    expect(asked(world, write("no", key("empty", "fedcba9")))).toMatchObject(refused("KEY_REUSED"));
    expect(asked(world, update(Uint8Array.of(9, 9), key("bad")))).toMatchObject(refused("BAD_UPDATE"));
    expect(asked(world, update(Uint8Array.of(), key("bad")))).toMatchObject(refused("BAD_UPDATE"));
  });

  test("is known by a relay that starts anew, and out of a snapshot", () => {
    const world = new CoreWorld({ limits: { verifyMs: 1_000 } });
    writer(world).close();
    asked(world, write("hello you"));
    world.pass(2_000);
    expect(entries(world)).toHaveLength(0);
    world.crash();
    asked(world, write("something else", "none"));
    expect(asked(world, write("hello you"))).toMatchObject({ type: "saved" });
    expect(textIn(world)).toBe("something else");
  });

  test("[P8] is refused where those have taken up half of the authors; people, and requests without one, go on", () => {
    const world = new CoreWorld({ limits: { content: { authorsPerRoomMax: 10 } } });
    const client = writer(world);
    for (const name of ["1", "2"]) expect(asked(world, write(`hello ${name}`, key(name)))).toMatchObject({ type: "saved" });
    expect(asked(world, write("hello 3", key("3")))).toMatchObject(refused("TOO_MANY_KEYS"));
    expect(asked(world, update(typedUpdates(2, ["!"])[0]!, key("4")))).toMatchObject(refused("TOO_MANY_KEYS"));
    expect(asked(world, write("hello 1", key("1")))).toMatchObject({ type: "saved" });
    expect(asked(world, write("hello you", "none"))).toMatchObject({ type: "saved" });
    client.updates(2, typedUpdates(2, ["!"]));
    world.run();
    expect([textIn(world).replace("!", ""), textIn(world).length, entries(world).length]).toEqual(["hello you", 10, 5]);
  });

  test("that comes twice at once is done once", () => {
    const world = new CoreWorld();
    writer(world);
    const requests = [world.ask(write("hello you")), world.ask(write("hello you")), world.ask(write("or you", key("k", "fedcba9")))];
    world.run();
    expect(requests.map((request) => world.answers.get(request))).toMatchObject([
      { type: "saved" },
      { type: "saved" },
      refused("KEY_REUSED"),
    ]);
    expect([textIn(world), entries(world).length]).toEqual(["hello you", 2]);
  });

  test("is the same bytes at two relays that have not heard of each other, on the same document", () => {
    const payloads = [1, 2].map((seed) => {
      const world = new CoreWorld({ seed });
      writer(world);
      asked(world, write("hello you"));
      return entries(world).at(-1)!;
    });
    expect(payloads[0]).toEqual(payloads[1]);
  });

  test("is another one in the next generation", () => {
    const world = new CoreWorld();
    writer(world);
    asked(world, write("hello you"));
    asked(world, remove);
    asked(world, { type: "create", room, title: undefined, kind: undefined, principal: "" });
    expect(asked(world, write("hello you"))).toMatchObject({ type: "saved" });
    expect(textIn(world)).toBe("hello you");
  });

  test("leaves a mark that histories and documents keep, and nobody sees", () => {
    const [edit] = typedUpdates(2, ["words"]);
    const mark = requestMark(aLineage("note"), key("k", "f".repeat(64)), tokenSecret);
    const marked = markedUpdate(edit!, mark);
    const engine = new YjsEngine();
    const index = engine.emptyIndex();
    const admission = index.examine(marked, "edit", roomyLimits);
    if (admission.type !== "admitted") throw new Error(admission.type);
    index.join(admission.change);
    expect([mark.length, index.clockOf(mark.author)]).toEqual([2 ** 28, 2 ** 28]);
    expect(engine.saysTheSame(engine.mergeHistory([marked]), [marked])).toBe(true);
    const shadow = engine.shadow([marked], { nestingMax: 64 });
    expect(shadow.unapplied).toEqual([]);
    expect(engine.decodeIndex(shadow.index)).toMatchObject({ ok: true });
    const doc = new Y.Doc();
    Y.applyUpdate(doc, shadow.state);
    expect([doc.getText("text").toString(), shadow.state.length - edit!.length < 40]).toEqual(["words", true]);
    expect(engine.emptyIndex().examine(shadow.state, "state", roomyLimits).type).toBe("admitted");
    const again = index.examine(shadow.state, "state", roomyLimits);
    expect(again.type).toBe("known");
  });
});

describe("a creation with a key", () => {
  test("is answered again, of the document that it made, whatever became of that", () => {
    const world = new CoreWorld();
    for (const _turn of [1, 2])
      expect(asked(world, create("T", "drawn"))).toMatchObject({ type: "room", created: true, room: { title: "T" } });
    expect(asked(world, create("U", "drawn"))).toMatchObject(refused("KEY_REUSED"));
    asked(world, { type: "change", room, title: "Renamed", kind: undefined, principal: "" });
    expect(asked(world, create("T", "drawn"))).toMatchObject({ type: "room", created: true, room: { title: "Renamed" } });
    asked(world, remove);
    expect(asked(world, create("T", "drawn"))).toMatchObject(refused("ROOM_DELETED"));
  });

  test("that names the document is answered again while that is as it would have made it", () => {
    const world = new CoreWorld();
    for (const _turn of [1, 2]) expect(asked(world, create("T", "named"))).toMatchObject({ type: "room", created: true });
    expect(asked(world, create("U", "named"))).toMatchObject(refused("ROOM_EXISTS"));
    asked(world, { type: "change", room, title: "Renamed", kind: undefined, principal: "" });
    expect(asked(world, create("T", "named"))).toMatchObject(refused("ROOM_EXISTS"));
    expect(asked(world, { type: "create", room, title: "Renamed", kind: undefined, principal: "" })).toMatchObject(refused("ROOM_EXISTS"));
  });
});
