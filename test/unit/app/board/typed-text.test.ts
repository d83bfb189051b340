import fc from "fast-check";
import { expect, it } from "vitest";
import { placeIn, withBoth } from "../../../../client/app/board/typed-text.ts";
import { holds } from "../../../property/replayable.ts";

it.each([
  ["milk", "oat milk", "milk", "oat milk"],
  ["milk", "oat milk", "milk, two", "oat milk, two"],
  ["milk and eggs", "milk and 6 eggs", "oat milk and eggs", "oat milk and 6 eggs"],
  ["milk", "", "milk!", "!"],
  ["milk", "m", "oat milk", "oat m"],
  ["milk", "silk", "", "s"],
])("%j typed into %j while it became %j is %j", (shown, typed, now, both) => {
  expect(withBoth(shown, typed, now)).toBe(both);
});

it("keeps what was typed and what others wrote, wherever both did so", () => {
  const insertion = fc.record({ at: fc.nat(8), words: fc.stringMatching(/^[A-Z]{1,3}$/) });
  holds(
    fc.property(fc.stringMatching(/^[a-z]{0,8}$/), insertion, insertion, (shown, mine, theirs) => {
      const inserted = ({ at, words }: typeof mine) => shown.slice(0, at) + words + shown.slice(at);
      const both = withBoth(shown, inserted(mine), inserted({ ...theirs, words: theirs.words.toLowerCase().repeat(2) }));
      expect(both).toHaveLength(shown.length + mine.words.length + 2 * theirs.words.length);
      expect(both.replaceAll(/[^A-Z]/gu, "")).toBe(mine.words);
    }),
    1_000,
  );
});

it("never parts the two halves of a character", () => {
  const smiley = fc.constantFrom("😀", "😁", "a");
  const text = fc.array(smiley, { maxLength: 4 }).map((all) => all.join(""));
  holds(
    fc.property(text, text, text, (shown, typed, now) => {
      const both = withBoth(shown, typed, now);
      expect(new TextDecoder().decode(new TextEncoder().encode(both))).toBe(both);
    }),
    1_000,
  );
});

it("a caret stays at its letter", () => {
  expect(placeIn(4, "milk", "oat milk")).toBe(8);
  expect(placeIn(4, "milk", "milk!")).toBe(4);
  expect(placeIn(3, "milk", "")).toBe(0);
});
