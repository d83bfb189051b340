import { expect, test } from "vitest";
import { CopyStory } from "../../../../client/app/mesh-view/copy-story.ts";
import type { ReplicaCopy } from "../../../../client/app/mesh-view/mesh-sight.ts";

const copy = (relay: string, behind: number, type: "itself" | "nobody" = "itself"): ReplicaCopy => ({
  ...{ relay, behind, clock: {}, isComplete: true, isSameGeneration: true, waiting: 0 },
  source: { type },
});

test("a copy that is a moment behind is no news; one that stays behind is, once, and so is its end", () => {
  const story = new CopyStory();
  expect(story.hear([copy("a", 0), copy("b", 2)], 1_000)).toEqual([]);
  expect(story.hear([copy("a", 0), copy("b", 0)], 2_000)).toEqual([]);
  expect(story.hear([copy("a", 0), copy("b", 1)], 3_000)).toEqual([]);
  expect(story.hear([copy("a", 0), copy("b", 5)], 5_900)).toEqual([]);
  expect(story.hear([copy("a", 0), copy("b", 5)], 6_000)).toEqual(["The copy at relay b falls behind."]);
  expect(story.hear([copy("a", 0), copy("b", 9)], 9_000)).toEqual([]);
  expect(story.hear([copy("b", 0, "nobody")], 9_500)).toEqual([]);
  expect(story.hear([copy("a", 0), copy("b", 0)], 10_000)).toEqual(["The copy at relay b has everything again."]);
});

test("a copy that does not vouch for having all has not everything again", () => {
  const story = new CopyStory();
  story.hear([copy("b", 1)], 0);
  story.hear([copy("b", 1)], 4_000);
  expect(story.hear([{ ...copy("b", 0), isComplete: false }], 5_000)).toEqual([]);
  expect(story.hear([copy("b", 0)], 6_000)).toEqual(["The copy at relay b has everything again."]);
});

test("of another document nothing is known", () => {
  const story = new CopyStory();
  story.hear([copy("a", 1)], 0);
  story.hear([copy("a", 1)], 4_000);
  story.forget();
  expect(story.hear([copy("a", 0)], 5_000)).toEqual([]);
});
