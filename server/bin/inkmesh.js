#!/usr/bin/env node
/**
 * The command. In a source checkout it first builds what is missing or older than its sources; an installed package comes
 * built. Plain JavaScript, because it runs before anything is compiled.
 */
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { fileURLToPath } from "node:url";

const server = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const root = path.dirname(server);
const build = path.join(root, "scripts", "build.mjs");
const stamp = path.join(server, "dist", ".built");
const outputs = [path.join(server, "dist", "cli", "main.js"), path.join(root, "client", "dist", "app", "service-worker.js")];

if (fs.existsSync(build) && fs.existsSync(path.join(server, "main.ts"))) buildWhatIsOld();
await import(new URL("../dist/cli/main.js", import.meta.url).href);

function buildWhatIsOld() {
  if (!fs.existsSync(path.join(root, "node_modules"))) {
    process.stderr.write("The packages that Inkmesh is built from are not installed. Run: npm ci\n");
    process.exit(2);
  }
  const newest = newestSource();
  if (outputs.every((file) => fs.existsSync(file)) && newest <= stampedAt()) return;
  const { status } = spawnSync(process.execPath, [build], { cwd: root, stdio: ["ignore", 2, 2] });
  if (status !== 0) {
    process.stderr.write("The build failed; what is wrong is written above.\n");
    process.exit(status ?? 1);
  }
  fs.writeFileSync(stamp, `${newest}\n`);
}

function stampedAt() {
  return fs.existsSync(stamp) ? Number(fs.readFileSync(stamp, "utf8")) : 0;
}

/** When the youngest source file was changed, in ms. */
function newestSource() {
  let newest = 0;
  const waiting = ["shared", "server", "client"].map((name) => path.join(root, name));
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
      const file = path.join(folder, entry.name);
      if (entry.isDirectory()) {
        if (entry.name !== "dist" && entry.name !== "node_modules") waiting.push(file);
      } else newest = Math.max(newest, fs.statSync(file).mtimeMs);
    }
  }
  return newest;
}
