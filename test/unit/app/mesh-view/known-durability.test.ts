import { describe, expect, test } from "vitest";
import { knownDurability } from "../../../../client/app/mesh-view/known-durability.ts";
import { copiesOf, sightOf } from "../../../../client/app/mesh-view/mesh-sight.ts";
import type { Poll } from "../../../../client/app/mesh-view/mesh-watch.ts";
import { durabilityWords } from "../../../../client/app/mesh-view/mesh-words.ts";
import { aMesh, aPoll, aRoom } from "./an-answer.ts";

const all = { "a.1": 7, "b.1": 3 };
const away = { failingSinceMs: 5_000 };

function mesh(self: string, names: readonly string[] = ["a", "b", "c"], more: object = {}) {
  return aMesh(
    self,
    names.filter((name) => name !== self).map((relay) => ({ relay })),
    {},
    more,
  );
}

/** What one relay says of the document. */
function says(self: string, room: Record<string, unknown> = {}, clock: Record<string, number> = all): Poll {
  return aPoll(mesh(self), { room: aRoom(self, clock, room) });
}

function known(...polls: readonly Poll[]) {
  const sight = sightOf(polls, undefined)!;
  return knownDurability(polls, sight, copiesOf(polls, sight))!;
}

describe("of everything it is said to be saved", () => {
  test("where all relays answer, and a majority has everything for certain", () => {
    const durability = known(says("a"), says("b"), says("c", {}, { "a.1": 4 }));
    expect(durability).toMatchObject({ replicas: 3, whole: 2, needed: 2, silent: [], isSaved: true });
    expect(durabilityWords(durability)).toBe("2 of 3 copies have everything. What reached a relay is saved.");
  });

  test("also where a relay that has left does not answer: what it had was handed over", () => {
    const seen = aMesh("a", [{ relay: "b" }, { relay: "c" }, { relay: "d", state: "left" }], {}, { ring: {} });
    const polls = [aPoll(seen, { room: aRoom("a", all) }), says("b"), says("c")];
    expect(known(...polls)).toMatchObject({ silent: [], isSaved: true });
  });
});

describe("it is not called saved", () => {
  test("by a copy that was wiped and came back while another relay is dead: it cannot vouch for having all", () => {
    const durability = known(says("a"), says("b", { isComplete: false }), aPoll(undefined, away));
    expect(durability).toMatchObject({ whole: 1, silent: ["c"], isSaved: false });
    expect(durabilityWords(durability)).toBe(
      "As far as the relays that answer know, 1 of 3 copies has everything. 2 are needed for “saved”. What relay c may have is not known.",
    );
  });

  test.each([
    ["by a copy of another generation, whatever its clock", says("b", { generation: 1 })],
    ["by a copy whose relay says no generation", says("b", { generation: undefined })],
    ["by a copy under another ring", { ...says("b"), mesh: mesh("b", ["a", "b", "c"], { ring: { id: "another", records: [] } }) }],
    ["by what a relay said before it fell silent", { ...says("b"), ...away }],
    ["by a copy that lacks something", says("b", {}, { "a.1": 7 })],
  ])("%s", (_, atB) => {
    expect(known(says("a"), atB, says("c", {}, {}))).toMatchObject({ whole: 1, isSaved: false });
  });

  test("by an empty copy of another generation", () => {
    expect(known(says("a", {}, {}), says("b", { generation: undefined }, {}), says("c", { isComplete: false }, {}))).toMatchObject({
      whole: 1,
      isSaved: false,
    });
  });

  test("while entries of any relay are on the way to its disk", () => {
    const durability = known(says("a"), says("b"), says("c", { waiting: 1 }));
    expect(durability).toMatchObject({ whole: 3, waiting: 1, isSaved: false });
    expect(durabilityWords(durability)).toBe("3 of 3 copies have everything. 1 entry is on the way to a disk.");
  });

  test("where another relay knows a later generation", () => {
    const durability = known(says("a"), says("b"), says("c", { generation: 1 }, {}));
    expect(durability).toMatchObject({ whole: 2, isOver: true, isSaved: false });
    expect(durabilityWords(durability)).toContain("a newer document of this name");
  });

  test("where one relay was told that another one, which does not answer, has more", () => {
    const told = [{ relay: "c", clock: { ...all, "c.1": 1 }, isComplete: true }];
    expect(known(says("a"), says("b", { told }))).toMatchObject({ whole: 0, isSaved: false });
  });
});

describe("only as far as those who answer know it is saved", () => {
  test.each([
    ["a dead replica", [says("a"), says("b")], ["c"]],
    ["one that answers, but not of the document", [says("a"), says("b"), aPoll(mesh("c"))], ["c"]],
    [
      "a relay that is no replica, and that only one of them knows",
      [says("a"), aPoll(mesh("b", ["a", "b", "c", "d"]), { room: aRoom("b", all) }), says("c")],
      ["d"],
    ],
  ])("where %s may hold edits", (_, polls, silent) => {
    const others = polls.map((poll) => ({ ...poll, mesh: { ...poll.mesh!, ringId: "r" } }));
    const durability = known(...others);
    expect(durability).toMatchObject({ silent, isSaved: true });
    expect(durabilityWords(durability)).toMatch(
      /^As far as the relays that answer know, [23] of 3 copies have everything, and that is saved\./,
    );
    expect(durabilityWords(durability)).toContain(`What relay ${silent.join()} may have is not known.`);
  });
});

test("of a document of which the relay says nothing, nothing is known", () => {
  const polls = [aPoll(mesh("a"))];
  expect(knownDurability(polls, sightOf(polls, undefined)!, [])).toBeUndefined();
});
