import type { ActorId, SeatId } from "@inkmesh/shared/base/ids";
import { decodeAwarenessUpdate, encodeAwarenessUpdate, type PresenceState } from "@inkmesh/shared/presence/awareness-update";
import { PresenceMap, type PresenceSender } from "@inkmesh/shared/presence/presence-map";
import { applyAwarenessUpdate, Awareness, encodeAwarenessUpdate as encodeOf } from "y-protocols/awareness";
import * as Y from "yjs";
import { describe, expect, test } from "vitest";

const limits = { presenceBytesMax: 100, presenceIdsPerSessionMax: 3, presenceIdsPerRoomMax: 5, presenceExpiryMs: 30_000 };
const socket = (seat: number, principal = ""): PresenceSender => ({ seat: seat as SeatId, principal });
const [ada, bob, cyd] = [socket(1), socket(2), socket(3)];
const [north, south] = ["north.0", "south.0"] as [ActorId, ActorId];
const named = (name: string): string => JSON.stringify({ user: { name } });
const here = (id: number, clock: number, name = `n${id}`): PresenceState => ({ id, clock, state: named(name) });
const left = (id: number, clock: number): PresenceState => ({ id, clock, state: undefined });

function aRoom(): {
  map: PresenceMap;
  say: (sender: PresenceSender, states: PresenceState[], nowMs?: number) => ReturnType<PresenceMap["apply"]>;
} {
  const map = new PresenceMap(limits);
  return { map, say: (sender, states, nowMs = 0) => map.apply(sender, encodeAwarenessUpdate(states), nowMs) };
}

const read = (bytes: Uint8Array | undefined): readonly PresenceState[] => {
  const result = decodeAwarenessUpdate(bytes ?? Uint8Array.of(0));
  return result.ok ? result.value : [];
};
const shown = (map: PresenceMap): Record<number, number> => Object.fromEntries(map.states().map(({ id, clock }) => [id, clock]));

describe("a state is taken as y-protocols takes it", () => {
  test.each<[string, PresenceState[], Record<number, number>]>([
    ["a greater clock", [here(7, 1), here(7, 2)], { 7: 2 }],
    ["not an equal clock", [here(7, 1), here(7, 1, "other")], { 7: 1 }],
    ["not a smaller clock", [here(7, 5), here(7, 4)], { 7: 5 }],
    ["an equal clock that says left", [here(7, 1), left(7, 1)], {}],
    ["not a smaller clock that says left", [here(7, 5), left(7, 4)], { 7: 5 }],
    ["nothing of somebody unknown who left", [left(7, 4)], {}],
    ["not one that had left before", [here(7, 1), left(7, 9), here(7, 5)], {}],
    ["one that comes back later", [here(7, 1), left(7, 9), here(7, 10)], { 7: 10 }],
  ])("%s", (_, states, expected) => {
    const { map, say } = aRoom();
    for (const state of states) say(ada, [state]);
    expect(shown(map)).toEqual(expected);
    expect(map.size).toBe(Object.keys(expected).length);
  });
});

describe("an id belongs to the first live socket that sent it", () => {
  test("an echo in a later frame neither takes over nor changes anything", () => {
    const { map, say } = aRoom();
    say(ada, [here(7, 1)]);
    say(bob, [here(8, 1)]);
    map.takeChanges();
    expect(say(bob, [here(7, 2, "forged")])).toMatchObject({ ok: true, value: { changed: false, ignored: 1 } });
    expect(say(bob, [left(7, 2)])).toMatchObject({ ok: true, value: { changed: false, ignored: 1 } });
    expect(map.takeChanges()).toBeUndefined();
    map.leave(bob.seat);
    expect(shown(map)).toEqual({ 7: 1 });
  });

  test("[P10] a client that reconnects before its old socket is gone keeps its presence when that goes", () => {
    const { map, say } = aRoom();
    say(ada, [here(7, 4)]);
    say(bob, [here(7, 4)]);
    expect(map.leave(ada.seat)).toBe(false);
    expect(shown(map)).toEqual({ 7: 4 });
    expect(map.leave(bob.seat)).toBe(true);
    expect(shown(map)).toEqual({});
  });

  test("a first frame with something newer takes over for good", () => {
    const { map, say } = aRoom();
    say(ada, [here(7, 4)]);
    say(bob, [here(7, 5)]);
    expect(say(ada, [here(7, 6, "old socket")])).toMatchObject({ value: { changed: false } });
    expect(map.leave(ada.seat)).toBe(false);
    expect(shown(map)).toEqual({ 7: 5 });
  });

  test("an older socket of another principal is not taken over", () => {
    const { map, say } = aRoom();
    say(socket(1, "ada"), [here(7, 4)]);
    expect(say(socket(2, "bob"), [here(7, 9, "forged")])).toMatchObject({ value: { changed: false, ignored: 1 } });
    expect(shown(map)).toEqual({ 7: 4 });
  });

  test("a first frame that is an echo loses the id to the living owner's next word", () => {
    const { map, say } = aRoom();
    say(ada, [here(7, 4)]);
    say(bob, [here(7, 4)]);
    say(ada, [here(7, 5)]);
    map.takeChanges();
    expect(map.leave(bob.seat)).toBe(false);
    expect(shown(map)).toEqual({ 7: 5 });
    map.leave(ada.seat);
    expect(map.takeChanges()?.states ?? []).toEqual([left(7, 6)]);
  });

  test("an echoing socket that goes gives the id back to the older one", () => {
    const { map, say } = aRoom();
    say(ada, [here(7, 4)]);
    say(bob, [here(7, 4)]);
    expect(map.leave(bob.seat)).toBe(false);
    expect(map.leave(ada.seat)).toBe(true);
    expect(map.size).toBe(0);
  });

  test("a first frame with several ids is an echo", () => {
    const { map, say } = aRoom();
    say(ada, [here(7, 4)]);
    say(bob, [here(7, 9), here(8, 1)]);
    expect(shown(map)).toEqual({ 7: 4, 8: 1 });
  });

  test("[P10] an id that only an echo brought leaves with the socket that introduces it later", () => {
    const { map, say } = aRoom();
    say(bob, [here(8, 1)]);
    say(bob, [here(7, 1)]);
    say(ada, [here(7, 1)]);
    expect(map.leave(ada.seat)).toBe(true);
    expect(shown(map)).toEqual({ 8: 1 });
  });

  test("an id that expired and came back as an echo returns to its socket", () => {
    const { map, say } = aRoom();
    say(ada, [here(7, 1)], 0);
    map.expire(30_000);
    say(bob, [here(8, 1)], 30_001);
    say(bob, [here(7, 3)], 30_002);
    say(ada, [here(7, 4)], 30_003);
    map.leave(bob.seat);
    expect(shown(map)).toEqual({ 7: 4 });
  });
});

describe("[P10] who is gone is said to be gone", () => {
  test("a closed socket's ids leave with a clock that is one higher", () => {
    const { map, say } = aRoom();
    say(ada, [here(7, 1), here(9, 5)]);
    say(bob, [here(8, 1)]);
    map.takeChanges();
    expect(map.leave(ada.seat)).toBe(true);
    const changes = map.takeChanges();
    expect(changes?.states ?? []).toEqual([left(7, 2), left(9, 6)]);
    expect(changes?.author).toBeUndefined();
    expect(map.leave(ada.seat)).toBe(false);
  });

  test("what is not renewed in time expires, the oldest first", () => {
    const { map, say } = aRoom();
    expect(map.nextExpiryMs()).toBeUndefined();
    say(ada, [here(7, 1)], 0);
    say(bob, [here(8, 1)], 10_000);
    expect(map.nextExpiryMs()).toBe(30_000);
    say(ada, [here(7, 2)], 15_000);
    expect(map.nextExpiryMs()).toBe(40_000);
    expect(map.expire(39_999)).toBe(false);
    expect(map.expire(40_000)).toBe(true);
    expect(shown(map)).toEqual({ 7: 2 });
    expect(map.expire(45_000)).toBe(true);
    expect(map.nextExpiryMs()).toBeUndefined();
  });

  test("a late echo does not bring back who left", () => {
    const { map, say } = aRoom();
    say(ada, [here(7, 3)]);
    say(bob, [here(8, 1)]);
    map.leave(ada.seat);
    expect(say(bob, [here(7, 3)])).toMatchObject({ value: { changed: false, correction: undefined } });
    expect(shown(map)).toEqual({ 8: 1 });
  });
});

describe("a client that comes back with an old clock is told", () => {
  test("and y-protocols' client then raises its own and is seen again", () => {
    const { map } = aRoom();
    const awareness = new Awareness(new Y.Doc());
    const id = awareness.clientID;
    awareness.setLocalState({ user: { name: "Ada" } });
    map.apply(ada, encodeOf(awareness, [id]), 0);
    map.leave(ada.seat);
    expect(map.size).toBe(0);

    const answers: Uint8Array[] = [];
    awareness.on("update", ({ added, updated, removed }: Record<"added" | "updated" | "removed", number[]>) => {
      answers.push(encodeOf(awareness, [...added, ...updated, ...removed]));
    });
    const back = map.apply(bob, encodeOf(awareness, [id]), 1_000);
    expect(back).toMatchObject({ ok: true, value: { changed: false } });
    if (back.ok && back.value.correction !== undefined) applyAwarenessUpdate(awareness, back.value.correction, "relay");
    expect(awareness.getLocalState()).toEqual({ user: { name: "Ada" } });
    expect(answers).toHaveLength(1);
    expect(map.apply(bob, answers[0]!, 1_001)).toMatchObject({ ok: true, value: { changed: true, correction: undefined } });
    expect(map.states()).toMatchObject([{ id, state: named("Ada") }]);
    awareness.destroy();
  });

  test("one whose tab slept past its expiry too, in a frame that is not its first", () => {
    const { map, say } = aRoom();
    say(ada, [here(7, 5)], 0);
    map.expire(30_000);
    const result = say(ada, [here(7, 6)], 60_000);
    expect(result.ok && read(result.value.correction)).toEqual([left(7, 6)]);
    expect(say(ada, [here(7, 7)], 60_001)).toMatchObject({ value: { changed: true } });
  });

  test("one that took over with a smaller clock too", () => {
    const { map, say } = aRoom();
    say(ada, [here(7, 50)]);
    const result = say(bob, [here(7, 3)]);
    expect(result.ok && read(result.value.correction)).toEqual([left(7, 50)]);
    say(bob, [here(7, 51)]);
    expect(map.leave(ada.seat)).toBe(false);
    expect(shown(map)).toEqual({ 7: 51 });
  });
});

describe("[P8] presence is bounded", () => {
  const refusal = { ok: false, refusal: { code: "PRESENCE_REFUSED" } };

  test.each<[string, PresenceState]>([
    ["a state too large", { id: 7, clock: 1, state: named("x".repeat(100)) }],
    ["a state too large in bytes", { id: 7, clock: 1, state: named("é".repeat(45)) }],
    ["a state that is no JSON", { id: 7, clock: 1, state: "{" }],
    ["a state that is empty", { id: 7, clock: 1, state: "" }],
    ["a state that is no object", { id: 7, clock: 1, state: "5" }],
    ["a clock bomb", here(7, 2 ** 40)],
    ["a clock bomb that says left", left(7, Number.MAX_SAFE_INTEGER)],
  ])("%s refuses the frame, which then changes nothing", (_, state) => {
    const { map, say } = aRoom();
    expect(say(ada, [here(8, 1), state, here(9, 1)])).toMatchObject(refusal);
    expect(map.size).toBe(0);
    expect(map.takeChanges()).toBeUndefined();
    expect(say(ada, [here(8, 1)])).toMatchObject({ ok: true });
  });

  test.each([
    ["nothing", []],
    ["a torn state", [1, 7, 1, 5, 0x7b]],
    ["more states than bytes", [200, 1, 7, 1, 2, 0x7b, 0x7d]],
    ["something behind", [0, 0]],
    ["text that is not UTF-8", [1, 7, 1, 1, 0xff]],
  ])("bytes with %s are refused", (_, bytes) => {
    expect(new PresenceMap(limits).apply(ada, Uint8Array.from(bytes), 0)).toMatchObject(refusal);
  });

  test("10,000 ids of one socket are three, at once or one after the other", () => {
    const atOnce = aRoom();
    const ids = Array.from({ length: 10_000 }, (_, index) => here(index + 1, 1));
    expect(atOnce.say(ada, ids)).toMatchObject({ ok: true, value: { leftOut: 9_997 } });
    expect(atOnce.map.size).toBe(3);

    const inTurn = aRoom();
    let seen = 0;
    for (const { id } of ids.slice(0, 2_000)) {
      inTurn.say(ada, [here(id, 1)]);
      inTurn.say(ada, [left(id, 2)]);
      seen += (inTurn.map.takeChanges()?.states ?? []).length;
    }
    expect(seen).toBe(3);
  });

  test("an echo that is too large or unreadable is ignored like any echo", () => {
    const { say } = aRoom();
    say(ada, [here(7, 1)]);
    say(bob, [here(8, 1)]);
    expect(say(bob, [{ id: 7, clock: 9, state: "{".repeat(500) }])).toMatchObject({ ok: true, value: { ignored: 1 } });
  });

  test("a state with __proto__ is only text", () => {
    const { map, say } = aRoom();
    const state = '{"__proto__":{"polluted":true}}';
    say(ada, [{ id: 7, clock: 1, state }]);
    expect(map.states()).toEqual([{ id: 7, clock: 1, state }]);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});

describe("what a turn changes leaves in one update", () => {
  test("with the last state of each, and the author if there was one", () => {
    const { map, say } = aRoom();
    say(ada, [here(7, 1)]);
    say(ada, [here(7, 2)]);
    const one = map.takeChanges();
    expect(one?.states ?? []).toEqual([here(7, 2)]);
    expect(one?.author).toBe(ada.seat);
    say(ada, [here(7, 3)]);
    say(cyd, [here(9, 1)]);
    const two = map.takeChanges();
    expect(two?.states ?? []).toEqual([here(7, 3), here(9, 1)]);
    expect(two?.author).toBeUndefined();
    expect(map.takeChanges()).toBeUndefined();
  });
});

describe("another relay speaks for its own sockets", () => {
  const nothing = { corrections: [], contradicted: [] };

  test("and says what is newer, and who left; of others it may say that they moved to it, not that they left", () => {
    const { map, say } = aRoom();
    say(ada, [here(7, 1)]);
    map.applyPeer(north, [here(8, 1), here(9, 1)], 0);
    expect(map.applyPeer(south, [left(8, 5), here(9, 2)], 0)).toEqual(nothing);
    expect(shown(map)).toEqual({ 7: 1, 8: 1, 9: 2 });
    map.applyPeer(north, [left(8, 2), left(9, 3), here(8, 1)], 0);
    expect(shown(map)).toEqual({ 7: 1, 9: 2 });
    map.applyPeer(south, [here(7, 2)], 0);
    expect(say(ada, [here(7, 3)])).toMatchObject({ value: { changed: false } });
    expect(map.leave(ada.seat)).toBe(false);
    expect(shown(map)).toEqual({ 7: 2, 9: 2 });
  });

  test("[P10] what it had goes with it, and nothing else", () => {
    const { map, say } = aRoom();
    say(ada, [here(7, 1)]);
    map.applyPeer(north, [here(8, 1)], 0);
    map.applyPeer(south, [here(9, 1)], 0);
    expect(map.leavePeer(north)).toBe(true);
    expect(map.leavePeer(north)).toBe(false);
    expect(map.takeChanges()?.states ?? []).toContainEqual(left(8, 2));
    expect(shown(map)).toEqual({ 7: 1, 9: 1 });
    map.leavePeer();
    expect(shown(map)).toEqual({ 7: 1 });
  });

  test("it is told where it is behind, and a socket here where another relay believes it gone", () => {
    const { map, say } = aRoom();
    say(ada, [here(7, 1)]);
    map.applyPeer(north, [here(8, 4)], 0);
    map.leavePeer(north);
    expect(map.applyPeer(north, [here(8, 4), left(7, 2)], 0)).toEqual({
      corrections: [left(8, 5)],
      contradicted: [{ seat: ada.seat, state: left(7, 2) }],
    });
    expect(map.applyPeer(north, [left(7, 0)], 0)).toEqual(nothing);
    expect(shown(map)).toEqual({ 7: 1 });
  });

  test("[P10] a first frame takes an id from it, and is believed to be no echo once it says something newer", () => {
    const { map, say } = aRoom();
    map.applyPeer(north, [here(7, 4), here(8, 4)], 0);
    say(ada, [here(7, 4)]);
    say(bob, [here(8, 4)]);
    say(bob, [here(8, 5)]);
    expect(map.ownStates()).toEqual([here(8, 5)]);
    map.leavePeer(north);
    expect(shown(map)).toEqual({ 8: 5 });
    expect(say(ada, [here(7, 6)])).toMatchObject({ value: { changed: true } });
    expect(shown(map)).toEqual({ 7: 6, 8: 5 });
  });

  test("an id that only an echo brought is its own at once", () => {
    const { map, say } = aRoom();
    say(ada, [here(6, 1), here(7, 1)]);
    map.applyPeer(north, [here(7, 1)], 0);
    map.leave(ada.seat);
    expect(shown(map)).toEqual({ 7: 1 });
    map.applyPeer(north, [left(7, 2)], 0);
    expect(shown(map)).toEqual({});
  });

  test("is told what changed of sockets here, and nothing of what it or others said", () => {
    const { map, say } = aRoom();
    say(ada, [here(7, 1)]);
    map.applyPeer(north, [here(8, 1)], 0);
    expect(map.takeOwnChanges()).toEqual([here(7, 1)]);
    map.applyPeer(north, [left(8, 2)], 0);
    map.leave(ada.seat);
    expect(map.takeOwnChanges()).toEqual([left(7, 2)]);
    expect(map.takeOwnChanges()).toEqual([]);
    expect(map.ownStates()).toEqual([]);
  });

  test("[P8] [P9] a state that a client may not send is not taken from it either, and no more ids than a room may have", () => {
    const { map } = aRoom();
    map.applyPeer(
      north,
      [{ id: 1, clock: 1, state: "7" }, { id: 2, clock: 1, state: "{" }, here(3, 2 ** 40), here(4, 1, "x".repeat(200))],
      0,
    );
    expect(map.size).toBe(0);
    map.applyPeer(
      north,
      Array.from({ length: 10 }, (_, index) => here(index, 1)),
      0,
    );
    expect(map.size).toBe(limits.presenceIdsPerRoomMax);
  });
});
