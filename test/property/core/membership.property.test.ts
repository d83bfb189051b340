/**
 * Membership of 3 to 9 relays on a network that delays, loses and partitions (`membership-world.ts`): what every run must come
 * to, and within which time. The bounds follow from the settings: a silent member is noticed within two rounds of probes,
 * dead within the longest suspicion after that; an address is dialled at least every `dialAfterMsMax`.
 */
import { relayOf, type ActorId } from "@inkmesh/shared/base/ids";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { holds } from "../replayable.ts";
import { MembershipWorld } from "./membership-world.ts";

const anySeed = fc.nat(2 ** 31 - 1);
const runs = 20;
const names = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];

/** Longest wait for a dial, a round trip of the handshake, and news to spread. */
const joinMsMax = 30_000 + 20_000;
const suspicionMsMax = 24_000;

/** Two rounds of probes, each at worst twice as long as planned by bad health; then the longest suspicion; then gossip. */
const deathMsMax = (relays: number): number => 2 * 2 * relays * 1_000 + suspicionMsMax + 5_000;

/** A mesh of `count` relays in which everybody knows everybody. */
function settled(seed: number, options: { count?: number; loss?: number } = {}): { world: MembershipWorld; actors: ActorId[] } {
  const world = new MembershipWorld({ seed });
  const count = options.count ?? 3 + world.chance(7);
  world.weather = { loss: options.loss ?? world.chance(2) * 0.05, delayMsMax: 5 + world.chance(60) };
  const actors = names.slice(0, count).map((name, index) => world.start(name, index === 0 ? [] : ["a"]));
  expect(world.runUntil(() => world.agrees(), joinMsMax)).toBe(true);
  world.run(2_000);
  return { world, actors };
}

/** For how long each time somebody believed somebody dead who ran, up to now. */
function wrongDeathsMs(world: MembershipWorld, sinceMs: number, running: readonly ActorId[]): readonly number[] {
  const deaths = world.sightings.filter(({ atMs, of, state }) => atMs >= sinceMs && state === "dead" && running.includes(of));
  return deaths.map(({ atMs, by, of }) => {
    const end = world.sightings.find((later) => later.by === by && later.of === of && later.atMs >= atMs && later.state === "alive");
    return (end?.atMs ?? world.nowMs) - atMs;
  });
}

describe("[P12] a mesh finds itself", () => {
  test("from any order of starts and any seeds that connect it", () => {
    holds(
      fc.property(anySeed, (seed) => {
        const world = new MembershipWorld({ seed });
        const count = 3 + world.chance(7);
        world.weather = { loss: world.chance(4) * 0.05, delayMsMax: 5 + world.chance(60) };
        const seeds = names.slice(0, count).map((): string[] => []);
        // A tree over all of them; who of the two knows the other is chance.
        for (let relay = 1; relay < count; relay++) {
          const other = world.chance(relay);
          if (world.chance(2) === 0) seeds[relay]!.push(names[other]!);
          else seeds[other]!.push(names[relay]!);
        }
        for (let relay = 0; relay < count; relay++) world.at(world.chance(40_000), () => void world.start(names[relay]!, seeds[relay]!));
        world.run(40_000);
        expect(world.runUntil(() => world.agrees(), joinMsMax)).toBe(true);
      }),
      runs,
    );
  });

  test("[P5] and its relays have one ring, whoever wrote what when, in a partition too", () => {
    holds(
      fc.property(anySeed, fc.boolean(), (seed, isCut) => {
        const { world, actors } = settled(seed);
        if (isCut) world.cut(actors.filter(() => world.chance(2) === 0));
        for (let write = 0; write < 12; write++) {
          const actor = actors[world.chance(actors.length)]!;
          const relay = relayOf(actor);
          const other = relayOf(actors[world.chance(actors.length)]!);
          const place = { weight: 1 + world.chance(4), zone: world.chance(2) === 0 ? "" : "east" };
          const change = world.chance(5);
          world.writeRing(actor, (ring) => {
            if (change === 0) return ring.forget(other);
            if (change === 1) return ring.move(relay, place);
            return ring.join(relay, place).advance(relay, change === 2 ? "member" : "leaving");
          });
          world.run(world.chance(300));
        }
        world.heal();
        const written = actors.map((actor) => world.membership(actor).ring).reduce((all, ring) => all.merge(ring.entries()));
        expect(world.runUntil(() => world.ringsAgree(), 20_000)).toBe(true);
        for (const actor of actors) expect(world.membership(actor).ring.id).toBe(written.id);
      }),
      runs,
    );
  });
});

describe("who is gone", () => {
  test("is believed dead by everybody within the bound, and nobody else is; the ring stays as it is", () => {
    holds(
      fc.property(anySeed, fc.boolean(), (seed, noticed) => {
        const { world, actors } = settled(seed);
        for (const actor of actors) world.writeRing(actor, (ring) => ring.join(relayOf(actor), { weight: 1, zone: "" }));
        expect(world.runUntil(() => world.ringsAgree(), 20_000)).toBe(true);
        const ring = world.membership(actors[0]!).ring.id;
        const gone = actors[world.chance(actors.length)]!;
        const endedMs = world.nowMs;
        world.end(gone, noticed);
        const others = world.running();
        expect(world.runUntil(() => others.every((by) => world.belief(by, gone) === "dead"), deathMsMax(actors.length))).toBe(true);
        // Nobody was in a hurry: suspicion has a shortest time, too.
        const deaths = world.sightings.filter((sighting) => sighting.of === gone && sighting.state === "dead");
        for (const { atMs } of deaths) expect(atMs - endedMs).toBeGreaterThanOrEqual(4_000);
        world.run(20_000);
        expect(world.runUntil(() => world.agrees(), 10_000)).toBe(true);
        expect(wrongDeathsMs(world, 0, others)).toEqual([]);
        for (const by of others) expect(world.membership(by).ring.id).toBe(ring);
      }),
      runs,
    );
  });

  test("three relays whose machine vanished are found, too, by those that are left", () => {
    holds(
      fc.property(anySeed, (seed) => {
        const { world, actors } = settled(seed, { count: 7 });
        for (const actor of actors.slice(0, 3)) world.end(actor, false);
        expect(world.runUntil(() => world.agrees(), 2 * deathMsMax(7))).toBe(true);
        expect(wrongDeathsMs(world, 0, world.running())).toEqual([]);
      }),
      10,
    );
  });

  test("has left, when it says goodbye, without anybody suspecting it, and never comes back in that life", () => {
    holds(
      fc.property(anySeed, (seed) => {
        const { world, actors } = settled(seed, { loss: 0 });
        const leaver = actors[world.chance(actors.length)]!;
        const saidMs = world.nowMs;
        world.leave(leaver);
        expect(world.runUntil(() => world.running().every((by) => by === leaver || world.belief(by, leaver) === "left"), 2_000)).toBe(true);
        world.run(30_000);
        const seen = world.sightings.filter(({ atMs, of }) => atMs >= saidMs && of === leaver).map(({ state }) => state);
        expect(new Set(seen)).toEqual(new Set(["left"]));
      }),
      runs,
    );
  });
});

describe("a relay that runs is not believed dead for long", () => {
  test("on a network that loses a fifth of everything", () => {
    holds(
      fc.property(anySeed, (seed) => {
        const { world, actors } = settled(seed, { loss: 0 });
        world.weather = { loss: 0.2, delayMsMax: 60 };
        world.run(120_000);
        world.weather = { loss: 0, delayMsMax: 20 };
        expect(world.runUntil(() => world.agrees(), 20_000)).toBe(true);
        expect(Math.max(0, ...wrongDeathsMs(world, 0, actors))).toBeLessThanOrEqual(2_000);
      }),
      15,
    );
  });

  test("after it stood still: it refutes, and believes nobody dead meanwhile, whom it had suspected before neither", () => {
    holds(
      fc.property(anySeed, fc.integer({ min: 500, max: 90_000 }), (seed, ms) => {
        const { world, actors } = settled(seed);
        const sleeper = actors[world.chance(actors.length)]!;
        const [dozing] = actors.filter((actor) => actor !== sleeper);
        const sinceMs = world.nowMs;
        world.standStill(dozing!, 3_500);
        world.run(3_000);
        world.standStill(sleeper, ms);
        world.run(ms + 1);
        expect(world.runUntil(() => world.agrees(), 30_000)).toBe(true);
        const others = actors.filter((actor) => actor !== sleeper);
        expect(wrongDeathsMs(world, sinceMs, others)).toEqual([]);
        // Shorter than the shortest suspicion is never enough.
        if (ms < 4_000) expect(wrongDeathsMs(world, sinceMs, actors)).toEqual([]);
      }),
      runs,
    );
  });

  test("after a partition: all views agree again, whether or not the links ended meanwhile", () => {
    holds(
      fc.property(anySeed, fc.integer({ min: 1_000, max: 150_000 }), fc.boolean(), (seed, ms, linksEnd) => {
        const { world, actors } = settled(seed);
        const side = actors.filter(() => world.chance(2) === 0);
        world.cut(side, linksEnd);
        world.run(ms);
        world.heal();
        expect(world.runUntil(() => world.agrees(), joinMsMax)).toBe(true);
      }),
      runs,
    );
  });
});

describe("lives of one relay", () => {
  test("a restarted relay speaks for its name again, as its new life, and the name is never called contested", () => {
    holds(
      fc.property(anySeed, fc.integer({ min: 100, max: 40_000 }), fc.boolean(), (seed, ms, noticed) => {
        const { world, actors } = settled(seed, { loss: 0 });
        const [old] = actors.slice(1 + world.chance(actors.length - 1));
        const relay = relayOf(old!);
        world.end(old!, noticed);
        world.run(ms);
        const life = world.start(relay, ["a"]);
        const speaks = (): boolean => world.running().every((by) => world.membership(by).lifeOf(relay)?.actor === life);
        expect(world.runUntil(() => world.belief(actors[0]!, life) === "alive", joinMsMax)).toBe(true);
        // Whoever saw the new life has spoken against the old one: nobody waits until it is dead, or even probed.
        expect(world.runUntil(speaks, 2_000)).toBe(true);
        expect(world.runUntil(() => world.agrees(), deathMsMax(actors.length))).toBe(true);
        expect(world.contests).toEqual([]);
      }),
      runs,
    );
  });

  test("two at once from a copied folder: everybody says so, and nobody takes one for the relay, until one ends", () => {
    holds(
      fc.property(anySeed, (seed) => {
        const { world, actors } = settled(seed, { loss: 0 });
        const original = actors[1]!;
        const relay = relayOf(original);
        const clone = world.start(relay, ["a"], "ws://clone/mesh");
        const told = (): boolean =>
          world.running().every((by) => world.contests.some((contest) => contest.by === by && contest.relay === relay));
        expect(world.runUntil(told, 60_000)).toBe(true);
        for (const by of world.running()) expect(world.membership(by).lifeOf(relay)).toBeUndefined();
        expect(Math.max(0, ...wrongDeathsMs(world, 0, world.running()))).toBeLessThanOrEqual(2_000);
        world.end(clone, true);
        expect(world.runUntil(() => world.running().every((by) => world.membership(by).lifeOf(relay)?.actor === original), 60_000)).toBe(
          true,
        );
        world.run(deathMsMax(actors.length));
        for (const by of world.running()) {
          expect(world.contests.findLast((contest) => contest.by === by)?.actors).toEqual([original]);
        }
      }),
      15,
    );
  });
});

test("the same seed gives the same trace, another one another", () => {
  holds(
    fc.property(anySeed, (seed) => {
      const trace = (chosen: number): string => {
        const { world, actors } = settled(chosen);
        world.end(actors[0]!, false);
        world.run(20_000);
        return world.traceHash();
      };
      expect(trace(seed)).toBe(trace(seed));
      expect(trace(seed)).not.toBe(trace(seed ^ 1));
    }),
    5,
  );
});
