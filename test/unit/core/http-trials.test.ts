/**
 * Edits over HTTP of Automerge rooms are tried as others are.
 */
import { beforeAll, describe, expect, test } from "vitest";
import type { RequestId } from "@inkmesh/shared/base/ids";
import { refused } from "@inkmesh/shared/base/result";
import { panickingChange, typedChanges } from "../../automerge-typing.ts";
import { automergeRoom, loadAutomerge } from "../../engines.ts";
import { aLineage, CoreWorld } from "./core-world.ts";
import { openedAutomerge as opened, textHeard } from "./automerge-script.ts";

const lineage = aLineage(automergeRoom);

beforeAll(loadAutomerge);

describe("an edit over HTTP", () => {
  const patch = (update: Uint8Array) => ({ type: "update", room: automergeRoom, update, match: undefined, principal: "" }) as const;

  function answerTo(world: CoreWorld, ask: Parameters<CoreWorld["ask"]>[0]): unknown {
    const request: RequestId = world.ask(ask);
    world.run();
    return world.answers.get(request);
  }

  test("is tried, too", () => {
    const world = new CoreWorld();
    const reader = opened(world);
    reader.updates(1, typedChanges("aa", []));
    world.run();
    expect(answerTo(world, patch(panickingChange()))).toMatchObject({ type: "refused", refusal: { code: "UNAPPLICABLE" } });
    expect(answerTo(world, patch(typedChanges("aa", ["a"])[1]!))).toMatchObject({ type: "saved" });
    expect(answerTo(world, patch(typedChanges("aa", ["a"])[1]!)), "once more").toMatchObject({ type: "saved" });
    expect(textHeard(opened(world))).toBe("a");
    expect(world.disk.entries(lineage)).toHaveLength(2);
  });

  test("that cannot be tried now is one for later, and no gap", () => {
    const world = new CoreWorld();
    opened(world).updates(1, typedChanges("aa", []));
    world.run();
    const tries = world.tries;
    world.tries = () => refused("RELAY_BUSY", "it ended with 1");
    const edit = patch(typedChanges("aa", ["a"])[1]!);
    expect(answerTo(world, edit)).toMatchObject({ type: "refused", refusal: { code: "RELAY_BUSY" } });
    expect(answerTo(world, patch(typedChanges("aa", [])[0]!)), "which is here").toMatchObject({ type: "saved" });
    world.tries = tries;
    expect(answerTo(world, edit)).toMatchObject({ type: "saved" });
  });

  test("[P2] is not called done while it is tried, and is not let in when nobody waits for it any more", () => {
    const world = new CoreWorld();
    opened(world).updates(1, typedChanges("aa", []));
    world.run();
    const held: (() => void)[] = [];
    world.holdsTrials = (answer) => void held.push(answer);
    const request = world.ask(patch(typedChanges("aa", ["a"])[1]!));
    world.run();
    world.pass(3_000);
    expect(world.answers.get(request)).toBeUndefined();
    world.pass(8_000);
    expect(world.answers.get(request)).toMatchObject({ refusal: { code: "RELAY_BUSY", detail: expect.stringContaining("not taken") } });
    for (const answer of held) answer();
    world.run();
    expect(world.disk.entries(lineage)).toHaveLength(1);
  });

  test("has no Idempotency-Key, and is told why", () => {
    const world = new CoreWorld();
    opened(world).updates(1, typedChanges("aa", []));
    world.run();
    const key = { name: "k", digest: "d" } as never;
    const answer = answerTo(world, { ...patch(typedChanges("aa", ["a"])[1]!), key });
    expect(answer).toMatchObject({ type: "refused", refusal: { code: "BAD_REQUEST", detail: expect.stringContaining("Idempotency-Key") } });
  });
});
