import { describe, expect, test, vi } from "vitest";
import * as Y from "yjs";
import { authorOf } from "@inkmesh/shared/engine/drawn-author";
import { YjsEngine } from "@inkmesh/shared/engine/yjs-engine";
import type { RoomRequest } from "../../../server/core/input.ts";
import { asked, content, refused, remove, room, show, writer } from "./asked-rooms.ts";
import { aLineage, CoreWorld } from "./core-world.ts";
import { typedUpdates } from "./typed-updates.ts";

type Write = Extract<RoomRequest, { type: "write" }>;

const write = (body: string, more: Partial<Write> = {}): Write => ({
  type: "write",
  room,
  format: "text",
  body,
  kind: "code",
  where: "any",
  base: undefined,
  match: undefined,
  principal: "ada",
  ...more,
});
const create = { type: "create", room, title: undefined, kind: undefined, principal: "ada" } as const;

function textIn(world: CoreWorld): string {
  const answer = asked(world, content());
  return answer?.type === "content" ? new TextDecoder().decode(answer.bytes) : JSON.stringify(answer);
}

function tokenOf(world: CoreWorld): string {
  const answer = asked(world, content());
  return answer?.type === "content" ? answer.token : "";
}

function payloads(world: CoreWorld, generation = 0): readonly Uint8Array[] {
  return world.disk.entries({ ...aLineage("note"), generation }).map(({ payload }) => payload);
}

function authorsIn(world: CoreWorld): number {
  const doc = new Y.Doc();
  for (const payload of payloads(world)) Y.applyUpdate(doc, payload);
  return doc.store.clients.size;
}

describe("a document written over HTTP", () => {
  test("[P2] is one edit of what differs, everybody's at once, and answered when it is saved", () => {
    const world = new CoreWorld();
    const client = writer(world);
    world.holdsAppends = true;
    const request = world.ask(write("hello you"));
    world.run();
    expect(client.heard("updates").length).toBeGreaterThan(0);
    expect(world.answers.get(request)).toBeUndefined();
    world.landAppends();
    world.run();
    expect(world.answers.get(request)).toMatchObject({ type: "saved", generation: 0 });
    world.holdsAppends = false;
    const [, written] = payloads(world);
    expect(Y.decodeUpdate(written!).structs.map((struct) => struct instanceof Y.Item && struct.content)).toMatchObject([{ str: " you" }]);
    expect(textIn(world)).toBe("hello you");
  });

  test("what it was read as is no edit", () => {
    const world = new CoreWorld();
    writer(world);
    expect(asked(world, write("hello"))).toMatchObject({ type: "saved" });
    expect(payloads(world)).toHaveLength(1);
  });

  test("[P8] does not grow by an author with each time it is written", () => {
    const world = new CoreWorld();
    writer(world);
    for (let turn = 0; turn < 20; turn++) asked(world, write(`hello ${turn}`));
    expect([textIn(world), authorsIn(world)]).toEqual(["hello 19", 2]);
    world.crash();
    asked(world, write("hello again"));
    expect([textIn(world), authorsIn(world)]).toEqual(["hello again", 3]);
  });

  test("[P8] nor does it with each time that it is written on what it was before somebody else wrote", () => {
    const world = new CoreWorld();
    writer(world);
    for (let turn = 0; turn < 20; turn++) {
      const base = tokenOf(world);
      asked(world, write(`${textIn(world)} a${turn}`, { base }));
      expect(asked(world, write(`b${turn} hello`, { base }))).toMatchObject({ type: "saved" });
    }
    expect(authorsIn(world)).toBe(3);
    expect(["a", "b"].map((words) => textIn(world).includes(`${words}19`))).toEqual([true, true]);
  });

  test("[P8] who goes on writing on one old state takes up 64 authors at most, and is to read it again then", () => {
    const world = new CoreWorld();
    writer(world);
    const base = tokenOf(world);
    const answers = Array.from({ length: 70 }, (_, turn) => asked(world, write(`hello ${turn}`, { base })));
    expect(answers.filter((answer) => answer?.type === "saved").length).toBe(64);
    expect(answers.at(-1)).toMatchObject(refused("CHANGED_SINCE"));
    expect(authorsIn(world)).toBe(65);
    expect(asked(world, write("hello all", { base: tokenOf(world) }))).toMatchObject({ type: "saved" });
    expect(asked(world, write("hello to all"))).toMatchObject({ type: "saved" });
    expect([textIn(world), authorsIn(world)]).toEqual(["hello to all", 65]);
  });

  test("[P8] no more edits of one document are looked for at once than it gets authors; the next is told to come again", () => {
    const world = new CoreWorld();
    writer(world);
    world.holdsAnswers = true;
    const requests = Array.from({ length: 65 }, (_, turn) => world.ask(write(`hello ${turn}`)));
    world.run();
    expect(requests.flatMap((request) => world.answers.get(request) ?? [])).toMatchObject([refused("RELAY_BUSY")]);
    world.holdsAnswers = false;
    world.run();
    expect(requests.filter((request) => world.answers.get(request)?.type === "saved")).toHaveLength(64);
  });

  test("whose author has come further than what of its work can be read is written by another one", () => {
    const world = new CoreWorld();
    writer(world);
    asked(world, write("hello 1"));
    const perform = vi.spyOn(YjsEngine.prototype, "perform");
    // As where an edit of the author's waits to be set aside, so that no document has it.
    perform.mockImplementationOnce((call) => {
      const [first] = call.parts;
      return new YjsEngine().perform({ ...call, parts: [first!] });
    });
    expect(asked(world, write("hello 2"))).toMatchObject({ type: "saved" });
    expect(perform).toHaveReturnedWith(expect.objectContaining({ ok: false }));
    perform.mockRestore();
    expect([authorsIn(world), textIn(world).includes("2")]).toEqual([3, true]);
  });

  test("two that are written at once on the same are two edits, and neither is lost", () => {
    const world = new CoreWorld();
    writer(world);
    const requests = [world.ask(write("one hello")), world.ask(write("hello two"))];
    world.run();
    expect(requests.map((request) => world.answers.get(request)?.type)).toEqual(["saved", "saved"]);
    expect(textIn(world)).toBe("one hello two");
  });

  test("what is typed while the edit is found stays, and refuses one that was made on something else", () => {
    const world = new CoreWorld();
    const client = writer(world);
    const match = tokenOf(world);
    world.holdsAnswers = true;
    const [free, bound] = [world.ask(write("hello you")), world.ask(write("hello them", { match }))];
    world.run();
    client.updates(2, [typedUpdates(1, ["hello", "!"])[1]!]);
    world.run();
    world.holdsAnswers = false;
    world.run();
    expect(world.answers.get(free)).toMatchObject({ type: "saved" });
    expect(world.answers.get(bound)).toMatchObject(refused("CHANGED_SINCE"));
    const text = textIn(world);
    expect([text.includes("!"), text.includes(" you"), text.includes("them")]).toEqual([true, true, false]);
  });

  test("[P6] what was written since it was read stays, when it says what was read; who cannot be told what that was is refused", () => {
    const world = new CoreWorld({ limits: { verifyMs: 60_000 } });
    const client = writer(world);
    const tokens: string[] = [];
    const read = (): number => tokens.push(tokenOf(world));
    read();
    client.updates(2, [typedUpdates(1, ["hello", "!"])[1]!]);
    world.run();
    for (const words of ["hello you", "well, hello"])
      expect(asked(world, write(words, { base: tokens[0]! }))).toMatchObject({ type: "saved" });
    const merged = textIn(world);
    expect([merged.length, ...["well, hello", "!", " you"].map((words) => merged.includes(words))]).toEqual([16, true, true, true]);
    expect(asked(world, write("nothing", { base: "no token" }))).toMatchObject({ type: "refused" });
    client.close();
    world.run();
    world.pass(70_000);
    expect(world.disk.entries(aLineage("note"))).toHaveLength(0);
    expect(asked(world, write("hello them", { base: tokens[0]! }))).toMatchObject(refused("CHANGED_SINCE"));
    read();
    expect(asked(world, write("hello them", { base: tokens[1]! }))).toMatchObject({ type: "saved" });
    expect(textIn(world)).toBe("hello them");
  });

  test("[P10] that is deleted meanwhile, and begun anew, gets nothing of it", () => {
    const world = new CoreWorld();
    writer(world);
    world.holdsAnswers = true;
    const request = world.ask(write("late"));
    world.run();
    world.holdsAnswers = false;
    // The deletion is decided before the worker's answer is heard.
    const gone = world.ask(remove);
    world.turn();
    world.run();
    expect(world.answers.get(gone)).toMatchObject({ type: "done" });
    asked(world, create);
    world.run();
    expect(world.answers.get(request)).toMatchObject(refused("ROOM_DELETED"));
    expect(payloads(world, 1)).toEqual([]);
  });

  test("whose asker has gone leaves its author to the next", () => {
    const world = new CoreWorld();
    writer(world);
    world.holdsAnswers = true;
    const request = world.ask(write("never"));
    world.run();
    world.tell({ type: "request-cancelled", request });
    world.run();
    world.holdsAnswers = false;
    world.run();
    expect(textIn(world)).toBe("hello");
    for (let turn = 0; turn < 3; turn++) asked(world, write(`hello ${turn}`));
    expect(authorsIn(world)).toBe(2);
  });
});

describe("a document that is begun over HTTP", () => {
  test("is the same bytes wherever it is begun, and there once where both come together", () => {
    const [one, other] = [new CoreWorld({ seed: 1 }), new CoreWorld({ seed: 2 })];
    for (const world of [one, other]) expect(asked(world, write("the text", { where: "new" }))).toMatchObject({ type: "saved" });
    expect(payloads(one)).toEqual(payloads(other));
    expect([textIn(one), payloads(one).length]).toEqual(["the text", 1]);
  });

  test("may be begun again with the same, also when others have written on, and with nothing else", () => {
    const world = new CoreWorld();
    asked(world, write("the text", { where: "new" }));
    asked(world, write("the text, and more"));
    expect(asked(world, write("the text", { where: "new" }))).toMatchObject({ type: "saved" });
    expect(asked(world, write("another text", { where: "new" }))).toMatchObject(refused("NOT_EMPTY"));
    expect([textIn(world), payloads(world).length]).toEqual(["the text, and more", 2]);
  });

  test("is another one with other content, of another kind, and in another generation", () => {
    const first = (ask: RoomRequest): number => {
      const world = new CoreWorld();
      asked(world, ask);
      return Y.decodeUpdate(payloads(world)[0]!).structs[0]!.id.client;
    };
    const clients = [write("a"), write("b"), write("a", { kind: "text" }), { ...write("a"), room: "other" as typeof room }].map((ask) => {
      if (ask.room === room) return first(ask);
      const world = new CoreWorld();
      asked(world, ask);
      return Y.decodeUpdate(world.disk.entries(aLineage("other"))[0]!.payload).structs[0]!.id.client;
    });
    const world = new CoreWorld();
    asked(world, write("a"));
    asked(world, remove);
    asked(world, create);
    asked(world, write("a"));
    expect(new Set([...clients, Y.decodeUpdate(payloads(world, 1)[0]!).structs[0]!.id.client]).size).toBe(5);
  });

  test("never has the author of another one, also where the two were made so that everything but the secret says the same", () => {
    // Their edits have one contentHash, and would be told apart by nothing else.
    const clients = ["text 75209", "text 77626"].map((body) => {
      const world = new CoreWorld();
      asked(world, write(body, { where: "new" }));
      return Y.decodeUpdate(payloads(world)[0]!).structs[0]!.id.client;
    });
    expect(clients[0]).not.toBe(clients[1]);
    const [one, other] = [1, 2].map((byte) => authorOf(["beginning"], new Uint8Array(32).fill(byte)));
    expect(one).not.toBe(other);
  });

  test("that was created before, with a title, is begun where it is", () => {
    const world = new CoreWorld();
    asked(world, { ...create, title: "A title" });
    expect(asked(world, write("text", { where: "new" }))).toMatchObject({ type: "saved" });
    expect(asked(world, show)).toMatchObject({ room: { title: "A title" } });
  });

  test("[P6] is not begun a second time, as another kind, by who read it while it was empty: that is to be read again", () => {
    const world = new CoreWorld();
    asked(world, create);
    const read = asked(world, content());
    const base = read?.type === "content" ? read.token : "";
    writer(world);
    for (const kind of ["text", "code"] as const)
      expect(asked(world, write("words", { base, kind }))).toMatchObject(refused("CHANGED_SINCE"));
    expect(asked(world, write("hello you"))).toMatchObject({ type: "saved" });
    expect(textIn(world)).toBe("hello you");
  });

  test("is refused where there is to be one, or was one", () => {
    const world = new CoreWorld();
    expect(asked(world, write("text", { where: "existing" }))).toMatchObject(refused("NOT_FOUND"));
    writer(world);
    asked(world, remove);
    expect(asked(world, write("text", { where: "new" }))).toMatchObject(refused("ROOM_DELETED"));
  });
});
