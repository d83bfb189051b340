import { MemoryStore, type CopyChange, type OutboxEntry } from "@inkmesh/client";
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
