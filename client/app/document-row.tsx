/**
 * DocumentRow: one document in the list: its title, when it was changed, and what of it is only on this device.
 */
import { CodeXml, FileText, HardDrive } from "lucide-preact";
import type { DocumentRow } from "./document-list.ts";
import { momentWords, sinceWords } from "./moment-words.ts";
import { followInPage } from "./page-location.ts";
import { pathOfRoom } from "./room-address.ts";
import { edits } from "./status-words.ts";

export function DocumentRowView({ row }: { row: DocumentRow }) {
  const Icon = row.kind === "code" ? CodeXml : FileText;
  return (
    <li>
      <a class="document-row" href={pathOfRoom(row.room)} onClick={followInPage}>
        <Icon size={20} aria-hidden="true" class="row-icon" />
        <span class={`row-title${row.title === "" ? " untitled" : ""}`}>{row.title === "" ? "Untitled" : row.title}</span>
        {row.waiting > 0 ? (
          <span class="row-note care">
            {edits(row.waiting)} waiting to be sent
            {row.waitingSinceMs !== undefined && ` since ${momentWords(row.waitingSinceMs, Date.now())}`}
          </span>
        ) : (
          row.onDevice && (
            <span class="row-note" title="A copy is on this device">
              <HardDrive size={14} aria-hidden="true" />
              <span class="row-note-words">On this device</span>
            </span>
          )
        )}
        {row.changedMs !== undefined && (
          <time class="row-time" dateTime={new Date(row.changedMs).toISOString()} title={new Date(row.changedMs).toLocaleString()}>
            {sinceWords(row.changedMs, Date.now())}
          </time>
        )}
      </a>
    </li>
  );
}
