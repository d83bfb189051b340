/**
 * StoreError: which refusal an error of SQLite or of the file system becomes. A full disk is not a failure: it says
 * STORE_FULL, ends by itself when there is space again, and nothing that was acknowledged is touched by it.
 */
import type { Refusal } from "@inkmesh/shared/base/result";

const fullCodes: ReadonlySet<string> = new Set(["SQLITE_FULL", "ENOSPC", "EDQUOT"]);
const corruptCodes: ReadonlySet<string> = new Set(["SQLITE_CORRUPT", "SQLITE_NOTADB"]);

/** The refusal for whatever was thrown while the store was used. */
export function refusalOf(error: unknown): Refusal {
  const code = codeOf(error);
  const words = error instanceof Error ? error.message : String(error);
  return { code: fullCodes.has(code) ? "STORE_FULL" : "STORE_FAILED", detail: code === "" ? words : `${code}: ${words}` };
}

/** A dot that is to be written names other bytes in the store: whoever gives out such dots must not go on. */
export class DotTaken extends Error {}

/** Whether SQLite found its file not to be as it must be. */
export function isCorruption(error: unknown): boolean {
  const code = codeOf(error);
  return [...corruptCodes].some((corrupt) => code.startsWith(corrupt));
}

function codeOf(error: unknown): string {
  const code = (error as { readonly code?: unknown } | undefined)?.code;
  return typeof code === "string" ? code : "";
}
