import { actorOf, type ActorId, type MeshId, type RelayId, type RingId } from "@inkmesh/shared/base/ids";
import { decodeHandshake, encodeHandshake } from "@inkmesh/shared/wire/mesh-handshake";
import { encodeMeshFrame } from "@inkmesh/shared/wire/mesh-codec";
import { meshVersion, meshVersionMin } from "@inkmesh/shared/wire/protocol-version";
import { describe, expect, test } from "vitest";
import { aMesh, linkLimits, LinkWorld } from "./link-world.ts";

const life = (relay: string, number = 1): ActorId => actorOf(relay as RelayId, new Uint8Array(8).fill(number));
const [a, b] = [life("a"), life("b")];
const another = "8899aabbccddeeff" as MeshId;
const frame = { ring: "0000000000000000" as RingId, messages: [{ type: "probe" as const, seq: 1 }] };

describe("two relays of one mesh", () => {
  test("are up after each has proven the secret, and frames go both ways", () => {
    const world = new LinkWorld();
    const [one, other] = [world.add({ actor: a, mesh: aMesh }), world.add({ actor: b, mesh: aMesh })];
    world.dial(one, other);
    world.settle();
    expect(one.of("peer-up")).toEqual([
      {
        type: "peer-up",
        peer: { actor: b, address: `ws://${b}`, version: meshVersion, mesh: aMesh, draw: expect.stringMatching(/^[0-9a-f]{32}$/) },
        dialled: `ws://${b}`,
      },
    ]);
    expect(other.of("peer-up")).toMatchObject([{ peer: { actor: a }, dialled: undefined }]);
    expect([one.links.linkTo(b), other.links.linkTo(a)]).toEqual([[...one.ends.keys()][0], [...other.ends.keys()][0]]);
    other.tell({ type: "link-received", link: other.links.linkTo(a)!, bytes: encodeMeshFrame(frame) });
    expect(other.of("frame")).toEqual([{ type: "frame", from: a, frame }]);
    expect(one.links.linkTo(life("c"))).toBeUndefined();
  });

  test.each([
    { theirs: meshVersionMin, spoken: meshVersionMin },
    { theirs: meshVersion, spoken: meshVersion },
    { theirs: meshVersion + 1, spoken: meshVersion },
  ])("speak the older version of theirs: $spoken where the other one speaks $theirs", ({ theirs, spoken }) => {
    for (const dialler of [0, 1]) {
      const world = new LinkWorld();
      const relays = [world.add({ actor: a, mesh: aMesh }), world.add({ actor: b, mesh: aMesh, version: theirs })];
      world.dial(relays[dialler]!, relays[1 - dialler]!);
      world.settle();
      for (const relay of relays) expect(relay.of("peer-up")).toMatchObject([{ peer: { version: spoken } }]);
    }
  });

  test("one without a mesh learns it, whichever of the two dials", () => {
    for (const dialler of [0, 1]) {
      const world = new LinkWorld();
      const relays = [world.add({ actor: a, mesh: aMesh }), world.add({ actor: b })];
      world.dial(relays[dialler]!, relays[1 - dialler]!);
      world.settle();
      expect(relays[1]!.links.mesh).toBe(aMesh);
      expect(relays[1]!.of("mesh-learned")).toEqual([{ type: "mesh-learned", mesh: aMesh }]);
      expect(relays[0]!.of("mesh-learned")).toEqual([]);
    }
  });

  test("a link that ends is told, once", () => {
    const world = new LinkWorld();
    const [one, other] = [world.add({ actor: a, mesh: aMesh }), world.add({ actor: b, mesh: aMesh })];
    world.dial(one, other);
    world.settle();
    one.drop(b);
    world.settle();
    expect(one.of("peer-down")).toEqual([{ type: "peer-down", actor: b }]);
    expect(other.of("peer-down")).toEqual([{ type: "peer-down", actor: a }]);
  });
});

describe("a link is refused", () => {
  test.each([
    { why: "to another mesh", own: { mesh: aMesh }, theirs: { mesh: another }, code: "OTHER_MESH" },
    { why: "where neither has a mesh", own: {}, theirs: {}, code: "NO_MESH_YET" },
    { why: "to one with another secret", own: { mesh: aMesh }, theirs: { mesh: aMesh, secret: new Uint8Array(32) }, code: "MESH_SECRET" },
  ] as const)("$why: $code, on both sides", ({ own, theirs, code }) => {
    const world = new LinkWorld();
    const [one, other] = [world.add({ actor: a, ...own }), world.add({ actor: b, ...theirs })];
    world.dial(one, other);
    world.settle();
    expect(one.of("dial-failed")).toMatchObject([{ address: `ws://${b}`, met: undefined, refusal: { code } }]);
    expect([one.closed, other.closed]).toContainEqual([code]);
    expect([...one.of("peer-up"), ...other.of("peer-up")]).toEqual([]);
  });

  test("to itself, and the dial plan hears who was met", () => {
    const world = new LinkWorld();
    const one = world.add({ actor: a, mesh: aMesh });
    world.dial(one, one);
    world.settle();
    expect(one.of("dial-failed")).toMatchObject([{ met: a, refusal: { code: "LINK_TO_SELF" } }]);
  });

  test("[P9] to one that sends back the mark that it was sent", () => {
    const world = new LinkWorld();
    const one = world.add({ actor: a, mesh: aMesh });
    const link = world.knock(one, "ws://b");
    const hello = { type: "hello", version: meshVersion, mesh: aMesh, actor: b, nonce: new Uint8Array(16), address: "" } as const;
    one.tell({ type: "link-received", link, bytes: encodeHandshake(hello) });
    const proof = decodeHandshake(world.sent.at(-1)!);
    if (!proof.ok || proof.value.type !== "proof") throw new Error("no proof");
    one.tell({ type: "link-received", link, bytes: encodeHandshake({ type: "welcome", mark: proof.value.mark, mesh: aMesh }) });
    expect(one.closed).toEqual(["MESH_SECRET"]);
    expect(one.of("peer-up")).toEqual([]);
  });

  test("of an older version that this relay does not speak", () => {
    const world = new LinkWorld();
    const one = world.add({ actor: a, mesh: aMesh });
    const link = world.knock(one);
    const hello = { type: "hello", version: 0, mesh: aMesh, actor: b, nonce: new Uint8Array(16), address: "" } as const;
    one.tell({ type: "link-received", link, bytes: encodeHandshake(hello) });
    expect(one.closed).toEqual(["MESH_VERSION"]);
    expect(decodeHandshake(world.sent[0]!)).toMatchObject({ ok: true, value: { type: "refusal", code: "MESH_VERSION" } });
  });

  test("[P8] when it is not proven in time, whatever it says meanwhile", () => {
    const world = new LinkWorld();
    const [one, other] = [world.add({ actor: a, mesh: aMesh }), world.add({ actor: b, mesh: aMesh })];
    world.dial(one, other);
    world.deliver(() => 0);
    world.nowMs = 4_999;
    one.tell({ type: "deadline-reached" });
    expect(one.links.nextDeadline()).toBe(5_000);
    world.nowMs = 5_000;
    one.tell({ type: "deadline-reached" });
    expect(one.closed).toEqual(["HANDSHAKE_TIMEOUT"]);
    expect(one.links.nextDeadline()).toBe(Number.POSITIVE_INFINITY);
  });

  test("[P8] when too many are not proven; those that this relay dials are not counted against it", () => {
    const world = new LinkWorld();
    const one = world.add({ actor: a, mesh: aMesh });
    for (let link = 0; link < linkLimits.unprovenMax; link++) world.knock(one);
    expect(one.closed).toEqual([]);
    world.knock(one);
    expect(one.closed).toEqual(["TOO_MANY_CONNECTIONS"]);
    world.knock(one, "ws://seed");
    expect(one.closed).toHaveLength(1);
  });

  test("[P9] when a proven peer says what cannot be read", () => {
    const world = new LinkWorld();
    const [one, other] = [world.add({ actor: a, mesh: aMesh }), world.add({ actor: b, mesh: aMesh })];
    world.dial(one, other);
    world.settle();
    const [link] = one.ends.keys();
    one.tell({ type: "link-received", link: link!, bytes: Uint8Array.from([16, 0]) });
    expect(one.closed).toEqual(["BAD_FRAME"]);
    expect(one.of("peer-down")).toHaveLength(1);
  });
});

describe("of two links to one peer", () => {
  test("that came up at once the one that the lower name dialled stays", () => {
    const world = new LinkWorld();
    const [one, other] = [world.add({ actor: a, mesh: aMesh }), world.add({ actor: b, mesh: aMesh })];
    world.dial(other, one);
    world.dial(one, other);
    world.settle();
    for (const [relay, peer] of [
      [one, b],
      [other, a],
    ] as const) {
      expect(relay.up()).toEqual(new Map([[peer, 1]]));
      expect(relay.ends.size).toBe(1);
    }
    expect(one.of("peer-up").at(-1)?.dialled).toBe(`ws://${b}`);
  });

  test("the dial that lost says who was met, so that the address is left alone", () => {
    const world = new LinkWorld();
    const [one, other] = [world.add({ actor: a, mesh: aMesh }), world.add({ actor: b, mesh: aMesh })];
    world.dial(one, other);
    world.settle();
    world.dial(other, one);
    world.settle();
    expect(other.of("dial-failed")).toMatchObject([{ met: a, refusal: { code: "LINK_DOUBLE" } }]);
    expect(one.up()).toEqual(new Map([[b, 1]]));
  });

  test("of which one is old the new one stays, whoever dialled it: its dialler has lost the old one", () => {
    const world = new LinkWorld();
    const [one, other] = [world.add({ actor: a, mesh: aMesh }), world.add({ actor: b, mesh: aMesh })];
    world.dial(one, other);
    world.settle();
    // The socket dies and only one side notices.
    const [end] = other.ends.values();
    other.ends.delete(end!.link);
    other.tell({ type: "link-closed", link: end!.link });
    world.nowMs = 60_000;
    world.dial(other, one);
    world.settle();
    expect(one.closed).toEqual(["LINK_DOUBLE"]);
    expect(one.seen.slice(-2).map((effect) => effect.type)).toEqual(["peer-down", "peer-up"]);
    expect(other.up()).toEqual(new Map([[a, 1]]));
  });

  test("a dialler that finds somebody to whom it has an old link keeps that: one name may stand for several relays", () => {
    const world = new LinkWorld();
    const [one, other] = [world.add({ actor: a, mesh: aMesh }), world.add({ actor: b, mesh: aMesh })];
    world.dial(other, one);
    world.settle();
    const before = [one, other].map((relay) => [...relay.ends.keys()]);
    world.nowMs = 60_000;
    world.dial(one, other);
    world.settle();
    expect([one, other].map((relay) => [...relay.ends.keys()])).toEqual(before);
    expect(one.of("dial-failed")).toMatchObject([{ met: b, refusal: { code: "LINK_DOUBLE" } }]);
    expect([...one.of("peer-down"), ...other.of("peer-down")]).toEqual([]);
  });

  test("two lives of one name are two peers", () => {
    const world = new LinkWorld();
    const [one, first, second] = [a, b, life("b", 2)].map((actor) => world.add({ actor, mesh: aMesh })) as [never, never, never];
    world.dial(one, first);
    world.dial(one, second);
    world.settle();
    expect((one as { up(): ReadonlyMap<ActorId, number> }).up()).toEqual(
      new Map([
        [b, 1],
        [life("b", 2), 1],
      ]),
    );
  });
});
