/**
 * CodeToolbar: undo, redo, and the language of the document (for everybody).
 */
import { Redo2, Undo2 } from "lucide-preact";
import { useEffect, useReducer } from "preact/hooks";
import type { UndoManager } from "yjs";
import { Toolbar, ToolButton } from "../toolbar.tsx";
import { type Language, languages } from "./languages.ts";

interface CodeToolbarProps {
  readonly undoManager: UndoManager;
  readonly language: Language;
  readonly editable: boolean;
  readonly onLanguage: (id: string) => void;
}

export function CodeToolbar({ undoManager, language, editable, onLanguage }: CodeToolbarProps) {
  const [, draw] = useReducer((count: number, _: void) => count + 1, 0);
  useEffect(() => {
    const changed = () => draw();
    undoManager.on("stack-item-added", changed);
    undoManager.on("stack-item-popped", changed);
    return () => {
      undoManager.off("stack-item-added", changed);
      undoManager.off("stack-item-popped", changed);
    };
  }, [undoManager]);

  return (
    <Toolbar label="Code">
      <ToolButton label="Undo" icon={Undo2} disabled={!editable || !undoManager.canUndo()} onPress={() => undoManager.undo()} />
      <ToolButton label="Redo" icon={Redo2} disabled={!editable || !undoManager.canRedo()} onPress={() => undoManager.redo()} />
      <span class="gap" />
      <select
        class="tool-select"
        aria-label="Language"
        disabled={!editable}
        value={language.id}
        onChange={({ currentTarget }) => onLanguage(currentTarget.value)}
      >
        {languages.map(({ id, label }) => (
          <option key={id} value={id}>
            {label}
          </option>
        ))}
      </select>
    </Toolbar>
  );
}
