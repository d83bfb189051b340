/**
 * Rooms of Automerge's documents in one relay: taken, forwarded, logged, compacted, read again.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { noBytes } from "@inkmesh/shared/base/bytes";
import { textOfChanges, typedChanges } from "../../automerge-typing.ts";
import { automergeRoom, engineOfRoom, loadAutomerge } from "../../engines.ts";
import { aLineage, CoreWorld } from "./core-world.ts";
import { NativeScript } from "./scripted-client.ts";

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
