import type { ActorId, SeatId } from "@inkmesh/shared/base/ids";
import { encodeAwarenessUpdate, type PresenceState } from "@inkmesh/shared/presence/awareness-update";
import { PresenceChoice } from "@inkmesh/shared/presence/presence-choice";
import { PresenceMap } from "@inkmesh/shared/presence/presence-map";
import fc from "fast-check";
import { expect, test } from "vitest";
import { holds } from "../replayable.ts";

const limits = { presenceBytesMax: 64, presenceIdsPerSessionMax: 3, presenceIdsPerRoomMax: 5, presenceExpiryMs: 1_000 };
const connections = [1, 2, 3, 4] as SeatId[];
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

  read(states: readonly PresenceState[]): void {
    for (const { id, clock, state } of states) {
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
        if (changes !== undefined) watcher.read(changes.states);
        const joiner = new Watcher();
        joiner.read(map.states());
        expect([...watcher.states].sort()).toEqual([...joiner.states].sort());
        expect(joiner.states.size).toBe(map.size);
      };
      for (const event of events) {
        if (event.type === "say")
          expect(map.apply({ seat: event.by, principal: "" }, encodeAwarenessUpdate(event.states), nowMs).ok).toBe(true);
        else if (event.type === "leave") map.leave(event.by);
        else if (event.type === "peer-says") map.applyPeer(event.by, event.states, nowMs);
        else if (event.type === "peer-leaves") map.leavePeer(event.by);
        else if (event.type === "wait") map.expire((nowMs += event.ms));
        else turn();
        expect(map.nextExpiryMs() ?? Number.POSITIVE_INFINITY).toBeGreaterThan(nowMs);
      }
      turn();
      for (const seat of connections) map.leave(seat);
      expect(map.ownStates()).toEqual([]);
      map.leavePeer();
      turn();
      expect(map.size).toBe(0);
      expect(map.nextExpiryMs()).toBeUndefined();
    }),
    1_500,
  );
});

test("[P10] of a crowd one who saw everything and one who joins are shown the same few, and no echo of hiding somebody removes them", () => {
  const few = { presenceShownMax: 2, presenceIdleMs: 300 };
  holds(
    fc.property(fc.array(anyEvent, { maxLength: 80 }), (events) => {
      const choice = new PresenceChoice(few);
      const map = new PresenceMap(limits, (state) => choice.isEcho(state));
      const watcher = new Watcher();
      let nowMs = 0;
      const turn = (): void => {
        const before = choice.shown();
        const { states, hidden } = choice.changed(map.takeChanges()?.states ?? [], nowMs);
        watcher.read(hidden);
        watcher.read(states);
        const joiner = new Watcher();
        joiner.read(choice.shown());
        expect([...watcher.states].sort()).toEqual([...joiner.states].sort());
        expect(joiner.states.size).toBeLessThanOrEqual(few.presenceShownMax);
        expect(choice.present).toBe(map.size);
        // Who is not shown although there is room could not be shown to those who saw it go.
        if (joiner.states.size < few.presenceShownMax)
          for (const { id, clock } of map.states()) if (!joiner.states.has(id)) expect(watcher.clocks.get(id)).toBe(clock);
        // Nobody goes for nobody.
        if (hidden.length > 0) expect(choice.shown().length).toBe(few.presenceShownMax);
        expect(hidden.every(({ id }) => before.some((state) => state.id === id))).toBe(true);
        for (const said of hidden)
          for (const seat of connections.filter((each) => !map.speakersFor(said.id).includes(each))) {
            map.apply({ seat, principal: "" }, encodeAwarenessUpdate([said]), nowMs);
            expect(map.states()).toContainEqual(expect.objectContaining({ id: said.id, clock: said.clock }));
          }
      };
      for (const event of events) {
        if (event.type === "say") map.apply({ seat: event.by, principal: "" }, encodeAwarenessUpdate(event.states), nowMs);
        else if (event.type === "leave") map.leave(event.by);
        else if (event.type === "peer-says") map.applyPeer(event.by, event.states, nowMs);
        else if (event.type === "peer-leaves") map.leavePeer(event.by);
        else if (event.type === "wait") map.expire((nowMs += event.ms));
        else turn();
      }
      turn();
      for (const seat of connections) map.leave(seat);
      map.leavePeer();
      turn();
      expect([choice.present, watcher.states.size]).toEqual([0, 0]);
    }),
    1_500,
  );
});
