/**
 * AutomergeEngine: Automerge for this page, fetched when the first document asks for it: 3.6 MB of WebAssembly (1.2 MB on the line), which nobody
 * pays for who writes texts and code alone. The service worker keeps the file once it was used (`service-worker.ts`).
 */
import wasmAddress from "automerge/automerge.wasm?url";

export type AutomergeEngine = typeof import("@inkmesh/client/automerge");

let loaded: AutomergeEngine | undefined;
let loading: Promise<AutomergeEngine> | undefined;

/** Undefined until `loadEngine` has resolved. */
export function loadedAutomerge(): AutomergeEngine | undefined {
  return loaded;
}

/** Rejects when it cannot be fetched or run; asked again it tries again. */
export function loadEngine(): Promise<AutomergeEngine> {
  loading ??= fetchAll().catch((failure: unknown) => {
    loading = undefined;
    throw failure;
  });
  return loading;
}

async function fetchAll(): Promise<AutomergeEngine> {
  const engine = await import("@inkmesh/client/automerge");
  await engine.loadAutomerge(wasmAddress);
  loaded = engine;
  return engine;
}
