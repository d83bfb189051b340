/**
 * LineState: where a client's one line to a relay stands; the picture of its changes is at `client-core.ts`.
 */
import type { Liveness } from "./liveness.ts";

export type LineState =
  | { readonly type: "away" }
  | { readonly type: "waiting"; readonly untilMs: number }
  | { readonly type: "connecting"; readonly socket: number; readonly deadlineMs: number }
  | { readonly type: "greeting"; readonly socket: number; readonly deadlineMs: number }
  | { readonly type: "online"; readonly relay: string; readonly socket: number; readonly liveness: Liveness };

/** When something is due, in monotonic ms; undefined: nothing. */
export function lineDeadline(state: LineState): number | undefined {
  switch (state.type) {
    case "away":
      return undefined;
    case "waiting":
      return state.untilMs;
    case "connecting":
    case "greeting":
      return state.deadlineMs;
    case "online":
      return state.liveness.deadline;
  }
}
