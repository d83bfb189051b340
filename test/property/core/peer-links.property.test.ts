/**
 * Links between relays under any order of arrival, and under hands that do not hold the secret.
 */
import { actorOf, type ActorId, type RelayId } from "@inkmesh/shared/base/ids";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { aMesh, LinkWorld, type LinkRelay } from "../../unit/core/peers/link-world.ts";
import { holds } from "../replayable.ts";
import { anyMeshFrame } from "../wire/mesh-room-messages.ts";
import { anyHandshake } from "../wire/messages.ts";
import { encodeHandshake } from "@inkmesh/shared/wire/mesh-handshake";
import { encodeMeshFrame } from "@inkmesh/shared/wire/mesh-codec";

const lives = ["a", "a-b", "c"].map((relay) => actorOf(relay as RelayId, new Uint8Array(8)));

describe("relays that dial each other in any order", () => {
  test("come to one link for each pair that dialled, the same on both sides, and all to one mesh", () => {
    const anyDials = fc.array(fc.tuple(fc.nat(2), fc.nat(2)), { minLength: 1, maxLength: 6 });
    holds(
      fc.property(anyDials, fc.nat(2), fc.array(fc.nat(1_000), { maxLength: 120 }), (dials, founder, picks) => {
        const world = new LinkWorld();
        const relays = lives.map((actor, index) => world.add({ actor, mesh: index === founder ? aMesh : undefined }));
        // First of all everybody finds the founder: relays without a mesh do not link.
        for (const [index, relay] of relays.entries()) if (index !== founder) world.dial(relay, relays[founder]!);
        world.settle();
        for (const relay of relays) for (const actor of lives) relay.drop(actor);
        world.settle();
        for (const [from, to] of dials) if (from !== to) world.dial(relays[from]!, relays[to]!);
        for (const pick of picks) world.deliver((choices) => pick % choices);
        world.settle();
        for (const relay of relays) {
          expect(relay.links.mesh).toBe(aMesh);
          expect([...relay.up().keys()].toSorted()).toEqual(partners(relay, relays, dials));
          for (const count of relay.up().values()) expect(count).toBe(1);
          expect(relay.ends.size).toBe(relay.up().size);
        }
      }),
      500,
    );
  });
});

function partners(relay: LinkRelay, relays: readonly LinkRelay[], dials: readonly (readonly [number, number])[]): readonly ActorId[] {
  const self = relays.indexOf(relay);
  const met = dials.filter(([from, to]) => from !== to && (from === self || to === self)).map(([from, to]) => (from === self ? to : from));
  return [...new Set(met)].map((other) => relays[other]!.actor).toSorted();
}

describe("[P9] who does not hold the secret", () => {
  test("is never up and has no frame read, whatever it says, on links that it dialled or that dialled it", () => {
    const anyBytes = fc.oneof(fc.uint8Array({ maxLength: 60 }), anyHandshake.map(encodeHandshake), anyMeshFrame.map(encodeMeshFrame));
    holds(
      fc.property(fc.array(anyBytes, { maxLength: 6 }), fc.boolean(), (said, isDialled) => {
        const world = new LinkWorld();
        const relay = world.add({ actor: lives[0]!, mesh: aMesh });
        const link = world.knock(relay, isDialled ? "ws://somewhere" : undefined);
        for (const bytes of said) relay.tell({ type: "link-received", link, bytes });
        expect([...relay.of("peer-up"), ...relay.of("frame"), ...relay.of("mesh-learned")]).toEqual([]);
      }),
      2_000,
    );
  });

  test("gets nowhere by saying again, in any order, all that honest relays said before and say now", () => {
    holds(
      fc.property(fc.array(fc.nat(200), { minLength: 1, maxLength: 12 }), fc.boolean(), (picks, isDialled) => {
        const world = new LinkWorld();
        const [one, other] = [world.add({ actor: lives[0]!, mesh: aMesh }), world.add({ actor: lives[2]!, mesh: aMesh })] as const;
        world.dial(one, other);
        world.settle();
        one.drop(other.actor);
        world.settle();
        const before = one.of("peer-up").length;
        const link = world.knock(one, isDialled ? "ws://somewhere" : undefined);
        for (const pick of picks) one.tell({ type: "link-received", link, bytes: world.sent[pick % world.sent.length]! });
        expect(one.of("peer-up")).toHaveLength(before);
        expect(one.of("frame")).toEqual([]);
      }),
      1_000,
    );
  });

  test("cannot change a single bit of what two honest relays say on the way to being up", () => {
    holds(
      fc.property(fc.nat(3), fc.nat(2_000), fc.nat(7), (step, at, bit) => {
        const world = new LinkWorld();
        const [one, other] = [world.add({ actor: lives[0]!, mesh: aMesh }), world.add({ actor: lives[2]!, mesh: aMesh })] as const;
        world.dial(one, other);
        for (let delivered = 0; delivered < step; delivered++) world.deliver(() => 0);
        const end = [one, other].flatMap((relay) => [...relay.ends.values()]).find((candidate) => candidate.arriving.length > 0)!;
        const bytes = end.arriving[0]!.slice();
        bytes[at % bytes.length]! ^= 1 << bit;
        end.arriving[0] = bytes;
        world.settle();
        // The last word is the welcome: who sent it is up until the other one hangs up.
        expect([...one.up(), ...other.up()]).toEqual([]);
      }),
      1_000,
    );
  });
});
