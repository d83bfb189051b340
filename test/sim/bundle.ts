/**
 * Bundle: the simulation's worker and all of the product that it runs, as one file, with a planted bug in it or without.
 * The product has no switch for bugs: a mutant is an exact find-and-replace in a source file, made while bundling; a find
 * that does not match exactly once fails, so that a mutant cannot silently become the healthy program.
 */
import { resolve } from "node:path";
import { build, type Plugin } from "vite";
import { planted, type Mutant } from "../harness/mutated-relay.ts";
import { projectRoot } from "../harness/relay-process.ts";

/** Writes the worker's file into `folder` and answers its path. */
export async function bundleWorker(folder: string, mutant: Mutant | undefined): Promise<string> {
  const remaining = new Set(mutant?.changes ?? []);
  await build({
    configFile: false,
    root: projectRoot,
    logLevel: "error",
    define: { automergeWasm: JSON.stringify(automergeWasm) },
    plugins: [standIns(), plantedBug(mutant, remaining)],
    resolve: { conditions: ["inkmesh-source", "node", "module", "import"], dedupe: ["yjs", "lib0", "y-protocols", "automerge"] },
    ssr: { noExternal: true, external: ["better-sqlite3"], resolve: { conditions: ["inkmesh-source", "node", "module", "import"] } },
    build: {
      ssr: resolve(import.meta.dirname, "worker.ts"),
      outDir: folder,
      emptyOutDir: false,
      minify: false,
      sourcemap: "inline",
      target: "node20",
      rolldownOptions: { output: { entryFileNames: "worker.mjs", codeSplitting: false } },
    },
  });
  if (remaining.size > 0)
    throw new Error(`mutant "${mutant?.what}": nothing of ${[...remaining].map(({ file }) => file).join(", ")} is in the bundle`);
  return resolve(folder, "worker.mjs");
}

const slimAutomerge = resolve(projectRoot, "node_modules/automerge/dist/mjs/entrypoints/slim.js");
const automergeWasm = resolve(projectRoot, "node_modules/automerge/dist/automerge.wasm");

/** What reads chance or files behind the platform's back is given the simulator's. */
function standIns(): Plugin {
  const simulated: Readonly<Record<string, string>> = {
    "lib0/webcrypto": resolve(import.meta.dirname, "sim-web-crypto.ts"),
    "node:fs/promises": resolve(import.meta.dirname, "sim-fs-promises.ts"),
    // The one copy that `ready-automerge.ts` brings in.
    automerge: slimAutomerge,
  };
  return { name: "stand-ins", enforce: "pre", resolveId: (id) => simulated[id] };
}

function plantedBug(mutant: Mutant | undefined, remaining: Set<Mutant["changes"][number]>): Plugin {
  return {
    name: "planted-bug",
    enforce: "pre",
    transform(code, id) {
      let text = code;
      for (const change of mutant?.changes ?? []) {
        if (id.split("?")[0] !== resolve(projectRoot, change.file)) continue;
        text = planted(text, mutant!.what, change);
        remaining.delete(change);
      }
      return text === code ? null : text;
    },
  };
}
