/**
 * StartPage: all documents, the relay's and this device's, and where new ones begin.
 */
import type { Inkmesh } from "@inkmesh/client";
import { CodeXml, FilePlus2, FlaskConical, Network, NotebookPen, Search, SquareKanban } from "lucide-preact";
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { drawName } from "./any-room.ts";
import { DocumentRowView } from "./document-row.tsx";
import { type DocumentRow, waitingWords } from "./document-list.ts";
import { EmptyState } from "./empty-state.tsx";
import type { Readiness } from "./installed-app.ts";
import { PageHeader } from "./page-header.tsx";
import { type DocumentKind, visitRoom } from "./page-location.ts";
import type { Person } from "./person.ts";
import { readinessHint } from "./readiness-words.ts";
import { type Documents, useDocuments } from "./use-documents.ts";

interface StartPageProps {
  readonly mesh: Inkmesh;
  readonly person: Person;
  readonly onPerson: (person: Person) => void;
  readonly readiness: Readiness;
  readonly onTryIt: () => void;
  /** News of the app and of the device, shown as a notice. */
  readonly news: ComponentChildren;
}

export function StartPage({ mesh, person, onPerson, readiness, onTryIt, news }: StartPageProps) {
  const [search, setSearch] = useState("");
  const documents = useDocuments(mesh, search.trim());
  const hint = readinessHint(readiness);
  const [failed, setFailed] = useState(false);
  const sayFailed = () => setFailed(true);
  return (
    <div class="start-page">
      <PageHeader person={person} onPerson={onPerson} />
      <main class="start">
        <div class="start-head">
          <h1>Documents</h1>
          <div class="start-actions">
            <NewButton kind="text" label="New text" icon={FilePlus2} primary onFail={sayFailed} />
            <NewButton kind="code" label="New code document" icon={CodeXml} onFail={sayFailed} />
            <NewButton kind="notes" label="New notes" icon={NotebookPen} onFail={sayFailed} />
            <NewButton kind="board" label="New board" icon={SquareKanban} onFail={sayFailed} />
          </div>
        </div>
        {failed && (
          <div class="banner care" role="alert">
            <p>What notes and boards need is not on this device yet, and no relay can be asked for it now. Texts and code can be begun.</p>
          </div>
        )}
        <label class="search">
          <Search size={18} aria-hidden="true" />
          <span class="visually-hidden">Search by title</span>
          <input
            type="search"
            placeholder="Search by title"
            value={search}
            onInput={({ currentTarget }) => setSearch(currentTarget.value)}
          />
        </label>
        <Banner documents={documents} />
        <DocumentListing mesh={mesh} documents={documents} search={search.trim()} />
        <footer class="start-foot">
          {hint !== undefined && <p class="hint">{hint}</p>}
          <a class="button quiet small" href="/mesh-view">
            <Network size={16} aria-hidden="true" />
            How the relays stand
          </a>
          <button type="button" class="button quiet small" onClick={onTryIt}>
            <FlaskConical size={16} aria-hidden="true" />
            Try a bad network…
          </button>
        </footer>
      </main>
      <div class="notices">{news}</div>
    </div>
  );
}

function NewButton({
  kind,
  label,
  icon: Icon,
  primary = false,
  onFail,
}: {
  kind: DocumentKind;
  label: string;
  icon: typeof Search;
  primary?: boolean;
  /** What the document's engine needs cannot be fetched. */
  onFail: () => void;
}) {
  const begin = () => drawName(kind).then((name) => visitRoom(name, kind), onFail);
  return (
    <button type="button" class={`button${primary ? " primary" : ""}`} onClick={() => void begin()}>
      <Icon size={18} aria-hidden="true" />
      {label}
    </button>
  );
}

function Banner({ documents }: { documents: Documents }) {
  if (documents.problem === undefined) return null;
  return (
    <div class="banner care" role="status">
      <p>
        {documents.problem} {waitingWords(documents.rows, Date.now())}
      </p>
      <button type="button" class="button small" onClick={documents.retry.onPress}>
        {documents.retry.label}
      </button>
    </div>
  );
}

function DocumentListing({ mesh, documents, search }: { mesh: Inkmesh; documents: Documents; search: string }) {
  if (documents.loading && documents.rows.length === 0) return <ListSkeleton />;
  // An empty list that could not be read is not an empty device; the banner says so.
  if (documents.rows.length === 0 && documents.isUnreadable) return null;
  if (documents.rows.length === 0) return <NoDocuments search={search} heard={documents.heard} />;
  return (
    <>
      <ul class="document-list" aria-label="Documents">
        {documents.rows.map((row: DocumentRow) => (
          <DocumentRowView key={row.room} mesh={mesh} row={row} onRemoved={documents.refresh} />
        ))}
      </ul>
      {documents.more !== undefined && (
        <button type="button" class="button" disabled={documents.loading} onClick={documents.more}>
          {documents.loading ? "Loading…" : "Show more"}
        </button>
      )}
    </>
  );
}

const asFarAs = { all: "", some: ", as far as the relays that answered know", none: ", as far as this device knows" } as const;

function NoDocuments({ search, heard }: { search: string; heard: Documents["heard"] }) {
  if (search !== "")
    return (
      <EmptyState title="Nothing found">
        No title has “{search}” in it{asFarAs[heard]}.
      </EmptyState>
    );
  if (heard === "some")
    return (
      <EmptyState title="No documents at the relays that answered">Begin one, and send its link to whom you want to write with.</EmptyState>
    );
  if (heard === "none")
    return (
      <EmptyState title="Nothing on this device">
        Documents appear here when a relay can be reached. You can begin a new one now; it is sent later.
      </EmptyState>
    );
  return <EmptyState title="No documents yet">Begin one, and send its link to whom you want to write with.</EmptyState>;
}

function ListSkeleton() {
  return (
    <div class="skeleton" aria-busy="true">
      <p class="visually-hidden" role="status">
        Loading the documents
      </p>
      <span />
      <span />
      <span />
    </div>
  );
}
