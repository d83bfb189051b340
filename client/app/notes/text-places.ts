/**
 * TextPlaces: places in a text of an Automerge document as presence carries them: Automerge's cursors, `{ path, anchor, head }`.
 */
import type { Automerge } from "@inkmesh/client/automerge";
import type { CaretPlaces } from "../code/remote-carets.ts";

type Places = Pick<typeof Automerge, "getCursor" | "getCursorPosition">;

/** `documentNow` is asked whenever a place is named or found: an Automerge document is another one after each change. */
export function textPlaces(automerge: Places, documentNow: () => Automerge.Doc<unknown>, field: string): CaretPlaces {
  const path = [field];
  const named = (index: number): unknown => automerge.getCursor(documentNow(), path, index);
  const found = (cursor: unknown): number => automerge.getCursorPosition(documentNow(), path, cursor as Automerge.Cursor);
  return {
    told: ({ anchor, head }) => {
      try {
        return { path, anchor: named(anchor), head: named(head) };
      } catch {
        return null; // There is no such text: somebody's program has put something else there.
      }
    },
    found: (cursor) => {
      const { path: told, anchor, head } = (cursor ?? {}) as { path?: unknown; anchor?: unknown; head?: unknown };
      if (!Array.isArray(told) || told.length !== 1 || told[0] !== field) return undefined;
      if (typeof anchor !== "string" || typeof head !== "string") return undefined;
      try {
        return { anchor: found(anchor), head: found(head) };
      } catch {
        return undefined; // Presence is what others send, and may name what has not come here yet.
      }
    },
  };
}
