/**
 * Messages: arbitrary values of everything that goes over the wire, for property tests.
 */
import { errorKinds, type ErrorCode } from "@inkmesh/shared/base/errors";
import type { ActorId, MeshId, RelayId } from "@inkmesh/shared/base/ids";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { Entry } from "@inkmesh/shared/engine/entry";
import { ringStatuses, weightMax, type RingRecord } from "@inkmesh/shared/ring/ring-record";
import type { HandshakeMessage, MeshMessage, Rumor } from "@inkmesh/shared/wire/mesh-message";
import type { Access, ClientMessage, RelayMessage } from "@inkmesh/shared/wire/client-message";
import { meshVersion, nativeVersion } from "@inkmesh/shared/wire/protocol-version";
import fc from "fast-check";

const anyStamp = fc.record({ physicalMs: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), logical: fc.nat(0xffff) });
const number = fc.oneof(fc.nat(300), fc.maxSafeNat());
const channel = fc.integer({ min: 0, max: 2 ** 31 - 1 });
const bytes = fc.uint8Array({ maxLength: 40 });
const text = fc.string({ unit: "grapheme", maxLength: 20 });
const updates = fc.array(bytes, { minLength: 1, maxLength: 5 });
const access = fc.constantFrom<Access>("read-write", "read-only");
const code = fc.constantFrom(...(Object.keys(errorKinds) as ErrorCode[]));

export const anyActor: fc.Arbitrary<ActorId> = fc
  .tuple(fc.constantFrom("a", "b", "relay-2"), fc.uint8Array({ minLength: 8, maxLength: 8 }))
  .map(([relay, life]) => `${relay}.${Buffer.from(life).toString("hex")}` as ActorId);

export const anyClock: fc.Arbitrary<VectorClock> = fc
  .array(fc.tuple(anyActor, number), { maxLength: 5 })
  .map((counters) => VectorClock.of(new Map(counters)));

export const anyClientMessage: fc.Arbitrary<ClientMessage> = fc.oneof(
  fc.record({ type: fc.constant("hello" as const), version: fc.constant(nativeVersion), agent: text, credential: text }),
  fc.record({
    type: fc.constant("open" as const),
    channel,
    room: text,
    generation: fc.option(fc.nat(), { nil: undefined }),
    access,
    token: text,
    clock: anyClock,
    stateVector: bytes,
  }),
  fc.record({ type: fc.constant("close" as const), channel }),
  fc.record({ type: fc.constant("sync-request" as const), channel, stateVector: bytes }),
  fc.record({
    type: fc.constant("updates" as const),
    channel,
    first: fc.integer({ min: 1 }),
    kind: fc.constantFrom("edit" as const, "state" as const),
    updates,
  }),
  fc.record({ type: fc.constant("presence" as const), channel, bytes }),
  fc.record({ type: fc.constant("presence-query" as const), channel }),
  fc.record({ type: fc.constant("ping" as const), nonce: number }),
);

/** Without the words of the Yjs dialects, which our own protocol does not speak. */
export const anyRelayMessage: fc.Arbitrary<RelayMessage> = fc.oneof(
  fc.record({
    type: fc.constant("welcome" as const),
    version: number,
    relay: text,
    frameBytesMax: number,
    updateBytesMax: number,
    keepaliveMs: number,
    relays: fc.array(fc.record({ address: text, load: number }), { maxLength: 4 }),
  }),
  fc.record({
    type: fc.constant("error" as const),
    channel: fc.option(channel, { nil: undefined }),
    code,
    retryAfterMs: number,
    detail: text,
  }),
  fc.record({
    type: fc.constant("opened" as const),
    channel,
    handle: number,
    generation: number,
    access,
    replicas: number,
    needed: number,
    stateVector: bytes,
  }),
  fc.record({ type: fc.constant("updates" as const), handle: number, updates }),
  fc.record({ type: fc.constant("chunk" as const), handle: number, remaining: number, bytes }),
  fc.record(
    {
      type: fc.constant("synced" as const),
      handle: number,
      clock: anyClock,
      token: text,
      stamp: anyStamp,
      content: fc.constantFrom("0123456789abcdef", "fedcba9876543210"),
    },
    { requiredKeys: ["type", "handle", "clock", "token"] },
  ),
  fc.record(
    { type: fc.constant("clock" as const), handle: number, clock: anyClock, token: text, stamp: anyStamp },
    { requiredKeys: ["type", "handle", "clock", "token"] },
  ),
  fc.record({ type: fc.constant("ack" as const), handle: number, number, copies: number, replicas: number, needed: number }),
  fc.record({ type: fc.constant("nack" as const), handle: number, number, code, retryAfterMs: number, detail: text, stateVector: bytes }),
  fc.record({ type: fc.constant("deleted" as const), channel, generation: number, by: text, atMs: number }),
  fc.record({ type: fc.constant("presence" as const), handle: number, bytes }),
  fc.record({ type: fc.constant("pong" as const), nonce: number }),
  fc.constant({ type: "keepalive" as const }),
);

export const anyEntry: fc.Arbitrary<Entry> = fc
  .record({
    actor: anyActor,
    counter: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    others: anyClock,
    physicalMs: fc.nat(2 ** 48 - 1),
    logical: fc.nat(0xffff),
    relay: fc.constantFrom("a", "b", "relay-2"),
    author: text,
    payload: bytes,
  })
  .map(({ actor, counter, others, physicalMs, logical, relay, author, payload }) => ({
    dot: { actor, counter },
    deps: VectorClock.of([...others.entries().filter(([other]) => other !== actor), [actor, counter - 1]]),
    hlc: { physicalMs, logical, relay: relay as RelayId },
    author,
    payload,
  }));

/** Entries of one message: what follows the entry before in all, in all but one thing, or in nothing. */
export const anyEntries: fc.Arbitrary<readonly Entry[]> = fc
  .array(
    fc.record({
      how: fc.constantFrom("next", "next", "next", "same ms", "later", "earlier", "knows more", "author", "relay", "skips", "another"),
      other: anyEntry,
      by: fc.nat(300),
    }),
    { maxLength: 8 },
  )
  .map((steps) =>
    steps.reduce<readonly Entry[]>((before, { how, other, by }) => {
      const last = before.at(-1);
      const isLast = last === undefined || last.dot.counter + by >= Number.MAX_SAFE_INTEGER || last.hlc.logical === 0xffff;
      return [...before, isLast || how === "another" ? other : nextOf(last, how, other, by)];
    }, []),
  );

function nextOf({ dot: { actor, counter }, deps, hlc, author }: Entry, how: string, other: Entry, by: number): Entry {
  const next = counter + 1 + (how === "skips" ? by : 0);
  const more = how === "knows more" ? other.deps.entries().filter(([named]) => named !== actor) : [];
  const physicalMs = hlc.physicalMs + (how === "later" ? by : how === "earlier" ? -by : 0);
  const logical = how === "later" || how === "same ms" ? by : hlc.logical + 1;
  return {
    dot: { actor, counter: next },
    deps: deps.join(VectorClock.of(more)).join(VectorClock.of([[actor, next - 1]])),
    hlc: { physicalMs: Math.min(Math.max(physicalMs, 0), 2 ** 48 - 1), logical, relay: how === "relay" ? other.hlc.relay : hlc.relay },
    author: how === "author" ? other.author : author,
    payload: other.payload,
  };
}

const anyAddress = fc.constantFrom("", "ws://127.0.0.1:4400/mesh", "wss://relay-2.example/mesh");
export const hexId = fc.uint8Array({ minLength: 8, maxLength: 8 }).map((id) => Buffer.from(id).toString("hex"));
const incarnation = fc.integer({ min: 0, max: 2 ** 40 });

export const anyRumor: fc.Arbitrary<Rumor> = fc.oneof(
  fc.record({
    actor: anyActor,
    incarnation,
    address: anyAddress,
    state: fc.constantFrom("alive" as const, "dead" as const, "left" as const),
  }),
  fc.record({ actor: anyActor, incarnation, address: anyAddress, state: fc.constant("suspect" as const), accuser: anyActor }),
);

const anyRecord: fc.Arbitrary<RingRecord> = fc.record({
  relay: fc.constantFrom("a", "b", "c", "relay-2", "z9").map((relay) => relay as RelayId),
  status: fc.constantFrom(...ringStatuses),
  counter: fc.integer({ min: 1, max: 2 ** 32 }),
  weight: fc.integer({ min: 1, max: weightMax }),
  zone: fc.constantFrom("", "east", "rack_7.b"),
  moves: fc.integer({ min: 0, max: 2 ** 32 }),
});

/** Records of distinct relays, in the order in which they are written. */
export const anyRing: fc.Arbitrary<readonly RingRecord[]> = fc
  .uniqueArray(anyRecord, { selector: (record) => record.relay, maxLength: 4 })
  .map((records) => records.toSorted((left, right) => (left.relay < right.relay ? -1 : 1)));

export const anyMembershipMessage: fc.Arbitrary<MeshMessage> = fc.oneof(
  fc.record({ type: fc.constantFrom("probe" as const, "ack" as const, "nack" as const), seq: number }),
  fc.record({ type: fc.constant("indirect-probe" as const), seq: number, target: anyActor }),
  fc.record({ type: fc.constant("rumors" as const), rumors: fc.array(anyRumor, { maxLength: 3 }) }),
  fc.record({ type: fc.constant("push-pull" as const), rumors: fc.array(anyRumor, { maxLength: 3 }), answer: fc.boolean() }),
  fc.record({ type: fc.constant("ring" as const), records: anyRing, answer: fc.boolean() }),
  fc.record({ type: fc.constant("load" as const), sessions: number }),
  fc.record({ type: fc.constant("release" as const), release: fc.constantFrom("0.1.0", "1.2.3-rc.1+build.7") }),
);

const mark = fc.uint8Array({ minLength: 32, maxLength: 32 });
const anyMeshId = hexId.map((id) => id as MeshId);

export const anyHandshake: fc.Arbitrary<HandshakeMessage> = fc.oneof(
  fc.record({
    type: fc.constant("hello" as const),
    version: fc.oneof(fc.constant(meshVersion), number),
    mesh: fc.option(anyMeshId, { nil: undefined }),
    actor: anyActor,
    nonce: fc.uint8Array({ minLength: 16, maxLength: 16 }),
    address: anyAddress,
  }),
  fc.record({ type: fc.constant("proof" as const), mark }),
  fc.record({ type: fc.constant("welcome" as const), mark, mesh: anyMeshId }),
  fc.record({ type: fc.constant("refusal" as const), code, detail: text }),
);
