/**
 * Messages: arbitrary values of everything that goes over the wire, for property tests.
 */
import { errorKinds, type ErrorCode } from "@inkmesh/shared/base/errors";
import type { ActorId, RelayId } from "@inkmesh/shared/base/ids";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { Entry } from "@inkmesh/shared/engine/entry";
import type { Access, ClientMessage, RelayMessage } from "@inkmesh/shared/wire/client-message";
import fc from "fast-check";

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
  fc.record({ type: fc.constant("hello" as const), version: fc.constant(1), agent: text, credential: text }),
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
    relays: fc.array(text, { maxLength: 4 }),
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
      type: fc.constantFrom("synced" as const, "clock" as const),
      handle: number,
      clock: anyClock,
      token: text,
      stamp: fc.record({ physicalMs: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), logical: fc.nat(0xffff) }),
    },
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
