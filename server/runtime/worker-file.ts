/**
 * Starts a worker thread from the module beside its caller, in whichever form we run: compiled, the `.js` file itself;
 * from the sources (tests), the `.ts` file behind tsx, which does not reach into workers by its own command line flag.
 * There it is loaded by `require`, which starts in half the time; so a worker's module awaits nothing at its top.
 */
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { Worker, type WorkerOptions } from "node:worker_threads";

/** `file` is `new URL("./name-worker.ts", import.meta.url)`, as the sources name it. */
export function startWorker(file: URL, options: WorkerOptions = {}): Worker {
  if (import.meta.url.endsWith(".js")) return new Worker(new URL(file.href.replace(/\.ts$/, ".js")), options);
  // By its full path: the worker's own code is text without a place, and would look for tsx beside the working directory.
  const tsx = createRequire(import.meta.url).resolve("tsx/cjs/api");
  const boot = `require(${JSON.stringify(tsx)}).register(); require(${JSON.stringify(fileURLToPath(file))});`;
  return new Worker(boot, { ...options, eval: true, execArgv: ["--conditions=inkmesh-source"] });
}
