/**
 * What checkers say of documents of Automerge: that one which lost something, or shows a word twice, is found.
 */
import { concatBytes } from "@inkmesh/shared/base/bytes";
import { beforeAll, expect, test } from "vitest";
import { typedChanges } from "../../automerge-typing.ts";
import { automergeRoom, loadAutomerge } from "../../engines.ts";
import type { AutomergeCopy } from "../../sim/checkers/automerge-copy.ts";
import { applyTo, contentOf, covers, holds, lacks, newDocument, stateOf } from "../../sim/checkers/content.ts";
import { mustBeAlike, mustHoldWordsOnce } from "../../sim/checkers/convergence.ts";

beforeAll(loadAutomerge);

function documentOf(updates: readonly Uint8Array[]): AutomergeCopy {
  const doc = newDocument(automergeRoom) as AutomergeCopy;
  for (const update of updates) applyTo(doc, update);
  return doc;
}

test("what an update of several changes, or a whole document, brings is held only by who has all of it", () => {
  const changes = typedChanges("aa", ["a", "b"]);
  const content = contentOf(concatBytes(changes));
  expect(content.changes).toHaveLength(3);
  expect(contentOf(stateOf(documentOf(changes))).changes.toSorted()).toEqual(content.changes.toSorted());
  expect(holds(documentOf(changes), content)).toBe(true);
  expect(holds(documentOf(changes.slice(0, 2)), content)).toBe(false);
});

test("documents that differ by a change, or wait for one, are found", () => {
  const changes = typedChanges("aa", ["a", "b"]);
  const [whole, less, waiting] = [documentOf(changes), documentOf(changes.slice(0, 2)), documentOf([changes[0]!, changes[2]!])];
  mustBeAlike(whole, "equal", documentOf([stateOf(whole)]));
  expect(() => mustBeAlike(whole, "behind", less)).toThrow(/lacks the change/);
  expect(() => mustBeAlike(whole, "waiting", waiting)).toThrow(/still waits/);
  expect([covers(whole, less), covers(less, whole)]).toEqual([true, false]);
  expect(lacks(whole, less)).toBeUndefined();
});

test("a word that is there twice is found", () => {
  mustHoldWordsOnce(documentOf(typedChanges("aa", ["<abcdefgh>", "<12345678>"])), "here");
  expect(() => mustHoldWordsOnce(documentOf(typedChanges("aa", ["<abcdefgh>", "<abcdefgh>"])), "here")).toThrow(/twice/);
});
