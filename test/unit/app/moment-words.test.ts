import { expect, it } from "vitest";
import { momentWords, sinceWords } from "../../../client/app/moment-words.ts";

const now = new Date(2026, 10, 3, 9, 30).getTime();

it.each([
  ["today", new Date(2026, 10, 3, 0, 5), "00:05"],
  ["a moment ahead, by a clock that was set back", new Date(2026, 10, 3, 9, 31), "09:31"],
  ["a day ahead, by such a clock", new Date(2026, 10, 4, 9, 31), "09:31"],
  ["last evening", new Date(2026, 10, 2, 23, 59), "yesterday, 23:59"],
  ["yesterday at midnight", new Date(2026, 10, 2, 0, 0), "yesterday, 00:00"],
  ["earlier", new Date(2026, 9, 30, 14, 5), "30 Oct, 14:05"],
])("a moment of %s is said with as much as is needed", (_when, then, words) => {
  expect(momentWords(then.getTime(), now)).toBe(words);
});

it.each([
  [0, "just now"],
  [5, "5 minutes ago"],
  [180, "3 hours ago"],
  [24 * 60, "yesterday"],
  [10 * 24 * 60, "Oct 24, 2026"],
])("%i minutes ago reads as one would say it", (minutes, words) => {
  expect(sinceWords(now - minutes * 60_000, now)).toBe(words);
});
