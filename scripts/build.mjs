/**
 * Builds what is not built: the packages by the TypeScript project references (incremental), then the editor by Vite
 * if its sources changed since. Quick when there is nothing to do, so that `inkmesh` may call it before every start.
 * Progress goes to stderr; stdout stays free for the program that called.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync, utimesSync } from "node:fs";
import { resolve } from "node:path";
import { installed, projectRoot } from "./step.mjs";

const packages = ["shared", "server/core", "server", "client/provider/core", "client/provider"];
const editorSources = [
  "client/app",
  "client/provider",
  "client/vite.config.ts",
  "client/service-worker-build.ts",
  "shared",
  "package-lock.json",
];
/** The last that is written of the editor: it names all the rest. */
const editorEnd = "client/dist/app/service-worker.js";

step("packages", installed("tsc", "-b", ...packages));
if (isOlder(editorEnd, editorSources)) {
  const startedAt = new Date();
  step("editor", installed("vite", "build", "--config", "client/vite.config.ts"));
  // What was changed while it was being built may not be in it: it is as old as the start of its build.
  utimesSync(resolve(projectRoot, editorEnd), startedAt, startedAt);
}

function step(name, [program, ...args]) {
  const startedAt = performance.now();
  process.stderr.write(`build: ${name} …\n`);
  const { status, error } = spawnSync(program, args, { cwd: projectRoot, stdio: ["ignore", 2, 2] });
  if (status !== 0) {
    process.stderr.write(`build: ${name} failed${error ? `: ${error.message}` : ""}\n`);
    process.exit(1);
  }
  process.stderr.write(`build: ${name} done in ${((performance.now() - startedAt) / 1000).toFixed(1)} s\n`);
}

/** Whether `product` is missing or older than any of `sources`. */
function isOlder(product, sources) {
  const path = resolve(projectRoot, product);
  return !existsSync(path) || sources.some((source) => newest(resolve(projectRoot, source)) > statSync(path).mtimeMs);
}

function newest(path) {
  if (!existsSync(path)) return 0;
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  const skipped = new Set(["node_modules", "dist"]);
  return Math.max(
    0,
    ...readdirSync(path)
      .filter((name) => !skipped.has(name))
      .map((name) => newest(resolve(path, name))),
  );
}
