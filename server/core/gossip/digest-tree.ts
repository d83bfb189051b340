/**
 * DigestTree: the rooms that two relays both replicate, laid out so that they find the few that differ among many with few words
 * (Merkle 1987; Dynamo compares its key ranges so).
 *
 *     the circle of positions:   0… │ 1… │ 2… │ … │ f…          each part splits into sixteen by the next half byte
 *     a part comes to:           the exclusive or of hash(position, digest) of its rooms
 *
 * There is no tree in memory: rooms lie in the order of their positions beside running exclusive ors, so that any part comes to two
 * numbers and a difference. 100,000 rooms take about 4 MB while a sweep looks at them.
 *
 * Invariants: equal rooms with equal digests give equal parts, in whatever order they were told; parts of no rooms are zero.
 * Both sides must take the same rooms: those that the ring of one RingId places on both.
 */
import type { RoomName } from "@inkmesh/shared/base/ids";
import { comparePositions, hash64, positionOf, type Position } from "@inkmesh/shared/ring/hash";
import type { Prefix, RoomDigest, TreeNode } from "@inkmesh/shared/wire/mesh-room-message";

/** Parts that a part splits into. */
const fanOut = 16;

/** Half bytes of a position that are looked at: 52 bits are an exact number, and among millions of rooms hardly two share them. */
export const prefixMax = 13;

export class DigestTree {
  readonly #rooms: readonly RoomDigest[];
  /** The first 52 bits of each room's position, rising. */
  readonly #keys: Float64Array;
  /** At i: the exclusive or of the rooms before i. */
  readonly #highs: Uint32Array;
  readonly #lows: Uint32Array;

  private constructor(rooms: readonly RoomDigest[]) {
    const positions = rooms.map(({ room }) => positionOf(room));
    const keys = Float64Array.from(positions, keyOf);
    const order = Uint32Array.from(rooms.keys()).sort((left, right) => keys[left]! - keys[right]!);
    this.#rooms = Array.from(order, (index) => rooms[index]!);
    this.#keys = Float64Array.from(order, (index) => keys[index]!);
    this.#highs = new Uint32Array(rooms.length + 1);
    this.#lows = new Uint32Array(rooms.length + 1);
    const bytes = new DataView(new ArrayBuffer(16));
    for (const [place, index] of order.entries()) {
      const { high, low } = mixed(positions[index]!, rooms[index]!.digest, bytes);
      this.#highs[place + 1] = this.#highs[place]! ^ high;
      this.#lows[place + 1] = this.#lows[place]! ^ low;
    }
  }

  static of(rooms: Iterable<RoomDigest>): DigestTree {
    return new DigestTree([...rooms]);
  }

  count(prefix: Prefix): number {
    const [from, to] = this.#range(prefix);
    return to - from;
  }

  rooms(prefix: Prefix): readonly RoomDigest[] {
    return this.#rooms.slice(...this.#range(prefix));
  }

  /** What the sixteen parts of `prefix` come to. */
  node(prefix: Prefix): TreeNode {
    return { prefix, digests: Array.from({ length: fanOut }, (_, half) => this.#digest([...prefix, half])) };
  }

  /** The parts of `theirs` that differ here. */
  differing(theirs: TreeNode): readonly Prefix[] {
    const mine = this.node(theirs.prefix).digests;
    return theirs.digests.flatMap((digest, half) => (comparePositions(digest, mine[half]!) === 0 ? [] : [[...theirs.prefix, half]]));
  }

  /** The rooms of `prefix` that are missing on one side or come to something else. */
  differingRooms(prefix: Prefix, theirs: readonly RoomDigest[]): readonly RoomName[] {
    const mine = new Map(this.rooms(prefix).map(({ room, digest }) => [room, digest]));
    const differing = theirs.filter(({ room, digest }) => {
      const own = mine.get(room);
      mine.delete(room);
      return own === undefined || comparePositions(own, digest) !== 0;
    });
    return [...differing.map(({ room }) => room), ...mine.keys()];
  }

  #digest(prefix: Prefix): Position {
    const [from, to] = this.#range(prefix);
    return { high: (this.#highs[from]! ^ this.#highs[to]!) >>> 0, low: (this.#lows[from]! ^ this.#lows[to]!) >>> 0 };
  }

  /** The places of the rooms of `prefix`: keys from the prefix filled up with zeros on, over its width. */
  #range(prefix: Prefix): [number, number] {
    const width = fanOut ** Math.max(0, prefixMax - prefix.length);
    const from = prefix.slice(0, prefixMax).reduce((sum, half) => sum * fanOut + half, 0) * width;
    return [this.#firstFrom(from), this.#firstFrom(from + width)];
  }

  #firstFrom(key: number): number {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#keys[middle]! < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function keyOf({ high, low }: Position): number {
  return high * 2 ** 20 + (low >>> 12);
}

function mixed(position: Position, digest: Position, bytes: DataView): Position {
  bytes.setUint32(0, position.high);
  bytes.setUint32(4, position.low);
  bytes.setUint32(8, digest.high);
  bytes.setUint32(12, digest.low);
  return hash64(new Uint8Array(bytes.buffer));
}
