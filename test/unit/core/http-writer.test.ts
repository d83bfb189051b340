import { describe, expect, test } from "vitest";
import * as Y from "yjs";
import type { RoomAnswer } from "../../../server/core/effect.ts";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import { sealToken } from "@inkmesh/shared/wire/session-token";
import { asked, content, refused, remove, room, show, writer } from "./asked-rooms.ts";
import { aLineage, CoreWorld, tokenSecret } from "./core-world.ts";
import { textOf, typedUpdates } from "./typed-updates.ts";

/** A token of somebody who has seen so many entries of it. */
function ahead(world: CoreWorld, counter: number): string {
  const { actor } = world.disk.entries(aLineage("note"))[0]!.dot;
  return sealToken({ lineage: aLineage("note"), clock: VectorClock.of([[actor, counter]]) }, tokenSecret);
}

describe("an edit over HTTP", () => {
  const update = (bytes: Uint8Array, match?: string) => ({ type: "update", room, update: bytes, match, principal: "ada" }) as const;
  const tokenIn = (answer: RoomAnswer | undefined): string => (answer !== undefined && "token" in answer ? answer.token : "");

  test("[P2] is answered when it is on disk, is everybody's at once, and may be sent again", () => {
    const world = new CoreWorld();
    const client = writer(world);
    world.holdsAppends = true;
    const edit = typedUpdates(2, ["over HTTP"])[0]!;
    const request = world.ask(update(edit));
    world.run();
    expect(textOf(client.heard("updates").flatMap(({ updates }) => updates))).toBe("over HTTP");
    expect(world.answers.get(request)).toBeUndefined();
    world.landAppends();
    world.run();
    expect(world.answers.get(request)).toMatchObject({ type: "saved", durability: { copies: 1, replicas: 1, needed: 1 }, generation: 0 });
    world.holdsAppends = false;
    expect(asked(world, update(edit))).toMatchObject({ type: "saved" });
    expect(world.disk.entries(aLineage("note")).map(({ author }) => author)).toEqual(["", "ada"]);
    expect(asked(world, show)).toMatchObject({ room: { sessions: 1 } });
  });

  test("[P7] may be the work of more authors than one edit of a client has, whole or not at all", () => {
    const world = new CoreWorld();
    writer(world);
    const [, ...others] = Array.from({ length: 40 }, (_, index) => typedUpdates(index + 1, ["a", "b"]));
    const all = Y.mergeUpdates(others.flat());
    expect(asked(world, update(all))).toMatchObject({ type: "saved" });
    expect(world.disk.entries(aLineage("note"))).toHaveLength(2);
    const [first, second] = typedUpdates(99, ["c", "d"]);
    const torn = Y.mergeUpdates([
      second!,
      ...others.flat(),
      ...Array.from({ length: 20 }, (_, index) => typedUpdates(index + 200, ["e"])[0]!),
    ]);
    expect(asked(world, update(torn))).toMatchObject(refused("GAP"));
    expect(world.disk.entries(aLineage("note"))).toHaveLength(2);
    expect(asked(world, update(Y.mergeUpdates([torn, first!])))).toMatchObject({ type: "saved" });
  });

  test("[P6] its token is what a reader has seen afterwards", () => {
    const world = new CoreWorld();
    writer(world);
    const token = tokenIn(asked(world, update(typedUpdates(2, ["!"])[0]!)));
    const read = asked(world, content(token));
    expect(read?.type === "content" && tokenIn(read) === token).toBe(true);
  });

  test("that was made on something else than the document has now is refused, and changes nothing", () => {
    const world = new CoreWorld();
    const client = writer(world);
    const match = tokenIn(asked(world, content()));
    client.updates(2, [typedUpdates(1, ["hello", "!"])[1]!]);
    world.run();
    const edit = typedUpdates(2, ["late"])[0]!;
    for (const stale of [match, "no token"]) expect(asked(world, update(edit, stale))).toMatchObject(refused("CHANGED_SINCE"));
    expect(world.disk.entries(aLineage("note"))).toHaveLength(2);
    expect(asked(world, update(edit, tokenIn(asked(world, content()))))).toMatchObject({ type: "saved" });
  });

  test("that was made on more than is here waits for that, 2 s at most, and writes nothing before", () => {
    const world = new CoreWorld();
    const client = writer(world);
    const edit = typedUpdates(2, ["later"])[0]!;
    const late = world.ask(update(edit, ahead(world, 9)));
    world.run();
    world.pass(2_000);
    expect(world.answers.get(late)).toMatchObject(refused("BEHIND"));
    const request = world.ask(update(edit, ahead(world, 2)));
    world.run();
    expect(world.answers.get(request)).toBeUndefined();
    expect(world.disk.entries(aLineage("note"))).toHaveLength(1);
    client.updates(2, typedUpdates(1, ["hello", " you"]).slice(1));
    world.run();
    expect(world.answers.get(request)).toMatchObject({ type: "saved" });
  });

  test("what is on its way to the disk counts as the document's already", () => {
    const world = new CoreWorld();
    const client = writer(world);
    const match = tokenIn(asked(world, content()));
    world.holdsAppends = true;
    client.updates(2, [typedUpdates(1, ["hello", "!"])[1]!]);
    world.run();
    expect(asked(world, update(typedUpdates(2, ["late"])[0]!, match))).toMatchObject(refused("CHANGED_SINCE"));
  });

  test("that hangs on something missing, cannot be read, or is of a deleted document is refused", () => {
    const world = new CoreWorld();
    writer(world);
    expect(asked(world, update(typedUpdates(2, ["a", "b"])[1]!))).toMatchObject(refused("GAP"));
    expect(asked(world, update(Uint8Array.of(9, 9)))).toMatchObject(refused("BAD_UPDATE"));
    asked(world, remove);
    expect(asked(world, update(typedUpdates(2, ["a"])[0]!))).toMatchObject(refused("ROOM_DELETED"));
    expect(asked(new CoreWorld(), update(typedUpdates(2, ["a"])[0]!))).toMatchObject(refused("NOT_FOUND"));
  });

  test("that no disk takes in time is called not confirmed, and is there when it does", () => {
    const world = new CoreWorld({ limits: { appendRetryMs: 100 } });
    writer(world);
    world.holdsAppends = true;
    const request = world.ask(update(typedUpdates(2, ["slow"])[0]!));
    world.run();
    world.pass(2_100);
    expect(world.answers.get(request)).toMatchObject(refused("NOT_CONFIRMED"));
    world.landAppends();
    world.run();
    expect(world.disk.entries(aLineage("note"))).toHaveLength(2);
  });
});
