/**
 * MutatedRelay: a copy of the built relay with one planted bug, in a temporary folder. The product has no switch for
 * bugs: a mutant is an exact find-and-replace in a built file, and a find that no longer matches exactly once fails, so
 * that a mutant cannot silently become the healthy program.
 */
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot, temporaryFolder } from "./relay-process.ts";

export interface Mutant {
  /** The bug in words. */
  readonly what: string;
  readonly changes: readonly { readonly file: string; readonly find: string; readonly replace: string }[];
}

/** Builds the copy and answers the program to start, for `RelayOptions.program`. */
export function mutatedProgram(mutant: Mutant): string {
  const root = temporaryFolder("mutant");
  for (const part of ["shared", "server"]) copyPackage(root, part);
  linkModules(root);
  for (const change of mutant.changes) applyChange(root, mutant.what, change);
  const start = join(root, "server/start.js");
  // Not bin/inkmesh.js: that one looks after a build, which a copy does not need.
  writeFileSync(start, `import "./dist/cli/main.js";\n`);
  return start;
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

function copyPackage(root: string, part: string): void {
  cpSync(join(projectRoot, part, "dist"), join(root, part, "dist"), { recursive: true });
  cpSync(join(projectRoot, part, "package.json"), join(root, part, "package.json"));
}

/** Everything installed, by links, but our own packages, which are the copies. */
function linkModules(root: string): void {
  const installed = join(projectRoot, "node_modules");
  const own = join(root, "node_modules/@inkmesh");
  mkdirSync(own, { recursive: true });
  for (const part of ["shared", "server"]) symlinkSync(join(root, part), join(own, part));
  for (const name of readdirSync(installed)) {
    if (name !== "@inkmesh" && !name.startsWith(".")) symlinkSync(join(installed, name), join(root, "node_modules", name));
  }
}
