/**
 * UpdateMessage: what a page, the waiting version of the app, and the other pages say to each other before that version
 * is put to use.
 *
 *     page ── UpdateRequest ──▶ waiting worker ── TabQuestion ──▶ every page of the app
 *     page ◀── UpdateOutcome ──                ◀── TabState ───
 *
 * Each message comes with a port for its answer.
 */

/** A page asks the waiting version to be the one in use. */
export interface UpdateRequest {
  readonly type: "use-new-version";
  /** Whether a person asked for it; if not, it is done only where nobody would notice. */
  readonly asked: boolean;
}

/** The waiting version asks a page how it is. */
export interface TabQuestion {
  readonly type: "how-is-this-tab";
}

export interface TabState {
  /** A document is open in it, or somebody is in the middle of something. */
  readonly inUse: boolean;
  /** Something typed is nowhere but in it: reloaded now, it would be lost. */
  readonly wouldLose: boolean;
}

export type UpdateOutcome =
  | { readonly type: "in-use" }
  /** A tab is in use (said only to who did not ask for a person), would lose something, or did not answer. */
  | { readonly type: "put-off"; readonly because: "in-use" | "would-lose" | "no-answer" };
