import type { RelayId, RingId, RoomName } from "@inkmesh/shared/base/ids";
import { seededRandom } from "@inkmesh/shared/base/random";
import { hash64, positionOf, type Position } from "@inkmesh/shared/ring/hash";
import { encodeMeshFrame } from "@inkmesh/shared/wire/mesh-codec";
import type { MeshRoomMessage } from "@inkmesh/shared/wire/mesh-room-message";
import { describe, expect, test } from "vitest";
import { AntiEntropy, type AntiEntropyStep } from "../../../../server/core/gossip/anti-entropy.ts";
import { DigestTree, leafOf } from "../../../../server/core/gossip/digest-tree.ts";
import type { ReplicationLimits } from "../../../../server/core/gossip/replication-limits.ts";
import { replicationLimits } from "./a-room.ts";

const [relayA, relayB] = ["a", "b"] as RelayId[] as [RelayId, RelayId];
const ring = "0123456789abcdef" as RingId;

/** Two replicas that say to each other what their sweeps say; what would be compared is noted, and the bytes counted. */
class SweepingPair {
  readonly rooms = { a: new Map<RoomName, Position>(), b: new Map<RoomName, Position>() };
  readonly compared = new Set<RoomName>();
  readonly #limits: ReplicationLimits;
  readonly #sides: { readonly a: AntiEntropy; readonly b: AntiEntropy };
  bytes = 0;
  frames = 0;

  constructor(limits: Partial<ReplicationLimits> = {}) {
    this.#limits = replicationLimits(limits);
    this.#sides = { a: this.#side("a"), b: this.#side("b") };
  }

  #side(name: "a" | "b"): AntiEntropy {
    const rooms = this.rooms[name];
    return new AntiEntropy({
      self: name as RelayId,
      limits: this.#limits,
      random: seededRandom(1),
      rooms: {
        treeWith: () => DigestTree.of([...rooms].map(([room, digest]) => leafOf({ room, digest }))),
        isSharedWith: (_, room) => room !== "elsewhere",
        digest: (room) => rooms.get(room),
      },
    });
  }

  get a(): AntiEntropy {
    return this.#sides.a;
  }

  get b(): AntiEntropy {
    return this.#sides.b;
  }

  fill(count: number): void {
    for (let index = 0; index < count; index++) this.both(`room ${index}`, index);
  }

  both(room: string, version: number): void {
    this.set("a", room, version);
    this.set("b", room, version);
  }

  set(side: "a" | "b", room: string, version: number): void {
    this.rooms[side].set(room as RoomName, hash64(Uint8Array.of(version & 0xff, version >>> 8, version >>> 16)));
  }

  link(nowMs: number): void {
    this.#sides.a.linkUp(relayB, nowMs);
    this.#sides.b.linkUp(relayA, nowMs);
  }

  /** Everything that is due by `nowMs`, and all that follows from it. */
  run(nowMs: number): void {
    for (const side of ["a", "b"] as const) this.#follow(side, this.#sides[side].expire(nowMs), nowMs);
  }

  #follow(side: "a" | "b", steps: readonly AntiEntropyStep[], nowMs: number): void {
    for (const step of steps) {
      if (step.type === "send") this.#deliver(side, step.message, nowMs);
      else for (const room of step.rooms) this.compared.add(room);
    }
  }

  #deliver(from: "a" | "b", message: MeshRoomMessage, nowMs: number): void {
    this.frames += 1;
    this.bytes += encodeMeshFrame({ ring, messages: [message] }).length;
    const to = from === "a" ? "b" : "a";
    const peer = from === "a" ? relayA : relayB;
    if (message.type === "tree") this.#follow(to, this.#sides[to].treeCame(peer, message, nowMs), nowMs);
    if (message.type === "digests") this.#follow(to, this.#sides[to].digestsCame(peer, message, nowMs), nowMs);
  }
}

describe("a sweep", () => {
  test("over 100,000 equal rooms costs one frame of 141 bytes", () => {
    const pair = new SweepingPair();
    pair.fill(100_000);
    pair.link(0);
    pair.run(0);
    expect([pair.frames, pair.bytes, pair.compared.size]).toEqual([1, 141, 0]);
  });

  test("finds three rooms that differ, or are missing on either side, among 20,000 in a few kilobytes", () => {
    const pair = new SweepingPair();
    pair.fill(20_000);
    pair.set("b", "room 777", 0);
    pair.set("a", "only here", 1);
    pair.set("b", "only there", 1);
    pair.link(0);
    pair.run(0);
    expect([...pair.compared].sort()).toEqual(["only here", "only there", "room 777"]);
    expect(pair.bytes).toBeLessThan(6_000);
    expect(pair.frames).toBeLessThan(12);
  });

  test("[P8] brings a blank replica everything in portions, one sweep after the other", () => {
    const pair = new SweepingPair();
    for (let index = 0; index < 10_000; index++) pair.set("b", `room ${index}`, index);
    pair.link(0);
    let nowMs = 0;
    for (; pair.a.nextDeadline() < nowMs + 2_000 && nowMs < 100_000; nowMs += 1_000) {
      const before = pair.compared.size;
      pair.run(nowMs);
      for (const room of pair.compared) pair.rooms.a.set(room, pair.rooms.b.get(room)!);
      expect(pair.compared.size - before).toBeLessThanOrEqual(64 * 64);
    }
    expect(pair.compared.size).toBe(10_000);
    expect(nowMs).toBeLessThan(60_000);
  });

  test("comes back to parts that it had left out, though others stay different", () => {
    const pair = new SweepingPair({ sweepPartsMax: 2, listedRoomsMax: 1 });
    for (let index = 0; index < 200; index++) pair.both(`room ${index}`, index);
    for (let index = 0; index < 40; index++) pair.set("b", `room ${index}`, index + 1);
    pair.link(0);
    for (let nowMs = 0; nowMs < 150_000; nowMs += 1_000) pair.run(nowMs);
    expect(pair.compared.size).toBe(40);
  });

  test("is begun by the lower name, at a new link and then within the interval", () => {
    const pair = new SweepingPair();
    pair.both("room", 1);
    pair.link(0);
    pair.run(0);
    expect(pair.frames).toBe(1);
    pair.run(479_999);
    expect(pair.frames).toBe(1);
    pair.run(600_000);
    expect(pair.frames).toBe(2);
    pair.a.ringChanged(600_001);
    pair.run(600_001);
    expect(pair.frames).toBe(3);
    pair.a.linkDown(relayB);
    expect(pair.a.nextDeadline()).toBe(Number.POSITIVE_INFINITY);
  });
});

describe("rooms that changed", () => {
  test("are told a second later in one message, and those that differ are compared", () => {
    const pair = new SweepingPair();
    pair.both("same", 1);
    pair.both("other", 1);
    pair.link(0);
    pair.run(0);
    pair.set("b", "other", 2);
    pair.set("a", "elsewhere", 1);
    pair.frames = 0;
    for (const room of ["same", "other", "elsewhere"] as RoomName[]) pair.a.changed(room, 2_000);
    pair.run(2_999);
    expect(pair.frames).toBe(0);
    pair.run(3_000);
    expect([pair.frames, [...pair.compared]]).toEqual([1, ["other"]]);
    pair.run(4_000);
    expect(pair.frames).toBe(1);
  });

  describe("at both", () => {
    /** What is typed for five seconds comes to both disks, at `at` at each. */
    const typing = (at: { a: number; b: number }): SweepingPair => {
      const pair = new SweepingPair();
      pair.both("notes", 1);
      pair.link(0);
      pair.run(0);
      pair.frames = 0;
      for (let nowMs = 0; nowMs < 10_000; nowMs += 50) {
        if (nowMs < 5_000 && nowMs % 250 === at.a) pair.a.changed("notes" as RoomName, nowMs);
        if (nowMs < 5_000 && nowMs % 250 === at.b) pair.b.changed("notes" as RoomName, nowMs);
        pair.run(nowMs);
      }
      return pair;
    };

    test.each([
      { a: 0, b: 50 },
      { a: 200, b: 0 },
    ])("are told by the lower name each second, and at the end once by the other: %j", (at) => {
      const { frames } = typing(at);
      expect(frames).toBeGreaterThanOrEqual(5);
      expect(frames).toBeLessThanOrEqual(6);
    });
  });

  test("at the higher name alone are told by it a turn later, also where the lower name told of them before", () => {
    const pair = new SweepingPair();
    pair.both("notes", 1);
    pair.link(0);
    pair.run(0);
    pair.frames = 0;
    pair.a.changed("notes" as RoomName, 0);
    pair.run(1_000);
    expect(pair.frames).toBe(1);
    pair.set("b", "notes", 2);
    pair.b.changed("notes" as RoomName, 1_500);
    pair.run(2_500);
    expect(pair.compared.size).toBe(0);
    pair.run(3_500);
    expect([...pair.compared]).toEqual(["notes"]);
    expect(pair.frames).toBe(2);
    pair.run(20_000);
    expect([pair.frames, pair.b.nextDeadline()]).toEqual([2, Number.POSITIVE_INFINITY]);
  });

  test("that wait for a peer are forgotten with the link to it: everything is compared on the next", () => {
    const pair = new SweepingPair();
    pair.both("notes", 1);
    pair.link(0);
    pair.run(0);
    pair.b.changed("notes" as RoomName, 0);
    pair.run(1_000);
    pair.b.linkDown(relayA);
    pair.frames = 0;
    pair.run(5_000);
    expect([pair.frames, pair.b.nextDeadline()]).toEqual([0, Number.POSITIVE_INFINITY]);
  });

  test("[P8] beyond the bound come a second later, none is left out", () => {
    const pair = new SweepingPair({ changedRoomsMax: 3 });
    pair.link(0);
    pair.run(0);
    for (let index = 0; index < 7; index++) {
      pair.set("a", `room ${index}`, 1);
      pair.a.changed(`room ${index}` as RoomName, 0);
    }
    pair.run(1_000);
    expect(pair.compared.size).toBe(3);
    for (const nowMs of [2_000, 3_000]) pair.run(nowMs);
    expect(pair.compared.size).toBe(7);
  });
});

test("a part of no rooms comes to zero, and rooms fall into the part that their position begins with", () => {
  const tree = DigestTree.of([leafOf({ room: "notes" as RoomName, digest: { high: 1, low: 2 } })]);
  const half = positionOf("notes").high >>> 28;
  const nonZero = tree.node([]).digests.flatMap(({ high, low }, index) => (high === 0 && low === 0 ? [] : [index]));
  expect(nonZero).toEqual([half]);
  expect([tree.count([half]), tree.count([(half + 1) % 16]), tree.count([])]).toEqual([1, 0, 1]);
  expect(tree.rooms([half]).map(({ room }) => room)).toEqual(["notes"]);
});

test("the whole circle comes to what its parts come to, whether or not they were brought into order for it", () => {
  const leaves = Array.from({ length: 1_000 }, (_, index) =>
    leafOf({ room: `note ${index}` as RoomName, digest: { high: index, low: 7 } }),
  );
  const tree = DigestTree.of(leaves);
  const whole = tree.node([]).digests;
  const sums = whole.map((_, half) =>
    tree.node([half]).digests.reduce((sum, { high, low }) => ({ high: (sum.high ^ high) >>> 0, low: (sum.low ^ low) >>> 0 })),
  );
  expect(sums).toEqual(whole);
  expect(whole.reduce((sum, _, half) => sum + tree.count([half]), 0)).toBe(1_000);
});
