/**
 * Leaving: the browser asks before the page is closed while something typed is nowhere but in it.
 */
import type { InkmeshRoom } from "@inkmesh/client";
import { useEffect } from "preact/hooks";

/** Guards the page for as long as the room is shown. */
export function useLeavingGuard(room: InkmeshRoom): void {
  useEffect(() => {
    const guard = (event: BeforeUnloadEvent) => {
      if (room.status.notOnDevice > 0) event.preventDefault();
    };
    addEventListener("beforeunload", guard);
    return () => removeEventListener("beforeunload", guard);
  }, [room]);
}
