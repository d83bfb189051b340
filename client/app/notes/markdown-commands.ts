/**
 * MarkdownCommands: the signs of Markdown, put in and taken out by a button or a key, for those who do not know them by heart.
 */
import { EditorSelection, type StateCommand } from "@codemirror/state";

/** Puts `sign` on both sides of what is selected, or takes it away where it is there. */
export function around(sign: string): StateCommand {
  return ({ state, dispatch }) => {
    if (state.readOnly) return false;
    const change = state.changeByRange(({ from, to }) => {
      const isThere = state.sliceDoc(from - sign.length, from) === sign && state.sliceDoc(to, to + sign.length) === sign;
      if (isThere)
        return {
          changes: [
            { from: from - sign.length, to: from },
            { from: to, to: to + sign.length },
          ],
          range: EditorSelection.range(from - sign.length, to - sign.length),
        };
      return {
        changes: [
          { from, insert: sign },
          { from: to, insert: sign },
        ],
        range: EditorSelection.range(from + sign.length, to + sign.length),
      };
    });
    dispatch(state.update(change, { userEvent: "input", scrollIntoView: true }));
    return true;
  };
}

/** Begins each line that is selected with `sign`, or takes it away where all begin with it. */
export function before(sign: string): StateCommand {
  return ({ state, dispatch }) => {
    if (state.readOnly) return false;
    const { from, to } = state.selection.main;
    const lines = [];
    for (let number = state.doc.lineAt(from).number; number <= state.doc.lineAt(to).number; number += 1) lines.push(state.doc.line(number));
    const isThere = lines.every(({ text }) => text.startsWith(sign));
    const changes = lines.map(({ from: start }) => (isThere ? { from: start, to: start + sign.length } : { from: start, insert: sign }));
    const changed = state.changes(changes);
    const selection = EditorSelection.range(changed.mapPos(from, 1), changed.mapPos(to, 1));
    dispatch(state.update({ changes: changed, selection, userEvent: "input", scrollIntoView: true }));
    return true;
  };
}
