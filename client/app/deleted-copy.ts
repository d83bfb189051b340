/**
 * DeletedCopy: what can be done with this device's copy of a document that was deleted: kept as a new document, or removed.
 */
import type { Inkmesh } from "@inkmesh/client";
import { type AnyRoom, fetchEngine, openRoom } from "./any-room.ts";
import { copyDocument, type DocumentCopy } from "./document-copy.ts";
import { forgetDocument } from "./recent-documents.ts";

/** Answers the new document, or undefined when no copy could be made. Only of one that lacks nothing the original is removed. */
export async function keepDeleted(mesh: Inkmesh, room: AnyRoom): Promise<DocumentCopy | undefined> {
  const copy = await copyDocument(mesh, room).catch(() => undefined);
  if (copy === undefined) return undefined;
  if (copy.missingImages > 0) return copy;
  // What could not be removed only takes space.
  await removeDeleted(mesh, room.name).catch(() => undefined);
  return copy;
}

/** The same for one that is not open. */
export async function keepDeletedUnopened(mesh: Inkmesh, name: string): Promise<DocumentCopy | undefined> {
  await fetchEngine(name);
  const room = openRoom(mesh, name);
  try {
    await room.whenLoaded;
    return await keepDeleted(mesh, room);
  } finally {
    await room.close();
  }
}

/** Rejects when the disk refuses. */
export async function removeDeleted(mesh: Inkmesh, name: string): Promise<void> {
  await mesh.forget(name);
  forgetDocument(name);
}
