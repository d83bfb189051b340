import type { RelayId } from "@inkmesh/shared/base/ids";
import type { Rumor } from "@inkmesh/shared/wire/mesh-message";
import { describe, expect, test } from "vitest";
import { RumorQueue } from "../../../../server/core/gossip/rumor-queue.ts";
import { LocalHealth } from "../../../../server/core/membership/local-health.ts";
import { Members } from "../../../../server/core/membership/members.ts";
import type { MembershipLimits } from "../../../../server/core/membership/membership-limits.ts";
import { addressOf, aLife, aRumor, aSuspicion, membershipLimits } from "./a-membership.ts";

const [a, b, c, d] = [aLife("a"), aLife("b"), aLife("c"), aLife("d")] as const;

function someMembers(changes: Partial<MembershipLimits> = {}) {
  const limits = membershipLimits(changes);
  const rumors = new RumorQueue(limits);
  const health = new LocalHealth(limits);
  const members = new Members({ self: a, address: addressOf(a), limits, rumors, health, nowMs: 0 });
  const hear = (...news: readonly Rumor[]): void => news.forEach((rumor) => members.hear(rumor, 0));
  const states = (): Record<string, string> =>
    Object.fromEntries(members.all().map((member) => [member.actor.replace(/\.0*/, "."), `${member.state} ${member.incarnation}`]));
  const told = (): readonly Rumor[] => rumors.take(1, 10_000);
  return { members, health, hear, states, told };
}

describe("news about a life", () => {
  test.each([
    { known: aRumor(b, "alive"), news: aSuspicion(b, c), then: "suspect 0" },
    { known: aRumor(b, "alive", 2), news: aSuspicion(b, c, 1), then: "alive 2" },
    { known: aSuspicion(b, c), news: aRumor(b, "alive"), then: "suspect 0" },
    { known: aSuspicion(b, c), news: aRumor(b, "alive", 1), then: "alive 1" },
    { known: aSuspicion(b, c), news: aRumor(b, "dead"), then: "dead 0" },
    { known: aSuspicion(b, c, 2), news: aRumor(b, "dead", 1), then: "suspect 2" },
    { known: aRumor(b, "dead"), news: aSuspicion(b, c), then: "dead 0" },
    { known: aRumor(b, "dead"), news: aRumor(b, "alive", 1), then: "alive 1" },
    { known: aRumor(b, "dead", 5), news: aRumor(b, "left", 0), then: "left 0" },
    { known: aRumor(b, "left"), news: aRumor(b, "alive", 9), then: "left 0" },
  ])("$known.state $known.incarnation, then $news.state $news.incarnation: $then", ({ known, news, then }) => {
    const { hear, states } = someMembers();
    hear(known, news);
    expect(states()).toEqual({ "a.1": "alive 0", "b.1": then });
  });

  test("goes on when it is news, and only then", () => {
    const { hear, told } = someMembers();
    hear(aRumor(b, "alive", 3));
    expect(told()).toEqual([aRumor(b, "alive", 3)]);
    while (told().length > 0);
    hear(aRumor(b, "alive", 3), aRumor(b, "dead", 2));
    expect(told()).toEqual([]);
  });

  test("a suspicion runs out into death, sooner when other relays confirm it", () => {
    const { members, hear, states } = someMembers();
    hear(...[b, c, d].map((actor) => aRumor(actor, "alive")), aSuspicion(b, a));
    expect(members.nextDeadline()).toBe(24_000);
    hear(aSuspicion(b, c), aSuspicion(b, d));
    expect(members.nextDeadline()).toBe(4_000);
    members.expire(3_999);
    expect(states()["b.1"]).toBe("suspect 0");
    members.expire(4_000);
    expect(states()["b.1"]).toBe("dead 0");
  });

  test("what a summary calls dead is suspected first, what it calls dead and is unknown here is no news", () => {
    const { members, hear, states } = someMembers();
    hear(aRumor(b, "alive"), aRumor(c, "alive"));
    members.hearSummary(aRumor(b, "dead"), c, 0);
    members.hearSummary(aRumor(d, "dead"), c, 0);
    expect(states()).toEqual({ "a.1": "alive 0", "b.1": "suspect 0", "c.1": "alive 0" });
  });
});

describe("this relay itself", () => {
  test("refutes its death with the next incarnation, tells so, and doubts its health", () => {
    const { hear, states, told, health } = someMembers();
    hear(aSuspicion(a, b, 0));
    expect(states()["a.1"]).toBe("alive 1");
    expect(told()).toEqual([aRumor(a, "alive", 1)]);
    expect(health.score).toBe(1);
    hear(aRumor(a, "dead", 4));
    expect(states()["a.1"]).toBe("alive 5");
  });

  test("does not answer old news", () => {
    const { hear, states } = someMembers();
    hear(aSuspicion(a, b, 0), aSuspicion(a, c, 0), aRumor(a, "dead", 0));
    expect(states()["a.1"]).toBe("alive 1");
  });

  test("is never suspected by itself, and nobody else can make it leave", () => {
    const { members, hear, states } = someMembers();
    members.suspect(a, 0);
    hear(aRumor(a, "left", 3));
    expect(states()["a.1"]).toBe("alive 0");
  });

  test("has left for good when it says so", () => {
    const { members, hear, states } = someMembers();
    members.leave(0);
    hear(aSuspicion(a, b, 0));
    expect(states()["a.1"]).toBe("left 0");
  });
});

describe("lives of one relay", () => {
  const again = aLife("b", 2);

  test("a new one that is seen makes the old one prove itself; when it is dead the new one speaks for the name", () => {
    const { members, hear, states } = someMembers();
    hear(aRumor(b, "alive", 7));
    members.greet(again, addressOf(again), 0);
    expect(states()).toMatchObject({ "b.1": "suspect 7", "b.2": "alive 0" });
    expect(members.lifeOf("b" as RelayId)?.actor).toBe(again);
  });

  test("an old one that refutes lives on: a cloned folder, and neither speaks for the name", () => {
    const { members, hear, states } = someMembers();
    hear(aRumor(b, "alive"));
    members.greet(again, addressOf(again), 0);
    hear(aRumor(b, "alive", 1));
    expect(states()).toMatchObject({ "b.1": "alive 1", "b.2": "alive 0" });
    expect(members.lifeOf("b" as RelayId)).toBeUndefined();
  });

  test("one that is only heard of accuses nobody: the news may be older than what is known", () => {
    const { hear, states } = someMembers();
    hear(aRumor(again, "alive"), aRumor(b, "alive", 30));
    expect(states()).toMatchObject({ "b.1": "alive 30", "b.2": "alive 0" });
  });
});

describe("[P8] the table has a limit", () => {
  test("the longest dead makes room; where all live the new one is turned away", () => {
    const { members, hear, states } = someMembers({ membersMax: 4 });
    hear(aRumor(b, "alive"), aRumor(c, "alive"));
    members.hear(aRumor(b, "dead"), 10);
    members.hear(aRumor(c, "dead"), 20);
    hear(aRumor(d, "alive"), aRumor(aLife("e"), "alive"));
    expect(Object.keys(states())).toEqual(["a.1", "c.1", "d.1", "e.1"]);
    hear(aRumor(aLife("f"), "alive"), aRumor(aLife("g"), "alive"));
    expect(members.takeTurnedAway()).toEqual([aLife("g")]);
  });

  test("the dead are forgotten after a while, this relay's goodbye is not", () => {
    const { members, hear, states } = someMembers();
    hear(aRumor(b, "alive"), aRumor(b, "dead"));
    members.leave(0);
    members.expire(599_999);
    expect(Object.keys(states())).toHaveLength(2);
    members.expire(600_000);
    expect(states()).toEqual({ "a.1": "left 0" });
  });
});
