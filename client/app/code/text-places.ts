/**
 * TextPlaces: places in a Y.Text as presence carries them: Yjs' relative positions.
 */
import * as Y from "yjs";
import type { CaretPlaces } from "./remote-carets.ts";

export function textPlaces(text: Y.Text): CaretPlaces {
  const relative = (index: number): unknown => JSON.parse(JSON.stringify(Y.createRelativePositionFromTypeIndex(text, index)));
  const absolute = (json: unknown): number | undefined => {
    if (typeof json !== "object" || json === null || text.doc === null) return undefined;
    try {
      const place = Y.createAbsolutePositionFromRelativePosition(Y.createRelativePositionFromJSON(json), text.doc);
      return place?.type === text ? place.index : undefined;
    } catch {
      return undefined; // Presence is what others send; a malformed position is no position.
    }
  };
  return {
    told: ({ anchor, head }) => ({ anchor: relative(anchor), head: relative(head) }),
    found: (cursor) => {
      const { anchor, head } = (cursor ?? {}) as { anchor?: unknown; head?: unknown };
      const found = { anchor: absolute(anchor), head: absolute(head) };
      return found.anchor === undefined || found.head === undefined ? undefined : { anchor: found.anchor, head: found.head };
    },
  };
}
