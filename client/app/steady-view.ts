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

/**
 * `find` names what is looked at, if anything is; `later` compares once more when an editor has measured what it drew.
 * Answers how to stop.
 */
export function keepSteady(room: InkmeshRoom, find: () => Landmark | undefined, later: (again: () => void) => void = () => {}): () => void {
  let before: { readonly landmark: Landmark; readonly top: number } | undefined;

  const begin = ({ origin }: Transaction) => {
    // Drawing what comes in may begin transactions of its own: those are none of others'.
    if (origin !== room) return;
    before = undefined;
    const landmark = find();
    const top = landmark?.top();
    if (landmark !== undefined && top !== undefined) before = { landmark, top };
  };
  const end = ({ origin }: Transaction) => {
    if (origin !== room || before === undefined) return;
    const { landmark, top } = before;
    const correct = () => {
      const moved = (landmark.top() ?? top) - top;
      if (Math.abs(moved) >= 1) scrollBy({ top: moved, behavior: "instant" });
    };
    correct();
    later(correct);
  };
  room.doc.on("beforeTransaction", begin);
  room.doc.on("afterTransaction", end);
  return () => {
    room.doc.off("beforeTransaction", begin);
    room.doc.off("afterTransaction", end);
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
