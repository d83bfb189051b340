/**
 * LinkField: where one types the address of a link for the selected text. Enter applies, Escape leaves it as it was,
 * an empty address removes the link.
 */
import type { Editor } from "@tiptap/core";
import { useEffect, useRef, useState } from "preact/hooks";
import { hrefOfTyped, safeHref } from "./safe-link.ts";

export function LinkField({ editor, onDone }: { editor: Editor; onDone: () => void }) {
  const present = safeHref(editor.getAttributes("link")["href"]) ?? "";
  const [typed, setTyped] = useState(present);
  const [wrong, setWrong] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.select(), []);

  const leave = () => {
    onDone();
    editor.commands.focus();
  };
  const apply = () => {
    const href = hrefOfTyped(typed);
    if (typed.trim() !== "" && href === undefined) return setWrong(true);
    const { empty } = editor.state.selection;
    const chain = editor.chain().focus().extendMarkRange("link");
    if (href === undefined) chain.unsetMark("link").run();
    else if (empty && present === "")
      chain.insertContent({ type: "text", text: typed.trim(), marks: [{ type: "link", attrs: { href } }] }).run();
    else chain.setMark("link", { href }).run();
    leave();
  };

  return (
    <form
      class="link-field"
      onSubmit={(event) => {
        event.preventDefault();
        apply();
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape") leave();
        event.stopPropagation();
      }}
    >
      <label>
        <span class="visually-hidden">Address of the link</span>
        <input
          ref={field}
          type="text"
          inputMode="url"
          placeholder="https://…"
          value={typed}
          aria-invalid={wrong}
          onInput={({ currentTarget }) => {
            setTyped(currentTarget.value);
            setWrong(false);
          }}
        />
      </label>
      <button type="submit" class="button small primary">
        {typed.trim() === "" && present !== "" ? "Remove link" : "Apply"}
      </button>
      <button type="button" class="button small" onClick={leave}>
        Cancel
      </button>
      {wrong && (
        <p role="alert" class="field-error">
          A link starts with https://, http:// or mailto:
        </p>
      )}
    </form>
  );
}
