import { describe, expect, it } from "vitest";
import { initialsOf, shownPerson } from "../../../client/app/person.ts";
import { peopleIn } from "../../../client/app/people.ts";

describe("[P9] what others say of themselves is shown as a text and a colour, whatever it is", () => {
  it.each([
    [
      { name: "Ada", color: "#b3261e" },
      { name: "Ada", color: "#b3261e" },
    ],
    [
      { name: "  \u202E\u0000Ada ", color: "url(javascript:alert(1))" },
      { name: "Ada", color: "#5b6270" },
    ],
    [
      { name: "x".repeat(500), color: "#FFF" },
      { name: "x".repeat(40), color: "#5b6270" },
    ],
    [
      { name: { toString: "no" }, color: 7 },
      { name: "Somebody", color: "#5b6270" },
    ],
    ["text", { name: "Somebody", color: "#5b6270" }],
    [null, { name: "Somebody", color: "#5b6270" }],
  ])("%o", (told, shown) => expect(shownPerson(told)).toEqual(shown));
});

it("initials are at most two letters", () => {
  expect(["Ada Lovelace", "ada", "A B C", "", "Ökö 😀"].map(initialsOf)).toEqual(["AL", "A", "AC", "?", "Ö😀"]);
});

it("oneself comes first, and who has not said who they are is not shown", () => {
  const states = new Map<number, Record<string, unknown>>([
    [3, { user: { name: "C", color: "#1c7340" } }],
    [2, {}],
    [9, { user: { name: "Me", color: "#1c7340" } }],
  ]);
  expect(peopleIn(states, 9).map(({ name }) => name)).toEqual(["Me", "C"]);
});
