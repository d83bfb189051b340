/**
 * NotesToolbar: undo, redo, the signs of Markdown, and whether the preview is shown.
 */
import { redo, redoDepth, undo, undoDepth } from "@codemirror/commands";
import type { StateCommand } from "@codemirror/state";
import type { EditorView } from "@codemirror/view";
import { Bold, Eye, Heading, Italic, List, ListTodo, Redo2, Undo2 } from "lucide-preact";
import { Toolbar, ToolButton } from "../toolbar.tsx";
import { around, before } from "./markdown-commands.ts";

interface NotesToolbarProps {
  readonly view: EditorView;
  readonly editable: boolean;
  readonly isPreviewed: boolean;
  readonly onPreview: (isPreviewed: boolean) => void;
}

const signs = [
  ["Bold", Bold, around("**")],
  ["Italic", Italic, around("*")],
  ["Heading", Heading, before("## ")],
  ["Bulleted list", List, before("- ")],
  ["Checklist", ListTodo, before("- [ ] ")],
] as const;

/** To be drawn anew when the editor has changed. */
export function NotesToolbar({ view, editable, isPreviewed, onPreview }: NotesToolbarProps) {
  const run = (command: StateCommand) => () => {
    command(view);
    view.focus();
  };
  return (
    <Toolbar label="Notes">
      <ToolButton label="Undo" icon={Undo2} disabled={!editable || undoDepth(view.state) === 0} onPress={run(undo)} />
      <ToolButton label="Redo" icon={Redo2} disabled={!editable || redoDepth(view.state) === 0} onPress={run(redo)} />
      <span class="gap" />
      {signs.map(([label, icon, command]) => (
        <ToolButton key={label} label={label} icon={icon} disabled={!editable} onPress={run(command)} />
      ))}
      <span class="gap" />
      <ToolButton label="Preview" icon={Eye} pressed={isPreviewed} onPress={() => onPreview(!isPreviewed)} />
    </Toolbar>
  );
}
