/**
 * What a function answers that reads the outside world: a value, or a refusal with its code. Nothing is thrown
 * for bytes that somebody else sent.
 */
import type { ErrorCode } from "./errors.ts";

/** Why something was refused: a code of the registry, and the offending values in words (never content). */
export interface Refusal {
  readonly code: ErrorCode;
  /** E.g. "frame of 1,203,441 bytes, limit 1,048,576"; empty when the code's own sentence says it all. */
  readonly detail: string;
}

export type Result<Value> = { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly refusal: Refusal };

export function ok<Value>(value: Value): Result<Value> {
  return { ok: true, value };
}

export function refused(code: ErrorCode, detail = ""): { readonly ok: false; readonly refusal: Refusal } {
  return { ok: false, refusal: { code, detail } };
}
