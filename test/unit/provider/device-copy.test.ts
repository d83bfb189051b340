import { MemoryStore, type CopyChange, type OutboxEntry } from "@inkmesh/client";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import { afterEach, expect, test, vi } from "vitest";
import { DeviceCopy } from "../../../client/provider/device-copy.ts";

afterEach(() => void vi.useRealTimers());

const anEdit = (number: number): OutboxEntry => ({ tab: "t", number, createdMs: 0, bytes: Uint8Array.of(number) });
const numbersOf = (changes: readonly CopyChange[]): number[] =>
  changes.flatMap((change) => (change.type === "edits" ? change.entries.map(({ number }) => number) : []));

test("[P7] a write that fails while the backlog is written joins it: one retry at a time, and nothing is dropped", async () => {
  vi.useFakeTimers();
  const writes: { numbers: number[]; resolve: () => void; reject: (failure: Error) => void }[] = [];
  const store = new MemoryStore();
  store.write = (_, changes) => new Promise((resolve, reject) => writes.push({ numbers: numbersOf(changes), resolve, reject }));
  const copy = new DeviceCopy({ room: "r", store, changed: () => {} });
  copy.edits([anEdit(1)]);
  copy.edits([anEdit(2)]);
  writes[1]?.reject(new Error("the disk refuses"));
  await vi.advanceTimersByTimeAsync(1_000);
  writes[0]?.reject(new Error("the disk refuses"));
  await vi.advanceTimersByTimeAsync(60_000);
  expect(writes.map(({ numbers }) => numbers)).toEqual([[1], [2], [2]]);
  writes[2]?.resolve();
  await vi.advanceTimersByTimeAsync(0);
  expect(writes[3]?.numbers).toEqual([1]);
  expect(copy.notOnDevice).toBe(1);
  writes[3]?.resolve();
  await vi.advanceTimersByTimeAsync(0);
  expect([copy.notOnDevice, copy.state]).toEqual([0, "memory"]);
});

/** A copy whose every write the test answers itself. */
function aGatedCopy(): { copy: DeviceCopy; said: () => string[]; writes: { resolve: () => void; reject: (failure: Error) => void }[] } {
  vi.useFakeTimers();
  const writes: { said: string; resolve: () => void; reject: (failure: Error) => void }[] = [];
  const store = new MemoryStore();
  store.write = (_, changes) => {
    const said = changes.map((change) =>
      "entries" in change ? `${change.type} ${change.entries.map(({ number }) => number)}` : change.type,
    );
    return new Promise((resolve, reject) => writes.push({ said: said.join("; "), resolve, reject }));
  };
  return { copy: new DeviceCopy({ room: "r", store, changed: () => {} }), said: () => writes.map(({ said }) => said), writes };
}
const refusal = new Error("the disk refuses");
const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

test("[P7] that an edit is saved is noted behind the edit, which the disk may refuse at first", async () => {
  const { copy, said, writes } = aGatedCopy();
  copy.edits([anEdit(1)]);
  copy.updates([Uint8Array.of(9)]);
  copy.saved([anEdit(1)]);
  copy.setAside(anEdit(2), "GAP");
  expect(said()).toEqual(["edits 1", "updates"]);
  writes[1]?.resolve();
  writes[0]?.reject(refusal);
  await pass(1_000);
  writes[2]?.resolve();
  await pass(0);
  expect(said()).toEqual(["edits 1", "updates", "edits 1", "saved 1; set-aside"]);
});

test("[P7] an edit counts as on the device when those before it are there, too: it could not be shown without them", async () => {
  const { copy, writes } = aGatedCopy();
  copy.edits([anEdit(1)]);
  copy.edits([anEdit(2)]);
  writes[0]?.reject(refusal);
  writes[1]?.resolve();
  await pass(0);
  expect([copy.notOnDevice, copy.state]).toEqual([2, "failed"]);
  await pass(1_000);
  writes[2]?.resolve();
  await pass(0);
  expect([copy.notOnDevice, copy.state]).toEqual([0, "memory"]);
});

test("[P7] what a disk refused is written again in the order in which it was told", async () => {
  const { copy, said, writes } = aGatedCopy();
  for (const number of [1, 2, 3]) copy.edits([anEdit(number)]);
  writes[0]?.reject(refusal);
  await pass(0);
  copy.edits([anEdit(4)]);
  writes[1]?.reject(refusal);
  writes[2]?.reject(refusal);
  await pass(10_000);
  expect(said().at(-1)).toBe("edits 1; edits 2; edits 3; edits 4");
});

test("[P10] which document it is is written at once, before what is typed later, and again before what is written anew", async () => {
  const { copy, said, writes } = aGatedCopy();
  copy.updates([Uint8Array.of(9)]);
  copy.clockReached({ generation: 3, clock: VectorClock.empty });
  copy.edits([anEdit(1)]);
  expect(said()).toEqual(["updates", "clock", "edits 1"]);
  writes[1]?.reject(refusal);
  await pass(1_000);
  expect(said()[3]).toBe("clock");
  for (const { resolve } of writes) resolve();
  await pass(0);
  copy.rewrite([Uint8Array.of(9)], [anEdit(1)], []);
  expect(said()[4]).toBe("clock; updates; edits 1; clock");
});
