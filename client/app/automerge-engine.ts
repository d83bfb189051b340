/**
 * AutomergeEngine: Automerge for this page, fetched when the first document asks for it: 3.6 MB of WebAssembly (1.2 MB on the line), which nobody
 * pays for who writes texts and code alone. This device keeps the file once it was used (`service-worker/late-files.ts`).
 */
import type * as Entrance from "@inkmesh/client/automerge";
import wasmAddress from "automerge/automerge.wasm?url";
import type * as Typed from "./automerge-typed.ts";
import type * as BoardExport from "./board/board-export.ts";
import { keepLateFile } from "./service-worker/late-files.ts";

/** Automerge, and what of the page needs it wherever such a document is open. */
export type AutomergeEngine = typeof Entrance & typeof Typed & typeof BoardExport;

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
  const [entrance, typed, boardExport] = await Promise.all([
    import("@inkmesh/client/automerge"),
    import("./automerge-typed.ts"),
    import("./board/board-export.ts"),
  ]);
  await entrance.loadAutomerge(wasmAddress);
  loaded = { ...entrance, ...typed, ...boardExport };
  // Without a secure context there is nothing to keep it in, and no page to open without a relay either.
  if ("caches" in globalThis) keepLateFile(caches, wasmAddress).catch(() => undefined);
  return loaded;
}
