/**
 * ImportSource: what another server has kept of Yjs documents, read and never written.
 *
 *     y-leveldb           the folder of y-websocket's server            `y-leveldb-source.ts`
 *     hocuspocus-sqlite   the file of @hocuspocus/extension-sqlite      `hocuspocus-file-source.ts`
 *     yjs-updates         a folder of files that are Yjs updates        `update-folder-source.ts`
 *
 * Invariants: the source is as it was afterwards; a document that cannot be read is one document's trouble.
 */
export type SourceKind = "y-leveldb" | "hocuspocus-sqlite" | "yjs-updates";

export interface SourceNames {
  /** Each once. */
  readonly names: readonly string[];
  /** Why there may be more, in words: a part of the source cannot be read. */
  readonly problem: string | undefined;
}

export interface ImportSource {
  readonly kind: SourceKind;
  /** Of all documents that can be found. */
  names(): Promise<SourceNames>;
  /** A document's updates, of which together the document is; rejects with an Error in words when they cannot be read. */
  updates(name: string): Promise<readonly Uint8Array[]>;
  close(): Promise<void>;
}
