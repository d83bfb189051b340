/**
 * EphemeralWords: what an automerge-repo client says to all who have a document open, as words that travel between relays as those of other
 * clients do (`words`, `mesh-room-message.ts`). What it says is bytes, so they are written in base64, behind who said it and when.
 *
 *     ["ephemeral", sender, session, count, base64]     as JSON
 *
 * Invariant: `read` is total; what it answers `write` would have written.
 */
import { fromBase64, toBase64 } from "lib0/buffer";

export interface Ephemeral {
  readonly senderId: string;
  readonly sessionId: string;
  /** Higher with each that the sender says in its session. */
  readonly count: number;
  readonly data: Uint8Array;
}

const mark = "ephemeral";

export function writeEphemeral({ senderId, sessionId, count, data }: Ephemeral): string {
  return JSON.stringify([mark, senderId, sessionId, count, toBase64(data)]);
}

/** Undefined: these are other words. */
export function readEphemeral(text: string): Ephemeral | undefined {
  if (!text.startsWith(`["${mark}",`)) return undefined;
  try {
    const [, senderId, sessionId, count, data] = JSON.parse(text) as readonly unknown[];
    if (typeof senderId !== "string" || typeof sessionId !== "string" || typeof data !== "string") return undefined;
    if (typeof count !== "number" || !Number.isSafeInteger(count)) return undefined;
    return { senderId, sessionId, count, data: fromBase64(data) };
  } catch {
    // No JSON, or no base64: somebody else's words.
    return undefined;
  }
}
