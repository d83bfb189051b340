/**
 * The bytes of a history's segments: what one relay wrote another version reads, and years later.
 */
import { expect, test } from "vitest";
import type { ActorId, RelayId } from "@inkmesh/shared/base/ids";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import { decodeSegment, decodeSegmentHead, encodeSegment, type HistorySegment } from "../../server/log/history-segment.ts";

const [a, b] = ["a.0000000000000001" as ActorId, "b.0000000000000002" as ActorId];
const relay = "a" as RelayId;

/** "Hi" typed letter by letter by client 7, as Yjs merges it. */
const merged = "0000024700010000030400840a067465787448690441000101000001020000";

const segment: HistorySegment = {
  author: "ada",
  minute: 29_000_000,
  entries: 3,
  first: { physicalMs: 1_740_000_000_005, logical: 0, relay },
  last: { physicalMs: 1_740_000_031_000, logical: 2, relay: "b" as RelayId },
  dots: [
    { actor: a, from: 4, length: 2 },
    { actor: b, from: 9, length: 1 },
  ],
  deps: VectorClock.of([
    [a, 4],
    [b, 8],
  ]),
  part: { encoding: "yjs-v2", bytes: Uint8Array.from(Buffer.from(merged, "hex")) },
};

/** Everything but the content, whose deflated bytes are zlib's own affair. */
const head =
  "0103616461c082ea0d0385f0d380d23200016198e2d580d2320201620212612e30303030303030303030303030303031040212622e3030303030303030303030303030303209010212612e303030303030303030303030303030310412622e3030303030303030303030303030303208011f";
/** As zlib 1.3 deflates the content above. */
const whole =
  "0103616461c082ea0d0385f0d380d23200016198e2d580d2320201620212612e30303030303030303030303030303031040212622e3030303030303030303030303030303209010212612e303030303030303030303030303030310412622e3030303030303030303030303030303208011f21636060726760646060666168e1622b49ad28f1c864716460646460606462600000";

test("the head of a segment has the bytes that were written down", () => {
  const bytes = Buffer.from(encodeSegment(segment)).toString("hex");
  expect(bytes.slice(0, head.length)).toBe(head);
});

test("a segment that was written down is read, with or without its content", () => {
  const bytes = Uint8Array.from(Buffer.from(whole, "hex"));
  expect(decodeSegment(bytes)).toEqual({ ok: true, value: segment });
  const { part: _, ...rest } = segment;
  expect(decodeSegmentHead(bytes)).toEqual({ ok: true, value: rest });
});

test("payloads that could not be merged are tagged as such", () => {
  const kept: HistorySegment = { ...segment, part: { encoding: "payloads", bytes: Uint8Array.of(2, 0, 0) } };
  expect(decodeSegment(encodeSegment(kept))).toEqual({ ok: true, value: kept });
});

test("[P9] no bytes throw, and a torn segment is none", () => {
  const bytes = encodeSegment(segment);
  for (let length = 0; length < bytes.length; length++) expect(decodeSegment(bytes.slice(0, length)).ok).toBe(false);
  for (let at = 0; at < bytes.length; at++) {
    const other = bytes.slice();
    other[at]! ^= 0x55;
    expect(() => decodeSegment(other)).not.toThrow();
  }
  expect(decodeSegment(Uint8Array.of(2, ...bytes.slice(1)))).toMatchObject({
    ok: false,
    refusal: { detail: expect.stringContaining("version 2") },
  });
});
