import type { ActorId, ConnectionId } from "@inkmesh/shared/base/ids";
import { decodeAwarenessUpdate, encodeAwarenessUpdate, type PresenceState } from "@inkmesh/shared/presence/awareness-update";
import { PresenceMap } from "@inkmesh/shared/presence/presence-map";
import fc from "fast-check";
import { expect, test } from "vitest";
import { holds } from "../replayable.ts";

const limits = { presenceBytesMax: 64, presenceIdsPerSessionMax: 3, presenceIdsPerRoomMax: 5, presenceExpiryMs: 1_000 };
const connections = [1, 2, 3, 4] as ConnectionId[];
const peers = ["b.0", "c.0"] as ActorId[];

const anyState: fc.Arbitrary<PresenceState> = fc.record({
  id: fc.nat(5),
  clock: fc.nat(6),
  state: fc.option(fc.constantFrom('{"a":1}', '{"a":2}'), { nil: undefined, freq: 3 }),
});
const anyEvent = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant("say" as const),
      by: fc.constantFrom(...connections),
      states: fc.array(anyState, { minLength: 1, maxLength: 3 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("leave" as const), by: fc.constantFrom(...connections) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant("peer-says" as const),
      by: fc.constantFrom(...peers),
      states: fc.array(anyState, { minLength: 1, maxLength: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("peer-leaves" as const), by: fc.constantFrom(...peers, undefined) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("wait" as const), ms: fc.nat(700) }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant("turn" as const) }) },
);

/** One who sees every change and goes by y-protocols' rule. */
class Watcher {
  readonly clocks = new Map<number, number>();
  readonly states = new Map<number, string>();

  read(bytes: Uint8Array): void {
    const decoded = decodeAwarenessUpdate(bytes);
    if (!decoded.ok) throw new Error(decoded.refusal.detail);
    for (const { id, clock, state } of decoded.value) {
      const known = this.clocks.get(id) ?? -1;
      if (!(clock > known || (clock === known && state === undefined && this.states.has(id)))) continue;
      this.clocks.set(id, clock);
      if (state === undefined) this.states.delete(id);
      else this.states.set(id, state);
    }
  }
}

test("[P1] one who saw every change and one who joins now see the same, and nobody is left when all have gone", () => {
  holds(
    fc.property(fc.array(anyEvent, { maxLength: 60 }), (events) => {
      const map = new PresenceMap(limits);
      const watcher = new Watcher();
      let nowMs = 0;
      const turn = (): void => {
        expect(map.takeOwnChanges().length).toBeLessThanOrEqual(6);
        const changes = map.takeChanges();
        if (changes !== undefined) watcher.read(changes.bytes);
        const joiner = new Watcher();
        joiner.read(map.snapshot() ?? Uint8Array.of(0));
        expect([...watcher.states].sort()).toEqual([...joiner.states].sort());
        expect(joiner.states.size).toBe(map.size);
      };
      for (const event of events) {
        if (event.type === "say")
          expect(map.apply({ connection: event.by, principal: "" }, encodeAwarenessUpdate(event.states), nowMs).ok).toBe(true);
        else if (event.type === "leave") map.leave(event.by);
        else if (event.type === "peer-says") map.applyPeer(event.by, event.states, nowMs);
        else if (event.type === "peer-leaves") map.leavePeer(event.by);
        else if (event.type === "wait") map.expire((nowMs += event.ms));
        else turn();
        expect(map.nextExpiryMs() ?? Number.POSITIVE_INFINITY).toBeGreaterThan(nowMs);
      }
      turn();
      for (const connection of connections) map.leave(connection);
      expect(map.ownStates()).toEqual([]);
      map.leavePeer();
      turn();
      expect(map.size).toBe(0);
      expect(map.nextExpiryMs()).toBeUndefined();
    }),
    1_500,
  );
});
