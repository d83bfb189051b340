/**
 * TableTools: the buttons that appear while the caret is in a table.
 */
import type { Editor } from "@tiptap/core";
import { BetweenHorizontalEnd, BetweenVerticalEnd, Columns3, Rows3, Trash2 } from "lucide-preact";
import { ToolButton } from "../toolbar.tsx";

export function TableTools({ editor, disabled }: { editor: Editor; disabled: boolean }) {
  const chain = () => editor.chain().focus();
  return (
    <>
      <ToolButton label="Add row below" icon={BetweenHorizontalEnd} disabled={disabled} onPress={() => chain().addRowAfter().run()} />
      <ToolButton
        label="Add column to the right"
        icon={BetweenVerticalEnd}
        disabled={disabled}
        onPress={() => chain().addColumnAfter().run()}
      />
      <ToolButton label="Delete row" icon={Rows3} warn disabled={disabled} onPress={() => chain().deleteRow().run()} />
      <ToolButton label="Delete column" icon={Columns3} warn disabled={disabled} onPress={() => chain().deleteColumn().run()} />
      <ToolButton label="Delete table" icon={Trash2} warn disabled={disabled} onPress={() => chain().deleteTable().run()} />
    </>
  );
}
