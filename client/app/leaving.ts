/**
 * Leaving: one is asked before the page is closed, or another is shown in it, while something typed is nowhere but in it;
 * and no new version of the app reloads it then.
 * Inside the app only a disk that refuses is worth a question: any other write ends in a moment, page shown or not.
 */
import type { InkmeshRoom, RoomStatus } from "@inkmesh/client";
import { useEffect } from "preact/hooks";
import { editorOpened } from "./open-editors.ts";
import { guardPage } from "./page-location.ts";

const question = "This device's disk refuses what you typed last, and no relay has it. It is lost when you leave this document. Leave?";

/** Guards the page for as long as the room is shown. */
export function useLeavingGuard(room: InkmeshRoom): void {
  useEffect(() => {
    const guard = (event: BeforeUnloadEvent) => {
      if (isOnlyInPage(room.status)) event.preventDefault();
    };
    addEventListener("beforeunload", guard);
    const unguard = guardPage(() => !wouldLose(room.status) || confirm(question));
    const closed = editorOpened(() => isOnlyInPage(room.status));
    return () => {
      closed();
      unguard();
      removeEventListener("beforeunload", guard);
    };
  }, [room]);
}

/** Whether something typed is neither on this device nor on a relay. */
function isOnlyInPage({ notOnDevice, waiting }: RoomStatus): boolean {
  return notOnDevice > 0 && waiting > 0;
}

/** Whether closing the room now loses something for good. */
export function wouldLose({ device, notOnDevice, waiting, phase }: RoomStatus): boolean {
  return device === "failed" && notOnDevice > 0 && waiting > 0 && phase !== "deleted";
}
