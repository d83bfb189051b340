/**
 * EditorProps: what the page gives to either editor (rich text or code), which it loads when it is needed.
 */
import type { InkmeshRoom } from "@inkmesh/client";

export interface EditorProps {
  readonly room: InkmeshRoom;
  readonly editable: boolean;
  /** Whether the caret goes into the text at once: for a document that was just begun. */
  readonly autofocus: boolean;
  /** Says something to the person, for a moment. */
  readonly onSay: (sentence: string) => void;
  /** The document holds something that this editor would destroy, named so. It is not bound (any more). */
  readonly onForeign: (name: string) => void;
}
