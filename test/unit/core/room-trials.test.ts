/**
 * What clients bring to Automerge rooms is tried first: in a relay of miniature, with a worker that does what a test wants.
 */
import * as A from "automerge";
import { beforeAll, describe, expect, test } from "vitest";
import { concatBytes, noBytes } from "@inkmesh/shared/base/bytes";
import { refused } from "@inkmesh/shared/base/result";
import { panickingChange, typedChanges } from "../../automerge-typing.ts";
import { automergeRoom, loadAutomerge, someTrials } from "../../engines.ts";
import { aLineage, CoreWorld, triedBy, type TryEffect } from "./core-world.ts";
import { openedAutomerge as opened, textHeard } from "./automerge-script.ts";
import { NativeScript } from "./scripted-client.ts";

const lineage = aLineage(automergeRoom);

beforeAll(loadAutomerge);

/** A world that notes its trials, of which `isLost` says whether the worker is lost over one. */
function watched(isLost: (effect: TryEffect) => boolean = () => false): { world: CoreWorld; trials: TryEffect[] } {
  const world = new CoreWorld();
  const trials: TryEffect[] = [];
  const tries = world.tries;
  world.tries = (effect) => {
    trials.push(effect);
    return isLost(effect) ? refused("UNAPPLICABLE", "it took too long") : tries(effect);
  };
  return { world, trials };
}

const isIn = (change: Uint8Array, { trial }: TryEffect): boolean => trial.updates.some((update) => Buffer.compare(update, change) === 0);

describe("[P9] what Automerge fails over", () => {
  test("is refused by its number, goes nowhere, and nobody else notices", () => {
    const world = new CoreWorld();
    const [reader, writer, attacker] = [opened(world), opened(world), opened(world)];
    writer.updates(1, typedChanges("aa", ["a", "b"]));
    attacker.updates(1, [panickingChange()]);
    world.run();
    writer.updates(4, typedChanges("aa", ["a", "b", "c"]).slice(3));
    world.run();
    expect(attacker.heard("nack")).toMatchObject([{ number: 1, code: "UNAPPLICABLE", retryAfterMs: 0 }]);
    expect(attacker.closeCode).toBeUndefined();
    expect(writer.heard("ack").at(-1)).toMatchObject({ number: 4 });
    expect([textHeard(reader), writer.heard("nack")]).toEqual(["abc", []]);
    expect(world.disk.entries(lineage)).toHaveLength(4);
  });

  test("takes nothing of what was brought with it along: neither what came before it nor what came behind", () => {
    const { world, trials } = watched();
    const [first, attacker, last] = [opened(world), opened(world), opened(world)];
    // One trial is under way while all others come.
    world.holdsAnswers = true;
    first.updates(1, typedChanges("aa", []));
    world.run();
    first.updates(2, typedChanges("aa", ["a", "b"]).slice(1));
    attacker.updates(1, [panickingChange()]);
    last.updates(1, typedChanges("bb", ["x"]));
    world.run();
    expect(trials).toHaveLength(1);
    world.holdsAnswers = false;
    world.run();
    expect([first.heard("ack").at(-1)?.number, last.heard("ack").at(-1)?.number]).toEqual([3, 2]);
    expect(attacker.heard("nack")).toMatchObject([{ code: "UNAPPLICABLE" }]);
    expect(textHeard(opened(world)).split("").toSorted().join("")).toBe("abx");
  });

  test("is what nests deeper than a document may, too", () => {
    const world = new CoreWorld({ limits: { content: { nestingMax: 64 } } as never });
    const client = opened(world);
    const ops = Array.from({ length: 65 }, (_, at) => ({ action: "makeMap", obj: at === 0 ? "_root" : `${at}@ab`, key: "a", pred: [] }));
    client.updates(1, [A.encodeChange({ actor: "ab", seq: 1, startOp: 1, time: 0, message: null, deps: [], ops } as never)]);
    world.run();
    expect(client.heard("error").at(-1) ?? client.heard("nack").at(-1)).toMatchObject({ code: "TOO_DEEP" });
  });
});

describe("[P9] who brings what cannot be applied", () => {
  const bad = (client: NativeScript, world: CoreWorld, times: number): void => {
    for (let time = 0; time < times; time++) {
      client.updates(1, [panickingChange()]);
      world.run();
    }
  };

  test("three times in a minute is let go, and nobody else is", () => {
    const world = new CoreWorld();
    const [other, attacker] = [opened(world), opened(world)];
    bad(other, world, 1);
    bad(attacker, world, 2);
    expect([attacker.closeCode, attacker.heard("nack").length]).toEqual([undefined, 2]);
    bad(attacker, world, 1);
    expect([attacker.closeCode, world.refusals().at(-1)]).toEqual([1013, "RATE_LIMITED"]);
    expect(other.closeCode).toBeUndefined();
  });

  test("now and then stays", () => {
    const world = new CoreWorld();
    const client = opened(world);
    for (let minute = 0; minute < 3; minute++) {
      bad(client, world, 2);
      world.pass(61_000);
    }
    expect([client.closeCode, client.heard("nack").length]).toEqual([undefined, 6]);
  });
});

describe("a worker that is lost", () => {
  test("over one update costs that one: the others are tried alone", () => {
    const bad = typedChanges("cc", ["slow"])[1]!;
    const { world, trials } = watched((effect) => isIn(bad, effect));
    const [first, slow, last] = [opened(world), opened(world), opened(world)];
    world.holdsAnswers = true;
    first.updates(1, typedChanges("aa", []));
    world.run();
    first.updates(2, typedChanges("aa", ["a"]).slice(1));
    slow.updates(1, [bad]);
    last.updates(1, typedChanges("bb", ["b"]).slice(1));
    world.run();
    world.holdsAnswers = false;
    world.run();
    expect(trials.map(({ trial }) => trial.updates.length)).toEqual([1, 3, 1, 1, 1]);
    expect(slow.heard("nack")).toMatchObject([{ number: 1, code: "UNAPPLICABLE" }]);
    expect([first.heard("ack").at(-1)?.number, last.heard("ack").at(-1)?.number]).toEqual([2, 1]);
  });

  test("for no fault of what was tried is a reason to bring it again later", () => {
    const world = new CoreWorld();
    const client = opened(world);
    const tries = world.tries;
    world.tries = () => refused("RELAY_BUSY", "it ended with 1");
    client.updates(1, typedChanges("aa", ["a"]));
    world.run();
    expect(client.heard("nack")).toMatchObject([{ number: 1, code: "RELAY_BUSY", retryAfterMs: 2_000 }]);
    world.tries = tries;
    client.updates(1, typedChanges("aa", ["a"]));
    world.run();
    expect(client.heard("ack").at(-1)).toMatchObject({ number: 2 });
  });

  test("is told the document anew, and one that knows it only what came since from elsewhere", () => {
    const world = new CoreWorld();
    const client = opened(world);
    const trials: TryEffect[] = [];
    let tries = triedBy(someTrials());
    world.tries = (effect) => {
      trials.push(effect);
      return tries(effect);
    };
    for (const [at, change] of typedChanges("aa", ["a", "b", "c"]).entries()) {
      if (at === 3) tries = triedBy(someTrials());
      client.updates(at + 1, [change]);
      world.run();
    }
    expect(client.heard("ack").at(-1)).toMatchObject({ number: 4 });
    expect(trials.map(({ trial }) => trial.parts?.length)).toEqual([0, undefined, undefined, undefined, 3]);
  });
});

describe("[P9] what applied and was not let in", () => {
  test("is not taken for known by the worker when it comes again with something that waits", () => {
    const world = new CoreWorld();
    const client = opened(world);
    const [begun, a, b, c] = typedChanges("aa", ["a", "b", "c"]);
    client.updates(1, [begun!]);
    world.run();
    world.holdsAppends = true;
    client.updates(2, [a!]);
    for (let turns = 0; turns < 3; turns++) world.turn();
    world.failAppends("STORE_FULL");
    world.turn();
    client.updates(3, [b!]);
    world.run();
    expect(client.heard("nack")).toMatchObject([{ number: 3, code: "STORE_FULL" }]);
    world.holdsAppends = false;
    world.pass(60_000);
    const [, , orphan] = typedChanges("bb", ["x", "y"]);
    opened(world).updates(1, [concatBytes([b!, c!, orphan!])], "state");
    world.run();
    expect(textHeard(opened(world))).toBe("abc");
  });
});

describe("the order of trials", () => {
  test("one of a room is under way, what comes meanwhile is in the next, and each is let in in its turn", () => {
    const { world, trials } = watched();
    const client = opened(world);
    world.holdsAnswers = true;
    const changes = typedChanges("aa", ["a", "b", "c", "d"]);
    for (const [at, change] of changes.entries()) {
      client.updates(at + 1, [change]);
      world.turn();
    }
    expect(trials).toHaveLength(1);
    world.holdsAnswers = false;
    world.run();
    expect(trials.map(({ trial }) => trial.updates.length)).toEqual([1, 4]);
    expect(world.disk.entries(lineage).map(({ payload }) => payload)).toEqual(changes);
    expect(client.heard("ack").at(-1)).toMatchObject({ number: 5 });
  });

  test("what somebody brought who has gone meanwhile is let in", () => {
    const world = new CoreWorld();
    const client = opened(world);
    world.holdsAnswers = true;
    client.updates(1, typedChanges("aa", ["a"]));
    world.turn();
    client.close();
    world.turn();
    world.holdsAnswers = false;
    world.run();
    expect(textHeard(opened(world))).toBe("a");
  });

  test("of somebody who may not write nothing is tried", () => {
    const { world, trials } = watched();
    const reader = new NativeScript(world).hello().open(automergeRoom, { stateVector: noBytes, access: "read-only" });
    world.run();
    reader.updates(1, typedChanges("aa", ["a"]));
    world.run();
    expect(reader.heard("nack")).toMatchObject([{ code: "READ_ONLY" }]);
    expect(trials).toEqual([]);
  });

  test("[P8] more than may wait for one are to come again later, also where they take no bytes", () => {
    const world = new CoreWorld({ limits: { unackedPerSessionMax: 10 } });
    const [client, other] = [opened(world), opened(world)];
    world.holdsAnswers = true;
    client.updates(1, typedChanges("aa", []));
    world.turn();
    client.updates(
      2,
      Array.from({ length: 8 }, () => noBytes),
    );
    other.updates(
      1,
      Array.from({ length: 8 }, () => noBytes),
    );
    world.turn();
    world.holdsAnswers = false;
    world.run();
    expect(client.heard("ack").at(-1)).toMatchObject({ number: 9 });
    // Nothing is known already, and needs no trial.
    expect(other.heard("ack").at(-1)).toMatchObject({ number: 8 });
    const [, a, b] = typedChanges("aa", ["a", "b"]);
    world.holdsAnswers = true;
    client.updates(10, [a!]);
    world.turn();
    client.updates(
      11,
      Array.from({ length: 10 }, () => noBytes),
    );
    other.updates(9, [b!]);
    world.turn();
    world.holdsAnswers = false;
    world.run();
    expect(other.heard("nack")).toMatchObject([{ number: 9, code: "RELAY_BUSY", retryAfterMs: 2_000 }]);
  });

  test("[P8] what readers bring takes no place in it", () => {
    const bytesMax = 64 * 1024;
    const world = new CoreWorld({ limits: { stateBytesMax: bytesMax } });
    const [writer, reader] = [
      opened(world),
      new NativeScript(world).hello().open(automergeRoom, { stateVector: noBytes, access: "read-only" }),
    ];
    world.run();
    world.holdsAnswers = true;
    writer.updates(1, typedChanges("aa", []));
    world.turn();
    reader.updates(1, [new Uint8Array(bytesMax)], "state").updates(2, [new Uint8Array(bytesMax)], "state");
    writer.updates(2, typedChanges("aa", ["a"]).slice(1));
    world.turn();
    world.holdsAnswers = false;
    world.run();
    expect(reader.heard("nack")[0]).toMatchObject({ code: "READ_ONLY" });
    expect(writer.heard("ack").at(-1)).toMatchObject({ number: 2 });
  });

  test("a document that is deleted while something of it is tried stays deleted, and the relay goes on", () => {
    const world = new CoreWorld();
    const client = opened(world);
    client.updates(1, typedChanges("aa", ["a"]));
    world.run();
    world.holdsAnswers = true;
    client.updates(3, typedChanges("aa", ["a", "b"]).slice(2));
    world.turn();
    world.ask({ type: "delete", room: automergeRoom, principal: "" });
    world.turn();
    world.holdsAnswers = false;
    world.run();
    expect(client.heard("deleted")).toHaveLength(1);
    expect(world.disk.entries(lineage)).toEqual([]);
  });
});

describe("[P9] a document that is deleted during the second round of a trial", () => {
  /** What was brought first is found to apply in the first round, and what panics makes the rest wait for a second one, which is held. */
  function inSecondRound(): { world: CoreWorld; client: NativeScript; goOn: () => void } {
    const world = new CoreWorld();
    const client = opened(world);
    client.updates(1, typedChanges("ff", []));
    world.run();
    const held: (() => void)[] = [];
    let round = 0;
    world.holdsTrials = (answer) => {
      round += 1;
      if (round === 2) held.push(answer);
      else answer();
    };
    client.updates(2, [...typedChanges("aa", ["secret"]), panickingChange(), typedChanges("cc", ["c"])[1]!]);
    world.run();
    expect(held).toHaveLength(1);
    client.updates(6, [typedChanges("ee", ["waits for the next trial"])[1]!]);
    world.turn();
    world.ask({ type: "delete", room: automergeRoom, principal: "" });
    return { world, client, goOn: () => (held[0]?.(), world.run()) };
  }

  test("stays deleted, and the relay goes on", () => {
    const { world, client, goOn } = inSecondRound();
    world.holdsAppends = true;
    world.turn();
    goOn();
    world.holdsAppends = false;
    world.run();
    expect(client.heard("deleted")).toHaveLength(1);
    expect(world.disk.entries(lineage)).toEqual([]);
  });

  test("and opened anew begins with nothing of it", () => {
    const { world, goOn } = inSecondRound();
    world.run();
    world.ask({ type: "create", room: automergeRoom, title: undefined, kind: undefined, principal: "" } as never);
    world.run();
    goOn();
    expect(textHeard(opened(world))).toBe("");
    expect(world.disk.entries(aLineage(automergeRoom, 1))).toEqual([]);
  });
});
