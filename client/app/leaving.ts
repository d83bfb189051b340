/**
 * Leaving: one is asked before the tab is closed or reloaded while something typed is nowhere but in it, and no new version
 * of the app reloads it then. Showing another page in the tab loses nothing: see `kept-rooms.ts`.
 */
import type { RoomStatus } from "@inkmesh/client";
import type { AnyRoom } from "./any-room.ts";
import { editorOpened } from "./open-editors.ts";

/** Guards the tab until the answered function is called. */
export function guardTab(room: Pick<AnyRoom, "status">): () => void {
  const guard = (event: BeforeUnloadEvent) => {
    if (isOnlyInPage(room.status)) event.preventDefault();
  };
  addEventListener("beforeunload", guard);
  const closed = editorOpened(() => isOnlyInPage(room.status));
  return () => {
    closed();
    removeEventListener("beforeunload", guard);
  };
}

/** Whether something typed is neither on this device nor on a relay. */
export function isOnlyInPage({ notOnDevice, waiting, waitingBlobs }: RoomStatus): boolean {
  return notOnDevice > 0 && waiting + waitingBlobs > 0;
}

/** Whether closing the room now may lose something for good. A write that is under way may still be refused. */
export function wouldLose(status: RoomStatus): boolean {
  return status.device !== "memory" && status.phase !== "deleted" && isOnlyInPage(status);
}
