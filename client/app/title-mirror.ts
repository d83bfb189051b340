/**
 * TitleMirror: copies a document's title and kind to the relay's list. The title's truth is in the document; the list
 * only lets it be found. Who changes the title copies it; and who opens a document whose list entry is stale mends it.
 * Only a document that is saved is mirrored: before, the relay may not know it.
 */
import type { AnyRoom } from "./any-room.ts";
import { type DocumentMeta, metaOf, watchMeta } from "./document-meta.ts";
import { readKind } from "./page-location.ts";
import { changeRoom, isDoneHere, showRoom } from "./relay-api.ts";

const settleMs = 600;

/** Starts mirroring; answers how to stop. */
export function mirrorTitle(room: AnyRoom): () => void {
  let listed: Pick<DocumentMeta, "title" | "kind"> | undefined;
  let busy = false;
  /** Something was said while an answer was awaited. */
  let missed = false;
  let isStopped = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const mirror = async () => {
    missed ||= busy;
    if (busy || !isKnown(room)) return;
    busy = true;
    try {
      listed ??= await askListed(room.name);
      const { title, kind } = metaOf(room.doc);
      if (listed === undefined || title === "" || (listed.title === title && listed.kind === kind)) return;
      const answer = await changeRoom(room.name, { title, kind });
      if (isDoneHere(answer)) listed = { title, kind };
    } finally {
      busy = false;
      if (missed && !isStopped) soon();
      missed = false;
    }
  };
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(() => void mirror(), settleMs);
  };
  const stops = [watchMeta(room.doc, soon), room.on("status", soon)];
  soon();
  return () => {
    isStopped = true;
    clearTimeout(timer);
    for (const stop of stops) stop();
  };
}

/** A relay has the document, though perhaps not an edit that it refused for good. */
function isKnown({ status }: AnyRoom): boolean {
  return status.phase === "saved" || ((status.setAside !== undefined || status.waitingBlobs > 0) && status.synced && status.waiting === 0);
}

async function askListed(room: string): Promise<Pick<DocumentMeta, "title" | "kind"> | undefined> {
  const answer = await showRoom(room);
  return answer.ok ? { title: answer.value.title, kind: readKind(answer.value.kind) ?? "text" } : undefined;
}
