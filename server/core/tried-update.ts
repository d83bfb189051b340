/**
 * TriedUpdate: an update on its way into a room, with what came of trying it (`room-trials.ts`). Of kinds of documents that need no trial it is the
 * update alone.
 *
 * Invariant: nothing of an update is let in that was not tried, also where what it hung on has come meanwhile.
 */
import type { Admission } from "@inkmesh/shared/engine/crdt-engine";
import type { TrialVerdict } from "@inkmesh/shared/engine/update-trial";

export interface TriedUpdate {
  /** As it came. */
  readonly bytes: Uint8Array;
  /** Undefined: it needs no trial. */
  readonly verdict: TrialVerdict | undefined;
}

export function untried(bytes: Uint8Array): TriedUpdate {
  return { bytes, verdict: undefined };
}

/** Whether the document on which it was tried has it now, or a part of it. */
export function isApplied({ verdict }: TriedUpdate): boolean {
  return verdict?.type === "applies" || verdict?.type === "part";
}

/** Whether `admission` lets in all of it that applied. */
export function isInAsTried({ verdict }: TriedUpdate, admission: Admission): boolean {
  if (admission.type !== "admitted") return admission.type === "known";
  return verdict?.type === "part" ? admission.payload.length === verdict.bytes.length : !admission.leftOut;
}

/** What is to be let in of it, as far as `examine` says so. */
export function admissionOf({ bytes, verdict }: TriedUpdate, examine: (update: Uint8Array) => Admission): Admission {
  if (verdict === undefined || verdict.type === "applies") return examine(bytes);
  if (verdict.type === "refused") return { type: "refused", refusal: verdict.refusal };
  const whole = examine(bytes);
  if (verdict.type === "not-now") return couldNotBeTried(whole);
  if (whole.type !== "admitted") return whole;
  const gap: Admission = { type: "gap", missing: "what has just come", ...lacks(whole) };
  if (verdict.type === "waits") return gap;
  const part = examine(verdict.bytes);
  return part.type === "admitted" ? { ...part, leftOut: true, ...lacks(whole) } : gap;
}

/** Its gap may be one only because what was brought before it could not be tried either. */
function couldNotBeTried(whole: Admission): Admission {
  if (whole.type === "known" || whole.type === "refused") return whole;
  return { type: "refused", refusal: { code: "RELAY_BUSY", detail: "it could not be tried now" } };
}

function lacks({ lacks: lacking }: Extract<Admission, { type: "admitted" }>): Pick<Extract<Admission, { type: "gap" }>, "lacks"> {
  return lacking === undefined ? {} : { lacks: lacking };
}
