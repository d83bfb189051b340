import { actorOf, type ActorId, type RelayId, type RingId, type RoomName } from "@inkmesh/shared/base/ids";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import { LinkMemory } from "@inkmesh/shared/wire/link-memory";
import { decodeMeshFrame, encodeMeshFrame } from "@inkmesh/shared/wire/mesh-codec";
import type { MeshFrame, MeshMessage } from "@inkmesh/shared/wire/mesh-message";
import { describe, expect, test } from "vitest";

const ring = "0011223344556677" as RingId;
const otherRing = "8899aabbccddeeff" as RingId;
const actor = actorOf("a" as RelayId, new Uint8Array(8));

/** That `by` has everything up to `counter` of it on its disk. */
const durable = (room: string, by: ActorId = actor, counter = 5): MeshMessage => ({
  type: "durable",
  lineage: { room: room as RoomName, generation: 0 },
  isWhole: false,
  isComplete: true,
  clock: VectorClock.of([[by, counter]]),
});

/** Both ends of a link: what goes in, what comes out, and of how many bytes each frame was. */
function aLink() {
  const [near, far] = [new LinkMemory(), new LinkMemory()];
  return (frame: MeshFrame) => {
    const bytes = encodeMeshFrame(frame, near);
    return { bytes: bytes.length, arrived: decodeMeshFrame(bytes, far) };
  };
}

describe("over a link", () => {
  test("names and the ring are spelled out once", () => {
    const send = aLink();
    const frame = { ring, messages: [durable("notes")] };
    const first = send(frame);
    const again = send(frame);
    expect(again.arrived).toEqual({ ok: true, value: frame });
    // A frame, a message, the room, flags, an actor, and its counter.
    expect(again.bytes).toBe(6);
    expect(first.bytes - again.bytes).toBe(9 + 1 + "notes".length + 1 + 1 + actor.length);
  });

  test("the ring is told when it is another one", () => {
    const send = aLink();
    for (const of of [ring, ring, otherRing, otherRing, ring])
      expect(send({ ring: of, messages: [] }).arrived).toMatchObject({ ok: true, value: { ring: of } });
  });

  test("[P8] more names than are remembered come as they were said, in any order", () => {
    const send = aLink();
    const rooms = Array.from({ length: 5_000 }, (_, index) => `room ${index}`);
    for (const room of [...rooms, ...rooms.slice(-100), ...rooms.slice(0, 100), ...rooms.slice(-100)]) {
      const frame = { ring, messages: [durable(room)] };
      expect(send(frame).arrived).toEqual({ ok: true, value: frame });
    }
    expect(send({ ring, messages: [durable(rooms.at(-1)!)] }).bytes).toBeLessThan(12);
  });

  test("[P9] a name that was not told is refused, and so is a frame under a ring that was not", () => {
    const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, "hex"));
    expect(decodeMeshFrame(bytes("11"))).toMatchObject({ ok: false, refusal: { code: "BAD_FRAME" } });
    expect(decodeMeshFrame(bytes(`1008${ring}240101`))).toMatchObject({ ok: false, refusal: { code: "BAD_FRAME" } });
    const [told, known, unknown] = ["240001720001", "240101", "240201"];
    expect(decodeMeshFrame(bytes(`1008${ring}${told}${known}`)).ok).toBe(true);
    expect(decodeMeshFrame(bytes(`1008${ring}${told}${known}${unknown}`))).toMatchObject({ ok: false, refusal: { code: "BAD_FRAME" } });
  });

  test("[P9] a room is not taken for a life, nor a life for a room", () => {
    const told = encodeMeshFrame({ ring, messages: [durable("notes")] });
    const read = new LinkMemory();
    expect(decodeMeshFrame(told, read).ok).toBe(true);
    // durable, the room, one actor and its counter: the actor is name 2.
    expect(decodeMeshFrame(Uint8Array.of(17, 35, 1, 4, 2, 5), read).ok).toBe(true);
    for (const [room, life] of [
      [1, 1],
      [2, 2],
    ] as const)
      expect(decodeMeshFrame(Uint8Array.of(17, 35, room, 4, life, 5), read)).toMatchObject({ ok: false, refusal: { code: "BAD_FRAME" } });
  });
});
