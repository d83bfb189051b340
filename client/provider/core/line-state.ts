/**
 * LineState: where a client's one line to a relay stands; the picture of its changes is at `client-core.ts`.
 */
export interface Living {
  readonly socket: number;
  heardMs: number;
  pingDueMs: number;
  /** The ping that is not answered yet, and when silence after it means a dead line. */
  ping: { readonly nonce: number; readonly sentMs: number; readonly deadMs: number } | undefined;
}

export type LineState =
  | { readonly type: "away" }
  | { readonly type: "waiting"; readonly untilMs: number }
  | { readonly type: "connecting"; readonly socket: number; readonly deadlineMs: number }
  | { readonly type: "greeting"; readonly socket: number; readonly deadlineMs: number }
  | ({ readonly type: "online"; readonly relay: string } & Living);
