/**
 * Starts a worker thread from the module beside its caller, in whichever form we run: compiled, the `.js` file itself;
 * from the sources (tests), the `.ts` file behind tsx, which does not reach into workers by its own command line flag.
 */
import { Worker, type WorkerOptions } from "node:worker_threads";

/** `file` is `new URL("./name-worker.ts", import.meta.url)`, as the sources name it. */
export function startWorker(file: URL, options: WorkerOptions = {}): Worker {
  if (import.meta.url.endsWith(".js")) return new Worker(new URL(file.href.replace(/\.ts$/, ".js")), options);
  const boot = `import("tsx/esm/api").then(({ register }) => { register(); return import(${JSON.stringify(file.href)}); });`;
  return new Worker(boot, { ...options, eval: true, execArgv: ["--conditions=inkmesh-source"] });
}
