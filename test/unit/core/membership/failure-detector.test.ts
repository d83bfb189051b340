import type { ActorId } from "@inkmesh/shared/base/ids";
import { seededRandom } from "@inkmesh/shared/base/random";
import { describe, expect, test } from "vitest";
import { FailureDetector, type DetectorStep } from "../../../../server/core/membership/failure-detector.ts";
import { LocalHealth } from "../../../../server/core/membership/local-health.ts";
import { aLife, membershipLimits } from "./a-membership.ts";

const limits = membershipLimits({ favoursMax: 2 });
const [b, c, d, e] = ["b", "c", "d", "e"].map((relay) => aLife(relay)) as [ActorId, ActorId, ActorId, ActorId];

class World {
  readonly health = new LocalHealth(limits);
  readonly unlinked = new Set<ActorId>();
  present: ActorId[];
  readonly detector: FailureDetector;

  constructor(...present: ActorId[]) {
    this.present = present;
    const around = { present: () => this.present, isLinked: (actor: ActorId) => present.includes(actor) && !this.unlinked.has(actor) };
    this.detector = new FailureDetector({ limits, random: seededRandom(1), health: this.health, around, nowMs: 0 });
  }

  /** Whom the first probe goes to, and its number. */
  begin(): { readonly target: ActorId; readonly seq: number } {
    const [step] = this.detector.expire(0);
    if (step?.type !== "send" || step.message.type !== "probe") throw new Error("no probe");
    return { target: step.to, seq: step.message.seq };
  }
}

const said = (steps: readonly DetectorStep[]): readonly string[] =>
  steps.map((step) => (step.type === "send" ? `${step.message.type} to ${step.to.slice(0, 1)}` : `unanswered ${step.actor.slice(0, 1)}`));

describe("a probe", () => {
  test("that is answered says nothing, and the next one comes an interval later", () => {
    const world = new World(b, c);
    const { target, seq } = world.begin();
    expect(world.detector.acked(target, seq)).toEqual([]);
    expect(world.detector.nextDeadline()).toBe(1_000);
    expect(world.detector.expire(999)).toEqual([]);
    expect(said(world.detector.expire(1_000))).toEqual([`probe to ${target === b ? "c" : "b"}`]);
  });

  test("that is not answered in time makes three others probe; without a word from them it was unanswered at the end", () => {
    const world = new World(b, c, d, e);
    const { target } = world.begin();
    const others = [b, c, d, e].filter((actor) => actor !== target);
    expect(said(world.detector.expire(500)).toSorted()).toEqual(others.map((actor) => `indirect-probe to ${actor.slice(0, 1)}`));
    expect(said(world.detector.expire(1_000)).slice(0, 1)).toEqual([`unanswered ${target.slice(0, 1)}`]);
  });

  test("answered through somebody else was answered", () => {
    const world = new World(b, c, d);
    const { target, seq } = world.begin();
    world.detector.expire(500);
    world.detector.acked(target === b ? c : b, seq);
    expect(said(world.detector.expire(1_000)).filter((word) => word.startsWith("unanswered"))).toEqual([]);
  });

  test("an ack of an old number, or from one who was not asked, is nobody's", () => {
    const world = new World(b, c);
    const { target, seq } = world.begin();
    world.detector.acked(target, seq + 1);
    world.detector.acked(target === b ? c : b, seq);
    expect(said(world.detector.expire(500))).toHaveLength(1);
    expect(said(world.detector.expire(1_000))).toContain(`unanswered ${target.slice(0, 1)}`);
  });

  test("without a link goes through others at once, and is over when all of them said nack", () => {
    const world = new World(b, c, d);
    for (const actor of [b, c, d]) world.unlinked.add(actor);
    world.unlinked.delete(b);
    world.unlinked.delete(c);
    world.detector.hurry(d, 0);
    expect(said(world.detector.expire(0)).toSorted()).toEqual(["indirect-probe to b", "indirect-probe to c"]);
    world.detector.nacked(b, 1);
    expect(world.detector.expire(10)).toEqual([]);
    world.detector.nacked(c, 1);
    expect(said(world.detector.expire(20))).toEqual(["unanswered d"]);
  });

  test("without a link and with nobody to ask is unanswered at once", () => {
    const world = new World(b);
    world.unlinked.add(b);
    expect(said(world.detector.expire(0))).toEqual(["unanswered b"]);
    expect(world.detector.nextDeadline()).toBeGreaterThanOrEqual(1_000);
  });

  test("that this relay slept through proves nothing and is made again", () => {
    const world = new World(b, c);
    const { target } = world.begin();
    world.detector.abandon(60_000);
    expect(said(world.detector.expire(60_000))).toEqual([`probe to ${target.slice(0, 1)}`]);
  });
});

describe("everybody is probed", () => {
  test("once per round, in an order drawn anew", () => {
    const world = new World(b, c, d, e);
    const rounds = Array.from({ length: 8 }, (_, round) =>
      Array.from({ length: 4 }, (__, place) => {
        const nowMs = (round * 4 + place) * 1_000;
        const step = world.detector.expire(nowMs).find((one) => one.type === "send");
        if (step?.type !== "send" || step.message.type !== "probe") throw new Error("no probe");
        world.detector.acked(step.to, step.message.seq);
        return step.to;
      }),
    );
    for (const round of rounds) expect(round.toSorted()).toEqual([b, c, d, e]);
    expect(new Set(rounds.map((round) => round.join())).size).toBeGreaterThan(1);
  });

  test("but those who are gone", () => {
    const world = new World(b, c);
    world.begin();
    world.present = [];
    expect(said(world.detector.expire(1_000)).filter((word) => word.startsWith("probe"))).toEqual([]);
  });
});

describe("local health", () => {
  test("an unanswered probe with nobody to ask is one point; missed nacks are a point each, nacks none", () => {
    const alone = new World(b);
    alone.begin();
    alone.detector.expire(500);
    alone.detector.expire(1_000);
    expect(alone.health.score).toBe(1);

    const asked = new World(b, c, d, e);
    const { target, seq } = asked.begin();
    asked.detector.expire(500);
    const [first] = [b, c, d, e].filter((actor) => actor !== target);
    asked.detector.nacked(first!, seq);
    asked.detector.expire(1_000);
    expect(asked.health.score).toBe(2);
  });

  test("bad health makes the wait for an answer and the interval longer, an answer better", () => {
    const world = new World(b);
    world.health.count(3);
    const { target, seq } = world.begin();
    expect(world.detector.nextDeadline()).toBe(2_000);
    world.detector.acked(target, seq);
    expect(world.detector.nextDeadline()).toBe(4_000);
    expect(world.health.score).toBe(2);
  });
});

describe("a favour", () => {
  test("is done by a probe; the ack goes back with the asker's number", () => {
    const world = new World(b, c);
    const [probe] = world.detector.asked(b, 77, c, 0);
    if (probe?.type !== "send" || probe.message.type !== "probe") throw new Error("no probe");
    expect(probe.to).toBe(c);
    expect(world.detector.acked(c, probe.message.seq)).toEqual([{ type: "send", to: b, message: { type: "ack", seq: 77 } }]);
    expect(world.detector.acked(c, probe.message.seq)).toEqual([]);
  });

  test("that is not answered is declined in time; without a link, or past the limit, at once", () => {
    const world = new World(b, c);
    world.detector.asked(b, 77, c, 0);
    expect(said(world.detector.expire(400))).toContain("nack to b");
    world.unlinked.add(c);
    expect(said(world.detector.asked(b, 78, c, 400))).toEqual(["nack to b"]);
    world.unlinked.clear();
    for (const seq of [79, 80]) expect(said(world.detector.asked(b, seq, c, 400))).toEqual(["probe to c"]);
    expect(said(world.detector.asked(b, 81, c, 400))).toEqual(["nack to b"]);
  });
});
