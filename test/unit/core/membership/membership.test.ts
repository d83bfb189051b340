import type { ActorId, RelayId } from "@inkmesh/shared/base/ids";
import { seededRandom } from "@inkmesh/shared/base/random";
import type { MeshMessage } from "@inkmesh/shared/wire/mesh-message";
import { describe, expect, test } from "vitest";
import { Membership, type MembershipEffect, type MembershipInput } from "../../../../server/core/membership/membership.ts";
import type { MembershipLimits } from "../../../../server/core/membership/membership-limits.ts";
import { RingRecords } from "../../../../server/core/membership/ring-records.ts";
import { addressOf, aLife, aRumor, aSuspicion, membershipLimits } from "./a-membership.ts";

const [self, b, c, d] = [aLife("a"), aLife("b"), aLife("c"), aLife("d")] as const;
const here = { weight: 1, zone: "" };

/** A membership with a clock of its own; what it did since the last look. */
class Desk {
  readonly membership: Membership;
  nowMs = 1_000;
  readonly #seen: MembershipEffect[] = [];

  constructor(options: { seeds?: readonly string[]; ring?: RingRecords; limits?: Partial<MembershipLimits> } = {}) {
    const { seeds = [], ring = RingRecords.empty } = options;
    const limits = membershipLimits(options.limits);
    this.membership = new Membership({
      self,
      address: addressOf(self),
      seeds,
      remembered: [],
      ring,
      limits,
      random: seededRandom(7),
      nowMs: this.nowMs,
    });
  }

  tell(input: MembershipInput): void {
    this.#seen.push(...this.membership.step(input, this.nowMs));
  }

  link(...actors: readonly ActorId[]): this {
    for (const actor of actors) this.tell({ type: "link-up", actor, address: addressOf(actor), dialled: undefined });
    return this;
  }

  hear(from: ActorId, ...messages: readonly MeshMessage[]): void {
    this.tell({ type: "frame", from, frame: { ring: this.membership.ring.id, messages } });
  }

  /** Lets time pass as a driver would, deadline by deadline. */
  pass(ms: number): void {
    const untilMs = this.nowMs + ms;
    for (let next = this.membership.nextDeadline(); next <= untilMs; next = this.membership.nextDeadline()) {
      this.nowMs = Math.max(this.nowMs, Math.ceil(next));
      this.tell({ type: "deadline-reached" });
    }
    this.nowMs = untilMs;
  }

  take<Type extends MembershipEffect["type"]>(type: Type): readonly Extract<MembershipEffect, { type: Type }>[] {
    const all = this.#seen.filter((effect) => effect.type === type);
    this.#seen.length = 0;
    return all as Extract<MembershipEffect, { type: Type }>[];
  }

  /** What was said to `to` since the last look. */
  said(to: ActorId): readonly MeshMessage[] {
    return this.take("send").flatMap((effect) => (effect.to === to ? effect.frame.messages : []));
  }

  states(): Record<string, string> {
    return Object.fromEntries(this.membership.members().map((member) => [member.relay, member.state]));
  }
}

describe("a link", () => {
  test("makes its other side known, and says everything that is believed", () => {
    const desk = new Desk().link(b);
    expect(desk.states()).toEqual({ a: "alive", b: "alive" });
    const [said] = desk.said(b);
    expect(said).toMatchObject({ type: "push-pull", answer: false });
    expect(said?.type === "push-pull" && said.rumors.map((rumor) => rumor.actor)).toEqual([self, b]);
  });

  test("that is lost makes its other side the next to be probed, through others, and suspect when they have none either", () => {
    const desk = new Desk().link(b, c, d);
    for (const actor of [b, c, d]) desk.hear(actor, { type: "push-pull", rumors: [], answer: false });
    desk.pass(3_000);
    desk.take("send");
    desk.tell({ type: "link-down", actor: b });
    desk.pass(2_000);
    const asked = desk
      .take("send")
      .flatMap((effect) => effect.frame.messages)
      .find((message) => message.type === "indirect-probe");
    expect(asked).toMatchObject({ target: b });
  });

  test("carries nothing before it is up and after it is down", () => {
    const desk = new Desk();
    desk.hear(b, { type: "rumors", rumors: [aRumor(c, "alive")] });
    expect(desk.states()).toEqual({ a: "alive" });
    desk.link(b);
    desk.tell({ type: "link-down", actor: b });
    desk.take("send");
    desk.hear(b, { type: "probe", seq: 1 });
    expect(desk.take("send")).toEqual([]);
  });
});

describe("a round trip", () => {
  /** Lets time pass until somebody is probed. */
  function probed(desk: Desk): number {
    for (;;) {
      desk.pass(100);
      const probe = desk.said(b).find((message) => message.type === "probe");
      if (probe?.type === "probe") return probe.seq;
    }
  }

  test("is what the latest probe took, by the ack that answers that very probe, and is gone with the link", () => {
    const desk = new Desk().link(b, c);
    const seq = probed(desk);
    expect(desk.membership.roundTripMs(b)).toBeUndefined();
    desk.nowMs += 7;
    desk.hear(c, { type: "ack", seq });
    desk.hear(b, { type: "ack", seq: seq + 1 });
    expect(desk.membership.roundTripMs(b)).toBeUndefined();
    const late = desk.membership.nextDeadline();
    desk.hear(b, { type: "ack", seq });
    const first = desk.membership.roundTripMs(b);
    expect(first).toBeGreaterThanOrEqual(7);
    expect(first).toBeLessThan(late);
    const again = probed(desk);
    expect(desk.membership.roundTripMs(b)).toBe(first);
    desk.nowMs += 400;
    desk.hear(b, { type: "ack", seq: again });
    expect(desk.membership.roundTripMs(b)).toBeGreaterThan(first!);
    desk.tell({ type: "link-down", actor: b });
    expect(desk.membership.roundTripMs(b)).toBeUndefined();
  });
});

describe("rumors", () => {
  test("of a death are told to whoever is held dead and speaks all the same, be it without a word", () => {
    const desk = new Desk().link(b);
    desk.hear(b, { type: "rumors", rumors: [aRumor(b, "dead")] });
    desk.pass(60_000);
    desk.take("send");
    desk.hear(b);
    expect(desk.said(b)).toEqual([{ type: "rumors", rumors: [aRumor(b, "dead")] }]);
  });

  test("ride on answers, and one frame is all that a step has for a peer", () => {
    const desk = new Desk().link(b, c);
    desk.take("send");
    desk.hear(b, { type: "probe", seq: 5 }, { type: "rumors", rumors: [aRumor(d, "alive", 3)] });
    const sends = desk.take("send").filter((effect) => effect.to === b);
    expect(sends).toHaveLength(1);
    expect(sends[0]!.frame.messages[0]).toEqual({ type: "ack", seq: 5 });
    expect(sends[0]!.frame.messages[1]).toMatchObject({ type: "rumors" });
  });

  test("who is suspect here and asks hears of it with the answer", () => {
    const desk = new Desk().link(b, c);
    desk.hear(c, { type: "rumors", rumors: [aSuspicion(b, c)] });
    desk.pass(3_000);
    desk.take("send");
    desk.hear(b, { type: "probe", seq: 9 });
    const rumors = desk.said(b).flatMap((message) => (message.type === "rumors" ? message.rumors : []));
    expect(rumors).toContainEqual(aSuspicion(b, c));
  });

  test("who accuses somebody of what was refuted since is set right", () => {
    const desk = new Desk().link(b, c);
    desk.hear(b, { type: "rumors", rumors: [aRumor(d, "alive", 2)] });
    desk.pass(5_000);
    desk.take("send");
    desk.hear(c, { type: "rumors", rumors: [aRumor(d, "dead", 1)] });
    const rumors = desk.said(c).flatMap((message) => (message.type === "rumors" ? message.rumors : []));
    expect(rumors).toContainEqual(aRumor(d, "alive", 2));
  });

  test("this relay refutes in the very frame that answers its accuser", () => {
    const desk = new Desk().link(b);
    desk.take("send");
    desk.hear(b, { type: "probe", seq: 3 }, { type: "rumors", rumors: [aSuspicion(self, b)] });
    expect(desk.said(b)).toEqual([
      { type: "ack", seq: 3 },
      { type: "rumors", rumors: expect.arrayContaining([aRumor(self, "alive", 1)]) },
    ]);
  });
});

describe("this relay standing still", () => {
  test("counts against nobody: suspicions wait as much longer, and its own health is doubted", () => {
    const desk = new Desk().link(b, c);
    desk.hear(c, { type: "rumors", rumors: [aSuspicion(b, c)] });
    desk.nowMs += 60_000;
    desk.tell({ type: "deadline-reached" });
    expect(desk.states()).toMatchObject({ b: "suspect" });
    expect(desk.membership.localHealth).toBe(1);
  });

  test("a late event loop, told from outside, makes it slower to judge", () => {
    const desk = new Desk();
    desk.tell({ type: "event-loop-delay", ms: 350 });
    expect(desk.membership.localHealth).toBe(3);
  });
});

describe("[P5] the ring", () => {
  const record = RingRecords.empty.join("b" as RelayId, here);

  test("another name in a frame starts an exchange, once in a while and not with every frame", () => {
    const desk = new Desk().link(b);
    desk.take("send");
    const frame = { ring: record.id, messages: [] };
    desk.tell({ type: "frame", from: b, frame });
    expect(desk.said(b)).toContainEqual({ type: "ring", records: [], answer: true });
    desk.tell({ type: "frame", from: b, frame });
    expect(desk.said(b)).toEqual([]);
    desk.pass(600);
    desk.take("send");
    desk.tell({ type: "frame", from: b, frame });
    expect(desk.said(b)).toContainEqual({ type: "ring", records: [], answer: true });
  });

  test("records that come are merged, told, and answered where this relay knows more", () => {
    const own = RingRecords.empty.join("a" as RelayId, here);
    const desk = new Desk({ ring: own }).link(b);
    desk.hear(b, { type: "ring", records: record.entries(), answer: true });
    const merged = own.merge(record.entries());
    expect(desk.membership.ring.id).toBe(merged.id);
    expect(desk.take("ring-changed").map((effect) => effect.ring.id)).toEqual([merged.id]);
    desk.hear(b, { type: "ring", records: record.entries(), answer: true });
    expect(desk.said(b)).toContainEqual({ type: "ring", records: merged.entries(), answer: false });
    desk.hear(b, { type: "ring", records: merged.entries(), answer: true });
    expect(desk.said(b)).toEqual([]);
  });

  test("what this relay writes goes to all its peers at once", () => {
    const desk = new Desk().link(b, c, d);
    desk.take("send");
    desk.tell({ type: "ring-written", records: RingRecords.empty.join("a" as RelayId, here).entries() });
    const told = desk.take("send").filter((effect) => effect.frame.messages.some((message) => message.type === "ring"));
    expect(told.map((effect) => effect.to).toSorted()).toEqual([b, c, d]);
  });

  test("stays as it is whoever dies", () => {
    const ring = RingRecords.empty.join("a" as RelayId, here).join("b" as RelayId, here);
    const desk = new Desk({ ring }).link(b);
    desk.hear(b, { type: "rumors", rumors: [aRumor(b, "dead")] });
    desk.pass(700_000);
    expect(desk.states()).toEqual({ a: "alive" });
    expect(desk.membership.ring.id).toBe(ring.id);
  });
});

describe("addresses", () => {
  test("of relays that were heard of are dialled, and remembered for the next start", () => {
    const desk = new Desk({ seeds: ["ws://seed/mesh"] });
    desk.tell({ type: "deadline-reached" });
    expect(desk.take("dial").map((effect) => effect.address)).toEqual(["ws://seed/mesh"]);
    desk.tell({ type: "link-up", actor: b, address: addressOf(b), dialled: "ws://seed/mesh" });
    desk.hear(b, { type: "push-pull", rumors: [aRumor(c, "alive")], answer: false });
    desk.pass(10);
    expect(desk.take("dial").map((effect) => effect.address)).toEqual([addressOf(c)]);
    expect(desk.membership.addresses()).toContainEqual({ relay: "c", address: addressOf(c) });
  });

  test("of a dead relay are dialled on while it has its place on the ring, and no more when it is forgotten", () => {
    const ring = RingRecords.empty.join("b" as RelayId, here);
    const desk = new Desk({ ring }).link(b);
    desk.tell({ type: "link-down", actor: b });
    desk.hear(b, { type: "rumors", rumors: [] });
    desk.pass(120_000);
    expect(desk.take("dial").length).toBeGreaterThan(0);
    desk.tell({ type: "ring-written", records: ring.forget("b" as RelayId).entries() });
    desk.take("dial");
    desk.pass(120_000);
    expect(desk.take("dial")).toEqual([]);
  });
});

test("a relay that leaves says goodbye to all its peers and is done: it probes, dials and judges no more", () => {
  const desk = new Desk({ seeds: ["ws://seed/mesh"] }).link(b, c);
  desk.take("send");
  desk.tell({ type: "leave" });
  const goodbyes = desk
    .take("send")
    .filter((effect) =>
      effect.frame.messages.some(
        (message) => message.type === "rumors" && message.rumors.some((rumor) => rumor.actor === self && rumor.state === "left"),
      ),
    );
  expect(goodbyes.map((effect) => effect.to).toSorted()).toEqual([b, c]);
  desk.pass(60_000);
  expect(desk.membership.nextDeadline()).toBe(Number.POSITIVE_INFINITY);
  expect(desk.take("dial")).toEqual([]);
});

test("two lives that claim one name for long are told, once, and told again when it is over", () => {
  const desk = new Desk().link(b, aLife("b", 2));
  desk.hear(b, { type: "rumors", rumors: [aRumor(b, "alive", 1)] });
  for (let second = 0; second < 16; second++) {
    desk.pass(1_000);
    for (const actor of [b, aLife("b", 2)]) desk.hear(actor, { type: "rumors", rumors: [aRumor(actor, "alive", 20 + second)] });
  }
  expect(desk.take("contested")).toEqual([{ type: "contested", relay: "b", actors: [b, aLife("b", 2)] }]);
  desk.hear(b, { type: "rumors", rumors: [aSuspicion(b, c, 40)] });
  expect(desk.membership.lifeOf("b" as RelayId)).toBeUndefined();
  desk.hear(b, { type: "rumors", rumors: [aRumor(b, "left", 50)] });
  expect(desk.take("contested")).toEqual([{ type: "contested", relay: "b", actors: [aLife("b", 2)] }]);
});
