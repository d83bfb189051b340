/**
 * When a room's content may be told to the disk by its hash: only where reading it there would give the same.
 */
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { concatBytes } from "@inkmesh/shared/base/bytes";
import { refused } from "@inkmesh/shared/base/result";
import { AutomergeReader } from "@inkmesh/shared/engine/automerge-reader";
import { encodeStateVector } from "@inkmesh/shared/engine/state-vector";
import { YjsEngine } from "@inkmesh/shared/engine/yjs-engine";
import { limitsWith } from "../../../server/config.ts";
import { RoomContent } from "../../../server/core/room-content.ts";
import { MemoryUpdateLog } from "../../../server/log/memory-update-log.ts";
import { typedChanges } from "../../automerge-typing.ts";
import { LogAuthor } from "../../contract/log-author.ts";
import { loadAutomerge } from "../../engines.ts";

const engine = new YjsEngine();
let content: RoomContent;
let author: LogAuthor;

beforeEach(() => {
  content = RoomContent.empty(engine, limitsWith({}));
  author = new LogAuthor();
});

/** What is read where `entries` are on disk. */
const readHash = ({ entries }: LogAuthor): string => engine.indexOf(entries.map(({ payload }) => payload)).index.hash();

function take(text: string): void {
  for (const entry of author.type(text).entries) content.take(entry);
}

describe("[P1] what the disk is told of a content's hash", () => {
  test("is what would be read there, once for each change", () => {
    take("abc");
    expect([content.untoldHash(), content.untoldHash()]).toEqual([readHash(author), undefined]);
    take("d");
    expect(content.untoldHash()).toBe(readHash(author));
  });

  test("is nothing once part of an entry was left out, which whoever reads all of them lets in", () => {
    const [first, second, third] = author.type("abc").entries;
    const swapped = [first!, { ...second!, payload: third!.payload }, { ...third!, payload: second!.payload }];
    for (const entry of swapped) content.take(entry);
    expect(content.hash()).not.toBe(readHash(author));
    expect(content.untoldHash()).toBeUndefined();
  });

  test("is nothing after a compaction that failed, and may have happened, and something after the next one", async () => {
    take("abc");
    content.adopt(refused("STORE_FAILED", "the store's thread ended"));
    expect(content.untoldHash()).toBeUndefined();
    const log = new MemoryUpdateLog({ engineOf: () => engine, nestingMax: 64 });
    await log.append([{ lineage: author.lineage, entries: author.entries }]);
    content.adopt(await log.compact(author.lineage, author.clock));
    expect(content.untoldHash()).toBe(readHash(author));
  });

  test("is nothing where a snapshot names more than is known here", async () => {
    const log = new MemoryUpdateLog({ engineOf: () => engine, nestingMax: 64 });
    take("abc");
    const { lineage, entries } = author;
    await log.append([{ lineage, entries }, author.erase(0, 1)]);
    content.adopt(await log.compact(lineage, author.clock));
    expect(content.untoldHash()).toBeUndefined();
  });
});

describe("[P8] what a room takes in memory", () => {
  beforeAll(loadAutomerge);

  test("grows by each change of an Automerge document, however few bytes brought it", () => {
    const room = RoomContent.empty(new AutomergeReader(), limitsWith({}));
    const beside = (): number => room.memoryBytes - room.bytes - 128 * room.tail.length;
    const before = beside();
    const [entry] = author.type("a").entries;
    const changes = typedChanges(
      "aa",
      Array.from({ length: 99 }, () => "a"),
    );
    room.take({ ...entry!, payload: concatBytes(changes) });
    expect(room.changes?.size).toBe(100);
    expect(beside() - before).toBeGreaterThan(100 * 120);
  });
});

describe("who joins a room of Yjs'", () => {
  test("is compared with a snapshot that was read once", () => {
    const [theirs, held] = [encodeStateVector(new Map([[1, 2]])), encodeStateVector(new Map([[1, 3]]))];
    expect(engine.holding(theirs, held, 10)).toEqual({ ok: true, value: "some" });
    held.set(encodeStateVector(new Map([[1, 2]])));
    expect(engine.holding(theirs, held, 10), "not read again").toEqual({ ok: true, value: "some" });
  });
});
