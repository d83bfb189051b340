/**
 * TitleField: a document's title, edited in place. It is written into the document while one types; a title that
 * arrives from somebody else is shown unless one is just typing here.
 */
import { useEffect, useRef, useState } from "preact/hooks";
import type { AnyDocument } from "./any-room.ts";
import { metaOf, setTitle, titleLengthMax, watchMeta } from "./document-meta.ts";

interface TitleFieldProps {
  readonly doc: AnyDocument;
  readonly editable: boolean;
  readonly autofocus: boolean;
  /** Enter and ArrowDown: on to the text. */
  readonly onLeave: () => void;
}

export function TitleField({ doc, editable, autofocus, onLeave }: TitleFieldProps) {
  const [title, showTitle] = useState(() => metaOf(doc).title);
  const field = useRef<HTMLInputElement>(null);

  useEffect(() => {
    const look = () => {
      if (document.activeElement !== field.current) showTitle(metaOf(doc).title);
    };
    look();
    return watchMeta(doc, look);
  }, [doc]);
  useEffect(() => {
    if (autofocus) field.current?.focus();
  }, [autofocus]);

  return (
    <input
      ref={field}
      class="title"
      type="text"
      aria-label="Title"
      placeholder="Untitled"
      maxLength={titleLengthMax}
      value={title}
      readOnly={!editable}
      onInput={({ currentTarget }) => {
        showTitle(currentTarget.value);
        setTitle(doc, currentTarget.value);
      }}
      onBlur={() => showTitle(metaOf(doc).title)}
      onKeyDown={(event) => {
        if (event.isComposing || (event.key !== "Enter" && event.key !== "ArrowDown")) return;
        event.preventDefault();
        onLeave();
      }}
    />
  );
}
