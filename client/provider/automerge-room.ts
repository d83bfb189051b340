/**
 * AutomergeRoom: the name of a new document's room, which is also the document's URL for automerge-repo.
 */
import { documentIdOf, roomOfDocument } from "@inkmesh/shared/wire/automerge-document";
import { systemRandom } from "./environment.ts";

/** `automerge:` and the id of a document that nobody has begun. */
export function newAutomergeRoom(): string {
  return roomOfDocument(documentIdOf(systemRandom.bytes(16)));
}
