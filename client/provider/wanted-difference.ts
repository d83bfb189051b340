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
import { differenceBeyond, differenceTo, isShown, readStateVector } from "./document-difference.ts";
import type { Surroundings, WantedDifference } from "./shared-document.ts";

/** As `make-difference` asks for it. `elsewhere`: what is on its way to relays by other ways, or never will be. */
export function wantedDifference(
  doc: Y.Doc,
  wanted: WantedDifference,
  { elsewhere, isComparable }: Pick<Surroundings, "elsewhere" | "isComparable">,
): Uint8Array | undefined {
  const { stateVector, unless, containing, unlessContent } = wanted;
  if (containing !== undefined && !isShown(doc, containing)) return undefined;
  const waiting = [...(unless ?? []), ...elsewhere];
  if (unlessContent !== undefined) return isComparable ? deletionsUnless(doc, stateVector, unlessContent, waiting) : undefined;
  return unless === undefined ? differenceTo(doc, stateVector) : differenceBeyond(doc, stateVector, waiting);
}

/**
 * The deletions of what `stateVector` names that are not in `waiting`, which comes as the edits that it is; undefined when there
 * are none, or when the document, or it without what waits, hashes to `content`.
 */
function deletionsUnless(doc: Y.Doc, stateVector: Uint8Array, content: string, waiting: readonly Uint8Array[]): Uint8Array | undefined {
  const deletes = deletionsOf(Y.createDeleteSetFromStructStore(doc.store));
  const relay = readStateVector(stateVector);
  if (hashOf(Y.decodeStateVector(Y.encodeStateVector(doc)), deletes) === content) return undefined;
  const carried = new YjsContentIndex();
  carried.join({ engine: "yjs", structs: [], deletes: waiting.flatMap(deletionsIn) });
  const known = deletes
    .map((range) => ({ ...range, to: Math.min(range.to, relay.get(range.author) ?? 0) }))
    .filter(({ from, to }) => from < to)
    .flatMap((range) => carried.undeleted(range));
  return known.length === 0 || hashOf(relay, known) === content ? undefined : writeUpdate(noBytes, [], known);
}

function hashOf(clocks: ReadonlyMap<number, number>, deletes: readonly ContentRange[]): string {
  const index = new YjsContentIndex();
  index.join({ engine: "yjs", structs: [...clocks].map(([author, to]) => ({ author, from: 0, to })), deletes });
  return index.hash();
}

/** An update that cannot be read carries none. */
function deletionsIn(update: Uint8Array): readonly ContentRange[] {
  try {
    return deletionsOf(Y.decodeUpdate(update).ds);
  } catch {
    return [];
  }
}

/** By author, in rising order of each. */
function deletionsOf(set: ReturnType<typeof Y.createDeleteSetFromStructStore>): readonly ContentRange[] {
  return [...set.clients].flatMap(([author, ranges]) => ranges.map(({ clock, len }) => ({ author, from: clock, to: clock + len })));
}
