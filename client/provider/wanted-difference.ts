/**
 * WantedDifference: what the client's core asks of a document, to send to a relay what that lacks.
 *
 * A state vector does not show deletions. So a relay says what its content hashes to, and who has another content than that
 * once it has everything of the relay's sends its deletions: somebody else's may have been lost with a relay's disk after they
 * were shown, and this document may be the last one that has them.
 */
import * as Y from "yjs";
import { YjsContentIndex } from "@inkmesh/shared/engine/content-index";
import type { ContentRange } from "@inkmesh/shared/engine/yjs-update";
import { writeUpdate } from "@inkmesh/shared/engine/yjs-update-writer";
import { noBytes } from "@inkmesh/shared/base/bytes";
import type { ClientEffect } from "./core/client-effect.ts";
import { differenceBeyond, differenceTo, isShown, readStateVector } from "./document-difference.ts";

export type WantedDifference = Extract<ClientEffect, { type: "make-difference" }>;

interface Surroundings {
  /** What is on its way to relays by other ways, or never will be. */
  readonly elsewhere: readonly Uint8Array[];
  /** False for a document that shows what relays refused for good: its content is another one than any relay's. */
  readonly isComparable: boolean;
}

/** As `make-difference` asks for it. */
export function wantedDifference(doc: Y.Doc, wanted: WantedDifference, { elsewhere, isComparable }: Surroundings): Uint8Array | undefined {
  const { stateVector, unless, containing, unlessContent } = wanted;
  if (containing !== undefined && !isShown(doc, containing)) return undefined;
  if (unlessContent !== undefined) return isComparable ? deletionsUnless(doc, stateVector, unlessContent) : undefined;
  return unless === undefined ? differenceTo(doc, stateVector) : differenceBeyond(doc, stateVector, [...unless, ...elsewhere]);
}

/** All deletions of what `stateVector` names; undefined when there are none, or when the content hashes to `content`. */
function deletionsUnless(doc: Y.Doc, stateVector: Uint8Array, content: string): Uint8Array | undefined {
  const deletes = deletionsOf(doc);
  const index = new YjsContentIndex();
  const structs = [...Y.decodeStateVector(Y.encodeStateVector(doc))].map(([author, to]) => ({ author, from: 0, to }));
  index.join({ structs, deletes });
  if (index.hash() === content) return undefined;
  const relay = readStateVector(stateVector);
  const known = deletes
    .map((range) => ({ ...range, to: Math.min(range.to, relay.get(range.author) ?? 0) }))
    .filter(({ from, to }) => from < to);
  return known.length === 0 ? undefined : writeUpdate(noBytes, [], known);
}

/** By author, in rising order of each. */
function deletionsOf(doc: Y.Doc): readonly ContentRange[] {
  return [...Y.createDeleteSetFromStructStore(doc.store).clients].flatMap(([author, ranges]) =>
    ranges.map(({ clock, len }) => ({ author, from: clock, to: clock + len })),
  );
}
