/**
 * App: which page is shown, and what both pages share: the mesh, who one is, and news of the app itself.
 */
import type { Inkmesh } from "@inkmesh/client";
import { useEffect, useState } from "preact/hooks";
import { DocumentPage } from "./document-page.tsx";
import { EmptiedNotice, useEmptied } from "./emptied-notice.tsx";
import { EmptyState } from "./empty-state.tsx";
import type { InstalledApp } from "./installed-app.ts";
import type { KeptRooms } from "./kept-rooms.ts";
import { PageHeader } from "./page-header.tsx";
import { usePage, visit } from "./page-location.ts";
import { type Person, rememberedPerson, rememberPerson } from "./person.ts";
import { RefusedNotice } from "./refused-notice.tsx";
import type { SlowLine } from "./slow-line.ts";
import { StartPage } from "./start-page.tsx";
import { TryItDialog, useSlowLine } from "./try-it-dialog.tsx";
import { putOffWords, UpdateNotice, useAppStatus } from "./update-notice.tsx";

interface AppProps {
  readonly mesh: Inkmesh;
  readonly rooms: KeptRooms;
  readonly installed: InstalledApp;
  readonly line: SlowLine;
}

export function App(props: AppProps) {
  const [isTrying, tryIt] = useState(false);
  return (
    <>
      <Page {...props} onTryIt={() => tryIt(true)} />
      {isTrying && <TryItDialog mesh={props.mesh} line={props.line} onClose={() => tryIt(false)} />}
    </>
  );
}

function Page({ mesh, rooms, installed, line, onTryIt }: AppProps & { onTryIt: () => void }) {
  const page = usePage();
  const { readiness } = useAppStatus(installed);
  const isSlow = useSlowLine(line);
  const [person, setPerson] = useState(rememberedPerson);
  const change = (changed: Person) => {
    rememberPerson(changed);
    setPerson(changed);
  };
  // With the last document closed, a new version may be used without anybody noticing.
  useEffect(() => void installed.useQuietly(), [installed, page.type]);
  const emptied = useEmptied(mesh, page.type === "document" ? page.room : undefined);
  const news = (
    <>
      <UpdateNotice app={installed} />
      <EmptiedNotice emptied={emptied} />
      <RefusedNotice rooms={rooms} />
    </>
  );
  const shared = { mesh, person, onPerson: change, readiness, onTryIt, news };
  const renew = async () => putOffWords(await installed.renew());
  switch (page.type) {
    case "start":
      return <StartPage {...shared} />;
    case "document":
      return <DocumentPage key={page.room} rooms={rooms} name={page.room} isSlow={isSlow} onRenew={renew} {...shared} />;
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
