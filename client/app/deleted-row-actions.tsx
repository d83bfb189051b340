/**
 * DeletedRowActions: in the list, what can be done with this device's copy of a document that was deleted.
 */
import type { Inkmesh } from "@inkmesh/client";
import { useState } from "preact/hooks";
import { copyLacks } from "./copied-images.ts";
import { keepDeletedUnopened, removeDeleted } from "./deleted-copy.ts";
import { noCopyMade } from "./document-copy.ts";
import type { DocumentRow } from "./document-list.ts";
import { visitRoom } from "./page-location.ts";
import { RemoveCopyDialog } from "./remove-copy-dialog.tsx";

interface DeletedRowActionsProps {
  readonly mesh: Inkmesh;
  readonly row: DocumentRow;
  readonly onRemoved: () => void;
}

export function DeletedRowActions({ mesh, row, onRemoved }: DeletedRowActionsProps) {
  const [asking, setAsking] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const name = row.title === "" ? "the untitled document" : `“${row.title}”`;
  const keep = async () => {
    setBusy(true);
    const copy = await keepDeletedUnopened(mesh, row.room).catch(() => undefined);
    if (copy?.missingImages === 0) return visitRoom(copy.name);
    setBusy(false);
    setProblem(copy === undefined ? noCopyMade : copyLacks(copy.missingImages));
  };
  const remove = async () => {
    setAsking(false);
    try {
      await removeDeleted(mesh, row.room);
      onRemoved();
    } catch {
      setProblem("Nothing was removed: this device's disk refuses.");
    }
  };
  return (
    <div class="row-actions">
      {problem !== undefined && <p role="alert">{problem}</p>}
      <button type="button" class="button small" disabled={busy} aria-label={`Keep ${name} as a new document`} onClick={() => void keep()}>
        Keep as a new document
      </button>
      <button type="button" class="button small" disabled={busy} aria-label={`Discard ${name}`} onClick={() => setAsking(true)}>
        Discard…
      </button>
      {asking && <RemoveCopyDialog unsent={row.waiting} onClose={() => setAsking(false)} onRemove={() => void remove()} />}
    </div>
  );
}
