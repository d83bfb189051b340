/**
 * What every update log that keeps histories does for those of other relays: it tells what it has, gives of it what another one lacks, and
 * takes in what it lacks itself.
 */
import { expect, test } from "vitest";
import * as Y from "yjs";
import type { RelayId, RoomName } from "@inkmesh/shared/base/ids";
import { actorOf } from "@inkmesh/shared/base/ids";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { Entry } from "@inkmesh/shared/engine/entry";
import { YjsEngine } from "@inkmesh/shared/engine/yjs-engine";
import { allTold, isWithoutGap, takenAuthor, tellsAllOf, type HistoryAsk, type TakenHistory } from "../../server/core/stored-history.ts";
import { nothingUnnamed } from "../../server/core/stored-room.ts";
import { encodePiece } from "../../server/log/history-piece.ts";
import { encodeSegment, type HistorySegment } from "../../server/log/history-segment.ts";
import { MemoryUpdateLog } from "../../server/log/memory-update-log.ts";
import type { UpdateLog } from "../../server/log/update-log.ts";
import { anActor, LogAuthor, textOf } from "./log-author.ts";
import { must } from "./update-log.contract.ts";

const minute = 60_000;
const room = "a room" as RoomName;
const engine = new YjsEngine();
const newcomer = actorOf("n" as RelayId, Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1));

const aMemory = (): MemoryUpdateLog => new MemoryUpdateLog({ engineOf: () => engine, nestingMax: 100, keepsHistory: true });

/** Takes over all that an author wrote as a state, as a relay does that was away or is new. */
export async function takeOver(log: UpdateLog, author: LogAuthor, at: number, cover = author.clock): Promise<void> {
  const { clock } = await must(log.load(room));
  const entry: Entry = {
    dot: { actor: newcomer, counter: clock.counter(newcomer) + 1 },
    deps: clock,
    hlc: { physicalMs: at, logical: 0, relay: "n" as RelayId },
    author: takenAuthor,
    payload: Y.encodeStateAsUpdate(author.document),
  };
  await must(log.append([{ lineage: author.lineage, entries: [entry], cover }]));
}

/** Brings what one history lacks of another one, and says how many pieces that took. */
export async function bring(from: UpdateLog, to: UpdateLog, sinceMs = 0, isWithBase = true): Promise<number> {
  const lineage = { room, generation: 0 };
  let { coverage, clock } = await must(to.historyCoverage(lineage, sinceMs));
  for (let pieces = 1, wantsBase = isWithBase; ; pieces++) {
    const ask: HistoryAsk = { clock, base: coverage.base, told: allTold(coverage), wantsBase };
    const taken: TakenHistory = await must(to.takeHistory(lineage, await must(from.historyPiece(lineage, ask)), sinceMs));
    if (taken.isLast) return pieces;
    wantsBase = false;
    ({ coverage, clock } = taken);
    if (pieces > 1_000) throw new Error("it never ends");
  }
}

export function historyCopiesContract(log: () => UpdateLog, again: () => Promise<void>): void {
  /** Three minutes, with a deletion, one of them not compacted yet, in a log. */
  async function threeMinutes(into: UpdateLog, words = "minute "): Promise<LogAuthor> {
    const author = new LogAuthor({ physicalMs: 10 * minute });
    await must(into.append([author.type(words)]));
    await must(into.compact(author.lineage, author.clock));
    author.pass(minute);
    await must(into.append([author.type("two"), author.erase(0, 3)]));
    await must(into.compact(author.lineage, author.clock));
    author.pass(minute);
    await must(into.append([author.type("!")]));
    return author;
  }

  async function versions(of: UpdateLog): Promise<readonly (string | undefined)[]> {
    const texts: (string | undefined)[] = [];
    for (const at of [9, 10, 11, 12]) {
      const content = await must(of.version({ room, generation: 0, minute: at, format: "text" }));
      texts.push(content && new TextDecoder().decode(content).trim());
    }
    return texts;
  }

  const told = [undefined, "minute", "ute two", "ute two!"];

  test("a state that was taken over is an edit of nobody until the edits that it was made of are here", async () => {
    const there = aMemory();
    const author = await threeMinutes(there);
    await takeOver(log(), author, 30 * minute);
    expect((await must(log().history(room))).minutes).toMatchObject([{ minute: 30, author: "", entries: 1 }]);
    await bring(there, log());
    await again();
    const history = await must(log().history(room));
    expect(history).toEqual(await must(there.history(room)));
    expect(await versions(log())).toEqual(told);
    expect(textOf(await must(log().load(room)))).toBe(author.text);
    // What it wrote itself for that goes with its next snapshot, and comes back to nobody.
    await must(log().compact(author.lineage, author.clock.join(VectorClock.of([[newcomer, 1]]))));
    await again();
    expect(await must(log().history(room))).toEqual(history);
    expect(await versions(log())).toEqual(told);
    expect(await must(log().verify())).toEqual([]);
  });

  test("what it has it gives to another one, also what is still in its log; and asks for nothing that it has", async () => {
    const author = await threeMinutes(log());
    const there = aMemory();
    await takeOver(there, author, 30 * minute);
    expect(await bring(log(), there)).toBe(1);
    expect(await must(there.history(room))).toEqual(await must(log().history(room)));
    const before = await must(there.historyCoverage(author.lineage, 0));
    const ask = { clock: before.clock, base: before.coverage.base, told: allTold(before.coverage), wantsBase: true };
    const nothing = await must(there.takeHistory(author.lineage, await must(log().historyPiece(author.lineage, ask)), 0));
    expect(nothing).toMatchObject({ isNew: false, isLast: true });
    expect(await versions(there)).toEqual(told);
  });

  test("a minute that two relays cut in different places is told once", async () => {
    const there = aMemory();
    const author = new LogAuthor({ physicalMs: 10 * minute });
    const [one, two, three] = [author.type("abc"), author.type("de"), author.type("f")];
    await must(there.append([one, two]));
    await must(there.compact(author.lineage, author.clock));
    await must(there.append([three]));
    await must(log().append([one]));
    await must(log().compact(author.lineage, VectorClock.of([[anActor(1), 3]])));
    await takeOver(log(), author, 30 * minute);
    await bring(there, log());
    await again();
    expect((await must(log().history(room))).minutes).toMatchObject([{ entries: 6, dots: [{ from: 1, length: 6 }] }]);
    expect(await must(log().history(room))).toEqual(await must(there.history(room)));
  });

  test("what is still in a log is told with what was compacted, also where it was written before that", async () => {
    const there = aMemory();
    const [late, early] = [new LogAuthor({ physicalMs: 12 * minute }), new LogAuthor({ physicalMs: 11 * minute, life: 2, clientId: 8 })];
    await must(there.append([late.type("aaa")]));
    await must(there.compact(late.lineage, late.clock));
    await must(there.append([early.type("bbb")]));
    Y.applyUpdate(late.document, Y.encodeStateAsUpdate(early.document));
    await takeOver(log(), late, 30 * minute, late.clock.join(early.clock));
    await bring(there, log());
    await again();
    expect(await must(log().history(room))).toEqual(await must(there.history(room)));
    expect((await must(log().history(room))).minutes.map(({ minute: at }) => at)).toEqual([11, 12]);
  });

  test("a long history comes piece by piece", async () => {
    const there = aMemory();
    const author = new LogAuthor({ physicalMs: 10 * minute });
    for (let number = 0; number < 6; number++) {
      const noise = Array.from({ length: 20_000 }, (_, at) => String.fromCharCode(0x4e00 + ((at * 7_919 * (number + 3)) % 20_000))).join(
        "",
      );
      author.document.getText("text").insert(0, noise);
      await must(there.append([author.push(Y.encodeStateAsUpdate(author.document))]));
      await must(there.compact(author.lineage, author.clock));
      author.pass(minute);
    }
    await takeOver(log(), author, 30 * minute);
    expect(await bring(there, log())).toBeGreaterThan(2);
    await again();
    expect(await must(log().history(room))).toEqual(await must(there.history(room)));
  });

  test("where a history begins with a state, that comes along, and with it what it contains leaves", async () => {
    const there = aMemory();
    const author = await threeMinutes(there);
    await must(log().append([{ lineage: author.lineage, entries: author.entries.slice(0, 4) }]));
    await must(log().compact(author.lineage, VectorClock.of([[anActor(1), 4]])));
    await must(there.expireHistory({ cutMs: 11 * minute, dueMs: 11 * minute }));
    await takeOver(log(), author, 30 * minute);
    await bring(there, log(), 11 * minute);
    await again();
    expect(await must(log().history(room))).toEqual(await must(there.history(room)));
    expect((await must(log().history(room))).base.entries()).toEqual([[anActor(1), 7]]);
    expect(await versions(log())).toEqual([undefined, undefined, "ute two", "ute two!"]);
    expect(await must(log().verify())).toEqual([]);
    expect(textOf(await must(log().load(room)))).toBe(author.text);
  });

  test("what hangs on something that is lacking becomes no state, and what is lacking still comes", async () => {
    const there = aMemory();
    const author = await threeMinutes(there);
    await must(there.expireHistory({ cutMs: 11 * minute, dueMs: 11 * minute }));
    await takeOver(log(), author, 30 * minute);
    // Not yet what it begins with.
    await bring(there, log(), 0, false);
    await must(log().expireHistory({ cutMs: 12 * minute, dueMs: 12 * minute }));
    expect((await must(log().historyGaps(0, 10))).lineages).toEqual([author.lineage]);
    const after = await must(log().historyCoverage(author.lineage, 12 * minute));
    expect(after.coverage.base).toEqual(VectorClock.empty);
    expect(tellsAllOf(after.coverage, (await must(there.historyCoverage(author.lineage, 12 * minute))).coverage)).toBe(false);
    await bring(there, log(), 11 * minute);
    expect(await versions(log())).toEqual([undefined, undefined, "ute two", "ute two!"]);
    await must(log().expireHistory({ cutMs: 12 * minute, dueMs: 12 * minute }));
    expect((await must(log().history(room))).base).toEqual(VectorClock.of([[anActor(1), 11]]));
  });

  test("what clocks were pruned of is lacking, too, where something hangs on it, and comes with what the other one begins with", async () => {
    const there = aMemory();
    const author = new LogAuthor({ physicalMs: 10 * minute });
    await must(there.append([author.type("one ")]));
    await must(there.compact(author.lineage, author.clock));
    await must(there.expireHistory({ cutMs: 11 * minute, dueMs: 11 * minute }));
    author.pass(minute);
    author.restart(2);
    await must(there.append([author.type("two")]));
    await must(there.compact(author.lineage, author.clock, { ...nothingUnnamed, prunable: VectorClock.of([[anActor(1), 4]]) }));
    const { clock: pruned } = await must(there.load(room));
    expect(pruned).toEqual(VectorClock.of([[anActor(2), 3]]));
    await takeOver(log(), author, 30 * minute, pruned);
    // As a relay does: what it begins with is asked for only where something is lacking then.
    expect(await bring(there, log(), 0, false)).toBe(1);
    expect((await must(log().historyGaps(0, 10))).lineages).toEqual([author.lineage]);
    await bring(there, log());
    await again();
    expect((await must(log().historyGaps(0, 10))).lineages).toEqual([]);
    expect(await must(log().history(room))).toEqual(await must(there.history(room)));
    expect((await versions(log()))[2]).toBe("one two");
  });

  test("an entry that was set aside is no gap: there is nothing to be told of it", async () => {
    const author = new LogAuthor({ physicalMs: 10 * minute });
    await must(log().append([author.type("abc")]));
    await must(log().append([author.push(Uint8Array.of(1, 1, 7, 99, 0, 0))]));
    await must(log().append([{ ...author.type("d"), cover: author.clock }]));
    expect(await must(log().compact(author.lineage, author.clock))).toMatchObject({ quarantined: [{ counter: 4 }] });
    await again();
    expect((await must(log().historyGaps(0, 10))).lineages).toEqual([]);
    await must(log().expireHistory({ cutMs: 11 * minute, dueMs: 11 * minute }));
    expect((await must(log().history(room))).base).toEqual(author.clock);
  });

  test("what is told minute by minute, and to be kept, is not given up for a state", async () => {
    const there = aMemory();
    const author = await threeMinutes(there);
    await must(log().append([{ lineage: author.lineage, entries: author.entries.slice(0, 4) }]));
    await must(log().compact(author.lineage, VectorClock.of([[anActor(1), 4]])));
    await must(there.expireHistory({ cutMs: 11 * minute, dueMs: 11 * minute }));
    await takeOver(log(), author, 30 * minute);
    await bring(there, log(), 10 * minute);
    expect((await must(log().history(room))).minutes.map(({ minute: at, entries }) => [at, entries])).toContainEqual([10, 4]);
  });

  test("histories that lack something are found, until they do not any more", async () => {
    const there = aMemory();
    const author = await threeMinutes(there);
    await takeOver(log(), author, 30 * minute);
    const gaps = async () => (await must(log().historyGaps(0, 10))).lineages;
    expect(await gaps()).toEqual([author.lineage]);
    await bring(there, log());
    expect(await gaps()).toEqual([]);
  });

  test("it tells whether one history has all that another one tells, minute by minute", async () => {
    const there = aMemory();
    const author = await threeMinutes(there);
    await takeOver(log(), author, 30 * minute);
    const cover = async (of: UpdateLog, sinceMs = 0) => (await must(of.historyCoverage(author.lineage, sinceMs))).coverage;
    expect(tellsAllOf(await cover(log()), await cover(there))).toBe(false);
    await bring(there, log());
    expect(tellsAllOf(await cover(log()), await cover(there))).toBe(true);
    expect(isWithoutGap(await cover(log()), author.clock)).toBe(true);
    await must(log().expireHistory({ cutMs: 12 * minute, dueMs: 12 * minute }));
    expect(tellsAllOf(await cover(log()), await cover(there))).toBe(false);
    expect(tellsAllOf(await cover(log()), await cover(there, 12 * minute))).toBe(true);
  });

  test("[P11] a segment that says what cannot be is not taken in, and what is here stays as it was", async () => {
    const author = await threeMinutes(log());
    const [entry] = author.entries as [Entry];
    const actor = anActor(9);
    const good: HistorySegment = {
      ...{ author: "", minute: 10, entries: 2, first: entry.hlc, last: entry.hlc, deps: VectorClock.empty },
      ...{ dots: [{ actor, from: 1, length: 2 }], part: engine.mergeHistory([entry.payload]) },
    };
    const bad: readonly HistorySegment[] = [
      { ...good, dots: [{ actor, from: 1, length: 2 ** 40 }] },
      { ...good, entries: 2 ** 40, dots: [{ actor, from: 1, length: 2 ** 40 }] },
      { ...good, dots: [{ actor, from: 0, length: 2 }] },
      { ...good, dots: [1, 1].map((length) => ({ actor, from: 1, length })) },
      { ...good, dots: [2, 1].map((from) => ({ actor, from, length: 1 })) },
      { ...good, entries: 1, dots: [{ actor, from: Number.MAX_SAFE_INTEGER, length: 1 }] },
      { ...good, entries: 0, dots: [] },
      { ...good, minute: 11 },
      { ...good, part: { encoding: "payloads", bytes: Uint8Array.of(3, 7, 7, 7) } },
      { ...good, part: { encoding: "yjs-v2", bytes: Uint8Array.of(1, 2, 3) } },
    ];
    const before = await must(log().history(room));
    for (const segment of bad) {
      const piece = encodePiece({ base: undefined, segments: [encodeSegment(segment)], isLast: true });
      expect(await must(log().takeHistory(author.lineage, piece, 0)), JSON.stringify(segment.dots)).toMatchObject({ isNew: false });
    }
    await again();
    expect(await must(log().history(room))).toEqual(before);
    expect(await versions(log())).toEqual(told);
    const piece = encodePiece({ base: undefined, segments: [encodeSegment(good)], isLast: true });
    expect(await must(log().takeHistory(author.lineage, piece, 0))).toMatchObject({ isNew: true });
  });

  test("[P10] nothing is taken in of a document that is not here", async () => {
    const there = aMemory();
    const author = await threeMinutes(there);
    const ask = { clock: VectorClock.empty, base: VectorClock.empty, told: [], wantsBase: true };
    const piece = await must(there.historyPiece(author.lineage, ask));
    expect(await log().takeHistory(author.lineage, piece, 0)).toMatchObject({ ok: false });
    await takeOver(log(), author, 30 * minute);
    await must(log().dropCopies([author.lineage]));
    expect(await log().takeHistory(author.lineage, piece, 0)).toMatchObject({ ok: false });
    expect(await log().takeHistory(author.lineage, Uint8Array.of(9, 9), 0)).toMatchObject({ ok: false });
    await again();
    expect((await must(log().history(room))).minutes).toEqual([]);
  });
}
