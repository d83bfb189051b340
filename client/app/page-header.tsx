/**
 * PageHeader: what both pages have on top: the way home, who one is, light or dark.
 */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { followInPage } from "./page-location.ts";
import { initialsOf, type Person } from "./person.ts";
import { PersonDialog } from "./person-dialog.tsx";
import { ThemeButton } from "./theme-button.tsx";

interface PageHeaderProps {
  readonly person: Person;
  readonly onPerson: (person: Person) => void;
  /** Beside the way home: a document's title. */
  readonly children?: ComponentChildren;
  /** Before the person's badge: who else is here. */
  readonly aside?: ComponentChildren;
  /** After everything: the document's menu. */
  readonly menu?: ComponentChildren;
}

export function PageHeader({ person, onPerson, children, aside, menu }: PageHeaderProps) {
  const [naming, setNaming] = useState(false);
  return (
    <header class="page-header">
      <a class="home" href="/" onClick={followInPage} aria-label="Inkmesh: all documents">
        <img src="/icon.svg" alt="" width="28" height="28" />
        <span class="home-name">Inkmesh</span>
      </a>
      <div class="header-middle">{children}</div>
      {aside}
      <button
        type="button"
        class="badge self"
        style={{ "--person": person.color }}
        aria-label={`You are ${person.name}. Change name and colour`}
        title={`You: ${person.name}`}
        onClick={() => setNaming(true)}
      >
        <span aria-hidden="true">{initialsOf(person.name)}</span>
      </button>
      <ThemeButton />
      {menu}
      {naming && <PersonDialog person={person} onChange={onPerson} onClose={() => setNaming(false)} />}
    </header>
  );
}
