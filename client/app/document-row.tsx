/**
 * DocumentRow: one document in the list: its title, when it was changed, and what of it is only on this device. Of one that
 * was deleted, what can be done with this device's copy.
 */
import type { Inkmesh } from "@inkmesh/client";
import { CodeXml, FileText, HardDrive, NotebookPen, SquareKanban } from "lucide-preact";
import { DeletedRowActions } from "./deleted-row-actions.tsx";
import type { DocumentRow } from "./document-list.ts";
import { momentWords, sinceWords } from "./moment-words.ts";
import { type DocumentKind, followInPage } from "./page-location.ts";
import { pathOfRoom } from "./room-address.ts";
import { edits } from "./status-words.ts";

const kinds = {
  text: { Icon: FileText, words: "Text" },
  code: { Icon: CodeXml, words: "Code" },
  notes: { Icon: NotebookPen, words: "Notes" },
  board: { Icon: SquareKanban, words: "Board" },
} as const satisfies Record<DocumentKind, object>;

interface DocumentRowViewProps {
  readonly mesh: Inkmesh;
  readonly row: DocumentRow;
  /** Its copy is not on this device any more. */
  readonly onRemoved: () => void;
}

export function DocumentRowView({ mesh, row, onRemoved }: DocumentRowViewProps) {
  const { Icon, words } = kinds[row.kind];
  return (
    <li class={row.isDeleted ? "deleted-row" : ""}>
      <a class="document-row" href={pathOfRoom(row.room)} onClick={followInPage}>
        <span class="row-icon" title={words}>
          <Icon size={20} aria-hidden="true" />
        </span>
        <span class={`row-title${row.title === "" ? " untitled" : ""}`}>{row.title === "" ? "Untitled" : row.title}</span>
        <RowNote row={row} />
        {row.changedMs !== undefined && (
          <time class="row-time" dateTime={new Date(row.changedMs).toISOString()} title={new Date(row.changedMs).toLocaleString()}>
            {sinceWords(row.changedMs, Date.now())}
          </time>
        )}
      </a>
      {row.isDeleted && <DeletedRowActions mesh={mesh} row={row} onRemoved={onRemoved} />}
    </li>
  );
}

function RowNote({ row: { isDeleted, waiting, waitingSinceMs, onDevice } }: { row: DocumentRow }) {
  if (isDeleted) return <span class="row-note care">Deleted{waiting > 0 && ` · ${edits(waiting)} never sent`}</span>;
  if (waiting > 0) {
    return (
      <span class="row-note care">
        {edits(waiting)} waiting to be sent
        {waitingSinceMs !== undefined && ` since ${momentWords(waitingSinceMs, Date.now())}`}
      </span>
    );
  }
  if (!onDevice) return null;
  return (
    <span class="row-note" title="A copy is on this device">
      <HardDrive size={14} aria-hidden="true" />
      <span class="row-note-words">On this device</span>
    </span>
  );
}
