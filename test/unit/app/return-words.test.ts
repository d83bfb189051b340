import type { RoomReturn } from "@inkmesh/client";
import { expect, it } from "vitest";
import { returnWords, together } from "../../../client/app/return-words.ts";

const aReturn: RoomReturn = { awayMs: 60_000, sent: 12, merged: 40, isMergedExact: true };

it.each([
  ["both", {}, "12 of your edits sent, 40 merged"],
  ["one edit", { sent: 1, merged: 0 }, "1 of your edits sent"],
  ["others only", { sent: 0 }, "40 edits of others merged"],
  ["thousands", { sent: 1_234, merged: 5_678 }, "1,234 of your edits sent, 5,678 merged"],
  ["more than can be counted", { isMergedExact: false }, "12 of your edits sent, and what others wrote is merged"],
  ["others only, not to be counted", { sent: 0, isMergedExact: false }, "What others wrote is merged"],
  ["an earlier life's edits", { awayMs: 0, merged: 0 }, "12 of your edits sent"],
  ["a blink", { awayMs: 1_500 }, undefined],
  ["nothing", { sent: 0, merged: 0 }, undefined],
] as const)("[P7] a return is summed up in a sentence: %s", (_, change, words) => {
  expect(returnWords({ ...aReturn, ...change })).toBe(words);
});

it("[P7] two returns while the first is still shown are one", () => {
  expect(returnWords(together(aReturn, { ...aReturn, sent: 3, merged: 2 }))).toBe("15 of your edits sent, 42 merged");
});
