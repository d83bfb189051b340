import type { Lineage, RingId, RoomName } from "@inkmesh/shared/base/ids";
import { randomInteger, seededRandom } from "@inkmesh/shared/base/random";
import type { MeshRoomMessage } from "@inkmesh/shared/wire/mesh-room-message";
import { expect, test } from "vitest";
import { RoomTurns } from "../../../../server/core/peers/room-turns.ts";

const ring = "0".repeat(16) as RingId;
const shareBytes = 1_000;

function slice(room: string, exchange: number, bytes: number): MeshRoomMessage {
  const lineage: Lineage = { room: room as RoomName, generation: 0 };
  return { type: "difference", lineage, exchange, remaining: 0, bytes: new Uint8Array(bytes) };
}

/** Room and number of all that is said until `bytesMax` were, or nothing waits. */
function say(turns: RoomTurns, bytesMax = Number.POSITIVE_INFINITY): readonly (readonly [string, number, number])[] {
  const said: (readonly [string, number, number])[] = [];
  for (let bytes = 0; bytes < bytesMax;) {
    const next = turns.next();
    if (next?.message.type !== "difference") break;
    const { lineage, exchange, bytes: slice } = next.message;
    turns.spoken(next, slice.length);
    said.push([lineage.room, exchange, slice.length]);
    bytes += slice.length;
  }
  return said;
}

test("a word of another room goes after one share of a room that has much to say", () => {
  const turns = new RoomTurns(shareBytes);
  for (let index = 0; index < 100; index++) turns.add(ring, slice("huge", index, 400));
  turns.add(ring, slice("small", 0, 10));
  expect(say(turns).findIndex(([room]) => room === "small")).toBe(3);
});

test("histories of many rooms have one turn together, so that a word of a room waits for no more than a share of its own history", () => {
  const turns = new RoomTurns(shareBytes);
  for (const room of ["a", "b", "c"])
    for (let index = 0; index < 10; index++)
      turns.add(ring, {
        type: "history-part",
        lineage: { room: room as RoomName, generation: 0 },
        exchange: index,
        remaining: 0,
        bytes: new Uint8Array(400),
      });
  turns.add(ring, slice("a", 0, 10));
  let parts = 0;
  for (let next = turns.next(); next?.message.type === "history-part"; next = turns.next()) {
    turns.spoken(next, next.message.bytes.length);
    parts += 1;
  }
  expect(parts).toBe(3);
});

test("who said more than its share, with one long message, waits until the others had as much", () => {
  const turns = new RoomTurns(shareBytes);
  turns.add(ring, slice("long", 0, 10_000));
  turns.add(ring, slice("long", 1, 10));
  for (let index = 0; index < 100; index++) turns.add(ring, slice("other", index, 500));
  const between = say(turns).findIndex(([room, number]) => room === "long" && number === 1);
  expect(between).toBeGreaterThan(18);
  expect(between).toBeLessThan(24);
});

test("any messages of any rooms: each room's keep their order, all are said, and those that have as much to say get as much", () => {
  for (let seed = 1; seed <= 50; seed++) {
    const random = seededRandom(seed);
    const turns = new RoomTurns(shareBytes);
    const rooms = ["a", "b", "c", "d"];
    const counts = new Map<string, number>();
    const bytesMax = 3 * shareBytes;
    for (let index = 0; index < 2_000; index++) {
      const room = rooms[randomInteger(random, 4)]!;
      const count = counts.get(room) ?? 0;
      counts.set(room, count + 1);
      turns.add(ring, slice(room, count, randomInteger(random, bytesMax)));
    }
    const early = say(turns, 400 * shareBytes);
    const shares = rooms.map((room) => early.filter(([of]) => of === room).reduce((sum, [, , bytes]) => sum + bytes, 0));
    expect(Math.max(...shares) - Math.min(...shares), `seed ${seed}`).toBeLessThanOrEqual(2 * (shareBytes + bytesMax));
    const all = [...early, ...say(turns)];
    for (const room of rooms)
      expect(all.flatMap(([of, number]) => (of === room ? [number] : []))).toEqual(
        Array.from({ length: counts.get(room)! }, (_, at) => at),
      );
    expect(turns.bytes).toBe(0);
  }
});
