/**
 * AutomergeParts: everything of the page that needs Automerge itself and is asked for wherever a document is open, as one piece to fetch.
 */
export { Automerge, AutomergeHandle, loadAutomerge, newAutomergeRoom } from "@inkmesh/client/automerge";
export { wordsOfEdits } from "./automerge-typed.ts";
export { boardAsJson, boardAsMarkdown } from "./board/board-export.ts";
