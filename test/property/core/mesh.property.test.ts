/**
 * Meshes of 3 to 7 relays, put together as in the product, over sockets that delay, lose, break and are cut (`mesh-world.ts`):
 * from any order of starts and whatever happened they come to one mesh, one ring and one view, and nobody else gets in.
 */
import fc from "fast-check";
import { relayOf } from "@inkmesh/shared/base/ids";
import { describe, expect, test } from "vitest";
import { MeshWorld, type MeshLife } from "../../unit/core/peers/mesh-world.ts";
import { holds } from "../replayable.ts";

const anySeed = fc.nat(2 ** 31 - 1);
const names = ["a", "b", "c", "d", "e", "f", "g"];

/** The longest wait for a dial, a handshake that was lost and is tried again, and what is left of a wrong suspicion. */
const formMsMax = 30_000 + 35_000 + 24_000;

/** Starts 3 to 7 relays within 20 s, all with one list or all with the first as their seed. */
function starting(seed: number): MeshWorld {
  const world = new MeshWorld(seed);
  const count = 3 + world.chance(5);
  world.delayMsMax = 5 + world.chance(60);
  world.loss = world.chance(3) * 0.03;
  const all = names.slice(0, count);
  const isList = world.chance(2) === 0;
  for (const relay of all) world.at(world.chance(20_000), () => void world.start(relay, { join: isList || relay === "a" ? all : ["a"] }));
  world.run(20_000);
  return world;
}

/** Ends, restarts, stands still and cuts, for two minutes. */
function worry(world: MeshWorld): void {
  for (let trouble = 0; trouble < 6; trouble++) {
    const running = world.running();
    const life = running[world.chance(running.length)]!;
    const kind = world.chance(4);
    if (kind === 0) restart(world, life);
    if (kind === 1) world.standStill(life, world.chance(30_000));
    if (kind === 2) world.cut(running.filter(() => world.chance(2) === 0));
    if (kind === 3) world.heal();
    world.run(world.chance(40_000));
  }
}

function restart(world: MeshWorld, life: MeshLife): void {
  if (life.phase !== "runs") return;
  world.end(life, world.chance(2) === 0);
  const relay = relayOf(life.actor);
  world.at(
    world.nowMs + 200 + world.chance(20_000),
    () => void world.start(relay, { kept: life.kept, join: world.chance(2) === 0 ? [] : ["a", "b"] }),
  );
}

describe("[P12] relays put together as in the product", () => {
  test("come to one mesh, one ring and one view, whoever starts first", () => {
    holds(
      fc.property(anySeed, (seed) => {
        const world = starting(seed);
        expect(world.runUntil(() => world.isOneMesh(), formMsMax)).toBe(true);
        expect(world.lives.filter((life) => life.of("belongs")[0]?.isFounder)).toHaveLength(1);
      }),
      10,
    );
  });

  test("[P5] and again after deaths, restarts, standstills and cuts; a view of who is alive never moved the ring", () => {
    holds(
      fc.property(anySeed, (seed) => {
        const world = starting(seed);
        expect(world.runUntil(() => world.isOneMesh(), formMsMax)).toBe(true);
        const ring = world.lives[0]!.mesh.ringId;
        worry(world);
        world.heal();
        world.loss = 0;
        world.run(31_000);
        expect(world.runUntil(() => world.isOneMesh(), 2 * formMsMax)).toBe(true);
        for (const life of world.running()) expect(life.mesh.ringId).toBe(ring);
      }),
      5,
    );
  });

  test("[P9] let nobody in who has another secret, or the right one and another mesh", () => {
    holds(
      fc.property(anySeed, fc.boolean(), (seed, hasSecret) => {
        const world = starting(seed);
        expect(world.runUntil(() => world.isOneMesh(), formMsMax)).toBe(true);
        const ours = world.lives.length;
        const stranger = world.start("x", hasSecret ? { join: ["x"] } : { join: ["a"], secret: new Uint8Array(32).fill(9) });
        for (const life of world.lives.slice(0, ours)) world.connect(life, stranger, stranger.address);
        world.run(40_000);
        for (const life of world.lives.slice(0, ours)) {
          expect(life.belief(stranger.actor)).toBe("unknown");
          expect(life.mesh.ring.entries().map((record) => record.relay)).not.toContain("x");
        }
        expect(stranger.mesh.linked).toEqual([]);
      }),
      5,
    );
  });
});
