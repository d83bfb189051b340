/**
 * RichTextToolbar: what one can do to the selected text, as one row of buttons. It shows the state of the selection and
 * runs commands; it knows nothing of how they work. Arrow keys move within it, Tab leaves it (the ARIA toolbar pattern).
 */
import type { Editor } from "@tiptap/core";
import type { Command } from "@tiptap/pm/state";
import {
  Bold,
  Code,
  ImagePlus,
  Italic,
  Link2,
  List,
  ListIndentDecrease,
  ListIndentIncrease,
  ListOrdered,
  ListTodo,
  Redo2,
  Strikethrough,
  Table,
  TextCursorInput,
  Underline,
  Undo2,
} from "lucide-preact";
import { useEffect, useReducer, useRef, useState } from "preact/hooks";
import { Toolbar, ToolButton } from "../toolbar.tsx";
import type { BlockAttributes, BlockKind } from "./block-attributes.ts";
import { selectedBlocks, shiftIndent, toggleKind, toggleList } from "./block-commands.ts";
import { selectedImage } from "./image-node.ts";
import { focusDescription } from "./image-view.ts";
import { LinkField } from "./link-field.tsx";
import { TableTools } from "./table-tools.tsx";
import { insertTable } from "./tables.ts";

const marks = [
  { name: "bold", label: "Bold", icon: Bold },
  { name: "italic", label: "Italic", icon: Italic },
  { name: "underline", label: "Underline", icon: Underline },
  { name: "strike", label: "Strikethrough", icon: Strikethrough },
  { name: "code", label: "Code", icon: Code },
] as const;
const lists = [
  { list: "bullet", label: "Bulleted list", icon: List },
  { list: "ordered", label: "Numbered list", icon: ListOrdered },
  { list: "task", label: "Task list", icon: ListTodo },
] as const;
const kinds = [
  ["paragraph", "Text"],
  ["heading-1", "Heading 1"],
  ["heading-2", "Heading 2"],
  ["heading-3", "Heading 3"],
  ["quote", "Quote"],
  ["code", "Code block"],
] as const;

interface RichTextToolbarProps {
  readonly editor: Editor;
  readonly editable: boolean;
  /** Files that somebody chose to put in as images. */
  readonly onFiles: (files: readonly File[]) => void;
}

export function RichTextToolbar({ editor, editable, onFiles }: RichTextToolbarProps) {
  const [linking, setLinking] = useState(false);
  useEditorState(editor);
  const run = (command: Command) => {
    command(editor.state, (tr) => editor.view.dispatch(tr));
    editor.commands.focus();
  };
  const blocks = selectedBlocks(editor.state).map(({ block }) => block);
  const inTable = editor.isActive("table");
  const inList = blocks.some((block) => block.list !== "none");
  const off = !editable;

  return (
    <Toolbar label="Formatting">
      <ToolButton label="Undo" icon={Undo2} disabled={off || !editor.can().undo()} onPress={() => editor.chain().focus().undo().run()} />
      <ToolButton label="Redo" icon={Redo2} disabled={off || !editor.can().redo()} onPress={() => editor.chain().focus().redo().run()} />
      <span class="gap" />
      <select
        class="tool-select"
        aria-label="Kind of paragraph"
        disabled={off}
        value={kindOfSelection(blocks)}
        onChange={({ currentTarget }) => run(commandOfKind(currentTarget.value))}
      >
        {kinds.map(([value, label]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
      <span class="gap" />
      {marks.map(({ name, label, icon }) => (
        <ToolButton
          key={name}
          label={label}
          icon={icon}
          pressed={editor.isActive(name)}
          disabled={off}
          onPress={() => editor.chain().focus().toggleMark(name).run()}
        />
      ))}
      <ToolButton label="Link" icon={Link2} pressed={editor.isActive("link")} disabled={off} onPress={() => setLinking(true)} />
      <span class="gap" />
      {lists.map(({ list, label, icon }) => (
        <ToolButton
          key={list}
          label={label}
          icon={icon}
          pressed={blocks.length > 0 && blocks.every((block) => block.list === list)}
          disabled={off}
          onPress={() => run(toggleList(list))}
        />
      ))}
      <ToolButton label="Outdent" icon={ListIndentDecrease} disabled={off || !inList} onPress={() => run(shiftIndent(-1))} />
      <ToolButton label="Indent" icon={ListIndentIncrease} disabled={off || !inList} onPress={() => run(shiftIndent(1))} />
      <span class="gap" />
      {!inTable && <ToolButton label="Insert table" icon={Table} disabled={off} onPress={() => run(insertTable(3, 3))} />}
      {inTable && <TableTools editor={editor} disabled={off} />}
      <ImageButton disabled={off} onFiles={onFiles} />
      {selectedImage(editor.state) !== undefined && (
        <ToolButton
          label="Describe image"
          icon={TextCursorInput}
          disabled={off}
          onPress={() => focusDescription(editor.view, editor.state.selection.from)}
        />
      )}
      {linking && <LinkField editor={editor} onDone={() => setLinking(false)} />}
    </Toolbar>
  );
}

function ImageButton({ disabled, onFiles }: { disabled: boolean; onFiles: (files: readonly File[]) => void }) {
  const field = useRef<HTMLInputElement>(null);
  return (
    <>
      <ToolButton label="Insert image" icon={ImagePlus} disabled={disabled} onPress={() => field.current?.click()} />
      <input
        ref={field}
        type="file"
        accept="image/png,image/jpeg,image/gif,image/webp,image/avif"
        multiple
        hidden
        onChange={({ currentTarget }) => {
          onFiles([...(currentTarget.files ?? [])]);
          // The same file may be chosen again.
          currentTarget.value = "";
        }}
      />
    </>
  );
}

function kindOfSelection(blocks: readonly BlockAttributes[]): string {
  const [first] = blocks;
  if (first === undefined) return "paragraph";
  return first.kind === "heading" ? `heading-${first.level}` : first.kind;
}

function commandOfKind(value: string): Command {
  const [kind, level] = value.split("-");
  return (state, dispatch) => {
    const already = selectedBlocks(state).every(
      ({ block }) => block.kind === kind && (level === undefined || block.level === Number(level)),
    );
    return already ? true : toggleKind(kind as BlockKind, Number(level ?? 1))(state, dispatch);
  };
}

/** Draws again after each change of the document or the selection. */
function useEditorState(editor: Editor): void {
  const [, draw] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    const changed = () => draw(undefined as never);
    editor.on("transaction", changed);
    editor.on("focus", changed);
    return () => {
      editor.off("transaction", changed);
      editor.off("focus", changed);
    };
  }, [editor]);
}
