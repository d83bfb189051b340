/**
 * AutomergeEngine: Automerge for this page, fetched when the first document asks for it: 3.6 MB of WebAssembly (1.2 MB on the line), which nobody
 * pays for who writes texts and code alone. This device keeps the file once it was used (`service-worker/late-files.ts`).
 */
import wasmAddress from "automerge/automerge.wasm?url";
import type * as Parts from "./automerge-parts.ts";
import { keepLateFile } from "./service-worker/late-files.ts";

export type AutomergeEngine = typeof Parts;

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
  const engine = await import("./automerge-parts.ts");
  await engine.loadAutomerge(wasmAddress);
  loaded = engine;
  // Without a secure context there is nothing to keep it in, and no page to open without a relay either.
  if ("caches" in globalThis) keepLateFile(caches, wasmAddress).catch(() => undefined);
  return engine;
}
