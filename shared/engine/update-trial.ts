/**
 * UpdateTrial: updates that somebody brought, tried where a failure harms nobody, before anything of them is let in.
 *
 * Whether a change of Automerge's can be applied is known only by applying it: its head may be right, and the library still panic over it, take
 * minutes, or fill the memory.
 */
import type { Refusal } from "../base/result.ts";

export interface UpdateTrial {
  /** All that the document has, in causal order; undefined: what was told in earlier trials. */
  readonly parts: readonly Uint8Array[] | undefined;
  /** What came into the document since then from elsewhere: it was tried there. */
  readonly news: readonly Uint8Array[];
  /** To be tried one after the other, each on those before it. */
  readonly updates: readonly Uint8Array[];
}

export type TrialVerdict =
  | { readonly type: "applies" }
  /** This part of it applies; the rest hangs on something that is not here. */
  | { readonly type: "part"; readonly bytes: Uint8Array }
  /** It hangs on something that is not here, or cannot be read. */
  | { readonly type: "waits" }
  /** Nothing can be said of it: it could not be tried, and may be brought again. */
  | { readonly type: "not-now" }
  | { readonly type: "refused"; readonly refusal: Refusal };

export type TrialAnswer =
  /** The document is not known here, or not as it is: it is to be told whole. */
  | { readonly type: "unknown" }
  /** Of the first updates, so many there are; after one over which the library failed none is tried. `isSpent`: nothing more is to be tried here. */
  | { readonly type: "tried"; readonly verdicts: readonly TrialVerdict[]; readonly isSpent: boolean };
