/**
 * `npm run dev`: one relay from the TypeScript sources, restarted when they change, and the editor rebuilt when it
 * changes. Open the address that the relay prints. After a rebuild reload the page: it opens as it was, fetches the new
 * version, and offers it (with no document open it takes it by itself). Ctrl-C ends both.
 */
import { spawn } from "node:child_process";
import { installed, projectRoot } from "./step.mjs";

const relayArguments = ["relay", "--data", "data/dev", ...process.argv.slice(2)];
const children = [
  start(installed("vite", "build", "--watch", "--config", "client/vite.config.ts")),
  start(installed("tsx", "watch", "--clear-screen=false", "--conditions=inkmesh-source", "server/cli/main.ts", ...relayArguments)),
];
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => endAll(signal));

function start([program, ...args]) {
  const child = spawn(program, args, { cwd: projectRoot, stdio: "inherit" });
  child.on("exit", (code) => {
    process.exitCode ||= code ?? 0;
    endAll("SIGTERM");
  });
  return child;
}

function endAll(signal) {
  for (const child of children) if (child.exitCode === null) child.kill(signal);
}
