/**
 * DigestTree: the rooms that two relays both replicate, laid out so that they find the few that differ among many with few words
 * (Merkle 1987; Dynamo compares its key ranges so).
 *
 *     the circle of positions:   0… │ 1… │ 2… │ … │ f…          each part splits into sixteen by the next half byte
 *     a part comes to:           the exclusive or of hash(position, digest) of its rooms
 *
 * There is no tree in memory: rooms lie in the order of their positions beside running exclusive ors, so that any part comes to two
 * numbers and a difference. They are brought into order only when a part of the circle is asked for: between equal relays
 * nobody asks for more than the whole. What a room adds is worked out once per digest (`leafOf`), not once per look.
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

/** A room's digest with its place on the circle and what it adds to the parts that it lies in. */
export interface RoomLeaf extends RoomDigest {
  /** The first 52 bits of its position. */
  readonly key: number;
  readonly high: number;
  readonly low: number;
}

export function leafOf({ room, digest }: RoomDigest): RoomLeaf {
  const position = positionOf(room);
  return { room, digest, key: keyOf(position), ...mixed(position, digest) };
}

interface Ordered {
  readonly leaves: readonly RoomLeaf[];
  /** At i: the exclusive or of the leaves before i. */
  readonly highs: Uint32Array;
  readonly lows: Uint32Array;
}

export class DigestTree {
  readonly #leaves: readonly RoomLeaf[];
  #ordered: Ordered | undefined;

  private constructor(leaves: readonly RoomLeaf[]) {
    this.#leaves = leaves;
  }

  static of(leaves: Iterable<RoomLeaf>): DigestTree {
    return new DigestTree([...leaves]);
  }

  count(prefix: Prefix): number {
    const [from, to] = this.#range(prefix);
    return to - from;
  }

  rooms(prefix: Prefix): readonly RoomDigest[] {
    return this.#inOrder.leaves.slice(...this.#range(prefix)).map(({ room, digest }) => ({ room, digest }));
  }

  /** What the names of all its rooms come to, whatever is in them: their keys, exclusive or. */
  names(): Position {
    let [high, low] = [0, 0];
    for (const { key } of this.#leaves) {
      high ^= Math.floor(key / 2 ** 20);
      low ^= key % 2 ** 20;
    }
    return { high: high >>> 0, low: (low << 12) >>> 0 };
  }

  /** What the sixteen parts of `prefix` come to. */
  node(prefix: Prefix): TreeNode {
    if (prefix.length === 0) return { prefix, digests: this.#whole() };
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

  /** What the sixteen parts of the circle come to, in whatever order the rooms lie. */
  #whole(): readonly Position[] {
    const [highs, lows] = [new Uint32Array(fanOut), new Uint32Array(fanOut)];
    const width = fanOut ** (prefixMax - 1);
    for (const { key, high, low } of this.#leaves) {
      const half = Math.floor(key / width);
      highs[half]! ^= high;
      lows[half]! ^= low;
    }
    return Array.from(highs, (high, half) => ({ high, low: lows[half]! }));
  }

  get #inOrder(): Ordered {
    if (this.#ordered !== undefined) return this.#ordered;
    const leaves = this.#leaves.toSorted((left, right) => left.key - right.key);
    const [highs, lows] = [new Uint32Array(leaves.length + 1), new Uint32Array(leaves.length + 1)];
    for (const [place, { high, low }] of leaves.entries()) {
      highs[place + 1] = highs[place]! ^ high;
      lows[place + 1] = lows[place]! ^ low;
    }
    return (this.#ordered = { leaves, highs, lows });
  }

  #digest(prefix: Prefix): Position {
    const { highs, lows } = this.#inOrder;
    const [from, to] = this.#range(prefix);
    return { high: (highs[from]! ^ highs[to]!) >>> 0, low: (lows[from]! ^ lows[to]!) >>> 0 };
  }

  /** The places of the rooms of `prefix`: keys from the prefix filled up with zeros on, over its width. */
  #range(prefix: Prefix): [number, number] {
    const width = fanOut ** Math.max(0, prefixMax - prefix.length);
    const from = prefix.slice(0, prefixMax).reduce((sum, half) => sum * fanOut + half, 0) * width;
    return [this.#firstFrom(from), this.#firstFrom(from + width)];
  }

  #firstFrom(key: number): number {
    const { leaves } = this.#inOrder;
    let low = 0;
    let high = leaves.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (leaves[middle]!.key < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function keyOf({ high, low }: Position): number {
  return high * 2 ** 20 + (low >>> 12);
}

const mixing = new DataView(new ArrayBuffer(16));

function mixed(position: Position, digest: Position): Position {
  mixing.setUint32(0, position.high);
  mixing.setUint32(4, position.low);
  mixing.setUint32(8, digest.high);
  mixing.setUint32(12, digest.low);
  return hash64(new Uint8Array(mixing.buffer));
}
