/**
 * What every update log does with what leaves it, where it keeps a history: it can be told who wrote what, and when.
 */
import { expect, test } from "vitest";
import type { RoomName } from "@inkmesh/shared/base/ids";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import { dotKey, type Dot } from "@inkmesh/shared/clock/dot";
import type { RoomHistory } from "../../server/core/stored-history.ts";
import type { Append, UpdateLog } from "../../server/log/update-log.ts";
import { anActor, aRelay, LogAuthor, textOf } from "./log-author.ts";
import { aRecord, must } from "./update-log.contract.ts";

const minute = 60_000;
const room = "a room" as RoomName;

/** Every dot that a history tells of. */
export function dotsOf({ minutes }: RoomHistory): string[] {
  return minutes.flatMap(({ dots }) =>
    dots.flatMap(({ actor, from, length }) => Array.from({ length }, (_, at) => dotKey({ actor, counter: from + at }))),
  );
}

const keysOf = (dots: readonly Dot[]): string[] => dots.map(dotKey);

function by(author: string, append: Append): Append {
  return { ...append, entries: append.entries.map((entry) => ({ ...entry, author })) };
}

export function historyContract(log: () => UpdateLog, again: () => Promise<void>): void {
  test("a room that nobody has written to has no history", async () => {
    const history = await must(log().history(room));
    expect(history).toEqual({ generation: 0, base: VectorClock.empty, minutes: [] });
  });

  test("[P2] what left the log is in the history, beside what is still in it, each once", async () => {
    const author = new LogAuthor();
    for (const words of ["one ", "two ", "three "]) {
      await must(log().append([author.type(words), author.erase(0, 1)]));
      await must(log().compact(author.lineage, author.clock));
      author.pass(minute);
    }
    await must(log().append([author.type("four")]));
    await again();
    const history = await must(log().history(room));
    expect(dotsOf(history).sort()).toEqual(keysOf(author.entries.map((entry) => entry.dot)).sort());
    expect(history.minutes.map(({ entries }) => entries)).toEqual([5, 5, 7, 4]);
    expect(history.base.size).toBe(0);
  });

  test("entries are told apart by minute and by author, in the order of time", async () => {
    const author = new LogAuthor({ physicalMs: 10 * minute });
    await must(log().append([by("ada", author.type("abc")), by("bob", author.type("de"))]));
    author.pass(minute);
    await must(log().append([by("ada", author.type("f"))]));
    await must(log().compact(author.lineage, author.clock));
    await again();
    const { minutes } = await must(log().history(room));
    const [at, end] = [10 * minute, author.clock.counter(anActor(1))];
    expect(minutes.map((each) => [each.minute, each.author, each.entries])).toEqual([
      [10, "ada", 3],
      [10, "bob", 2],
      [11, "ada", 1],
    ]);
    expect(minutes[0]).toMatchObject({
      first: { physicalMs: at + 1, logical: 0, relay: aRelay },
      last: { physicalMs: at + 3, logical: 0, relay: aRelay },
      dots: [{ actor: anActor(1), from: 1, length: 3 }],
    });
    expect(minutes.map(({ deps }) => deps.counter(anActor(1)))).toEqual([2, 4, end - 1]);
  });

  test("a minute that was cut by a compaction is one minute", async () => {
    const author = new LogAuthor({ physicalMs: 10 * minute });
    await must(log().append([author.type("ab")]));
    await must(log().compact(author.lineage, author.clock));
    await must(log().append([author.type("cd")]));
    await must(log().compact(author.lineage, author.clock));
    await must(log().append([author.type("ef")]));
    await again();
    expect((await must(log().history(room))).minutes).toMatchObject([
      { entries: 6, dots: [{ from: 1, length: 6 }], last: { physicalMs: 10 * minute + 6 } },
    ]);
  });

  test("what was set aside because it does not apply is in no history", async () => {
    const author = new LogAuthor();
    await must(log().append([author.type("so"), author.push(Uint8Array.of(0xff, 0xff, 0xff)), author.type("und")]));
    const { removed, quarantined } = await must(log().compact(author.lineage, author.clock));
    await again();
    const told = dotsOf(await must(log().history(room)));
    expect(told).toEqual(keysOf(removed));
    expect(told).not.toContain(dotKey(quarantined[0]!));
  });

  test("what a snapshot was not asked to contain stays in the log, and is told of all the same", async () => {
    const author = new LogAuthor();
    await must(log().append([author.type("taken in")]));
    const cut = author.clock;
    author.pass(minute);
    await must(log().append([author.type(", left")]));
    await must(log().compact(author.lineage, cut));
    await again();
    expect((await must(log().history(room))).minutes.map(({ entries }) => entries)).toEqual([8, 6]);
  });

  const horizon = (minutes: number, due = minutes) => ({ cutMs: minutes * minute, dueMs: due * minute });

  /** Five letters a minute, in minutes 10 to 14, each compacted. */
  async function fiveMinutes(): Promise<LogAuthor> {
    const author = new LogAuthor({ physicalMs: 10 * minute });
    for (let number = 0; number < 5; number++) {
      await must(log().append([author.type("abcde")]));
      await must(log().compact(author.lineage, author.clock));
      author.pass(minute);
    }
    return author;
  }

  test("what is older than the horizon leaves a history, which begins with exactly that; the document stays as it is", async () => {
    const author = await fiveMinutes();
    await must(log().append([author.type("tail")]));
    const before = await must(log().load(room));
    expect(await must(log().expireHistory(horizon(12)))).toBe(1);
    await again();
    const history = await must(log().history(room));
    expect(history.minutes.map((each) => [each.minute, each.entries])).toEqual([
      [12, 5],
      [13, 5],
      [14, 5],
      [15, 4],
    ]);
    expect(history.base.entries()).toEqual([[anActor(1), 10]]);
    expect(await must(log().load(room))).toEqual(before);
    expect(await must(log().verify())).toEqual([]);
    expect(await must(log().expireHistory(horizon(12)))).toBe(0);
    expect(await must(log().expireHistory(horizon(14)))).toBe(1);
    await must(log().append([author.type("!")]));
    await must(log().compact(author.lineage, author.clock));
    await again();
    const later = await must(log().history(room));
    expect(later.base.entries()).toEqual([[anActor(1), 20]]);
    expect(dotsOf(later)).toHaveLength(author.entries.length - 20);
    expect(textOf(await must(log().load(room)))).toBe(author.text);
  });

  /** The document's text at the end of a minute. */
  async function textAt(at: number, generation = 0): Promise<string | undefined> {
    const content = await must(log().version({ room, generation, minute: at, format: "text" }));
    return content && new TextDecoder().decode(content).trim();
  }

  test("a version is the document of then, with what was deleted since, until the horizon has passed it", async () => {
    const author = new LogAuthor({ physicalMs: 10 * minute });
    for (const words of ["first", " second", " third"]) {
      await must(log().append([author.type(words)]));
      author.pass(minute);
    }
    await must(log().compact(author.lineage, author.clock));
    await must(log().append([author.erase(0, 6)]));
    author.pass(minute);
    await must(log().append([author.type(", now")]));
    const expected = ["first", "first second", "first second third", "second third", "second third, now", undefined];
    for (const [at, text] of expected.entries()) expect(await textAt(10 + at), `minute ${10 + at}`).toBe(text);
    await must(log().compact(author.lineage, author.clock));
    await again();
    for (const [at, text] of expected.entries()) expect(await textAt(10 + at), `minute ${10 + at}`).toBe(text);
    expect(await textAt(12, 1)).toBeUndefined();
    await must(log().expireHistory(horizon(12)));
    await again();
    for (const [at, text] of expected.entries()) expect(await textAt(10 + at), `minute ${10 + at}`).toBe(at < 2 ? undefined : text);
  });

  test("a version has what its edits hang on, also where that says that it is newer", async () => {
    const author = new LogAuthor({ physicalMs: 20 * minute });
    await must(log().append([author.type("ahead")]));
    author.pass(-10 * minute);
    await must(log().append([author.type(" of time")]));
    await must(log().compact(author.lineage, author.clock));
    await again();
    expect(await textAt(10)).toBe("ahead of time");
  });

  test("a history is cut only where something in it is due, and what is in the log is never cut", async () => {
    const author = await fiveMinutes();
    expect(await must(log().expireHistory(horizon(14, 10)))).toBe(0);
    expect((await must(log().history(room))).minutes).toHaveLength(5);
    expect(await must(log().expireHistory(horizon(14, 11)))).toBe(1);
    await must(log().append([author.type("tail")]));
    expect(await must(log().expireHistory(horizon(99)))).toBe(1);
    expect(await must(log().expireHistory(horizon(99)))).toBe(0);
    expect((await must(log().history(room))).minutes).toMatchObject([{ minute: 15, entries: 4 }]);
  });

  test("what hangs on something newer stays, whatever its stamp", async () => {
    const author = new LogAuthor({ physicalMs: 20 * minute });
    await must(log().append([author.type("ahead")]));
    author.pass(-10 * minute);
    await must(log().append([author.type("behind")]));
    await must(log().compact(author.lineage, author.clock));
    expect(await must(log().expireHistory(horizon(15)))).toBe(0);
    expect((await must(log().history(room))).minutes.map((each) => each.minute)).toEqual([10, 20]);
    expect(await must(log().expireHistory(horizon(21)))).toBe(1);
    expect(await must(log().history(room))).toMatchObject({ minutes: [] });
  });

  test("without a horizon all histories go, and begin anew with what there is", async () => {
    const author = await fiveMinutes();
    expect(await must(log().expireHistory(undefined))).toBe(1);
    expect(await must(log().expireHistory(undefined))).toBe(0);
    await again();
    const cut = author.clock;
    expect(await must(log().history(room))).toEqual({ generation: 0, base: cut, minutes: [] });
    await must(log().append([author.type("new")]));
    await must(log().compact(author.lineage, author.clock));
    await again();
    expect(await must(log().history(room))).toMatchObject({ base: cut, minutes: [{ minute: 15, entries: 3 }] });
    expect(textOf(await must(log().load(room)))).toBe(author.text);
  });

  test("[P10] a closed generation takes its history with it, and the next one begins without", async () => {
    const author = new LogAuthor();
    await must(log().append([author.type("gone")]));
    await must(log().compact(author.lineage, author.clock));
    await must(log().putRecord(aRecord("a room", { deleted: { hlc: author.entries[0]!.hlc, by: "" }, everDeleted: true })));
    await must(log().putRecord(aRecord("a room", { generation: 1, everDeleted: true })));
    await must(log().append([new LogAuthor({ generation: 1 }).type("new")]));
    await again();
    expect((await must(log().history(room, 0))).minutes).toEqual([]);
    expect(await must(log().history(room))).toMatchObject({ generation: 1, minutes: [{ entries: 3 }] });
    expect(await must(log().verify())).toEqual([]);
  });
}
