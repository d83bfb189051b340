/**
 * @inkmesh/client/automerge: documents of Automerge for `Inkmesh.open`. An entrance of its own: who has documents of Yjs alone never loads it.
 */
export { AutomergeHandle, type AutomergeHandleEvents } from "./automerge-handle.ts";
export type { DocumentChange } from "./automerge-document.ts";
export { loadAutomerge } from "./automerge-loading.ts";
export { newAutomergeRoom } from "./automerge-room.ts";
/** Automerge itself, as the handles use it: another copy of the package would know nothing of their documents. */
export * as Automerge from "automerge/slim";
