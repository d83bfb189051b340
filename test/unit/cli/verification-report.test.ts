import { describe, expect, test } from "vitest";
import { verdictOf } from "../../../server/cli/online-verification.ts";
import { exitCodeOf, reportWords, type Verdict, type VerificationReport } from "../../../server/cli/verification-report.ts";

const before = { room: "note", generation: 0, clock: { "a.0000000000000001": 3 } };
const after = (copies: Readonly<Record<string, "equal" | "healed" | "different" | "silent">>, clock = before.clock, generation = 0) => ({
  ...{ room: "note", generation, isDeleted: false, clock },
  copies: Object.entries(copies).map(([relay, standing]) => ({ relay, standing })),
});
const less = { "a.0000000000000001": 2 };

describe("the verdict on a document", () => {
  test.each([
    ["equal at all", false, after({ b: "equal", c: "equal" }), "equal", ["b", "c"], []],
    ["of a relay alone", false, after({}), "equal", [], []],
    ["that differed at one", false, after({ b: "equal", c: "healed" }), "healed", ["b", "c"], ["c"]],
    ["that still differs", false, after({ b: "equal", c: "different" }), "different", ["b"], ["c"]],
    ["at which one was silent", false, after({ b: "equal", c: "silent" }), "unanswered", ["b"], ["c"]],
    ["damaged, and all of it is there again", true, after({ b: "equal", c: "healed" }), "restored", ["b", "c"], []],
    ["damaged in what was not needed, of a relay alone", true, after({}), "restored", [], []],
    ["damaged, and nobody has it", true, after({ b: "equal", c: "equal" }, less), "lost", ["b", "c"], []],
    ["damaged, of a relay alone", true, after({}, less), "lost", [], []],
    ["damaged, and one who may have it is away", true, after({ b: "equal", c: "silent" }, less), "unanswered", ["b"], ["c"]],
    ["nobody found damaged, and less is there than the disk had named", false, after({ b: "equal" }, less), "lost", ["b"], []],
    ["nobody found damaged, less is there, of a relay alone", false, after({}, less), "lost", [], []],
    ["of which less is there, and one who may have it is away", false, after({ c: "silent" }, less), "unanswered", [], ["c"]],
    ["that was closed meanwhile", false, { ...after({ b: "equal" }, {} as typeof less), isDeleted: true }, "equal", ["b"], []],
    ["damaged, and deleted meanwhile", true, after({ b: "equal" }, {} as typeof less, 1), "restored", ["b"], []],
  ] as const)("%s", (_, isDamaged, found, verdict, same, other) => {
    expect(verdictOf(before, found, isDamaged)).toEqual({ room: "note", verdict, with: same, other });
  });

  test("where nobody knows what there was, another one who has the document decides", () => {
    const unknown = { room: "note" };
    expect(verdictOf(unknown, after({ b: "equal" }), true).verdict).toBe("restored");
    expect(verdictOf(unknown, after({}), true).verdict).toBe("lost");
  });

  test("of one that could not be compared says why", () => {
    const refused = { room: "note", refused: { code: "RELAY_BUSY", detail: "soon" } };
    expect(verdictOf(before, refused, false)).toEqual({ room: "note", verdict: "refused", with: [], other: [], why: "RELAY_BUSY soon" });
  });
});

function reportOf(...verdicts: readonly Verdict[]): VerificationReport {
  const rooms = verdicts.map((verdict, index) => ({ room: `note ${index}`, verdict, with: ["b", "c"], other: ["c"] }));
  const damage = verdicts
    .filter((verdict) => verdict === "restored" || verdict === "lost")
    .map(() => ({ where: "table entry", what: "", room: "x" }));
  return { relay: "a", rooms, damage };
}

test.each([
  [0, []],
  [0, ["equal", "equal"]],
  [1, ["equal", "healed"]],
  [1, ["restored"]],
  [3, ["restored", "lost"]],
  [3, ["different"]],
  [3, ["unanswered"]],
  [3, ["refused"]],
] as const)("exit code %i for %j", (code, verdicts) => expect(exitCodeOf(reportOf(...verdicts))).toBe(code));

test("people see what is not equal, and a sentence on all", () => {
  expect(reportWords(reportOf("equal"), false)).toBe("Relay a: everything is as it was written and equal (1 document).\n");
  expect(reportWords(reportOf("equal", "restored", "unanswered"), false)).toBe(
    "document  verdict     what\n" +
      "note 1    restored    was damaged, and is healed from b and c\n" +
      "note 2    unanswered  c did not answer\n" +
      "Relay a: 3 documents: 1 equal, 1 restored, 1 unanswered.\n",
  );
  expect(reportWords(reportOf("equal"), true)).toContain("note 0    equal    as at b and c\n");
});
