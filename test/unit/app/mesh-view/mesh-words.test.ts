import { describe, expect, test } from "vitest";
import { copiesOf, sightOf } from "../../../../client/app/mesh-view/mesh-sight.ts";
import {
  backlogWords,
  changeWords,
  durationWords,
  lagWords,
  linkState,
  linkWords,
  offsetWords,
  roundTripWords,
  sourceWords,
  stateWords,
  summaryWords,
} from "../../../../client/app/mesh-view/mesh-words.ts";
import { aMesh, aPoll, aRoom } from "./an-answer.ts";

test.each([
  [undefined, "not measured yet"],
  [0.42, "0.4 ms"],
  [12.4, "12 ms"],
  [1_530, "1.5 s"],
])("a round trip of %s is “%s”", (ms, words) => expect(roundTripWords(ms)).toBe(words));

test.each([
  [undefined, ""],
  [0, "nothing waits"],
  [900, "900 bytes wait"],
  [20_480, "20 KiB wait"],
  [3_500_000, "3.3 MiB wait"],
])("a backlog of %s is “%s”", (bytes, words) => expect(backlogWords(bytes)).toBe(words));

test.each([
  [-5, "0 s"],
  [59_000, "59 s"],
  [61_000, "1 min"],
  [7_300_000, "2 h"],
  [200_000_000, "2 d"],
])("%s ms are “%s”", (ms, words) => expect(durationWords(ms)).toBe(words));

test.each([
  [20, 0, "the same"],
  [-90, 120, "the same"],
  [300, 0, "300 ms ahead"],
  [-2_000, 5, "2.0 s behind"],
  [2_000, 5, "2.0 s ahead: its stamps are not followed"],
  [3_600_000, 5, "1 h ahead: its stamps are not followed"],
])("a clock %s ms off, within %s, is “%s”", (ms, within, words) => expect(offsetWords(ms, within)).toBe(words));

describe("a state", () => {
  test("is a word, and for how long it has not been well", () => {
    expect(stateWords({ state: "alive", sinceSeconds: 9 })).toBe("alive");
    expect(stateWords({ state: "suspect", sinceSeconds: 4 })).toBe("suspect for 4 s");
    expect(stateWords({ state: "dead", sinceSeconds: 130 })).toBe("dead for 2 min");
    expect(stateWords({ state: "not seen", sinceSeconds: undefined })).toBe("not seen");
  });

  test("of all of them is a sentence", () => {
    const words = (mesh: Parameters<typeof aPoll>[0]) => summaryWords(sightOf([aPoll(mesh)], undefined)!);
    expect(words(aMesh("a"))).toBe("Relay a is alone: a document is saved when it is on this one disk.");
    expect(words(aMesh("a", [], { phase: "starting" }))).toBe("Relay a is starting.");
    expect(words(aMesh("a", [{ relay: "b" }, { relay: "c" }]))).toBe(
      "All 3 relays are alive. A document has 3 copies, and is saved when 2 of them have it on disk.",
    );
    expect(
      words(
        aMesh("a", [
          { relay: "b", state: "dead" },
          { relay: "c", state: "suspect" },
        ]),
      ),
    ).toMatch(/^Relay b is dead and relay c is suspect\. 1 of 3 are alive\./);
  });
});

describe("a link", () => {
  const [, up, silent, down] = aMesh("a", [
    { relay: "b" },
    { relay: "c", silentMs: 6_000, backlogBytes: 2_048 },
    { relay: "d", linked: false, roundTripMs: undefined, backlogBytes: undefined },
  ]).relays;

  test("is up, silent or down, by the worse of its ends, and each end says how it is", () => {
    expect([linkState([up, up]), linkState([up, silent]), linkState([silent, down]), linkState([undefined, up])]).toEqual([
      "up",
      "silent",
      "down",
      "up",
    ]);
    expect(linkState([undefined, undefined])).toBe("unknown");
    expect([linkWords(up), linkWords(silent), linkWords(down)]).toEqual(["1.5 ms, nothing waits", "silent for 6 s, 2 KiB wait", "no link"]);
    expect(linkWords(undefined)).toBe("not asked: it does not answer this page");
  });
});

describe("copies", () => {
  const mesh = aMesh("a", [{ relay: "b" }, { relay: "c" }]);
  const copies = (atC: Record<string, number>, told: readonly object[] = []) => {
    const polls = [
      aPoll(mesh, { room: aRoom("a", { "a.1": 5 }, { told }) }),
      aPoll(aMesh("c", [{ relay: "a" }]), { room: aRoom("c", atC), answeredMs: 2_000 }),
    ];
    return copiesOf(polls, sightOf(polls, undefined)!);
  };

  test("say how far they are and who says so", () => {
    const [atC, atA, atB] = copies({ "a.1": 4 });
    expect([lagWords(atC!), lagWords(atA!), lagWords(atB!)]).toEqual(["1 entry behind", "has everything", "not known"]);
    expect([sourceWords(atC!, 9_000), sourceWords(atB!, 9_000)]).toEqual(["says so itself", "nobody who answers knows"]);
    expect(lagWords(copies({})[0]!)).toBe("5 entries behind");
    expect(sourceWords(copies({}, [{ relay: "b", clock: {}, isComplete: true }])[2]!, 0)).toBe("as relay a was told");
    expect(lagWords({ ...atA!, isComplete: false })).toBe("has all that is known");
    expect(lagWords({ ...atA!, isSameGeneration: false })).toContain("another document of this name");
    expect(sourceWords({ ...atC!, source: { type: "before", atMs: 2_000 } }, 9_000)).toBe("said so 7 s ago");
  });
});

describe("what happened", () => {
  const before = aMesh("a", [{ relay: "b" }, { relay: "c" }]);

  test.each([
    ["nothing", [{ relay: "b" }, { relay: "c", roundTripMs: 9 }], []],
    ["a suspicion", [{ relay: "b" }, { relay: "c", state: "suspect" }], ["Relay c is suspect."]],
    [
      "a death and its link",
      [{ relay: "b" }, { relay: "c", state: "dead", linked: false }],
      ["Relay c is dead.", "The link to relay c is gone."],
    ],
    ["a new life", [{ relay: "b", actor: "b.2" }, { relay: "c" }], ["Relay b was started anew."]],
    ["a newcomer", [{ relay: "b" }, { relay: "c" }, { relay: "d" }], ["Relay d is new: alive.", "The ring has changed."]],
  ] as const)("%s", (_, others, words) => expect(changeWords(before, aMesh("a", others))).toEqual(words));

  test("somebody comes back, and through other eyes nothing is compared", () => {
    const dead = aMesh("a", [{ relay: "b" }, { relay: "c", state: "dead", linked: false }]);
    expect(changeWords(dead, before)).toEqual(["Relay c is alive again.", "The link to relay c is up."]);
    expect(changeWords(before, aMesh("b", [{ relay: "a" }, { relay: "c", state: "dead" }]))).toEqual([
      "Looking through the eyes of relay b now.",
    ]);
  });
});
