/**
 * ProgramCopy: a copy of the built relay in a temporary folder, for tests that change what is in it. Everything that is
 * installed is there by links, but for our own packages, which are copies.
 */
import { cpSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot, temporaryFolder } from "./relay-process.ts";

/** `program` is for `RelayOptions.program`; `root` is laid out like the project. `endRelays` removes it. */
export function copyProgram(purpose: string): { readonly root: string; readonly program: string } {
  const root = temporaryFolder(purpose);
  for (const part of ["shared", "server"]) copyPackage(root, part);
  linkModules(root);
  const program = join(root, "server/start.js");
  // Not bin/inkmesh.js: that one looks after a build, which a copy does not need.
  writeFileSync(program, `import "./dist/cli/main.js";\n`);
  return { root, program };
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
