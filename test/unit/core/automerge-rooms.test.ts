/**
 * Rooms of Automerge's documents in one relay: taken, forwarded, logged, compacted, read again.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { noBytes } from "@inkmesh/shared/base/bytes";
import { textOfChanges, typedChanges } from "../../automerge-typing.ts";
import { automergeRoom, engineOfRoom, loadAutomerge } from "../../engines.ts";
import type { RoomRequest } from "../../../server/core/input.ts";
import { aLineage, CoreWorld } from "./core-world.ts";
import { NativeScript, YScript } from "./scripted-client.ts";

const lineage = aLineage(automergeRoom);
const words = ["a", "b", "c", "d", "e"];
const nothing = { stateVector: noBytes };

beforeAll(loadAutomerge);

function opened(world: CoreWorld, more: Parameters<NativeScript["open"]>[1] = {}): NativeScript {
  const client = new NativeScript(world).hello().open(automergeRoom, { ...nothing, ...more });
  world.run();
  return client;
}

function textHeard(client: NativeScript): string {
  return textOfChanges(client.heard("updates").flatMap(({ updates }) => updates));
}

/** A room into which one client has typed `words`, in so many updates and one. */
function written(world: CoreWorld): NativeScript {
  const client = opened(world);
  client.updates(1, typedChanges("aa", words));
  world.run();
  return client;
}

describe("a room of an Automerge document", () => {
  test("[P1] changes are acknowledged when they are on disk, and heard by the others", () => {
    const world = new CoreWorld();
    const reader = opened(world);
    const writer = written(world);
    expect(writer.heard("ack").at(-1)).toMatchObject({ number: words.length + 1 });
    expect(textHeard(reader)).toBe("abcde");
    expect(world.disk.entries(lineage)).toHaveLength(words.length + 1);
  });

  test("a newcomer gets snapshot and tail, also from the next life of the relay", () => {
    const world = new CoreWorld({ limits: { tailEntriesMax: words.length } });
    const writer = written(world);
    expect(world.disk.snapshot(lineage)).toBeDefined();
    writer.updates(words.length + 2, typedChanges("aa", [...words, "f"]).slice(words.length + 1));
    world.run();
    expect(textHeard(opened(world))).toBe("abcdef");
    world.crash();
    const joiner = opened(world);
    expect(textHeard(joiner)).toBe("abcdef");
    expect(joiner.heard("synced")[0]!.content).toBe(world.disk.index(lineage).hash());
  });

  test("who has all that is here gets nothing twice but the tail; who has something else gets the difference", () => {
    const world = new CoreWorld({ limits: { tailEntriesMax: words.length } });
    written(world);
    const changes = typedChanges("aa", words);
    const vectorOf = (count: number): Uint8Array => engineOfRoom(automergeRoom).indexOf(changes.slice(0, count)).index.stateVector();
    expect(opened(world, { stateVector: vectorOf(words.length + 1) }).heard("updates")).toEqual([]);
    const behind = opened(world, { stateVector: vectorOf(3) });
    expect(behind.heard("updates").flatMap(({ updates }) => updates)).toHaveLength(1);
    expect(textOfChanges([...changes.slice(0, 3), ...behind.heard("updates").flatMap(({ updates }) => updates)])).toBe("abcde");
  });

  test("a client of a Yjs dialect is told that it cannot speak of it", () => {
    const world = new CoreWorld();
    const client = new YScript(world, automergeRoom);
    world.run();
    expect([client.closeCode, world.refusals()]).toEqual([4400, ["OTHER_ENGINE"]]);
    expect(world.relay.census()).toMatchObject({ sessions: 0, roomsInUse: 0 });
  });

  test("a change that hangs on one that is not here is a gap; one of Yjs' kind is refused", () => {
    const world = new CoreWorld();
    const client = opened(world);
    client.updates(1, typedChanges("aa", words).slice(2, 3));
    world.run();
    expect(client.heard("nack")).toMatchObject([{ number: 1, code: "GAP" }]);
    client.updates(1, [Uint8Array.of(0, 0)]);
    world.run();
    expect(client.heard("nack").at(-1)).toMatchObject({ number: 1, code: "BAD_UPDATE" });
  });
});

describe("an Automerge document over HTTP", () => {
  const room = automergeRoom;
  const principal = "";

  function answerTo(world: CoreWorld, ask: RoomRequest): unknown {
    const request = world.ask(ask);
    world.run();
    const answer = world.answers.get(request);
    return answer?.type === "content" ? { ...answer, bytes: Buffer.from(answer.bytes).toString() } : answer;
  }

  const patch = (update: Uint8Array, match?: string): RoomRequest => ({ type: "update", room, update, match, principal });
  const read = (format: "text" | "json" | "html"): RoomRequest => ({ type: "content", room, format, token: "" });

  test("is created, written by its changes and read; an edit made on something else is refused", () => {
    const world = new CoreWorld();
    expect(answerTo(world, patch(typedChanges("aa", [])[0]!))).toMatchObject({ refusal: { code: "NOT_FOUND" } });
    expect(answerTo(world, { type: "create", room, title: "Plans", kind: "notes", principal })).toMatchObject({
      room: { engine: "automerge", kind: "notes" },
    });
    const changes = typedChanges("aa", ["one", " two"]);
    const first = answerTo(world, patch(changes[0]!)) as { readonly token: string };
    expect(answerTo(world, patch(changes[1]!, first.token))).toMatchObject({ type: "saved" });
    expect(answerTo(world, patch(changes[2]!, first.token))).toMatchObject({ refusal: { code: "CHANGED_SINCE" } });
    expect([answerTo(world, read("text")), answerTo(world, read("json"))]).toMatchObject([{ bytes: "one" }, { bytes: '{"text":"one"}' }]);
  });

  test("is not written as text, has no HTML, and keeps no images: each is said in words", () => {
    const world = new CoreWorld();
    written(world);
    const write = {
      type: "write",
      room,
      format: "text",
      body: "a",
      kind: "text",
      where: "any",
      base: undefined,
      match: undefined,
    } as const;
    const blob = { type: "keep-blob", room, name: `sha256-${"0".repeat(64)}` as never, bytes: noBytes } as const;
    for (const ask of [{ ...write, principal }, read("html"), blob])
      expect(answerTo(world, ask)).toMatchObject({ refusal: { code: "UNSAYABLE", detail: expect.stringContaining("Automerge") } });
  });
});
