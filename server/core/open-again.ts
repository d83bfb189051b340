/**
 * When a document that could not be read is tried again, on behalf of a client which would come back only with its whole connection, and so
 * take its other documents along: after the time that the registry names, twice that, … `openAgainMsMax`, and a little earlier by chance,
 * for the sake of many who wait for one document.
 */
import { errorKind, type ErrorCode } from "@inkmesh/shared/base/errors";
import type { ConnectionId } from "@inkmesh/shared/base/ids";
import type { RelayContext } from "./relay-context.ts";

/** Milliseconds: how long somebody waits for a document that can be read again, against reading in vain. */
export const openAgainMsMax = 10_000;

/** `tries`: how often it was tried again already. */
export function openAgain(
  context: RelayContext,
  what: { connection: ConnectionId; channel: number; tries: number; code: ErrorCode },
): void {
  const { connection, channel, tries, code } = what;
  const waitMs = Math.min((errorKind(code).retryAfterMs ?? openAgainMsMax) * 2 ** tries, openAgainMsMax);
  const dueMs = context.now.monotonicMs + waitMs * (1 - context.random.fraction() / 4);
  context.deadlines.set({ type: "open-again", connection, channel }, dueMs);
}
