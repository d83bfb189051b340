/**
 * ReturnWords: what became of a time without a line, in one quiet sentence. Pure.
 */
import type { RoomReturn } from "@inkmesh/client";
import { edits } from "./status-words.ts";

/** A shorter absence is a blink: the status line was enough for it. */
const blinkMs = 2_000;

/** Two returns as one, for a line that comes and goes. */
export function together(earlier: RoomReturn | undefined, later: RoomReturn): RoomReturn {
  if (earlier === undefined) return later;
  return {
    awayMs: earlier.awayMs + later.awayMs,
    sent: earlier.sent + later.sent,
    merged: earlier.merged + later.merged,
    isMergedExact: earlier.isMergedExact && later.isMergedExact,
  };
}

/** The sentence; undefined when there is nothing worth it. */
export function returnWords({ awayMs, sent, merged, isMergedExact }: RoomReturn): string | undefined {
  if (awayMs > 0 && awayMs < blinkMs) return undefined;
  if (sent === 0 && merged === 0) return undefined;
  if (sent === 0) return isMergedExact ? `${edits(merged)} of others merged` : "What others wrote is merged";
  const own = `${sent.toLocaleString("en")} of your edits sent`;
  if (merged === 0) return own;
  return isMergedExact ? `${own}, ${merged.toLocaleString("en")} merged` : `${own}, and what others wrote is merged`;
}
