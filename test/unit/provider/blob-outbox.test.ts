import { expect, test } from "vitest";
import { blobNameOf } from "@inkmesh/shared/base/blob-name";
import { BlobOutbox, type BlobKey } from "../../../client/provider/core/blob-outbox.ts";

const aKey = (digit = "a", room = "r"): BlobKey => ({ room, name: blobNameOf(digit.repeat(64)) });
const [a, b] = [aKey("a"), aKey("b")];
const refusal = { code: "TOO_MANY_BLOBS", detail: "" } as const;

function anOutbox(...written: readonly BlobKey[]): BlobOutbox {
  const outbox = new BlobOutbox({ fraction: () => 0, bytes: (length) => new Uint8Array(length) });
  outbox.reading()([]);
  for (const key of written) {
    outbox.add(key);
    outbox.written(key);
  }
  return outbox;
}

test("[P2] nothing is known before the store was read", () => {
  const outbox = new BlobOutbox({ fraction: () => 0, bytes: () => new Uint8Array() });
  expect(outbox.view("r")).toMatchObject({ isKnown: false, waiting: 0 });
  outbox.reading()([a]);
  expect(outbox.view("r")).toMatchObject({ isKnown: true, waiting: 1 });
});

test("[P2] an image waits from before it is written until a relay has said that it is saved", () => {
  const outbox = anOutbox();
  outbox.add(a);
  expect([outbox.view("r").waiting, outbox.next(0), outbox.nextDeadline]).toEqual([1, undefined, undefined]);
  outbox.written(a);
  expect(outbox.next(0)).toMatchObject(a);
  outbox.offered(a, { type: "kept" }, 0);
  expect(outbox.view("r")).toMatchObject({ waiting: 1, kept: 1 });
  outbox.offered(a, { type: "saved" }, 0);
  expect(outbox.view("r")).toMatchObject({ waiting: 0, kept: 0 });
});

test("what was added while the store was read waits on, what the store has no more does not", () => {
  const outbox = anOutbox(a);
  const read = outbox.reading();
  outbox.add(b);
  outbox.written(b);
  read([aKey("c")]);
  expect(outbox.view("r").waiting).toBe(2);
  expect([outbox.next(0), outbox.view("other").waiting]).toEqual([expect.objectContaining(b), 0]);
});

test("[P2] a store that cannot be read may have anything: nothing is known until it was read", () => {
  const outbox = anOutbox();
  outbox.unreadable();
  expect(outbox.view("r").isKnown).toBe(false);
  outbox.reading()([a]);
  expect(outbox.view("r")).toMatchObject({ isKnown: true, waiting: 1 });
});

test("[P2] what is written once more is not taken for gone by who read the store before", () => {
  const outbox = anOutbox(a);
  const read = outbox.reading();
  expect(outbox.add(a)).toBe(false);
  expect(outbox.next(0)).toBeUndefined();
  read([]);
  expect(outbox.view("r").waiting).toBe(1);
});

test("what is being written is not taken for gone", () => {
  const outbox = anOutbox();
  outbox.add(a);
  outbox.reading()([]);
  expect(outbox.view("r").waiting).toBe(1);
});

test("it is offered again after a wait that doubles up to a minute, and at once when a line comes up", () => {
  const outbox = new BlobOutbox({ fraction: () => 1, bytes: () => new Uint8Array() });
  outbox.add(a);
  outbox.written(a);
  let nowMs = 0;
  const waits = Array.from({ length: 9 }, () => {
    outbox.offered(a, { type: "unanswered" }, nowMs);
    const waitMs = outbox.nextDeadline! - nowMs;
    expect(outbox.next(nowMs + waitMs - 1)).toBeUndefined();
    nowMs += waitMs;
    return waitMs / 1_000;
  });
  expect(waits).toEqual([2, 3, 5, 9, 17, 33, 61, 61, 61]);
  outbox.offered(a, { type: "refused", refusal, isFinal: true }, nowMs);
  expect([outbox.view("r").problem, outbox.nextDeadline! - nowMs]).toEqual([refusal, 600_000]);
  outbox.lineUp();
  expect([outbox.next(nowMs), outbox.view("r").problem]).toEqual([expect.objectContaining(a), undefined]);
});

test("one that is refused does not hold up the others", () => {
  const outbox = anOutbox(a, b);
  outbox.offered(a, { type: "refused", refusal, isFinal: true }, 0);
  expect(outbox.next(0)).toMatchObject(b);
});
