/**
 * DeletedNotice: the document that one is looking at was deleted. What is on this device is still here, and can be kept.
 */
import type { Inkmesh, InkmeshRoom, RoomDeletion } from "@inkmesh/client";
import { useState } from "preact/hooks";
import { deletionWords } from "./deletion-words.ts";
import { Dialog } from "./dialog.tsx";
import { copyDocument, noCopyMade } from "./document-copy.ts";
import { downloadOnlyHere } from "./only-here.ts";
import { visit, visitRoom } from "./page-location.ts";
import { forgetDocument } from "./recent-documents.ts";
import { edits } from "./status-words.ts";

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
  const [asking, setAsking] = useState(false);
  const unsent = room.onlyHere.waiting.length;
  const remove = async () => {
    setAsking(false);
    forgetDocument(room.name);
    try {
      await mesh.forget(room.name);
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
      {asking && (
        <Dialog title="Remove this copy, too?" onClose={() => setAsking(false)}>
          <p>
            This device’s copy is the last one that you can see here{unsent === 0 ? "" : `, and ${edits(unsent)} in it went nowhere else`}.
          </p>
          <div class="dialog-actions">
            <button type="button" class="button" onClick={() => setAsking(false)}>
              Keep it
            </button>
            <button type="button" class="button danger" onClick={() => void remove()}>
              Remove
            </button>
          </div>
        </Dialog>
      )}
    </section>
  );
}
