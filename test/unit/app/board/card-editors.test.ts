import { expect, it } from "vitest";
import { editorsIn } from "../../../../client/app/board/card-editors.ts";

const user = (name: string) => ({ name, color: "#1f5fbf" });

it("who is in which card is shown, without oneself", () => {
  const states = new Map<number, Record<string, unknown>>([
    [1, { user: user("Me"), cursor: { path: ["cards", "milk"] } }],
    [2, { user: user("Ada"), cursor: { path: ["cards", "milk", "title"] } }],
    [3, { user: user("Alan"), cursor: { path: ["cards", "milk"] } }],
    [4, { user: user("Grace"), cursor: null }],
  ]);
  expect([...editorsIn(states, 1)].map(([card, people]) => [card, people.map(({ name }) => name)])).toEqual([["milk", ["Ada", "Alan"]]]);
});

it.each([
  undefined,
  null,
  5,
  "cards",
  {},
  { path: 5 },
  { path: [] },
  { path: ["cards"] },
  { path: ["cards", 7] },
  { path: ["columns", "x"] },
])("a cursor %j is in no card", (cursor) => {
  expect(editorsIn(new Map([[2, { user: user("Ada"), cursor }]]), 1).size).toBe(0);
});
