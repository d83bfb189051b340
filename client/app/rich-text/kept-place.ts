/**
 * KeptPlace: where a position is later, however the text changes around it: others' changes replace all of an editor's document.
 */
import type { EditorState } from "@tiptap/pm/state";
import {
  absolutePositionToRelativePosition,
  type ProsemirrorBinding,
  relativePositionToAbsolutePosition,
  ySyncPluginKey,
} from "@tiptap/y-tiptap";
import type { Doc, RelativePosition } from "yjs";

type Binding = ProsemirrorBinding & { readonly doc: Doc };

/** Where the caret is, once the place is gone. */
export function keepPlace(editor: { readonly state: EditorState }, position: number): () => number {
  const binding = (): Binding | undefined => (ySyncPluginKey.getState(editor.state) as { binding?: Binding } | undefined)?.binding;
  const began = binding();
  const kept = began && (absolutePositionToRelativePosition(position, began.type, began.mapping) as RelativePosition);
  return () => {
    const now = binding();
    const found = now && kept && relativePositionToAbsolutePosition(now.doc, now.type, kept, now.mapping);
    return found ?? editor.state.selection.to;
  };
}
