/**
 * News about lives in any order, and suspicion and rumors against what their headers promise.
 */
import type { ActorId } from "@inkmesh/shared/base/ids";
import { memberStates, type MemberState, type Rumor } from "@inkmesh/shared/wire/mesh-message";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RumorQueue, rumorBytesMax } from "../../../server/core/gossip/rumor-queue.ts";
import { LocalHealth } from "../../../server/core/membership/local-health.ts";
import { Members } from "../../../server/core/membership/members.ts";
import { Suspicion } from "../../../server/core/membership/suspicion.ts";
import { addressOf, aLife, aRumor, aSuspicion, membershipLimits } from "../../unit/core/membership/a-membership.ts";
import { holds } from "../replayable.ts";

const limits = membershipLimits();
const self = aLife("self");
const actors = [aLife("b"), aLife("b", 2), aLife("c")];
const anyActor = fc.constantFrom(...actors);
const anyRumor: fc.Arbitrary<Rumor> = fc
  .record({ actor: anyActor, state: fc.constantFrom(...memberStates), incarnation: fc.nat(3), accuser: anyActor })
  .map(({ actor, state, incarnation, accuser }) =>
    state === "suspect" ? aSuspicion(actor, accuser, incarnation) : aRumor(actor, state, incarnation),
  );

function believed(rumors: readonly Rumor[]): readonly string[] {
  const health = new LocalHealth(limits);
  const members = new Members({ self, address: "", limits, rumors: new RumorQueue(limits), health, nowMs: 0 });
  for (const rumor of rumors) members.hear(rumor, 0);
  return members
    .all()
    .filter((member) => member.actor !== self)
    .map((member) => `${member.actor} ${member.state} ${beyondDeath(member)}`)
    .toSorted();
}

/** After a goodbye the incarnation says nothing any more. */
function beyondDeath(news: { readonly state: MemberState; readonly incarnation: number }): number {
  return news.state === "left" ? 0 : news.incarnation;
}

/** The last word on each life: a goodbye, or the highest of (incarnation, state). */
function dumbBelieved(rumors: readonly Rumor[]): readonly string[] {
  const lastWord = (actor: ActorId): readonly string[] => {
    const own = rumors.filter((rumor) => rumor.actor === actor);
    const rank = (rumor: Rumor): number => (rumor.state === "left" ? 1_000 : rumor.incarnation * 10 + memberStates.indexOf(rumor.state));
    const [last] = own.toSorted((left, right) => rank(right) - rank(left));
    return last === undefined ? [] : [`${actor} ${last.state} ${beyondDeath(last)}`];
  };
  return actors.flatMap(lastWord).toSorted();
}

describe("news about members", () => {
  test("comes to the same belief in any order and however often", () => {
    holds(
      fc.property(fc.array(anyRumor, { maxLength: 12 }), fc.array(fc.nat(11), { maxLength: 12 }), (rumors, again) => {
        const repeated = [...rumors, ...again.flatMap((index) => rumors[index] ?? [])];
        expect(believed(rumors)).toEqual(dumbBelieved(rumors));
        expect(believed(repeated.toReversed())).toEqual(dumbBelieved(rumors));
      }),
      1_000,
    );
  });

  test("about this relay leaves it alive with an incarnation above all that was said against it", () => {
    holds(
      fc.property(fc.array(anyRumor, { maxLength: 8 }), (rumors) => {
        const health = new LocalHealth(limits);
        const members = new Members({ self, address: "", limits, rumors: new RumorQueue(limits), health, nowMs: 0 });
        const said = rumors.map((rumor) => ({ ...rumor, actor: self }));
        for (const rumor of said) members.hear(rumor, 0);
        const against = said.filter((rumor) => rumor.state === "suspect" || rumor.state === "dead").map((rumor) => rumor.incarnation);
        expect(members.get(self)?.state).toBe("alive");
        expect(members.get(self)?.incarnation).toBeGreaterThan(Math.max(-1, ...against));
      }),
      500,
    );
  });
});

test("a suspicion lasts from min to max, and no confirmation makes it longer", () => {
  holds(
    fc.property(
      fc.record({ minMs: fc.integer({ min: 1, max: 10_000 }), factor: fc.integer({ min: 1, max: 10 }), expected: fc.nat(5) }),
      fc.array(fc.constantFrom("a", "b", "c", "d", "e", "f"), { maxLength: 10 }),
      ({ minMs, factor, expected }, accusers) => {
        const bounds = { minMs, maxMs: minMs * factor, expected };
        const suspicion = new Suspicion({ accuser: aLife("a"), bounds, nowMs: 0 });
        const confirmed = new Set<string>();
        for (const relay of accusers) {
          const before = suspicion.endsMs;
          if (relay !== "a" && confirmed.size < expected) confirmed.add(relay);
          suspicion.confirm(aLife(relay));
          const share = expected === 0 ? 1 : Math.log(confirmed.size + 1) / Math.log(expected + 1);
          expect(suspicion.endsMs).toBeCloseTo(bounds.maxMs - (bounds.maxMs - minMs) * share, 5);
          expect(suspicion.endsMs).toBeLessThanOrEqual(before);
          expect(suspicion.endsMs).toBeGreaterThanOrEqual(minMs);
        }
      },
    ),
    500,
  );
});

test("[P8] rumors are told as often as the limit says, each telling within its bytes", () => {
  holds(
    fc.property(
      fc.array(anyRumor, { maxLength: 10 }),
      fc.integer({ min: 2, max: 200 }),
      fc.integer({ min: 80, max: 400 }),
      (rumors, members, bytesMax) => {
        const queue = new RumorQueue(limits);
        for (const rumor of rumors) queue.add(rumor);
        const told = new Map<Rumor, number>();
        for (let taken = queue.take(members, bytesMax); taken.length > 0; taken = queue.take(members, bytesMax)) {
          expect(taken.reduce((sum, rumor) => sum + rumorBytesMax(rumor), 0)).toBeLessThanOrEqual(bytesMax);
          expect(new Set(taken.map((rumor) => rumor.actor)).size).toBe(taken.length);
          for (const rumor of taken) told.set(rumor, (told.get(rumor) ?? 0) + 1);
        }
        const latest = new Map(rumors.map((rumor) => [rumor.actor, rumor]));
        expect([...told.keys()].map(addressed).toSorted()).toEqual([...latest.values()].map(addressed).toSorted());
        for (const times of told.values()) expect(times).toBe(4 * Math.ceil(Math.log10(members + 1)));
      },
    ),
    500,
  );
});

function addressed(rumor: Rumor): string {
  return `${rumor.actor} ${rumor.state} ${rumor.incarnation} ${addressOf(rumor.actor)}`;
}
