/**
 * UpdateNews: whether an update brings anything that a document had not, told by what the document grows by while it is
 * applied within a transaction: what it holds of the authors that the update names, and what the transaction has deleted.
 *
 * A document of many authors gets many small updates at once, and looking at every author around each would take their
 * product, on the page's main thread. So an update is read for the authors that it names, unless it is longer than there
 * are authors: what is looked at is never more than the update's own length, or a few steps.
 */
import * as Y from "yjs";

/** The size of what `update` can add to, in structs and deletions; compared before and after it is applied. */
export function sizeOfWhat(update: Uint8Array, transaction: Y.Transaction): () => number {
  const { doc, deleteSet } = transaction;
  const isLong = update.length > doc.store.clients.size;
  const named = isLong ? undefined : authorsOf(update);
  return () => {
    let size = 0;
    for (const author of named?.inserting ?? doc.store.clients.keys()) size += Y.getState(doc.store, author);
    // A transaction adds to its list for each deletion.
    for (const author of named?.deleted ?? deleteSet.clients.keys()) size += deleteSet.clients.get(author)?.length ?? 0;
    return size;
  };
}

/** Whose content is in the update, and whose it deletes. One that cannot be read names nobody. */
function authorsOf(update: Uint8Array): { inserting: ReadonlySet<number>; deleted: readonly number[] } {
  try {
    const { structs, ds } = Y.decodeUpdate(update);
    return { inserting: new Set(structs.map(({ id }) => id.client)), deleted: [...ds.clients.keys()] };
  } catch {
    return { inserting: new Set(), deleted: [] };
  }
}
