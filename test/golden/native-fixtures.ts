/**
 * One example of every message of our own protocol and between relays, of an entry and of a session token, for the golden bytes in
 * `native.json`. The types make it complete: a new message without an example does not compile.
 */
import type { BlobName } from "@inkmesh/shared/base/blob-name";
import { seededRandom } from "@inkmesh/shared/base/random";
import type { ActorId, MeshId, RelayId, RingId, RoomName } from "@inkmesh/shared/base/ids";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { Entry } from "@inkmesh/shared/engine/entry";
import type { ClientMessage, RelayMessage } from "@inkmesh/shared/wire/client-message";
import type { HandshakeMessage, MeshFrame, MeshMessage } from "@inkmesh/shared/wire/mesh-message";
import type { WireRecord } from "@inkmesh/shared/wire/mesh-room-message";
import { nativeVersion } from "@inkmesh/shared/wire/protocol-version";
import type { SessionToken } from "@inkmesh/shared/wire/session-token";

const room = "notes/été" as RoomName;
const actor = "a.0011223344556677" as ActorId;
const other = "b-2.8899aabbccddeeff" as ActorId;
const clock = VectorClock.of([
  [actor, 3],
  [other, 300],
]);
const update = Uint8Array.from([1, 1, 1, 0, 4, 1, 1, 0x74, 2, 0x68, 0x69, 0]);
const stateVector = Uint8Array.from([1, 1, 2]);

type OneOfEach<Message extends { readonly type: string }> = { readonly [Type in Message["type"]]: Extract<Message, { type: Type }> };

export const clientExamples: Omit<OneOfEach<ClientMessage>, "stateless" | "credential" | "join" | "sync" | "heads-wanted"> = {
  hello: { type: "hello", version: nativeVersion, agent: "inkmesh-client/0.1.0", credential: "secret" },
  open: { type: "open", channel: 5, room, generation: 2, access: "read-only", token: "token", clock, stateVector },
  close: { type: "close", channel: 5 },
  "sync-request": { type: "sync-request", channel: 5, stateVector },
  updates: { type: "updates", channel: 5, first: 129, kind: "state", updates: [update, stateVector] },
  presence: { type: "presence", channel: 5, bytes: Uint8Array.from([0]) },
  "presence-query": { type: "presence-query", channel: 5 },
  ping: { type: "ping", nonce: 1_000_000 },
};

type Unspoken = "sync-step-1" | "sync-step-2" | "stateless" | "credential-request" | "joined" | "sync" | "unavailable" | "heads";

/** The other dialects' words are not spoken in our own protocol. */
export const relayExamples: Omit<OneOfEach<RelayMessage>, Unspoken> = {
  welcome: {
    type: "welcome",
    version: 1,
    relay: "a",
    frameBytesMax: 16_777_216,
    updateBytesMax: 1_048_576,
    keepaliveMs: 20_000,
    relays: [
      { address: "ws://127.0.0.1:4400/sync", load: 300 },
      { address: "ws://127.0.0.1:4401/sync", load: 0 },
    ],
  },
  error: { type: "error", channel: 5, code: "NOT_ALLOWED", retryAfterMs: 0, detail: "not yours" },
  opened: { type: "opened", channel: 5, handle: 77, generation: 2, access: "read-write", replicas: 3, needed: 2, stateVector },
  updates: { type: "updates", handle: 77, updates: [update] },
  chunk: { type: "chunk", handle: 77, remaining: 262_144, bytes: update },
  synced: { type: "synced", handle: 77, clock, token: "token", content: "0123456789abcdef" },
  clock: { type: "clock", handle: 77, clock, token: "token", stamp: { physicalMs: 1_700_000_000_000, logical: 3 } },
  ack: { type: "ack", handle: 77, number: 130, copies: 2, replicas: 3, needed: 2 },
  nack: { type: "nack", handle: 77, number: 131, code: "GAP", retryAfterMs: 0, detail: "clientID 9 from 4", stateVector },
  deleted: { type: "deleted", channel: 5, generation: 2, by: "Ada", atMs: 1_700_000_000_000 },
  presence: { type: "presence", handle: 77, bytes: Uint8Array.from([0]) },
  pong: { type: "pong", nonce: 1_000_000 },
  keepalive: { type: "keepalive" },
  behind: { type: "behind", handle: 77, lacks: "lost" },
  "presence-count": { type: "presence-count", handle: 77, present: 500 },
};

export const entryExample: Entry = {
  dot: { actor, counter: 4 },
  deps: clock,
  hlc: { physicalMs: 1_700_000_000_000, logical: 2, relay: "a" as RelayId },
  author: "ada",
  payload: update,
};

/** A run of two, and one of another relay who has seen them. */
const entriesExample: readonly Entry[] = [
  entryExample,
  {
    ...entryExample,
    dot: { actor, counter: 5 },
    deps: clock.advance({ actor, counter: 4 }),
    hlc: { ...entryExample.hlc, logical: 3 },
    payload: Uint8Array.from([0, 0]),
  },
  {
    dot: { actor: other, counter: 302 },
    deps: VectorClock.of([
      [actor, 5],
      [other, 301],
    ]),
    hlc: { physicalMs: 1_699_999_999_999, logical: 0, relay: "c" as RelayId },
    author: "",
    payload: update,
  },
];

export const tokenExample: SessionToken = { lineage: { room, generation: 2 }, clock };
export const tokenSecret = seededRandom(1).bytes(32);

const nonce = Uint8Array.from({ length: 16 }, (_, index) => index);
const markExample = Uint8Array.from({ length: 32 }, (_, index) => 255 - index);
const mesh = "0123456789abcdef" as MeshId;
const address = "ws://127.0.0.1:4400/mesh";

export const handshakeExamples: OneOfEach<HandshakeMessage> = {
  hello: { type: "hello", version: 1, mesh, actor, nonce, address },
  proof: { type: "proof", mark: markExample },
  welcome: { type: "welcome", mark: markExample, mesh },
  refusal: { type: "refusal", code: "OTHER_MESH", detail: "0123456789abcdef" },
};

const lineage = { room, generation: 2 };
const blob = `sha256-${"0123456789abcdef".repeat(4)}` as BlobName;
const position = { high: 0x01234567, low: 0x89abcdef };
const hlc = { physicalMs: 1_700_000_000_000, logical: 1, relay: "a" as RelayId };
const record: WireRecord = {
  room,
  generation: 2,
  title: { value: "Été", hlc },
  kind: undefined,
  deleted: { hlc: { ...hlc, logical: 2 }, by: "ann" },
  everDeleted: true,
  created: { ...hlc, relay: "b-2" as RelayId },
};

export const meshExamples: OneOfEach<MeshMessage> = {
  probe: { type: "probe", seq: 300 },
  ack: { type: "ack", seq: 300 },
  "indirect-probe": { type: "indirect-probe", seq: 301, target: other },
  nack: { type: "nack", seq: 301 },
  rumors: {
    type: "rumors",
    rumors: [
      { actor: other, state: "suspect", incarnation: 2, address, accuser: actor },
      { actor, state: "left", incarnation: 0, address: "" },
    ],
  },
  "push-pull": {
    type: "push-pull",
    answer: true,
    rumors: [
      { actor, state: "alive", incarnation: 129, address },
      { actor: other, state: "dead", incarnation: 1, address },
    ],
  },
  ring: {
    type: "ring",
    answer: true,
    records: [
      { relay: "a" as RelayId, status: "member", counter: 1, weight: 1, zone: "", moves: 0 },
      { relay: "b-2" as RelayId, status: "forgotten", counter: 200, weight: 16, zone: "east", moves: 3 },
    ],
  },
  load: { type: "load", sessions: 10_000 },
  release: { type: "release", release: "1.2.3-rc.1" },
  entries: { type: "entries", lineage, upstream: "b-2" as RelayId, entries: entriesExample },
  want: { type: "want", lineage, run: { actor, from: 3, to: 300 } },
  unavailable: { type: "unavailable", lineage, run: { actor, from: 3, to: 3 }, isFolded: true },
  durable: { type: "durable", lineage, isWhole: true, isComplete: false, clock },
  "durable-query": { type: "durable-query", lineage, isAsking: true },
  subscribe: { type: "subscribe", lineage, isSubscribing: true, clock },
  tree: {
    type: "tree",
    nodes: [{ prefix: [0, 15], digests: Array.from({ length: 16 }, (_, index) => ({ high: index, low: 2 ** 32 - 1 - index })) }],
  },
  names: { type: "names", answer: true, names: position },
  digests: { type: "digests", prefix: [7], rooms: [{ room, digest: position }] },
  compare: { type: "compare", lineage, answer: true, isComplete: true, content: position, clock, record },
  "difference-request": { type: "difference-request", lineage, exchange: 200, clock, stateVector },
  difference: { type: "difference", lineage, exchange: 200, remaining: 262_144, bytes: update },
  cover: { type: "cover", lineage, exchange: 200, isComplete: true, entries: VectorClock.of([[actor, 3]]), clock },
  record: { type: "record", record: { ...record, title: undefined, deleted: undefined } },
  "record-durable": { type: "record-durable", lineage, digest: position },
  list: { type: "list", seq: 300, after: "notes", limit: 200, search: "été" },
  listed: {
    type: "listed",
    seq: 300,
    rooms: [
      { record, bytes: 70_000, sessions: 2, changedMs: 1_700_000_000_000, isHeld: true },
      { record: { ...record, title: undefined, deleted: undefined }, bytes: 0, sessions: 0, changedMs: undefined, isHeld: false },
    ],
    next: "notes/été",
  },
  words: { type: "words", lineage, text: "hear me" },
  pruned: { type: "pruned", lineage, clock, pruned: VectorClock.of([[other, 300]]) },
  "history-request": {
    type: "history-request",
    lineage,
    exchange: 200,
    wantsBase: true,
    clock,
    base: VectorClock.of([[actor, 3]]),
    told: [{ actor, from: 5, length: 300 }],
  },
  "history-part": { type: "history-part", lineage, exchange: 200, remaining: 262_144, bytes: update },
  "history-offer": {
    type: "history-offer",
    lineage,
    exchange: 200,
    base: VectorClock.of([[actor, 3]]),
    old: [{ actor, from: 5, length: 1 }],
    told: [{ actor, from: 7, length: 300 }],
  },
  "history-covered": { type: "history-covered", lineage, exchange: 200 },
  "blob-request": { type: "blob-request", lineage, exchange: 200, name: blob, from: 262_144 },
  "blob-part": { type: "blob-part", lineage, exchange: 200, remaining: 262_144, bytes: update },
  "blob-absent": { type: "blob-absent", lineage, exchange: 200, isBusy: true },
  "blob-offer": { type: "blob-offer", lineage, exchange: 200, name: blob, isFresh: true },
  "blob-held": { type: "blob-held", lineage, exchange: 200, name: blob },
  "presence-watch": { type: "presence-watch", lineage, isWatching: true },
  presence: {
    type: "presence",
    lineage,
    states: [
      { id: 4_000_000_000, clock: 300, state: '{"user":{"name":"Zoë"}}' },
      { id: 7, clock: 2, state: undefined },
    ],
  },
};

/** Frames of one link: the second says of the first what both remember. */
export const linkExample: readonly MeshFrame[] = [meshExamples.entries, meshExamples.entries, meshExamples.durable].map(meshFrameWith);

export function meshFrameWith(message: MeshMessage): MeshFrame {
  return { ring: "8899aabbccddeeff" as RingId, messages: [message] };
}
