/**
 * DeletedNotice: the document that one is looking at was deleted. What is on this device is still here, and can be kept.
 */
import type { Inkmesh, RoomDeletion } from "@inkmesh/client";
import { useState } from "preact/hooks";
import type { AnyRoom } from "./any-room.ts";
import { copyLacks } from "./copied-images.ts";
import { keepDeleted, removeDeleted } from "./deleted-copy.ts";
import { deletionWords } from "./deletion-words.ts";
import { noCopyMade } from "./document-copy.ts";
import { downloadOnlyHere } from "./only-here.ts";
import { visit, visitRoom } from "./page-location.ts";
import { RemoveCopyDialog } from "./remove-copy-dialog.tsx";
import { edits } from "./status-words.ts";

interface DeletedNoticeProps {
  readonly mesh: Inkmesh;
  readonly room: AnyRoom;
  readonly deletion: RoomDeletion | undefined;
  readonly onSay: (sentence: string) => void;
}

export function DeletedNotice({ mesh, room, deletion, onSay }: DeletedNoticeProps) {
  const keep = async () => {
    const copy = await keepDeleted(mesh, room);
    if (copy === undefined) return onSay(noCopyMade);
    if (copy.missingImages > 0) return onSay(copyLacks(copy.missingImages));
    visitRoom(copy.name);
  };
  const [asking, setAsking] = useState(false);
  const unsent = room.onlyHere.waiting.length;
  const remove = async () => {
    setAsking(false);
    try {
      await removeDeleted(mesh, room.name);
    } catch {
      return onSay("Nothing was removed: this device's disk refuses.");
    }
    visit("/");
  };
  return (
    <section class="banner alarm" role="alert">
      <p>
        This document was deleted{deletion === undefined ? "" : deletionWords(deletion)}. What you see is this device’s copy
        {unsent === 0 ? "" : `, with ${edits(unsent)} that ${unsent === 1 ? "was" : "were"} never sent`}. Keep a copy?
      </p>
      <button type="button" class="button small primary" onClick={() => void keep()}>
        Keep as a new document
      </button>
      <button type="button" class="button small" onClick={() => onSay(downloadOnlyHere(room, true))}>
        Download as text
      </button>
      <button type="button" class="button small" onClick={() => setAsking(true)}>
        Remove from this device…
      </button>
      {asking && <RemoveCopyDialog unsent={unsent} onClose={() => setAsking(false)} onRemove={() => void remove()} />}
    </section>
  );
}
