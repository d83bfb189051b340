/**
 * Whose cursors are shown, and what is said to a relay that does not read: without sockets, disks and clients.
 */
import type { ActorId, RoomName } from "@inkmesh/shared/base/ids";
import type { PresenceState } from "@inkmesh/shared/presence/awareness-update";
import { PresenceMap } from "@inkmesh/shared/presence/presence-map";
import type { MeshRoomMessage } from "@inkmesh/shared/wire/mesh-room-message";
import { expect, test } from "vitest";
import { limitsWith } from "../../../../server/config.ts";
import { Deadlines } from "../../../../server/core/deadlines.ts";
import { PresenceExchange } from "../../../../server/core/gossip/presence-exchange.ts";
import { PresenceNeighbours } from "../../../../server/core/gossip/presence-neighbours.ts";
import type { Member } from "../../../../server/core/membership/member.ts";
import type { RelayContext } from "../../../../server/core/relay-context.ts";
import type { Rooms } from "../../../../server/core/rooms.ts";

const north = "north.0000000000000000" as ActorId;
const lineage = { room: "note" as RoomName, generation: 0 };
const here = (id: number, clock: number): PresenceState => ({ id, clock, state: `{"at":${clock}}` });

/** One room here, and one relay that shares it. */
class Neighbourhood {
  readonly told: MeshRoomMessage[] = [];
  readonly deadlines = new Deadlines();
  isCongested = false;
  heardMs = 0;
  nowMs = 10_000;
  readonly map = new PresenceMap(limitsWith());
  readonly exchange: PresenceExchange;
  readonly neighbours: PresenceNeighbours;

  constructor() {
    const peers = {
      linked: [north],
      tell: (_to: ActorId, message: MeshRoomMessage) => this.told.push(message),
      sign: () => undefined,
      isCongested: () => this.isCongested,
      heardMs: () => this.heardMs,
    };
    const nowMs = (): number => this.nowMs;
    const now = {
      get monotonicMs(): number {
        return nowMs();
      },
    };
    const context = { peers, now, deadlines: this.deadlines, limits: limitsWith() } as unknown as RelayContext;
    this.exchange = new PresenceExchange({ context, map: this.map, contradict: () => undefined, said: () => undefined });
    const presence = {
      receivedFromPeer: (from: ActorId, message: Extract<MeshRoomMessage, { type: "presence" }>) => this.exchange.received(from, message),
      hide: (actor: ActorId) => this.map.leavePeer(actor),
      ask: (actor: ActorId) => this.exchange.ask(actor),
    };
    const room = { presence, sessions: 1 };
    this.neighbours = new PresenceNeighbours(context, { find: () => room, inMemory: () => [room] } as unknown as Rooms);
    this.exchange.watch(lineage);
    this.says([here(1, 1)]);
    this.told.splice(0);
  }

  says(states: readonly PresenceState[]): void {
    this.heardMs = this.nowMs;
    this.neighbours.received(north, { type: "presence", lineage, states });
  }

  believes(state: "alive" | "suspect"): void {
    this.neighbours.memberChanged({ member: { actor: north, state } as Member, before: undefined });
  }
}

test("[P10] what a relay under suspicion says is not shown before it has refuted, and all of it is asked for then", () => {
  const there = new Neighbourhood();
  expect(there.map.size).toBe(1);
  there.believes("suspect");
  expect(there.map.size).toBe(0);
  there.says([here(1, 5), here(2, 5)]);
  expect(there.map.size).toBe(0);
  there.believes("alive");
  expect(there.told).toEqual([{ type: "presence-watch", lineage, isWatching: true }]);
  there.says([here(1, 5), here(2, 5)]);
  expect(there.map.size).toBe(2);
});

test("[P8] a relay that does not read is told later, of each cursor where it is by then", () => {
  const there = new Neighbourhood();
  there.isCongested = true;
  for (let clock = 1; clock <= 100; clock++) there.exchange.changed([here(7, clock)]);
  const dueMs = there.deadlines.next()!;
  expect(dueMs).toBeGreaterThan(there.nowMs);
  expect(there.told).toEqual([]);
  there.nowMs = dueMs;
  there.isCongested = false;
  there.exchange.tellDue();
  expect(there.told).toEqual([{ type: "presence", lineage, states: [here(7, 100)] }]);
});

test("[P8] many cursors are many messages, none of them larger than a frame may be filled", () => {
  const there = new Neighbourhood();
  const large = { id: 1, clock: 1, state: JSON.stringify({ text: "x".repeat(40_000) }) };
  there.exchange.changed([...Array.from({ length: 2_500 }, (_, index) => here(10 + index, 1)), large, { ...large, id: 2 }]);
  const sizes = there.told.map((message) => (message.type === "presence" ? message.states.length : 0));
  expect(sizes).toEqual([1_024, 1_024, 453, 1]);
});
