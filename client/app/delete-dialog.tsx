/**
 * DeleteDialog: asks before a document is deleted for everybody, and says so when only this relay knows of it yet.
 */
import { useState } from "preact/hooks";
import { Dialog } from "./dialog.tsx";
import { rememberedPerson } from "./person.ts";
import { deleteRoom, isDoneHere } from "./relay-api.ts";

interface DeleteDialogProps {
  readonly room: string;
  readonly title: string;
  readonly onClose: () => void;
  readonly onDeleted: () => void;
}

export function DeleteDialog({ room, title, onClose, onDeleted }: DeleteDialogProps) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const [unconfirmed, setUnconfirmed] = useState<string>();
  const confirm = async () => {
    setBusy(true);
    const answer = await deleteRoom(room, rememberedPerson().name);
    // Not there (any more) is what was asked for.
    if (answer.ok || answer.status === 404 || answer.status === 410) return onDeleted();
    if (isDoneHere(answer)) return setUnconfirmed(answer.sentence);
    setBusy(false);
    setProblem(answer.unreachable ? "The relay cannot be reached. A document can be deleted only while it can." : answer.sentence);
  };
  if (unconfirmed !== undefined) {
    return (
      <Dialog title="Deleted, and not yet everywhere" onClose={onDeleted}>
        <p role="alert">{unconfirmed}</p>
        <div class="dialog-actions">
          <button type="button" class="button" onClick={onDeleted}>
            All right
          </button>
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog title="Delete this document?" onClose={onClose}>
      <p>
        {title === "" ? "The untitled document" : <strong>{title}</strong>} is deleted for everybody, and does not come back. Others who
        have it open are told, and can keep a copy.
      </p>
      {problem !== undefined && (
        <p role="alert" class="field-error">
          {problem}
        </p>
      )}
      <div class="dialog-actions">
        <button type="button" class="button" onClick={onClose}>
          Keep it
        </button>
        <button type="button" class="button danger" disabled={busy} onClick={() => void confirm()}>
          {busy ? "Deleting…" : "Delete"}
        </button>
      </div>
    </Dialog>
  );
}
