/**
 * @inkmesh/client/automerge: documents of Automerge for `Inkmesh.open`. An entrance of its own: who has documents of Yjs alone never loads it, and
 * nothing of WebAssembly is loaded before `loadAutomerge` is called.
 */
import { documentIdOf, roomOfDocument } from "@inkmesh/shared/wire/automerge-document";
import { systemRandom } from "./environment.ts";

export { AutomergeHandle, type AutomergeHandleEvents } from "./automerge-handle.ts";
export type { DocumentChange } from "./automerge-document.ts";
export { loadAutomerge } from "./automerge-loading.ts";
/** Automerge itself, as the handles use it. Another copy of the package must be of the same version to work on their documents. */
export * as Automerge from "automerge/slim";

/** The room of a document that nobody has begun: `automerge:` and its id, which is also its URL for automerge-repo. */
export function newAutomergeRoom(): string {
  return roomOfDocument(documentIdOf(systemRandom.bytes(16)));
}
