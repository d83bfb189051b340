import type { RingId, RoomName } from "@inkmesh/shared/base/ids";
import type { Result } from "@inkmesh/shared/base/result";
import type { Entry } from "@inkmesh/shared/engine/entry";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import { ChannelNames } from "@inkmesh/shared/wire/channel-names";
import { hocuspocusDialect } from "@inkmesh/shared/wire/hocuspocus";
import { yWebsocketDialect } from "@inkmesh/shared/wire/y-websocket";
import { decodeClientMessages, encodeClientMessages } from "@inkmesh/shared/wire/native-client";
import { decodeRelayMessages, encodeRelayMessage } from "@inkmesh/shared/wire/native-relay";
import { decodeEntry, encodeEntry } from "@inkmesh/shared/wire/entry-codec";
import { LinkMemory } from "@inkmesh/shared/wire/link-memory";
import type { MeshFrame } from "@inkmesh/shared/wire/mesh-message";
import { decodeMeshFrame, encodeMeshFrame } from "@inkmesh/shared/wire/mesh-codec";
import { decodeHandshake, encodeHandshake } from "@inkmesh/shared/wire/mesh-handshake";
import { decodeRing, encodeRing } from "@inkmesh/shared/wire/ring-codec";
import { decodeVectorClock, encodeVectorClock } from "@inkmesh/shared/clock/vector-clock";
import { decodeAwarenessUpdate, encodeAwarenessUpdate } from "@inkmesh/shared/presence/awareness-update";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { holds } from "../replayable.ts";
import { anyClientMessage, anyClock, anyEntries, anyEntry, anyHandshake, anyRelayMessage, anyRing, anyRumor } from "./messages.ts";
import { anyMeshFrame } from "./mesh-room-messages.ts";
import { rumorBytesMax } from "../../../server/core/gossip/rumor-queue.ts";

const concat = (frames: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(frames));
const valueOf = <Value>(result: Result<Value>): Value => {
  if (!result.ok) throw new Error(`${result.refusal.code}: ${result.refusal.detail}`);
  return result.value;
};

describe("what is encoded comes back", () => {
  test("from a client, several messages in one frame", () => {
    holds(
      fc.property(fc.array(anyClientMessage, { minLength: 1, maxLength: 5 }), (messages) => {
        expect(encodeClientMessages(messages).flatMap((frame) => valueOf(decodeClientMessages(frame)))).toEqual(messages);
      }),
    );
  });

  test("from a client, whatever the size of a frame may be", () => {
    holds(
      fc.property(
        fc.array(anyClientMessage, { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 1, max: 200 }),
        (messages, frameBytesMax) => {
          const frames = encodeClientMessages(messages, frameBytesMax);
          expect(frames.flatMap((frame) => valueOf(decodeClientMessages(frame)))).toEqual(messages);
          for (const frame of frames) expect(frame.length <= frameBytesMax || valueOf(decodeClientMessages(frame)).length === 1).toBe(true);
        },
      ),
    );
  });

  test("from a relay, several messages back to back", () => {
    holds(
      fc.property(fc.array(anyRelayMessage, { minLength: 1, maxLength: 5 }), (messages) => {
        expect(valueOf(decodeRelayMessages(concat(messages.flatMap(encodeRelayMessage))))).toEqual(messages);
      }),
    );
  });

  test("an entry", () => {
    holds(
      fc.property(anyEntry, (entry) => {
        const { deps, ...rest } = valueOf(decodeEntry(encodeEntry(entry)));
        expect(deps.compare(entry.deps)).toBe("equal");
        expect({ ...rest, deps: entry.deps }).toEqual(entry);
      }),
    );
  });
});

describe("what relays say to each other comes back", () => {
  test("a frame", () => {
    holds(
      fc.property(anyMeshFrame, (frame) => {
        expect(valueOf(decodeMeshFrame(encodeMeshFrame(frame)))).toEqual(frame);
      }),
    );
  });

  test("frames one after the other over a link, the same again, too", () => {
    holds(
      fc.property(fc.array(anyMeshFrame, { maxLength: 6 }), (frames) => {
        const [near, far] = [new LinkMemory(), new LinkMemory()];
        for (const frame of [...frames, ...frames]) expect(valueOf(decodeMeshFrame(encodeMeshFrame(frame, near), far))).toEqual(frame);
      }),
    );
  });

  test("entries, with all that each of them knew", () => {
    const frameOf = (entries: readonly Entry[]): MeshFrame => ({
      ring: "0011223344556677" as RingId,
      messages: [{ type: "entries", lineage: { room: "notes" as RoomName, generation: 0 }, upstream: undefined, entries }],
    });
    // A clock compares as equal to any other unless it is spelled out.
    const spelled = (entries: readonly Entry[]): unknown => entries.map((entry) => ({ ...entry, deps: entry.deps.entries() }));
    holds(
      fc.property(anyEntries, (entries) => {
        const [near, far] = [new LinkMemory(), new LinkMemory()];
        for (let times = 0; times < 2; times++) {
          const [message] = valueOf(decodeMeshFrame(encodeMeshFrame(frameOf(entries), near), far)).messages;
          expect(message?.type === "entries" && spelled(message.entries)).toEqual(spelled(entries));
        }
      }),
      1_000,
    );
  });

  test("a step of the handshake", () => {
    holds(
      fc.property(anyHandshake, (message) => {
        expect(valueOf(decodeHandshake(encodeHandshake(message)))).toEqual(message);
      }),
    );
  });

  test("a rumor, which is never longer than its place in a frame is reckoned", () => {
    const ring = "0011223344556677" as RingId;
    const bare = encodeMeshFrame({ ring, messages: [{ type: "rumors", rumors: [] }] }).length;
    holds(
      fc.property(anyRumor, (rumor) => {
        const bytes = encodeMeshFrame({ ring, messages: [{ type: "rumors", rumors: [rumor] }] }).length - bare;
        expect(bytes).toBeLessThanOrEqual(rumorBytesMax(rumor));
      }),
    );
  });
});

/** Each decoder with an encoder, so that what it takes can be written again, and valid bytes to start from. */
const codecs: Record<
  string,
  { decode: (bytes: Uint8Array) => Result<unknown>; encode: (value: never) => Uint8Array; valid: fc.Arbitrary<Uint8Array> }
> = {
  "frames of clients": {
    decode: decodeClientMessages,
    encode: (messages: Parameters<typeof encodeClientMessages>[0]) => concat(encodeClientMessages(messages)),
    valid: fc.array(anyClientMessage, { minLength: 1, maxLength: 3 }).map((messages) => concat(encodeClientMessages(messages))),
  },
  "frames of relays": {
    decode: decodeRelayMessages,
    encode: (messages: readonly Parameters<typeof encodeRelayMessage>[0][]) => concat(messages.flatMap(encodeRelayMessage)),
    valid: fc.array(anyRelayMessage, { minLength: 1, maxLength: 3 }).map((messages) => concat(messages.flatMap(encodeRelayMessage))),
  },
  entries: { decode: decodeEntry, encode: encodeEntry, valid: anyEntry.map(encodeEntry) },
  "frames between relays": {
    decode: (bytes) => decodeMeshFrame(bytes),
    encode: (frame: MeshFrame) => encodeMeshFrame(frame),
    valid: anyMeshFrame.map((frame) => encodeMeshFrame(frame)),
  },
  "handshakes of relays": { decode: decodeHandshake, encode: encodeHandshake, valid: anyHandshake.map(encodeHandshake) },
  rings: { decode: decodeRing, encode: encodeRing, valid: anyRing.map(encodeRing) },
  "vector clocks": { decode: decodeVectorClock, encode: encodeVectorClock, valid: anyClock.map(encodeVectorClock) },
  "awareness updates": {
    decode: decodeAwarenessUpdate,
    encode: encodeAwarenessUpdate,
    valid: fc
      .array(fc.record({ id: fc.maxSafeNat(), clock: fc.maxSafeNat(), state: fc.option(fc.json(), { nil: undefined }) }), { maxLength: 4 })
      .map(encodeAwarenessUpdate),
  },
};

describe("[P9] a decoder takes any bytes", () => {
  for (const [name, { decode, encode, valid }] of Object.entries(codecs)) {
    const rewrites = (bytes: Uint8Array): void => {
      const first = decode(bytes);
      if (!first.ok) {
        expect(first.refusal.code).toMatch(/^(BAD_FRAME|PRESENCE_REFUSED)$/);
        return;
      }
      const canonical = encode(first.value as never);
      const second = decode(canonical);
      expect(second).toEqual(first);
      expect(second.ok && encode(second.value as never)).toEqual(canonical);
    };

    test(`${name}: random ones are refused or have one canonical form`, () => {
      holds(fc.property(fc.uint8Array({ maxLength: 60 }), rewrites), 1_500);
    });

    test(`${name}: damaged ones are refused or have one canonical form`, () => {
      holds(fc.property(damaged(valid), rewrites), 1_500);
    });

    test(`${name}: a number that never ends, in any place, is refused`, () => {
      const endless = [...new Uint8Array(200).fill(0x80), 0];
      holds(
        fc.property(valid, fc.nat(100), (bytes, at) => {
          const index = at % (bytes.length + 1);
          rewrites(Uint8Array.from([...bytes.subarray(0, index), ...endless, ...bytes.subarray(index)]));
        }),
        300,
      );
    });

    test(`${name}: no torn one is taken for the whole`, () => {
      holds(
        fc.property(valid, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (bytes, share) => {
          const whole = decode(bytes);
          const torn = decode(bytes.subarray(0, Math.floor(bytes.length * share)));
          expect(torn.ok && JSON.stringify(torn) === JSON.stringify(whole)).toBe(false);
        }),
        300,
      );
    });
  }

  test("Hocuspocus: random ones are refused, or at most an opening and one message; what is open is never more than was opened", () => {
    const names = new ChannelNames();
    const name = fc.constantFrom([0], [1, 0x61], [1, 0x62], [3, 0x61, 0, 0x62], [9], [200, 1]);
    const byte = fc.nat(255);
    const frame = fc.oneof(
      fc
        .tuple(name, fc.array(fc.nat(10), { maxLength: 4 }), fc.array(byte, { maxLength: 20 }))
        .map(([head, types, rest]) => [...head, ...types, ...rest]),
      fc.array(byte, { maxLength: 40 }),
    );
    holds(
      fc.property(frame, (numbers) => {
        const result = hocuspocusDialect.decode(Uint8Array.from(numbers), names);
        if (result.ok) expect(result.value.length).toBeLessThanOrEqual(2);
        else expect(result.refusal.code).toBe("BAD_FRAME");
        const opened = result.ok ? result.value.filter(({ type }) => type === "open") : [];
        for (const message of opened) if (message.type === "open") expect(names.channel(message.address ?? "")).toBe(message.channel);
      }),
      3_000,
    );
  });

  test("y-websocket: random ones are refused or one message", () => {
    holds(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ maxLength: 8, max: 4 })), (bytes) => {
        const result = yWebsocketDialect.decode(bytes);
        if (result.ok) expect(result.value).toHaveLength(1);
        else expect(result.refusal.code).toBe("BAD_FRAME");
      }),
      3_000,
    );
  });
});

/** Valid bytes with some changed, removed, repeated or put in. */
function damaged(valid: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  const wound = fc.record({
    at: fc.nat(200),
    kind: fc.constantFrom("change", "cut", "insert", "double"),
    byte: fc.constantFrom(0, 1, 2, 0x7f, 0x80, 0xff),
  });
  return fc.tuple(valid, fc.array(wound, { minLength: 1, maxLength: 4 })).map(([bytes, wounds]) => {
    let result = [...bytes];
    for (const { at, kind, byte } of wounds) {
      const index = at % (result.length + 1);
      if (kind === "change" && index < result.length) result[index] = byte;
      else if (kind === "cut") result.splice(index, 1 + (byte % 4));
      else if (kind === "insert") result.splice(index, 0, byte);
      else result = [...result.slice(0, index), ...result.slice(Math.max(0, index - 3))];
    }
    return Uint8Array.from(result);
  });
}

test("equal clocks have equal bytes, in whatever order they were made", () => {
  holds(
    fc.property(anyClock, (clock) => {
      const backwards = VectorClock.of(clock.entries().toReversed());
      expect(encodeVectorClock(backwards)).toEqual(encodeVectorClock(clock));
    }),
  );
});
