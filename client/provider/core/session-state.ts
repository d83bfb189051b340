/**
 * SessionState: where one room's session stands (the picture is in `sync-session.ts`), with what each state needs.
 */
import type { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { ChunkAssembly } from "./chunk-assembly.ts";
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
  readonly chunks: ChunkAssembly;
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
