/**
 * Arbitraries of what relays say to each other: about rooms, and whole frames.
 */
import type { BlobName } from "@inkmesh/shared/base/blob-name";
import { hexOf } from "@inkmesh/shared/base/bytes";
import type { RelayId, RingId, RoomName } from "@inkmesh/shared/base/ids";
import { joinRanges } from "@inkmesh/shared/clock/dot-ranges";
import type { MeshFrame } from "@inkmesh/shared/wire/mesh-message";
import type { MeshRoomMessage, WireRecord } from "@inkmesh/shared/wire/mesh-room-message";
import fc from "fast-check";
import { anyActor, anyClock, anyEntries, anyMembershipMessage, hexId } from "./messages.ts";

const number = fc.oneof(fc.nat(300), fc.maxSafeNat());
const bytes = fc.uint8Array({ maxLength: 40 });
const text = fc.string({ unit: "grapheme", maxLength: 12 });
const anyRelay = fc.constantFrom("a", "b-2", "relay-3").map((relay) => relay as RelayId);
const room = fc.constantFrom("notes", "été/1", "x".repeat(256)).map((name) => name as RoomName);
const lineage = fc.record({ room, generation: number });
const anyBlob = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((hash) => `sha256-${hexOf(hash)}` as BlobName);
const half = fc.oneof(fc.nat(3), fc.integer({ min: 0, max: 2 ** 32 - 1 }));
const anyPosition = fc.record({ high: half, low: half });
const prefix = fc.array(fc.nat(15), { maxLength: 16 });
const hlc = fc.record({ physicalMs: fc.nat(2 ** 48 - 1), logical: fc.nat(0xffff), relay: anyRelay });
const register = fc.option(fc.record({ value: text, hlc }), { nil: undefined });
const run = fc
  .record({ actor: anyActor, from: fc.integer({ min: 1, max: 2 ** 40 }), more: fc.nat(300) })
  .map(({ actor, from, more }) => ({ actor, from, to: from + more }));

const anyRanges = fc
  .array(fc.record({ actor: anyActor, from: fc.integer({ min: 1, max: 2 ** 40 }), length: fc.integer({ min: 1, max: 2 ** 40 }) }), {
    maxLength: 3,
  })
  .map(joinRanges);

const anyRecord: fc.Arbitrary<WireRecord> = fc.record({
  room,
  generation: number,
  title: register,
  kind: register,
  deleted: fc.option(fc.record({ hlc, by: text }), { nil: undefined }),
  everDeleted: fc.boolean(),
  created: hlc,
});

const anyMeshRoomMessage: fc.Arbitrary<MeshRoomMessage> = fc.oneof(
  fc.record({
    type: fc.constant("entries" as const),
    lineage,
    upstream: fc.option(anyRelay, { nil: undefined }),
    entries: anyEntries,
  }),
  fc.record({ type: fc.constant("want" as const), lineage, run }),
  fc.record({ type: fc.constant("unavailable" as const), lineage, run, isFolded: fc.boolean() }),
  fc.record({ type: fc.constant("durable" as const), lineage, isWhole: fc.boolean(), isComplete: fc.boolean(), clock: anyClock }),
  fc.record({ type: fc.constant("durable-query" as const), lineage, isAsking: fc.boolean() }),
  fc.record({ type: fc.constant("subscribe" as const), lineage, isSubscribing: fc.boolean(), clock: anyClock }),
  fc.record({
    type: fc.constant("tree" as const),
    nodes: fc.array(fc.record({ prefix, digests: fc.array(anyPosition, { minLength: 16, maxLength: 16 }) }), { maxLength: 2 }),
  }),
  fc.record({ type: fc.constant("names" as const), answer: fc.boolean(), names: anyPosition }),
  fc.record({
    type: fc.constant("digests" as const),
    prefix: fc.option(prefix, { nil: undefined }),
    rooms: fc.array(fc.record({ room, digest: anyPosition }), { maxLength: 3 }),
  }),
  fc.record({
    type: fc.constant("compare" as const),
    lineage,
    answer: fc.boolean(),
    isComplete: fc.boolean(),
    content: anyPosition,
    clock: anyClock,
    record: fc.option(anyRecord, { nil: undefined }),
  }),
  fc.record({ type: fc.constant("pruned" as const), lineage, clock: anyClock, pruned: anyClock }),
  fc.record({ type: fc.constant("difference-request" as const), lineage, exchange: number, clock: anyClock, stateVector: bytes }),
  fc.record({ type: fc.constant("difference" as const), lineage, exchange: number, remaining: number, bytes }),
  fc.record({
    type: fc.constant("cover" as const),
    lineage,
    exchange: number,
    isComplete: fc.boolean(),
    entries: anyClock,
    clock: anyClock,
  }),
  fc.record({ type: fc.constant("record" as const), record: anyRecord }),
  fc.record({ type: fc.constant("record-durable" as const), lineage, digest: anyPosition }),
  fc.record({ type: fc.constant("list" as const), seq: number, after: text, limit: number, search: text }),
  fc.record({
    type: fc.constant("listed" as const),
    seq: number,
    rooms: fc.array(
      fc.record({
        record: anyRecord,
        bytes: number,
        sessions: number,
        changedMs: fc.option(number, { nil: undefined }),
        isHeld: fc.boolean(),
      }),
      { maxLength: 3 },
    ),
    next: fc.option(room, { nil: undefined }),
  }),
  fc.record({ type: fc.constant("presence-watch" as const), lineage, isWatching: fc.boolean() }),
  fc.record({ type: fc.constant("words" as const), lineage, text: fc.string() }),
  fc.record({
    type: fc.constant("history-request" as const),
    lineage,
    exchange: number,
    wantsBase: fc.boolean(),
    clock: anyClock,
    base: anyClock,
    told: anyRanges,
  }),
  fc.record({ type: fc.constant("history-part" as const), lineage, exchange: number, remaining: number, bytes }),
  fc.record({
    type: fc.constant("history-offer" as const),
    lineage,
    exchange: number,
    base: anyClock,
    old: anyRanges,
    told: anyRanges,
  }),
  fc.record({ type: fc.constant("history-covered" as const), lineage, exchange: number }),
  fc.record({ type: fc.constant("blob-request" as const), lineage, exchange: number, name: anyBlob, from: number }),
  fc.record({ type: fc.constant("blob-offer" as const), lineage, exchange: number, name: anyBlob, isFresh: fc.boolean() }),
  fc.record({ type: fc.constant("blob-held" as const), lineage, exchange: number, name: anyBlob }),
  fc.record({ type: fc.constant("blob-part" as const), lineage, exchange: number, remaining: number, bytes }),
  fc.record({ type: fc.constant("blob-absent" as const), lineage, exchange: number, isBusy: fc.boolean() }),
  fc.record({
    type: fc.constant("presence" as const),
    lineage,
    states: fc.array(fc.record({ id: number, clock: number, state: fc.option(text, { nil: undefined }) }), { maxLength: 3 }),
  }),
);

export const anyMeshFrame: fc.Arbitrary<MeshFrame> = fc.record({
  ring: hexId.map((id) => id as RingId),
  messages: fc.array(fc.oneof(anyMembershipMessage, anyMeshRoomMessage, anyMeshRoomMessage), { maxLength: 5 }),
});
