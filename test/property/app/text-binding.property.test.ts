import { expect, it } from "vitest";
import fc from "fast-check";
import * as A from "automerge";
import { BoundEditor, type TextDocument } from "../../unit/app/notes/bound-editor.ts";
import { MemoryHandle } from "../../unit/app/notes/memory-handle.ts";
import { holds, holdsInTime } from "../replayable.ts";

/** Letters of one unit and of two, lines of two sorts, and halves of letters, which Automerge cannot hold. */
const words = fc.string({ unit: fc.constantFrom("a", "b", " ", "\n", "\r", "\r\n", "é", "😀", "\ud83d"), maxLength: 6 });
const part = fc.double({ min: 0, max: 1, noNaN: true });
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ type: fc.constant("typed" as const), who: fc.nat(1), from: part, to: part, words, second: fc.option(words) }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("heard" as const), who: fc.nat(1) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("undone" as const), who: fc.nat(1) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("redone" as const), who: fc.nat(1) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("put" as const), who: fc.nat(1), words: fc.option(words) }) },
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

function beginning(): Uint8Array {
  return A.save(A.change(A.init<TextDocument>(), (document) => void (document.text = "begun")));
}

function perform(editor: BoundEditor, other: BoundEditor, made: Step): void {
  const { length } = editor.state.doc;
  switch (made.type) {
    case "typed": {
      const [from = 0, to = 0] = [made.from, made.to].map((share) => Math.round(share * length)).toSorted((left, right) => left - right);
      const insert = editor.state.toText(made.words);
      // A second place in the same transaction, as with several carets.
      const second = made.second === null || to === length ? [] : [{ from: length, insert: editor.state.toText(made.second) }];
      return editor.dispatch({ changes: [{ from, to, insert }, ...second] });
    }
    case "heard":
      return editor.handle.receive(other.handle);
    case "undone":
      return void editor.undo();
    case "redone":
      return void editor.redo();
    case "put":
      // Another program, which knows nothing of letters.
      return editor.handle.change((document) => {
        if (made.words === null) delete (document as Partial<TextDocument>).text;
        else document.text = made.words;
      });
  }
}

const shownIn = (editor: BoundEditor): string => editor.handle.doc().text ?? "";

it("[P1] an editor shows what its document says after every step, and two that heard of each other show the same", async () => {
  const runs = fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
    const saved = beginning();
    const editors = [new BoundEditor(new MemoryHandle(saved)), new BoundEditor(new MemoryHandle(saved))] as const;
    for (const made of steps) {
      perform(editors[made.who === 0 ? 0 : 1], editors[made.who === 0 ? 1 : 0], made);
      await Promise.resolve();
      for (const editor of editors) expect(editor.text).toBe(shownIn(editor));
    }
    const [left, right] = editors;
    left.handle.receive(right.handle);
    right.handle.receive(left.handle);
    expect(left.text).toBe(right.text);
    expect(left.text).toBe(shownIn(left));
  });
  await holdsInTime(runs, 60);
});

it("undoing all of one's own leaves what the other one typed, and takes nothing else back", () => {
  const typed = fc.record({ mine: fc.boolean(), at: part });
  holds(
    fc.property(fc.array(typed, { maxLength: 25 }), (letters) => {
      const saved = beginning();
      const me = new BoundEditor(new MemoryHandle(saved));
      const other = new BoundEditor(new MemoryHandle(saved));
      for (const { mine, at } of letters) {
        const editor = mine ? me : other;
        editor.dispatch({ changes: { from: Math.round(at * editor.state.doc.length), insert: mine ? "M" : "o" } });
        (mine ? other : me).handle.receive(editor.handle);
      }
      while (me.undo());
      expect(me.text.replaceAll("o", "")).toBe("begun".replaceAll("o", ""));
      expect(me.text).toBe(other.text.replaceAll("M", ""));
    }),
    100,
  );
});
