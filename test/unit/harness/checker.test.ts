/**
 * The checker is shown every fault once: a checker that never fails proves nothing.
 */
import { expect, test } from "vitest";
import { boundaries, faults, History, noFaults } from "../../harness/checker.ts";

function aHistory(): History {
  const history = new History();
  for (const token of [history.invoke("a"), history.invoke("a"), history.invoke("b")]) history.acknowledge(token);
  history.invoke("b");
  return history;
}

const whole = "[a:1][a:2][b:1]";

test.each([
  ["nothing", whole, {}],
  ["an open edit that arrived", `${whole}[b:2]`, {}],
  ["a lost edit", "[a:1][b:1]", { lost: ["[a:2]"] }],
  ["an edit that is there twice", `${whole}[a:1]`, { duplicated: ["[a:1]"] }],
  ["an edit that nobody made", `${whole}[c:1]`, { phantom: ["[c:1]"] }],
  ["a torn edit", "[a:1][a:2][b:1", { lost: ["[b:1]"], phantom: ["[", "b:1"] }],
])("the checker reports %s", (_what, text, expected) => {
  expect(faults(aHistory().judge([{ reader: "x", text }]))).toEqual({ ...noFaults, ...expected });
});

test("a read that misses what another has is a loss and a divergence", () => {
  const verdict = aHistory().judge([
    { reader: "x", text: whole },
    { reader: "y", text: "[a:1][b:1]" },
  ]);
  expect(verdict).toMatchObject({ stable: 2, open: 1, lost: ["[a:2]"], diverged: ["y reads another text than x"] });
});

test("an acknowledgement of an edit that was never made is the test's own bug", () => {
  expect(() => new History().acknowledge("[a:1]")).toThrow("never invoked");
});

test("tokens are inserted only between tokens", () => {
  expect(boundaries("[a:1][b:2]")).toEqual([0, 5, 10]);
});
