import { expect, it } from "vitest";
import { unansweredWords } from "../../../client/app/unanswered-words.ts";

it.each([
  [[], undefined],
  [["b"], "Relay b did not answer: documents that only it has are missing here."],
  [["b", "c"], "Relays b and c did not answer: documents that only they have are missing here."],
  [["b", "c", "d"], "Relays b, c and d did not answer: documents that only they have are missing here."],
])("of a list without %j is said: %s", (relays, words) => {
  expect(unansweredWords(relays)).toBe(words);
});
