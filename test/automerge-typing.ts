/**
 * Automerge's changes as an application makes them: one per `change`, of a notes document.
 */
import * as A from "automerge";

interface Notes extends Record<string, unknown> {
  text: string;
}

/** The changes of somebody who types `words` one after the other; the first one, which begins the document, is the same for everybody. */
export function typedChanges(actor: string, words: readonly string[]): readonly Uint8Array[] {
  const [begun] = A.applyChanges(A.init<Notes>({ actor }), [beginning]);
  let document = begun;
  const changes: Uint8Array[] = [beginning];
  for (const word of words) {
    document = A.change(document, { time: 0 }, (draft) => A.splice(draft, ["text"], draft.text.length, 0, word));
    changes.push(A.getLastLocalChange(document)!);
  }
  return changes;
}

const beginning = ((): Uint8Array => {
  const document = A.change(A.init<Notes>({ actor: "00" }), { time: 0 }, (draft) => {
    draft.text = "";
  });
  return A.getLastLocalChange(document)!;
})();

/** The text of the document that these updates and states make. */
export function textOfChanges(updates: readonly Uint8Array[]): string {
  let document = A.init<Notes>();
  for (const update of updates) document = A.loadIncremental(document, update);
  return document.text ?? "";
}

/** A change that is right by its head, and over which Automerge panics: it is about an object that is nowhere. */
export function panickingChange(actor = "dd", deps: readonly string[] = []): Uint8Array {
  const ops = [{ action: "set", obj: "99@bb", key: "a", value: "x", pred: [] }];
  return A.encodeChange({ actor, seq: 1, startOp: 1, time: 0, message: null, deps: [...deps], ops } as never);
}
