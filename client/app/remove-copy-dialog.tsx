/**
 * RemoveCopyDialog: asks before this device's copy of a deleted document goes, too.
 */
import { Dialog } from "./dialog.tsx";
import { edits } from "./status-words.ts";

interface RemoveCopyDialogProps {
  /** Edits in it that no relay has. */
  readonly unsent: number;
  readonly onClose: () => void;
  readonly onRemove: () => void;
}

export function RemoveCopyDialog({ unsent, onClose, onRemove }: RemoveCopyDialogProps) {
  return (
    <Dialog title="Remove this copy, too?" onClose={onClose}>
      <p>This device’s copy is the last one that you can see here{unsent === 0 ? "" : `, and ${edits(unsent)} in it went nowhere else`}.</p>
      <div class="dialog-actions">
        <button type="button" class="button" onClick={onClose}>
          Keep it
        </button>
        <button type="button" class="button danger" onClick={onRemove}>
          Remove
        </button>
      </div>
    </Dialog>
  );
}
