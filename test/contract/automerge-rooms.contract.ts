/**
 * What every update log does with rooms of Automerge's documents: the same as with others.
 */
import { beforeAll, expect, test } from "vitest";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { Entry } from "@inkmesh/shared/engine/entry";
import type { UpdateLog } from "../../server/log/update-log.ts";
import { textOfChanges, typedChanges } from "../automerge-typing.ts";
import { automergeRoom as room, loadAutomerge, readers } from "../engines.ts";
import { anActor, aRelay } from "./log-author.ts";
import { must } from "./update-log.contract.ts";

const lineage = { room, generation: 0 };
const minute = 60_000;

/** Each change an entry, a minute after the one before. */
function entriesOf(payloads: readonly Uint8Array[]): readonly Entry[] {
  return payloads.map((payload, at) => ({
    dot: { actor: anActor(1), counter: at + 1 },
    deps: at === 0 ? VectorClock.empty : VectorClock.of([[anActor(1), at]]),
    hlc: { physicalMs: (at + 1) * minute, logical: 0, relay: aRelay },
    author: "",
    payload,
  }));
}

export function automergeRoomsContract(log: () => UpdateLog, again: () => Promise<void>): void {
  // For those that do it in this thread.
  beforeAll(loadAutomerge);

  test("an Automerge document is read, compacted and read again, beside one of Yjs, and its history tells what it said when", async () => {
    const entries = entriesOf(typedChanges("aa", ["a", "b", "c", "d"]));
    await must(log().append([{ lineage, entries: entries.slice(0, 4) }]));
    expect((await must(log().load(room))).tail).toHaveLength(4);
    const { removed, quarantined, snapshot } = await must(log().compact(lineage, VectorClock.of([[anActor(1), 4]])));
    expect([removed.length, quarantined.length, textOfChanges([snapshot.state])]).toEqual([4, 0, "abc"]);
    await must(log().append([{ lineage, entries: entries.slice(4) }]));
    await again();
    const stored = await must(log().load(room));
    expect(textOfChanges([stored.snapshot!.state, ...stored.tail.map(({ payload }) => payload)])).toBe("abcd");
    expect(readers.automerge.decodeIndex(stored.index)).toMatchObject({ ok: true, value: { size: 5 } });
    const { minutes } = await must(log().history(room));
    const said = await Promise.all(minutes.map(({ minute: at }) => must(log().version({ ...lineage, minute: at, format: "json" }))));
    expect(said.map((bytes) => (JSON.parse(Buffer.from(bytes!).toString()) as { text: string }).text)).toEqual([
      "",
      "a",
      "ab",
      "abc",
      "abcd",
    ]);
  });
}
