/**
 * Hold: why a session sends nothing although something waits.
 *
 *     refused for now   until the relay's time has passed
 *     gap               closed by a difference: at once the first two times, then ever more slowly
 *     not allowed here  until another session, which may have other rights
 */
import { errorKind, type ErrorCode } from "@inkmesh/shared/base/errors";
import type { Refusal } from "@inkmesh/shared/base/result";
import type { ClientLimits } from "./client-limits.ts";

export type Hold =
  | { readonly type: "until"; readonly atMs: number }
  | { readonly type: "heal"; readonly stateVector: Uint8Array; readonly atMs: number }
  | { readonly type: "session" };

interface Nack {
  readonly code: ErrorCode;
  readonly retryAfterMs: number;
  readonly stateVector: Uint8Array;
}

/** An edit of a tab that is gone may build on another that no disk and no relay ever got. */
export const unfounded: Refusal = { code: "GAP", detail: "it builds on an edit that is not on this device either" };

/** Refusals that say something about the session or the room, not about the one update. */
const aboutTheSession: ReadonlySet<ErrorCode> = new Set(["READ_ONLY", "NOT_ALLOWED", "ROOM_FULL", "ROOM_DELETED", "WRONG_VERSION"]);

/** What a refusal of an update holds up; undefined when only that update is to be set aside. `gaps` counts those in a row. */
export function holdAfter({ code, retryAfterMs, stateVector }: Nack, gaps: number, nowMs: number, limits: ClientLimits): Hold | undefined {
  if (code === "GAP") return { type: "heal", stateVector, atMs: nowMs + gapWaitMs(gaps, retryAfterMs, limits) };
  if (errorKind(code).retryable) return { type: "until", atMs: nowMs + Math.max(retryAfterMs, errorKind(code).retryAfterMs ?? 0, 50) };
  return aboutTheSession.has(code) ? { type: "session" } : undefined;
}

function gapWaitMs(gaps: number, retryAfterMs: number, { gapRetryMs, gapRetryMaxMs }: ClientLimits): number {
  if (gaps < 2) return 0;
  return Math.max(Math.min(gapRetryMaxMs, gapRetryMs * 2 ** Math.min(gaps - 2, 20)), retryAfterMs);
}
