import { expect, it } from "vitest";
import { emptiedWords, lostEdits } from "../../../client/app/emptied-words.ts";

const known = (room: string, waiting: number) => ({ room, generation: 0, waiting, changedMs: 0 });

it("[P7] lost with the device's store are the edits that wait, of documents that are not open", () => {
  const titleOf = (room: string) => ({ a: "Plans", c: "" })[room];
  const lost = lostEdits([known("a", 13), known("b", 0), known("c", 1), known("here", 5)], "here", titleOf);
  expect(lost).toEqual([
    { title: "Plans", count: 13 },
    { title: "Untitled", count: 1 },
  ]);
});

it.each([
  [true, [], "The one that was open was written again from the page; others come back from the relay."],
  [false, [], "They come back from the relay."],
  [
    false,
    [["Plans", 1]],
    "They come back from the relay. 1 edit in “Plans” that was not sent yet is lost, unless another tab shows that document.",
  ],
  [
    true,
    [
      ["Plans", 13],
      ["Notes", 1],
    ],
    "The one that was open was written again from the page; others come back from the relay. 13 edits in “Plans”, 1 edit in “Notes” that were not sent yet are lost, unless another tab shows those documents.",
  ],
] as const)("[P7] an emptied device says what is lost: open %s, waiting %j", (isOpen, lost, words) => {
  const said = emptiedWords(
    isOpen,
    lost.map(([title, count]) => ({ title, count })),
  );
  expect(said).toBe(`This browser had removed what it kept of your documents. ${words}`);
});
