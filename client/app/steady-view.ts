/**
 * SteadyView: the line that somebody looks at stays where it is on the screen while others' edits come in above it.
 *
 * Browsers anchor the scroll position too, but to the element that has the focus, and that is the whole text. So what is
 * looked at is found by the editor: the line of the caret, if it is on the screen, else the first line below the
 * toolbar. Its place is taken before a transaction of others and compared after the editor has drawn it; the page is
 * scrolled by the difference, before anything is painted.
 */
import type { InkmeshRoom } from "@inkmesh/client";
import type { Transaction } from "yjs";

/** Something in the text that can be found again. */
export interface Landmark {
  /** Where its top is on the screen now; undefined when it is not there any more. */
  top(): number | undefined;
}

/** `later` compares once more when an editor has measured what it drew. */
type Later = (again: () => void) => void;

/** `find` names what is looked at, if anything is. Answers how to stop. */
export function keepSteady(room: InkmeshRoom, find: () => Landmark | undefined, later: Later = () => {}): () => void {
  let drawn: (() => void) | undefined;
  const begin = ({ origin }: Transaction) => {
    // Drawing what comes in may begin transactions of its own: those are none of others'.
    if (origin === room) drawn = steadied(find(), later);
  };
  const end = ({ origin }: Transaction) => {
    if (origin === room) drawn?.();
  };
  room.doc.on("beforeTransaction", begin);
  room.doc.on("afterTransaction", end);
  return () => {
    room.doc.off("beforeTransaction", begin);
    room.doc.off("afterTransaction", end);
  };
}

/** Remembers where `landmark` is; answers what is to be called when the editor has drawn something else. */
export function steadied(landmark: Landmark | undefined, later: Later): () => void {
  const top = landmark?.top();
  if (landmark === undefined || top === undefined) return () => {};
  const correct = () => {
    const moved = (landmark.top() ?? top) - top;
    if (Math.abs(moved) >= 1) scrollBy({ top: moved, behavior: "instant" });
  };
  return () => {
    correct();
    later(correct);
  };
}

/** Where the text begins to be seen: below what stays at the top of the page. */
export function topOfSight(): number {
  return document.querySelector(".toolbar")?.getBoundingClientRect().bottom ?? 0;
}

/** Where it ends: above the status bar. */
export function endOfSight(): number {
  return document.querySelector(".status-bar")?.getBoundingClientRect().top ?? innerHeight;
}
