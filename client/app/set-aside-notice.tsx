/**
 * SetAsideNotice: edits that a relay refused for good are on this device alone, until the person does something about
 * it. Said at every opening.
 */
import { errorKind, type RoomStatus } from "@inkmesh/client";
import { useState } from "preact/hooks";
import type { AnyRoom } from "./any-room.ts";
import { Dialog } from "./dialog.tsx";
import { downloadOnlyHere } from "./only-here.ts";
import { edits } from "./status-words.ts";

interface SetAsideNoticeProps {
  readonly room: AnyRoom;
  readonly status: RoomStatus;
  readonly onSay: (sentence: string) => void;
}

export function SetAsideNotice({ room, status: { setAsideEdits, setAside }, onSay }: SetAsideNoticeProps) {
  const [asking, setAsking] = useState(false);
  const discard = async () => {
    setAsking(false);
    try {
      await room.discardSetAside();
    } catch {
      onSay("Nothing was discarded: this device's disk refuses.");
    }
  };
  return (
    <section class="banner alarm" role="alert">
      <p>
        The relay refused {edits(setAsideEdits)} that you made here{setAside === undefined ? "" : `: ${errorKind(setAside.code).sentence}`}{" "}
        You see {setAsideEdits === 1 ? "it" : "them"} on this device, nobody else does.
      </p>
      <button type="button" class="button small primary" onClick={() => onSay(downloadOnlyHere(room))}>
        Download
      </button>
      <button type="button" class="button small" onClick={() => setAsking(true)}>
        Discard…
      </button>
      {asking && (
        <Dialog title="Discard what was refused?" onClose={() => setAsking(false)}>
          <p>{edits(setAsideEdits)} will be removed from this device. The document then shows what the relay has.</p>
          <div class="dialog-actions">
            <button type="button" class="button" onClick={() => setAsking(false)}>
              Keep
            </button>
            <button type="button" class="button danger" onClick={() => void discard()}>
              Discard
            </button>
          </div>
        </Dialog>
      )}
    </section>
  );
}
