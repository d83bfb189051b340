/**
 * LookedAt: what somebody looks at in code: the line of the caret, if it is on the screen, else the first line that is.
 * Lines that are far from the screen are not drawn, so a line is found by its place in the text and by what the editor
 * knows of heights.
 */
import type { EditorView } from "@codemirror/view";
import * as Y from "yjs";
import { endOfSight, type Landmark, topOfSight } from "../steady-view.ts";

export function lookedAt(view: EditorView, text: Y.Text): Landmark | undefined {
  if (text.doc === null) return undefined;
  const { doc } = text;
  const place = Y.createRelativePositionFromTypeIndex(text, lineInSight(view));
  return {
    top: () => {
      const index = Y.createAbsolutePositionFromRelativePosition(place, doc)?.index;
      return index === undefined ? undefined : topOf(view, Math.min(index, view.state.doc.length));
    },
  };
}

/** The beginning of the line that somebody looks at. */
export function lineInSight(view: EditorView): number {
  const { head } = view.state.selection.main;
  const caret = topOf(view, head);
  if (view.hasFocus && caret >= topOfSight() && caret < endOfSight()) return head;
  return view.lineBlockAtHeight(topOfSight() - view.documentTop).from;
}

/** Where a place's line begins on the screen. */
export function topOf(view: EditorView, position: number): number {
  return view.lineBlockAt(position).top + view.documentTop;
}
