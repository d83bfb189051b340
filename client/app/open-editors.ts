/**
 * OpenEditors: what this tab holds, for those who would reload it: whether it is in use, and whether something typed is
 * nowhere but in it.
 */
import type { TabState } from "./service-worker/update-message.ts";

const editors = new Set<() => boolean>();
let isComposing = false;

/** Says that an editor is open; `wouldLose`: whether a reload now would lose something of it. Answers how to take it back. */
export function editorOpened(wouldLose: () => boolean): () => void {
  editors.add(wouldLose);
  return () => void editors.delete(wouldLose);
}

/** How this tab is at this moment. */
export function tabState(): TabState {
  const isWriting = document.querySelector("dialog[open], input:focus:not(:placeholder-shown)") !== null;
  return {
    inUse: editors.size > 0 || isWriting,
    wouldLose: isComposing || [...editors].some((wouldLose) => wouldLose()),
  };
}

/** A character that is being composed (input method, dead key) is in the page only. */
export function watchComposition(): void {
  addEventListener("compositionstart", () => (isComposing = true), true);
  addEventListener("compositionend", () => (isComposing = false), true);
}
