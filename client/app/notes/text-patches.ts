/**
 * TextPatches: what Automerge says that happened to a text, as changes of a CodeMirror document.
 *
 * Patches come in an order, each in the text as those before it left it. Both count in UTF-16 units. What is no patch of letters (a mark, a
 * block of a rich text editor) changes nothing here: whoever applies the changes compares with the text itself afterwards.
 */
import { ChangeSet, type Text } from "@codemirror/state";
import type { Patch } from "automerge/slim";

interface Splice {
  readonly from: number;
  readonly to: number;
  readonly insert: string;
}

/** The changes of `before` by those of the patches that are of `field` at the document's root. */
export function changesOf(patches: readonly Patch[], field: string, before: Text): ChangeSet {
  let changes = ChangeSet.empty(before.length);
  for (const patch of patches) {
    const splice = patch.path[0] === field ? spliceOf(patch, changes.newLength) : undefined;
    if (splice !== undefined) changes = changes.compose(ChangeSet.of(splice, changes.newLength, "\n"));
  }
  return changes;
}

/** The smallest change of one place that makes `after` out of `before`; undefined where they are equal. */
export function differenceOf(before: string, after: string): Splice | undefined {
  if (before === after) return undefined;
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before[start] === after[start]) start += 1;
  let end = 0;
  while (end < shorter - start && before[before.length - 1 - end] === after[after.length - 1 - end]) end += 1;
  return { from: start, to: before.length - end, insert: after.slice(start, after.length - end) };
}

function spliceOf(patch: Patch, length: number): Splice | undefined {
  const [, at] = patch.path;
  // A text in the place of another one: mostly made empty, and then filled by splices.
  if (patch.action === "put" && patch.path.length === 1)
    return { from: 0, to: length, insert: typeof patch.value === "string" ? patch.value : "" };
  if (patch.path.length !== 2 || typeof at !== "number" || at > length) return undefined;
  if (patch.action === "splice") return { from: at, to: at, insert: patch.value };
  if (patch.action === "del") return { from: at, to: Math.min(length, at + (patch.length ?? 1)), insert: "" };
  return undefined;
}
