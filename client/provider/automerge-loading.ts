/**
 * AutomergeLoading: brings Automerge's WebAssembly in, once, and only when somebody asks for it: 3.6 MB, a file of its own and not a text in a
 * script. A page says where it is served; its Content-Security-Policy must let it be compiled (`script-src 'wasm-unsafe-eval'`). In Node it lies
 * beside the package's scripts.
 */
import * as A from "automerge/slim";

let loading: Promise<void> | undefined;

/** `wasm`: the address of `automerge/automerge.wasm`, or its bytes; needed everywhere but in Node. Again: the same promise, unless it failed. */
export function loadAutomerge(wasm?: string | URL | Uint8Array): Promise<void> {
  // Another part of this program may have brought it in with the whole package.
  if (A.isWasmInitialized()) return Promise.resolve();
  loading ??= initialize(wasm).catch((error: unknown) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

async function initialize(wasm: string | URL | Uint8Array | undefined): Promise<void> {
  await A.initializeWasm(wasm instanceof URL ? wasm.href : (wasm ?? (await bytesBesideThePackage())));
}

/** Node's modules are asked for by name where they are needed, so that no bundler looks for them. */
async function bytesBesideThePackage(): Promise<Uint8Array> {
  const builtin = (globalThis as { process?: { getBuiltinModule?: typeof process.getBuiltinModule } }).process?.getBuiltinModule;
  if (builtin === undefined) throw new Error("loadAutomerge needs the address of automerge.wasm here.");
  const file = builtin("node:module")
    .createRequire(import.meta.url)
    .resolve("automerge/automerge.wasm");
  return await builtin("node:fs/promises").readFile(file);
}
