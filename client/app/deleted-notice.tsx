/**
 * DeletedNotice: the document that one is looking at was deleted. What is on this device is still here, and can be kept.
 */
import type { Inkmesh, InkmeshRoom, RoomDeletion } from "@inkmesh/client";
import { copyDocument, noCopyMade, plainText } from "./document-copy.ts";
import { metaOf } from "./document-meta.ts";
import { download, fileName } from "./download.ts";
import { visitRoom } from "./page-location.ts";
import { forgetDocument } from "./recent-documents.ts";

interface DeletedNoticeProps {
  readonly mesh: Inkmesh;
  readonly room: InkmeshRoom;
  readonly deletion: RoomDeletion | undefined;
  readonly onSay: (sentence: string) => void;
}

export function DeletedNotice({ mesh, room, deletion, onSay }: DeletedNoticeProps) {
  const keep = async () => {
    const copy = await copyDocument(mesh, room.doc).catch(() => undefined);
    if (copy === undefined) return onSay(noCopyMade);
    forgetDocument(room.name);
    // What could not be removed only takes space.
    await mesh.forget(room.name).catch(() => undefined);
    visitRoom(copy);
  };
  const save = () => {
    const name = fileName(metaOf(room.doc).title, "text");
    download(new Blob([plainText(room.doc)], { type: "text/plain;charset=utf-8" }), name);
    onSay(`${name} is downloaded.`);
  };
  return (
    <section class="banner alarm" role="alert">
      <p>This document was deleted{deletion === undefined ? "" : byWhom(deletion)}. What you see is this device’s copy. Keep a copy?</p>
      <button type="button" class="button small primary" onClick={() => void keep()}>
        Keep as a new document
      </button>
      <button type="button" class="button small" onClick={save}>
        Download as text
      </button>
    </section>
  );
}

function byWhom({ by, atMs }: RoomDeletion): string {
  const who = by === "" ? "" : ` by ${by}`;
  return atMs === 0 ? who : `${who} ${new Date(atMs).toLocaleString("en", { dateStyle: "medium", timeStyle: "short" })}`;
}
