import { expect, it } from "vitest";
import { withDeletions } from "../../../client/app/deleted-documents.ts";

const room = (name: string, generation: number | undefined, deletion?: { by: string; atMs: number }) => ({
  room: name,
  generation,
  waiting: 1,
  changedMs: 0,
  ...(deletion === undefined ? {} : { deletion }),
});
const byAda = { by: "Ada", atMs: 7 };

function aStorage() {
  const kept: Record<string, string> = {};
  return {
    kept,
    storage: () => ({ getItem: (key: string) => kept[key] ?? null, setItem: (key: string, value: string) => void (kept[key] = value) }),
  };
}

it("that a document was deleted is known after the page that was told, as long as this device has that document", () => {
  const { storage } = aStorage();
  expect(withDeletions([room("a", 0, byAda), room("b", 0), room("c", undefined, byAda)], storage)[0]?.deletion).toEqual(byAda);
  const later = withDeletions([room("a", 0), room("b", 0), room("c", undefined)], storage);
  expect(later.map(({ deletion }) => deletion)).toEqual([byAda, undefined, byAda]);
  // Another document of that name.
  expect(withDeletions([room("a", 1), room("c", 0)], storage).map(({ deletion }) => deletion)).toEqual([undefined, undefined]);
  expect(withDeletions([room("a", 0)], storage)[0]?.deletion).toBeUndefined();
});

it.each([
  [
    "is forbidden",
    () => {
      throw new Error("forbidden by the test");
    },
  ],
  [
    "holds something else",
    () => ({
      getItem: () => '[7, {"room": 1}, null]',
      setItem: () => {
        throw new Error("full");
      },
    }),
  ],
])("it is known as long as the page where storage %s", (_, storage) => {
  expect(withDeletions([room("a", 0, byAda), room("b", 0)], storage).map(({ deletion }) => deletion)).toEqual([byAda, undefined]);
});
