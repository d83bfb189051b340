/**
 * App: which page is shown, and what both pages share: the mesh, and who one is.
 */
import type { Inkmesh } from "@inkmesh/client";
import { useState } from "preact/hooks";
import { DocumentPage } from "./document-page.tsx";
import { EmptyState } from "./empty-state.tsx";
import { PageHeader } from "./page-header.tsx";
import { usePage, visit } from "./page-location.ts";
import { type Person, rememberedPerson, rememberPerson } from "./person.ts";
import { StartPage } from "./start-page.tsx";

export function App({ mesh }: { mesh: Inkmesh }) {
  const page = usePage();
  const [person, setPerson] = useState(rememberedPerson);
  const change = (changed: Person) => {
    rememberPerson(changed);
    setPerson(changed);
  };
  switch (page.type) {
    case "start":
      return <StartPage mesh={mesh} person={person} onPerson={change} />;
    case "document":
      return <DocumentPage key={page.room} mesh={mesh} name={page.room} person={person} onPerson={change} />;
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
