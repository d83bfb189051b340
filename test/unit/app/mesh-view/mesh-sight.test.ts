import { describe, expect, test } from "vitest";
import { clockAgainst, copiesOf, linksOf, sightOf, writersOf } from "../../../../client/app/mesh-view/mesh-sight.ts";
import { aMesh, aPoll, aRoom } from "./an-answer.ts";

const a = aMesh("a", [{ relay: "b" }, { relay: "c" }]);
const b = aMesh("b", [{ relay: "a" }, { relay: "c" }]);
const c = aMesh("c", [{ relay: "a" }, { relay: "b" }]);
const away = { failingSinceMs: 5_000 };

describe("through whose eyes", () => {
  test("the page's own relay's, unless another one was chosen", () => {
    const polls = [aPoll(a), aPoll(b), aPoll(c)];
    expect(sightOf(polls, undefined)).toMatchObject({ mesh: { self: "a" }, insteadOf: undefined });
    expect(sightOf(polls, "c")).toMatchObject({ mesh: { self: "c" }, insteadOf: undefined });
  });

  test("another one's, which is said, while that does not answer; and its own again when it does", () => {
    expect(sightOf([aPoll(a, away), aPoll(b)], undefined)).toMatchObject({ mesh: { self: "b" }, insteadOf: "a" });
    expect(sightOf([aPoll(a), aPoll(b), aPoll(c, away)], "c")).toMatchObject({ mesh: { self: "a" }, insteadOf: "c" });
    const unknown = aPoll(undefined, { origin: "http://a.example", ...away });
    expect(sightOf([unknown, aPoll(b)], undefined)).toMatchObject({ mesh: { self: "b" }, insteadOf: "http://a.example" });
    expect(sightOf([aPoll(a), aPoll(b)], undefined)?.insteadOf).toBeUndefined();
  });

  test("nobody's, where nobody answers", () => {
    expect(sightOf([aPoll(a, away), aPoll(undefined)], undefined)).toBeUndefined();
    expect(sightOf([], undefined)).toBeUndefined();
  });
});

describe("a document's copies", () => {
  const ahead = { "a.1": 7, "b.1": 3 };

  test("stand in the order of the preference list, each by its own word, and lag by the entries that somebody has", () => {
    const polls = [
      aPoll(a, { room: aRoom("a", ahead) }),
      aPoll(b, { room: aRoom("b", ahead) }),
      aPoll(c, { room: aRoom("c", { "a.1": 4 }) }),
    ];
    const copies = copiesOf(polls, sightOf(polls, undefined)!);
    expect(copies.map(({ relay, behind, source }) => [relay, behind, source.type])).toEqual([
      ["c", 6, "itself"],
      ["a", 0, "itself"],
      ["b", 0, "itself"],
    ]);
    expect(writersOf(copies)).toEqual(["a.1", "b.1"]);
  });

  test("that does not answer is what others were told, or what it said before, and is called so", () => {
    const told = [{ relay: "b", clock: { "a.1": 6 }, isComplete: true }];
    const before = { room: aRoom("c", { "a.1": 2 }), answeredMs: 4_000, ...away };
    const polls = [aPoll(a, { room: aRoom("a", ahead, { told }) }), aPoll(c, before)];
    const [atC, , atB] = copiesOf(polls, sightOf(polls, undefined)!);
    expect(atB).toMatchObject({ relay: "b", behind: 4, source: { type: "told", by: "a" } });
    expect(atC).toMatchObject({ relay: "c", behind: 8, source: { type: "before", atMs: 4_000 } });
    const alone = [aPoll(a, { room: aRoom("a", ahead) })];
    expect(copiesOf(alone, sightOf(alone, undefined)!)[0]).toMatchObject({ relay: "c", clock: {}, source: { type: "nobody" } });
  });

  test("of another generation are not compared: their numbers count other entries", () => {
    const polls = [
      aPoll(a, { room: aRoom("a", ahead) }),
      aPoll(b, { room: aRoom("b", { "a.1": 9, "b.1": 9 }, { generation: 1 }) }),
      aPoll(c, { room: aRoom("c", ahead) }),
    ];
    const copies = copiesOf(polls, sightOf(polls, undefined)!);
    expect(copies.map(({ relay, behind, isSameGeneration }) => [relay, behind, isSameGeneration])).toEqual([
      ["c", 0, true],
      ["a", 0, true],
      ["b", 10, false],
    ]);
    expect(copies[2]!.clock).toEqual({});
  });

  test("an edge may have what no replica has: they lag all the same", () => {
    const edge = aMesh("d", [{ relay: "a" }]);
    const polls = [aPoll(a, { room: aRoom("a", { "a.1": 1 }) }), aPoll(edge, { room: aRoom("d", { "a.1": 1, "d.1": 2 }) })];
    expect(copiesOf(polls, sightOf(polls, undefined)!).find(({ relay }) => relay === "a")?.behind).toBe(2);
  });
});

describe("links", () => {
  test("are seen from both ends, and up when all who answer see them so", () => {
    const cutOff = aMesh("c", [{ relay: "a", linked: false }, { relay: "b" }]);
    const polls = [aPoll(a), aPoll(b), aPoll(cutOff)];
    const links = linksOf(polls, sightOf(polls, undefined)!);
    expect(links.map(({ ends, isUp }) => [ends.join(" "), isUp])).toEqual([
      ["a b", true],
      ["a c", false],
      ["b c", true],
    ]);
    expect(links[1]!.seen.map((end) => end?.linked)).toEqual([true, false]);
  });

  test("of an end that does not answer nothing is known", () => {
    const polls = [aPoll(a), aPoll(b, away)];
    const [link] = linksOf(polls, sightOf(polls, undefined)!);
    expect([link!.seen[0]?.linked, link!.seen[1], link!.isUp]).toEqual([true, undefined, true]);
  });

  test("of many relays only those of the one whose eyes are used are shown", () => {
    const many = aMesh(
      "d",
      ["a", "b", "c", "e", "f"].map((relay) => ({ relay })),
    );
    const polls = [aPoll(many)];
    expect(linksOf(polls, sightOf(polls, undefined)!).map(({ ends }) => ends.join(" "))).toEqual(["a d", "b d", "c d", "d e", "d f"]);
  });
});

test("a clock is measured against that of the relay whose eyes are used, as exactly as both answered quickly", () => {
  const polls = [aPoll(a, { aheadMs: 100, tookMs: 10 }), aPoll(b, { aheadMs: 2_100, tookMs: 30 }), aPoll(c, { aheadMs: 5, ...away })];
  const sight = sightOf(polls, undefined)!;
  expect(clockAgainst(polls, sight, "b")).toEqual({ ms: 2_000, withinMs: 20 });
  expect(clockAgainst(polls, sight, "c")).toBeUndefined();
});
