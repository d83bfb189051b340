/**
 * MutatedRelay: a copy of the built relay with one planted bug, in a temporary folder. The product has no switch for
 * bugs: a mutant is an exact find-and-replace in a built file, and a find that no longer matches exactly once fails, so
 * that a mutant cannot silently become the healthy program.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { copyProgram } from "./program-copy.ts";

export interface Mutant {
  /** The bug in words. */
  readonly what: string;
  readonly changes: readonly { readonly file: string; readonly find: string; readonly replace: string }[];
}

/** Builds the copy and answers the program to start, for `RelayOptions.program`. */
export function mutatedProgram(mutant: Mutant): string {
  const { root, program } = copyProgram("mutant");
  for (const change of mutant.changes) applyChange(root, mutant.what, change);
  return program;
}

/** The text with the bug in it; for one file. */
export function planted(text: string, what: string, change: Mutant["changes"][number]): string {
  const parts = text.split(change.find);
  if (parts.length !== 2)
    throw new Error(`mutant "${what}": its find occurs ${parts.length - 1} times in ${change.file}, once is right:\n${change.find}`);
  return parts.join(change.replace);
}

function applyChange(root: string, what: string, change: Mutant["changes"][number]): void {
  const path = join(root, change.file);
  writeFileSync(path, planted(readFileSync(path, "utf8"), what, change));
}
