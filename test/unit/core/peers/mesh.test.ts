import { relayOf, type LinkId, type RelayId, type RoomName } from "@inkmesh/shared/base/ids";
import { seededRandom } from "@inkmesh/shared/base/random";
import { decodeMeshFrame } from "@inkmesh/shared/wire/mesh-codec";
import type { MeshRoomMessage } from "@inkmesh/shared/wire/mesh-room-message";
import { meshVersion, meshVersionMin } from "@inkmesh/shared/wire/protocol-version";
import { describe, expect, test } from "vitest";
import { foundMesh } from "../../../../server/core/membership/belonging.ts";
import { addressOf, MeshWorld, type MeshLife } from "./mesh-world.ts";

const want = (room: string, to = 1): MeshRoomMessage => ({
  type: "want",
  lineage: { room: room as RoomName, generation: 0 },
  run: { actor: "a.0000000000000001" as never, from: 1, to },
});
const founded = (relay: string, seed = 1) => foundMesh(relay as RelayId, { weight: 1, zone: "" }, seededRandom(seed));

/** A founder "a" and the others that joined it. */
function aMesh(...others: readonly string[]): { world: MeshWorld; lives: readonly MeshLife[] } {
  const world = new MeshWorld(1);
  const a = world.start("a", { kept: founded("a") });
  const lives = [a, ...others.map((relay) => world.start(relay, { join: ["a"] }))];
  expect(world.runUntil(() => world.isOneMesh(), 10_000)).toBe(true);
  return { world, lives };
}

describe("what a relay runs", () => {
  const running = (life: MeshLife) => new Map(life.mesh.view().members.map(({ relay, version, release }) => [relay, { version, release }]));

  test("is told to who speaks a version that has a word for it, and to nobody else", () => {
    const world = new MeshWorld(5);
    const versions = { a: meshVersion, b: meshVersion, c: meshVersionMin };
    const lives = Object.entries(versions).map(([relay, version]) =>
      world.start(relay, { ...(relay === "a" ? { kept: founded("a") } : { join: ["a"] }), software: { release: `1.0-${relay}`, version } }),
    );
    expect(world.runUntil(() => world.isOneMesh(), 10_000)).toBe(true);
    world.run(5_000);
    const [a, , c] = lives as [MeshLife, MeshLife, MeshLife];
    expect(running(a).get("b" as RelayId)).toEqual({ version: meshVersion, release: "1.0-b" });
    // It speaks no newer version than it says, whatever it would understand.
    expect(running(a).get("c" as RelayId)).toEqual({ version: meshVersionMin, release: undefined });
    expect(running(c).get("a" as RelayId)).toEqual({ version: meshVersionMin, release: undefined });
    expect(running(a).get("a" as RelayId)).toEqual({ version: undefined, release: undefined });
    expect(a.mesh.view().software).toEqual({ release: "1.0-a", version: meshVersion });
  });

  test("is said anew by the next life", () => {
    const world = new MeshWorld(6);
    const a = world.start("a", { kept: founded("a") });
    const b = world.start("b", { join: ["a"], software: { version: meshVersionMin } });
    expect(world.runUntil(() => world.isOneMesh(), 10_000)).toBe(true);
    world.end(b);
    world.run(1_000);
    world.start("b", { kept: b.kept, software: { release: "2.0" } });
    expect(world.runUntil(() => running(a).get("b" as RelayId)?.release === "2.0", 20_000)).toBe(true);
    expect(running(a).get("b" as RelayId)?.version).toBe(meshVersion);
  });
});

describe("belonging", () => {
  test("who joins learns the mesh, keeps it before it answers, and takes a place on the ring as joining", () => {
    const { lives } = aMesh("b");
    const [a, b] = lives as [MeshLife, MeshLife];
    expect(b.kept?.mesh).toBe(a.kept?.mesh);
    expect(b.of("belongs")).toEqual([{ type: "belongs", mesh: a.kept?.mesh, isFounder: false }]);
    expect(b.mesh.ring.entries().map(({ relay, status }) => [relay, status])).toEqual([
      ["a", "member"],
      ["b", "joining"],
    ]);
    expect(b.kept?.ring).toEqual(b.mesh.ring.entries());
    expect(b.kept?.addresses).toEqual([{ relay: "a", address: addressOf("a") }]);
  });

  test("the first of a list founds when each of the others was asked in vain, and the others join", () => {
    const world = new MeshWorld(2);
    const list = ["a", "b", "c"];
    const lives = ["c", "b", "a"].map((relay) => world.start(relay, { join: list }));
    expect(world.runUntil(() => world.isOneMesh(), 10_000)).toBe(true);
    expect(lives.map((life) => life.of("belongs")[0]?.isFounder)).toEqual([false, false, true]);
  });

  test("the first of a list joins the others where they have a mesh already, though its own disk is new", () => {
    const { world, lives } = aMesh("b", "c");
    const [a, b] = lives as [MeshLife, MeshLife];
    world.end(a);
    world.run(1_000);
    const again = world.start("a", { join: ["a", "b", "c"] });
    expect(world.runUntil(() => again.mesh.view().mesh !== undefined, 20_000)).toBe(true);
    expect(again.mesh.view().mesh).toBe(b.mesh.view().mesh);
    // Its name is a member already; nothing on its disk says so, but the others do.
    expect(world.runUntil(() => again.mesh.ring.status("a" as RelayId) === "member", 5_000)).toBe(true);
  });

  test("the first of a list does not wait for ever for those that do not answer", () => {
    const world = new MeshWorld(3);
    const b = world.start("b", { join: ["b"] });
    const a = world.start("a", { join: ["a", "b"] });
    world.cut([a]);
    expect([a.mesh.view().mesh, b.mesh.view().mesh]).toEqual([undefined, expect.any(String)]);
    world.run(3_100);
    expect(a.of("belongs")).toHaveLength(1);
  });

  test("who is not the first waits, however long, and asks seldom", () => {
    const world = new MeshWorld(4);
    const b = world.start("b", { join: ["a"] });
    world.run(600_000);
    expect(b.mesh.view().mesh).toBeUndefined();
    expect(b.of("unreachable").length).toBeLessThan(50);
    const a = world.start("a", { kept: founded("a") });
    expect(world.runUntil(() => world.isOneMesh(), 31_000)).toBe(true);
    expect(b.kept?.mesh).toBe(a.kept?.mesh);
  });

  test("a relay that starts again from its folder finds the others by the addresses that it remembers", () => {
    const { world, lives } = aMesh("b", "c");
    const [, b] = lives as [MeshLife, MeshLife];
    world.end(b);
    world.run(60_000);
    const again = world.start("b", { kept: b.kept });
    expect(world.runUntil(() => world.isOneMesh(), 5_000)).toBe(true);
    expect(again.kept?.ring).toEqual(b.kept?.ring);
  });

  test("what was remembered is not forgotten by a start that finds nobody", () => {
    const { world, lives } = aMesh("b");
    const [a, b] = lives as [MeshLife, MeshLife];
    world.end(a);
    world.end(b);
    const again = world.start("b", { kept: b.kept });
    world.run(60_000);
    expect(again.kept?.addresses).toEqual([{ relay: "a", address: addressOf("a") }]);
  });

  test("who was forgotten stays forgotten over a start, and comes back by a new --join, once", () => {
    const { world, lives } = aMesh("b", "c");
    const [a, b] = lives as [MeshLife, MeshLife];
    const forget = (): void => world.turn(a, () => writeForgotten(a, "b"));
    const status = (): unknown => a.mesh.ring.status("b" as RelayId);
    forget();
    world.run(2_000);
    expect(b.mesh.ring.status("b" as RelayId)).toBe("forgotten");
    world.end(b);
    const second = world.start("b", { kept: b.kept });
    world.run(10_000);
    expect(status()).toBe("forgotten");
    world.end(second);
    const third = world.start("b", { kept: second.kept, join: ["a"] });
    expect(world.runUntil(() => status() === "joining", 10_000)).toBe(true);
    forget();
    world.run(10_000);
    expect([status(), third.mesh.ring.status("b" as RelayId)]).toEqual(["forgotten", "forgotten"]);
  });
});

/** As an operator does at `life`. */
function writeForgotten(life: MeshLife, relay: string): void {
  life.mesh.receive({ type: "forget-relay", relay: relay as RelayId }, 0);
}

describe("who does not belong", () => {
  test.each([
    { why: "another secret", options: { join: ["a"], secret: new Uint8Array(32) }, code: "MESH_SECRET" },
    { why: "another mesh", options: { join: ["a"], kept: founded("x", 9) }, code: "OTHER_MESH" },
  ])("[P9] by $why is refused with $code, said on both sides, and changes nothing", ({ options, code }) => {
    const { world, lives } = aMesh("b");
    const [a] = lives as [MeshLife];
    const x = world.start("x", options);
    world.run(5_000);
    expect(x.of("link-refused").map(({ refusal, dialled }) => [refusal.code, dialled])).toContainEqual([code, addressOf("a")]);
    expect(a.of("link-refused").map(({ refusal, remote, claimed }) => [refusal.code, remote, claimed])).toContainEqual([
      code,
      addressOf("x"),
      x.actor,
    ]);
    expect(a.belief(x.actor)).toBe("unknown");
    expect(a.mesh.ring.entries()).toHaveLength(2);
  });
});

describe("what rooms say to each other", () => {
  test("arrives in order, in one frame with what is said about the mesh, and under the ring that its sender knew", () => {
    const { world, lives } = aMesh("b");
    const [a, b] = lives as [MeshLife, MeshLife];
    const ring = a.mesh.ringId;
    const before = b.heard.length;
    let frames: readonly Uint8Array[] = [];
    world.turn(a, () => {
      for (const room of ["x", "y", "z"]) a.mesh.tell(b.actor, want(room));
      a.mesh.endTurn(() => 0);
      frames = a.effects.flatMap((effect) => (effect.type === "send-link" ? effect.frames : []));
    });
    expect(frames).toHaveLength(1);
    world.run(100);
    expect(b.heard.slice(before)).toEqual(["x", "y", "z"].map((room) => ({ type: "received", from: a.actor, ring, message: want(room) })));
  });

  test("[P5] keeps the RingId under which it was said, though the ring changes before the turn ends", () => {
    const { world, lives } = aMesh("b");
    const [a, b] = lives as [MeshLife, MeshLife];
    const ring = b.mesh.ringId;
    world.turn(b, () => {
      b.mesh.tell(a.actor, want("before"));
      b.mesh.advance("member");
      b.mesh.tell(a.actor, want("after"));
    });
    expect(b.mesh.ringId).not.toBe(ring);
    world.run(100);
    const rings = a.heard.flatMap((heard) => (heard.type === "received" ? [heard.ring] : []));
    expect(rings).toEqual([ring, b.mesh.ringId]);
    expect(a.mesh.ring.status("b" as RelayId)).toBe("member");
  });

  test("is lost towards somebody without a link, and after a link went down nothing of it comes over the next", () => {
    const { world, lives } = aMesh("b");
    const [a, b] = lives as [MeshLife, MeshLife];
    a.mesh.tell("nobody.0000000000000000" as never, want("x"));
    a.mesh.tell(b.actor, want("late"));
    world.cut([a]);
    world.turn(a, () => undefined);
    world.run(70_000);
    world.heal();
    expect(world.runUntil(() => world.isOneMesh(), 40_000)).toBe(true);
    expect(b.received()).toEqual([]);
  });

  test("listeners hear one thing after the other, also what their own doing causes", () => {
    const { world, lives } = aMesh("b");
    const [a, b] = lives as [MeshLife, MeshLife];
    const order: string[] = [];
    b.mesh.listen({
      peerUp: () => undefined,
      peerDown: () => undefined,
      memberChanged: () => undefined,
      ringChanged: () => void order.push("ring"),
      received: () => {
        order.push("begins");
        b.mesh.advance("member");
        order.push("ends");
      },
    });
    world.turn(a, () => a.mesh.tell(b.actor, want("x")));
    world.run(100);
    expect(order).toEqual(["begins", "ends", "ring"]);
  });

  test("the life that speaks for a relay is known while it is linked", () => {
    const { world, lives } = aMesh("b");
    const [a, b] = lives as [MeshLife, MeshLife];
    expect(a.mesh.lifeOf("b" as RelayId)).toBe(b.actor);
    expect(a.mesh.linked).toEqual([b.actor]);
    world.end(b);
    world.run(100);
    expect(a.mesh.lifeOf("b" as RelayId)).toBeUndefined();
    expect(a.heard.at(-1)).not.toEqual({ type: "up", actor: b.actor });
  });
});

describe("[P8] a peer that does not read", () => {
  const big = (room: string): MeshRoomMessage => ({
    ...{ type: "difference", exchange: 1, remaining: 0, bytes: new Uint8Array(100_000) },
    lineage: { room: room as RoomName, generation: 0 },
  });

  test("still is sent probes ahead of what waits, and no more than a window of the rest", () => {
    const { world, lives } = aMesh("b");
    const [a, b] = lives as [MeshLife, MeshLife];
    deafen(a);
    for (let number = 0; number < 20; number++) world.turn(a, () => a.mesh.tell(b.actor, big(`room ${number}`)));
    world.run(300);
    expect(b.received()).toHaveLength(3);
    // It answers, so it is alive: only its sockets are slow.
    world.run(20_000);
    expect([a.belief(b.actor), b.belief(a.actor)]).toEqual(["alive", "alive"]);
    const [link] = a.ends.keys();
    a.deaf.clear();
    world.tell(a, { type: "link-taken", link: link! });
    world.run(1_000);
    expect(b.received().map((message) => ("lineage" in message ? message.lineage.room : ""))).toEqual(
      Array.from({ length: 20 }, (_, number) => `room ${number}`),
    );
  });

  test("is let go with PEER_SLOW at the limit, and dialled anew", () => {
    const world = new MeshWorld(5);
    const a = world.start("a", { kept: founded("a"), limits: { linkWaitingBytesMax: 1_000_000 } });
    const b = world.start("b", { join: ["a"] });
    expect(world.runUntil(() => world.isOneMesh(), 10_000)).toBe(true);
    deafen(a);
    for (let number = 0; number < 20; number++) world.turn(a, () => a.mesh.tell(b.actor, big(`room ${number}`)));
    world.run(100);
    expect(a.of("link-refused").map(({ refusal, peer }) => [refusal.code, peer])).toEqual([["PEER_SLOW", b.actor]]);
    expect(a.heard.filter((heard) => heard.type === "down")).toHaveLength(1);
    expect(world.runUntil(() => world.isOneMesh(), 10_000)).toBe(true);
    expect(a.mesh.view().heldBytes).toBe(0);
  });

  function deafen(life: MeshLife): void {
    for (const link of life.ends.keys()) life.deaf.add(link);
  }
});

describe("a link that is dead although nobody closed it", () => {
  test("is given up and dialled anew within seconds, though membership hears that both relays live", () => {
    const { world, lives } = aMesh("b", "c", "d");
    const [a, b] = lives as [MeshLife, MeshLife];
    world.run(30_000);
    for (const life of [a, b]) life.heard.length = 0;
    world.socketsDie(a, b);
    world.run(13_000);
    for (const [life, other] of [
      [a, b],
      [b, a],
    ] as const) {
      expect(life.heard.flatMap((heard) => ("actor" in heard && heard.actor === other.actor ? [heard.type] : []))).toEqual(["down", "up"]);
      expect(life.belief(other.actor)).toBe("alive");
    }
    const codes = [a, b].flatMap((life) => life.of("link-refused").map(({ refusal }) => refusal.code));
    expect(codes).toContain("PEER_SILENT");
    world.turn(a, () => a.mesh.tell(b.actor, want("after")));
    world.run(100);
    expect(b.received()).toContainEqual(want("after"));
  });

  test("is not one that has nothing to carry, however long", () => {
    const { world, lives } = aMesh("b", "c");
    for (const life of lives) life.heard.length = 0;
    world.run(120_000);
    expect(lives.flatMap((life) => life.heard.filter((heard) => heard.type === "down" || heard.type === "up"))).toEqual([]);
  });
});

test("a link that outlived a partition tells two relays within seconds that neither is dead, as each believes of the other", () => {
  const { world, lives } = aMesh("b");
  const [a, b] = lives as [MeshLife, MeshLife];
  world.run(30_000);
  for (const life of lives) life.heard.length = 0;
  world.loss = 1;
  expect(world.runUntil(() => a.belief(b.actor) === "dead" && b.belief(a.actor) === "dead", 9_000)).toBe(true);
  // Until both have said it as often as they say things.
  world.run(2_500);
  world.loss = 0;
  expect(world.runUntil(() => world.isOneMesh(), 2_000)).toBe(true);
  expect(lives.flatMap((life) => life.heard.filter(({ type }) => type === "down"))).toEqual([]);
});

describe("a relay that is alone", () => {
  test("need not wake: nothing is due", () => {
    const world = new MeshWorld(6);
    const a = world.start("a", { kept: founded("a") });
    expect(a.mesh.nextDeadline()).toBe(Number.POSITIVE_INFINITY);
    expect(a.effects).toEqual([]);
  });

  test("and was so for long holds its long silence against nobody when somebody comes", () => {
    const world = new MeshWorld(7);
    const a = world.start("a", { kept: founded("a") });
    world.run(3_600_000);
    world.start("b", { join: ["a"] });
    expect(world.runUntil(() => world.isOneMesh(), 10_000)).toBe(true);
    world.run(5_000);
    expect(a.mesh.view().localHealth).toBe(0);
  });
});

test("a relay that ends on purpose is known to have left, and those that stay keep its place on the ring", () => {
  const { world, lives } = aMesh("b", "c");
  const [a, b] = lives as [MeshLife, MeshLife];
  world.leave(b);
  world.run(2_000);
  expect(a.belief(b.actor)).toBe("left");
  expect(a.mesh.ring.status(relayOf(b.actor))).toBe("joining");
});

test("a link that nobody opened may be told closed or taken", () => {
  const { world, lives } = aMesh("b");
  const [a] = lives as [MeshLife];
  world.tell(a, { type: "link-closed", link: 999 as LinkId });
  world.tell(a, { type: "link-taken", link: 999 as LinkId });
  expect(decodeMeshFrame(new Uint8Array()).ok).toBe(false);
  expect(world.isOneMesh()).toBe(true);
});
