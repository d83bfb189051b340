/**
 * SessionState: where one room's session stands (the picture is in `sync-session.ts`), with what each state needs.
 */
import type { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { RelayMessage } from "@inkmesh/shared/wire/client-message";
import { ChunkAssembly } from "./chunk-assembly.ts";
import type { ClientLimits } from "./client-limits.ts";
import type { Hold } from "./hold.ts";

export interface Open {
  readonly channel: number;
  readonly handle: number;
  /** What the relay had on disk at `opened`. */
  readonly stateVector: Uint8Array;
  /** What this client had when it opened the room, and how many updates came since. */
  readonly resumedFrom: VectorClock;
  received: number;
  hold: Hold | undefined;
  /** The relay may lack what no outbox holds: known, or to be found out by comparing contents. */
  repairDue: { readonly unlessContent: string | undefined } | undefined;
  /** The difference that is being made: what for, and the edit that it is to contain. */
  difference: { readonly purpose: "repair" | "heal"; readonly containing: Uint8Array | undefined } | undefined;
  /** When what is parked in the outbox is tried again. */
  unparkAtMs: number | undefined;
  readonly chunks: ChunkAssembly;
}

/** What a difference is asked for with, see `make-difference`. */
export interface Wanted {
  readonly stateVector: Uint8Array;
  readonly unless?: readonly Uint8Array[] | undefined;
  readonly unlessContent?: string | undefined;
}

/** A session that a relay opened just now. */
export function newlyOpen(opened: Extract<RelayMessage, { type: "opened" }>, resumedFrom: VectorClock, limits: ClientLimits): Open {
  const { channel, handle, stateVector } = opened;
  const chunks = new ChunkAssembly(limits.chunkedBytesMax);
  const nothingDue = { repairDue: undefined, hold: undefined, difference: undefined, unparkAtMs: undefined };
  return { channel, handle, stateVector, resumedFrom, received: 0, ...nothingDue, chunks };
}

export type SessionState =
  | { readonly type: "loading" }
  | { readonly type: "detached" }
  | { readonly type: "postponed"; readonly untilMs: number }
  | { readonly type: "reading" }
  | { readonly type: "opening"; readonly channel: number }
  | ({ readonly type: "syncing" } & Open)
  | ({ readonly type: "live" } & Open)
  | { readonly type: "deleted" }
  | { readonly type: "refused" };

/** When it is to be looked at again. */
export function deadlineOf(state: SessionState): number | undefined {
  if (state.type === "postponed") return state.untilMs;
  if (state.type !== "syncing" && state.type !== "live") return undefined;
  const { hold, unparkAtMs } = state;
  const heldUntilMs = hold === undefined || hold.type === "session" ? undefined : hold.atMs;
  if (heldUntilMs === undefined || unparkAtMs === undefined) return heldUntilMs ?? unparkAtMs;
  return Math.min(heldUntilMs, unparkAtMs);
}
