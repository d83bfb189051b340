/**
 * AutomergeBeginning: the first change of a document of each kind, the same bytes whoever makes it.
 *
 * Two tabs may begin one new document at once (a duplicated tab, a page that was restored, two people offline). Were the fields made twice, one
 * of the two texts would be hidden with all that was typed into it. So the change has no moment, no message, and an actor that follows from
 * what it writes: made twice it is one change, and another beginning (of a later version of this page) is by another actor.
 *
 * Invariants: the actor writes this change and nothing else, ever: whoever goes on does so as somebody else. The bytes of a kind never change; a
 * test holds their hashes.
 *
 * Given Automerge, which is loaded only where such a document is.
 */
import type * as Automerge from "automerge/slim";
import { digest } from "lib0/hash/sha256";
import type { BoardDocument, NotesDocument } from "./automerge-editor-props.ts";

export type AutomergeKind = "notes" | "board";

/** Columns whose names and order stand from the start; fractional indexes as `a0`, `a1`, `a2`. */
const beginnings: { readonly notes: NotesDocument; readonly board: BoardDocument } = {
  notes: { kind: "notes", title: "", text: "" },
  board: {
    kind: "board",
    title: "",
    columns: {
      todo: { title: "To do", order: "a0" },
      doing: { title: "Doing", order: "a1" },
      done: { title: "Done", order: "a2" },
    },
    cards: {},
  },
};

const actorBytes = 16;

/** The change that begins a document of `kind`, for `loadIncremental`. */
export function beginningOf(automerge: typeof Automerge, kind: AutomergeKind): Uint8Array {
  const beginning = beginnings[kind];
  const blank = automerge.init<Record<string, unknown>>({ actor: actorOf(beginning) });
  const begun = automerge.change(blank, { time: 0 }, (document) => void Object.assign(document, structuredClone(beginning)));
  const change = automerge.getLastLocalChange(begun);
  automerge.free(begun);
  if (change === undefined) throw new Error("A document begins with a change.");
  return change;
}

/** Whether an actor is nobody who has typed anything. */
export function isBeginning(actor: string): boolean {
  return Object.values(beginnings).some((beginning) => actorOf(beginning) === actor);
}

function actorOf(beginning: NotesDocument | BoardDocument): string {
  const hash = digest(new TextEncoder().encode(JSON.stringify(beginning)));
  return [...hash.subarray(0, actorBytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
