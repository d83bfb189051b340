/**
 * Actors that a room's clock need not name any more. Part of the contract of every update log.
 */
import { expect, test } from "vitest";
import type { RoomName } from "@inkmesh/shared/base/ids";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import { nothingUnnamed, type StoredRoom, type Unnaming } from "../../server/core/stored-room.ts";
import type { UpdateLog } from "../../server/log/update-log.ts";
import { anActor, LogAuthor, textOf } from "./log-author.ts";
import { must } from "./update-log.contract.ts";

const named = (...counters: readonly (readonly [number, number])[]): VectorClock =>
  VectorClock.of(counters.map(([life, counter]) => [anActor(life), counter]));

const allowing = (prunable: VectorClock): Unnaming => ({ ...nothingUnnamed, prunable });

/** To be compared: a clock keeps its counters to itself. */
const countersOf = (clock: VectorClock | undefined): object => Object.fromEntries(clock?.entries() ?? [["nothing", 0]]);

/** `log` is the one under test now; `again` closes and opens it. */
export function prunedClocksContract(log: () => UpdateLog, again: () => Promise<void>): void {
  const load = (): Promise<StoredRoom> => must(log().load("a room" as RoomName));

  /** Three lives of a relay, in each of which a letter was typed. */
  async function threeLives(): Promise<LogAuthor> {
    const author = new LogAuthor();
    for (const [at, letter] of [..."abc"].entries()) {
      author.restart(at + 1);
      await must(log().append([author.type(letter)]));
    }
    return author;
  }

  async function expectClock(clock: VectorClock, pruned: VectorClock): Promise<void> {
    await again();
    const room = await load();
    expect(countersOf(room.clock)).toEqual(countersOf(clock));
    expect(countersOf(room.snapshot?.pruned)).toEqual(countersOf(pruned));
    expect(countersOf((await must(log().rooms({ limit: 1 }))).rooms[0]?.clock)).toEqual(countersOf(clock));
  }

  test("[P2] what the snapshot's clock names by another entry it names no more where that may be", async () => {
    const author = await threeLives();
    const { snapshot, removed } = await must(log().compact(author.lineage, author.clock, allowing(named([1, 1], [2, 1]))));
    expect([snapshot.clock, snapshot.pruned].map(countersOf)).toEqual([named([3, 1]), named([1, 1], [2, 1])].map(countersOf));
    expect(removed).toHaveLength(3);
    await expectClock(named([3, 1]), named([1, 1], [2, 1]));
    expect((await load()).tail).toEqual([]);
    expect(textOf(await load())).toBe("abc");
    await must(log().append([author.type("d")]));
    await must(log().compact(author.lineage, named([3, 2])));
    await expectClock(named([3, 2]), named([1, 1], [2, 1]));
    expect(textOf(await load())).toBe("abcd");
  });

  test.each([
    { what: "nobody builds on", prunable: named([3, 1]) },
    { what: "is allowed with another counter", prunable: named([1, 2], [2, 2]) },
    { what: "was not allowed", prunable: VectorClock.empty },
  ])("[P2] an actor that $what stays named", async ({ prunable }) => {
    const author = await threeLives();
    await must(log().compact(author.lineage, author.clock, allowing(prunable)));
    await expectClock(author.clock, VectorClock.empty);
  });

  test("[P2] an actor on which only entries behind the snapshot build stays named in it", async () => {
    const author = await threeLives();
    await must(log().compact(author.lineage, named([1, 1]), allowing(named([1, 1]))));
    await expectClock(author.clock, VectorClock.empty);
  });

  test("[P2] an actor that has entries behind the snapshot stays named", async () => {
    const author = await threeLives();
    const cut = author.clock;
    author.restart(2);
    await must(log().append([author.type("d")]));
    await must(log().compact(author.lineage, cut, allowing(named([1, 1], [2, 1]))));
    await expectClock(named([2, 2], [3, 1]), named([1, 1]));
    expect(textOf(await load())).toBe("abcd");
  });

  test("an actor that came by a cover is pruned from that, too", async () => {
    const author = new LogAuthor();
    author.restart(2);
    await must(log().append([{ ...author.type("a"), cover: named([1, 7]) }]));
    const entry = { ...author.type("b").entries[0]!, deps: named([1, 7], [2, 1]) };
    await must(log().append([{ lineage: author.lineage, entries: [{ ...entry, dot: { actor: anActor(3), counter: 1 } }] }]));
    await must(log().compact(author.lineage, named([1, 7], [2, 1], [3, 1]), allowing(named([1, 7]))));
    await expectClock(named([2, 1], [3, 1]), named([1, 7]));
  });

  test("an actor that writes on is named again by a cover", async () => {
    const author = await threeLives();
    await must(log().compact(author.lineage, author.clock, allowing(named([1, 1], [2, 1]))));
    author.restart(2);
    await must(log().append([{ ...author.type("d"), cover: named([2, 1]) }]));
    await expectClock(named([2, 2], [3, 1]), named([1, 1], [2, 1]));
    expect(textOf(await load())).toBe("abcd");
    await must(log().compact(author.lineage, named([2, 2], [3, 1]), allowing(named([3, 1]))));
    await expectClock(named([2, 2]), named([3, 1]));
    expect((await load()).tail).toEqual([]);
  });

  const told = (clock: VectorClock, pruned: VectorClock, rememberedMax = 0): Unnaming => ({
    ...{ prunable: VectorClock.empty, told: { clock, pruned }, rememberedMax },
  });

  test("[P2] by another relay's word actors are pruned whatever the log still knows, without anything new in it, too", async () => {
    const author = await threeLives();
    await must(log().compact(author.lineage, author.clock));
    const { snapshot, removed, quarantined } = await must(log().compact(author.lineage, author.clock, told(named([3, 1]), named([1, 5]))));
    expect([snapshot.clock, snapshot.pruned].map(countersOf)).toEqual([named([2, 1], [3, 1]), named([1, 1])].map(countersOf));
    expect([removed, quarantined]).toEqual([[], []]);
    await expectClock(named([2, 1], [3, 1]), named([1, 1]));
    expect(textOf(await load())).toBe("abc");
  });

  test.each([
    { what: "is about what is not here", unnaming: told(named([3, 2]), named([1, 1])) },
    { what: "names less of an actor than is here", unnaming: told(named([2, 1]), named([3, 0], [4, 1])) },
  ])("[P2] a word that $what prunes nothing", async ({ unnaming }) => {
    const author = await threeLives();
    await must(log().compact(author.lineage, author.clock, unnaming));
    await expectClock(author.clock, VectorClock.empty);
  });

  test("what was pruned before is remembered as long as that is not too much", async () => {
    const author = await threeLives();
    await must(log().compact(author.lineage, author.clock, told(named([3, 1]), named([1, 1]), 2)));
    await must(log().compact(author.lineage, author.clock, told(named([1, 1], [3, 1]), named([2, 1]), 2)));
    await expectClock(named([3, 1]), named([1, 1], [2, 1]));
    author.restart(4);
    await must(log().append([author.type("d")]));
    await must(log().compact(author.lineage, named([3, 1], [4, 1]), told(named([4, 1]), named([3, 1]), 2)));
    await expectClock(named([4, 1]), named([3, 1]));
    expect(textOf(await load())).toBe("abcd");
  });
}
