/**
 * What each message to each client of an Automerge room asks of its index.
 */
import { expect, test } from "vitest";
import { bytesOfHex, concatBytes, hexOf } from "@inkmesh/shared/base/bytes";
import type { AutomergeChange } from "@inkmesh/shared/engine/automerge-change";
import { AutomergeContentIndex } from "@inkmesh/shared/engine/automerge-content-index";
import { decodeSyncMessage, emptyFilter, encodeSyncMessage } from "@inkmesh/shared/wire/automerge-sync";

const noBytes = new Uint8Array(0);
const hash = (byte: number): string => hexOf(new Uint8Array(32).fill(byte));

function aChange(actor: string, byte: number, deps: readonly string[]): AutomergeChange {
  return { hash: hash(byte), deps, actor, seq: 1, startOp: 1, operations: 1, deletions: 0, bytes: noBytes };
}

test("[P8] heads are put in order and encoded once, until something joins", () => {
  const index = new AutomergeContentIndex();
  index.join({ engine: "automerge", changes: [aChange("bb", 9, []), aChange("aa", 3, [])] });
  const [heads, vector] = [index.heads, index.stateVector()];
  expect(heads).toEqual([hash(3), hash(9)]);
  expect(index.heads).toBe(heads);
  expect(index.stateVector()).toBe(vector);
  index.join({ engine: "automerge", changes: [aChange("cc", 5, [hash(3)])] });
  expect(index.heads).toEqual([hash(5), hash(9)]);
  expect(index.stateVector()).toEqual(concatBytes([hash(5), hash(9)].map(bytesOfHex)));
  expect(heads, "who was told them has them still").toEqual([hash(3), hash(9)]);
});

test("a message says the same of heads as hex and as bytes", () => {
  const heads = [hash(3), hash(9)];
  const bytes = concatBytes(heads.map(bytesOfHex));
  const said = (each: readonly string[] | Uint8Array) =>
    encodeSyncMessage({ heads: each, need: [], have: [{ lastSync: each, filter: emptyFilter }], changes: [] });
  expect(said(bytes)).toEqual(said(heads));
  const read = decodeSyncMessage(said(bytes));
  expect(read.ok && [read.value.heads, read.value.have[0]?.lastSync]).toEqual([heads, heads]);
});
