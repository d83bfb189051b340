/**
 * App: which page is shown, and what both pages share: the mesh, who one is, and news of the app itself.
 */
import type { Inkmesh } from "@inkmesh/client";
import { useEffect, useState } from "preact/hooks";
import { DocumentPage } from "./document-page.tsx";
import { EmptyState } from "./empty-state.tsx";
import type { InstalledApp } from "./installed-app.ts";
import { PageHeader } from "./page-header.tsx";
import { usePage, visit } from "./page-location.ts";
import { type Person, rememberedPerson, rememberPerson } from "./person.ts";
import { StartPage } from "./start-page.tsx";
import { UpdateNotice, useAppStatus } from "./update-notice.tsx";

export function App({ mesh, installed }: { mesh: Inkmesh; installed: InstalledApp }) {
  const page = usePage();
  const { readiness } = useAppStatus(installed);
  const [person, setPerson] = useState(rememberedPerson);
  const change = (changed: Person) => {
    rememberPerson(changed);
    setPerson(changed);
  };
  // With the last document closed, a new version may be used without anybody noticing.
  useEffect(() => void installed.useQuietly(), [installed, page.type]);
  const shared = { mesh, person, onPerson: change, readiness, news: <UpdateNotice app={installed} /> };
  switch (page.type) {
    case "start":
      return <StartPage {...shared} />;
    case "document":
      return <DocumentPage key={page.room} name={page.room} {...shared} />;
    case "unknown":
      return (
        <div class="start-page">
          <PageHeader person={person} onPerson={change} />
          <main class="start">
            <EmptyState title="There is nothing at this address" action={{ label: "All documents", onPress: () => visit("/") }}>
              The link may be incomplete.
            </EmptyState>
          </main>
        </div>
      );
  }
}
