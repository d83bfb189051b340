import * as A from "automerge";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { BoardDocument } from "../../../../client/app/automerge-editor-props.ts";
import { BoardHistory } from "../../../../client/app/board/board-history.ts";
import { cardOn, cardsOf, readBoard } from "../../../../client/app/board/board-model.ts";
import { byKey, placement, type Placed } from "../../../../client/app/board/board-order.ts";
import { addCard, addColumn, editCard, moveCard, removeCard, removeColumn, write } from "../../../../client/app/board/board-writes.ts";
import { holds } from "../../replayable.ts";
import { type Action, actions, writesOf } from "./board-actions.ts";
import { MemoryHandle, share } from "./memory-handle.ts";

const people = 3;

function aBoard(...cards: readonly string[]): MemoryHandle {
  const handle = new MemoryHandle("01");
  for (const id of cards) handle.change((draft) => write(draft, addCard(readBoard(handle.doc()), { id, columnId: "todo", title: id })));
  return handle;
}

function others(handle: MemoryHandle, ...actors: readonly string[]): readonly MemoryHandle[] {
  return actors.map((actor) => new MemoryHandle(actor, handle.doc()));
}

function does(handle: MemoryHandle, writes: (board: ReturnType<typeof readBoard>) => ReturnType<typeof addCard>): void {
  handle.change((draft) => write(draft, writes(readBoard(handle.doc()))));
}

function inColumns(handle: MemoryHandle): readonly string[] {
  return readBoard(handle.doc()).columns.map(({ id, cards }) => `${id}: ${cards.map((card) => card.id).join(" ")}`.trim());
}

describe("keys of order", () => {
  const key = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.constantFrom(
        "a0",
        "a1",
        "a0V",
        "Zz",
        "b00",
        "a0",
        "a00",
        "",
        "!",
        "A00000000000000000000000001",
        "zzz",
        "é",
        "a".repeat(200),
      ),
    },
    { weight: 1, arbitrary: fc.string({ maxLength: 6 }) },
  );
  const placed = fc
    .uniqueArray(fc.record({ id: fc.stringMatching(/^[a-z]{1,3}$/), key }), { selector: ({ id }) => id, maxLength: 8 })
    .map((all) => all.toSorted(byKey));

  it("put something exactly there, whatever keys its neighbours have, and move nobody past anybody", () => {
    holds(
      fc.property(placed, fc.nat(9), (neighbours, at) => {
        const index = Math.min(at, neighbours.length);
        const written = new Map(placement(neighbours, "NEW", index).map((each) => [each.id, each.key]));
        const after: Placed[] = [...neighbours, { id: "NEW", key: "" }].map(({ id, key: before }) => ({
          id,
          key: written.get(id) ?? before,
        }));
        expect(after.toSorted(byKey).map(({ id }) => id)).toEqual(neighbours.map(({ id }) => id).toSpliced(index, 0, "NEW"));
      }),
      2_000,
    );
  });

  it("leave neighbours alone that are in order, and equal ones until somebody comes between them", () => {
    const equal = [
      { id: "a", key: "a0" },
      { id: "b", key: "a0" },
      { id: "c", key: "a1" },
    ];
    expect(placement(equal, "x", 0).map(({ id }) => id)).toEqual(["x"]);
    expect(placement(equal, "x", 1).map(({ id }) => id)).toEqual(["x", "b"]);
    expect(placement(equal, "x", 2).map(({ id }) => id)).toEqual(["x"]);
    expect(placement(equal, "x", 3).map(({ id }) => id)).toEqual(["x"]);
  });

  it("stay short where a thousand come into one gap", () => {
    let neighbours: readonly Placed[] = [
      { id: "first", key: "a0" },
      { id: "last", key: "a1" },
    ];
    for (let turn = 0; turn < 1_000; turn += 1) {
      const written = new Map(placement(neighbours, `n${turn}`, 1).map((each) => [each.id, each.key]));
      neighbours = [...neighbours.filter(({ id }) => !written.has(id)), ...[...written].map(([id, made]) => ({ id, key: made }))].toSorted(
        byKey,
      );
    }
    expect(neighbours.at(0)?.id).toBe("first");
    expect(neighbours.at(-1)?.id).toBe("last");
    expect(Math.max(...neighbours.map(({ key: made }) => made.length))).toBeLessThan(120);
  });
});

describe("a board of several people", () => {
  it("[P1] is the same for all once they have heard each other, with every card exactly once", () => {
    holds(
      fc.property(actions(people), (all) => {
        const handles = others(aBoard("c1", "c2", "c3"), "0a", "0b", "0c");
        let drawn = 0;
        const freshId = () => `n${(drawn += 1)}`;
        for (const action of all) act(handles, action, (handle) => does(handle, (board) => writesOf(board, action, freshId)));
        share(handles);
        const [first, ...rest] = handles.map((handle) => readBoard(handle.doc()));
        for (const board of rest) expect(board).toEqual(first);
        for (const handle of handles) {
          const shown = cardsOf(readBoard(handle.doc())).map(({ id }) => id);
          expect(shown.toSorted()).toEqual(Object.keys(handle.doc().cards).toSorted());
        }
      }),
      60,
    );
  });

  it("[P1] who moves one card at once leaves it in one of the two places", () => {
    const [left, right] = others(aBoard("c1", "c2"), "0a", "0b") as [MemoryHandle, MemoryHandle];
    does(left, (board) => moveCard(board, { id: "c1", columnId: "doing", index: 0 }));
    does(right, (board) => moveCard(board, { id: "c1", columnId: "done", index: 0 }));
    share([left, right]);
    expect(inColumns(left)).toEqual(inColumns(right));
    expect(inColumns(left).join("\n").match(/c1/g)).toHaveLength(1);
  });

  it("[P1] two who write into one card both keep their words", () => {
    const [left, right] = others(aBoard("milk"), "0a", "0b") as [MemoryHandle, MemoryHandle];
    does(left, () => editCard("milk", "title", "oat milk"));
    does(right, () => editCard("milk", "title", "milk, two bottles"));
    share([left, right]);
    expect(cardOn(readBoard(left.doc()), "milk")?.card.title).toBe("oat milk, two bottles");
    expect(readBoard(right.doc())).toEqual(readBoard(left.doc()));
  });

  it("a card that one deletes while another writes into it, or moves it, is deleted", () => {
    const [left, right] = others(aBoard("c1", "c2"), "0a", "0b") as [MemoryHandle, MemoryHandle];
    does(left, () => removeCard("c1"));
    does(right, () => editCard("c1", "text", "more words"));
    does(right, (board) => moveCard(board, { id: "c1", columnId: "done", index: 0 }));
    share([left, right]);
    expect(inColumns(left)).toEqual(["todo: c2", "doing:", "done:"]);
    expect(inColumns(right)).toEqual(inColumns(left));
  });

  it.each(["keep", "delete"] as const)(
    "[P1] a column that one deletes (%s) while another moves a card into it loses no such card",
    (cards) => {
      const [left, right] = others(aBoard("c1", "c2"), "0a", "0b") as [MemoryHandle, MemoryHandle];
      does(left, (board) => removeColumn(board, "doing", cards));
      does(right, (board) => moveCard(board, { id: "c1", columnId: "doing", index: 0 }));
      share([left, right]);
      expect(inColumns(left)).toEqual(inColumns(right));
      expect(cardOn(readBoard(left.doc()), "c1")?.column.id).toBe("todo");
    },
  );

  it("[P1] cards survive all columns, and are in the next one that is made", () => {
    const handle = aBoard("c1", "c2");
    const [left, right] = others(handle, "0a", "0b") as [MemoryHandle, MemoryHandle];
    for (const id of ["doing", "todo"]) does(left, (board) => removeColumn(board, id, "keep"));
    for (const id of ["done", "todo"]) does(right, (board) => removeColumn(board, id, "keep"));
    for (const from of [left, right]) handle.hear(from);
    expect(readBoard(handle.doc())).toMatchObject({ columns: [], homeless: [{ id: "c1" }, { id: "c2" }] });
    does(handle, (board) => addColumn(board, { id: "new", title: "New" }));
    expect(inColumns(handle)).toEqual(["new: c1 c2"]);
  });

  it("two cards that came into one place at once can be moved between, and before, and behind", () => {
    const [left, right] = others(aBoard(), "0a", "0b") as [MemoryHandle, MemoryHandle];
    does(left, (board) => addCard(board, { id: "l", columnId: "todo", title: "" }));
    does(right, (board) => addCard(board, { id: "r", columnId: "todo", title: "" }));
    share([left, right]);
    expect(left.doc().cards["l"]?.place).toBe(left.doc().cards["r"]?.place);
    does(left, (board) => addCard(board, { id: "x", columnId: "todo", title: "" }));
    for (const index of [1, 0, 2]) {
      does(left, (board) => moveCard(board, { id: "x", columnId: "todo", index }));
      expect(inColumns(left)[0]).toBe(`todo: ${["l", "r"].toSpliced(index, 0, "x").join(" ")}`);
    }
  });
});

describe("a document that somebody else wrote into", () => {
  const plain = { noNullPrototype: true };
  const scalar = fc.oneof(fc.constantFrom("", "a0", "todo/a0", "/", "a/b/c", "gone/a0"), fc.integer(), fc.boolean(), fc.constant(null));
  const item = fc.oneof(
    { weight: 3, arbitrary: fc.dictionary(fc.constantFrom("title", "text", "place", "order", "label"), scalar, plain) },
    { weight: 1, arbitrary: scalar },
    { weight: 1, arbitrary: fc.array(scalar, { maxLength: 2 }) },
  );
  const items = fc.oneof(
    { weight: 4, arbitrary: fc.dictionary(fc.constantFrom("todo", "a", "b", "constructor", "a/b"), item, plain) },
    { weight: 1, arbitrary: scalar },
    { weight: 1, arbitrary: fc.array(item, { maxLength: 2 }) },
  );
  const written = fc.dictionary(fc.constantFrom("columns", "cards", "kind"), items, plain);

  it("is read and written without a throw, and shows every card exactly once", () => {
    holds(
      fc.property(written, actions(1), (found, all) => {
        const handle = new MemoryHandle("0a", A.from(found as Record<string, unknown>, { actor: "01" }) as unknown as A.Doc<BoardDocument>);
        const heads = A.getHeads(handle.doc());
        const board = readBoard(handle.doc());
        expect(A.getHeads(handle.doc())).toEqual(heads);
        const ids = cardsOf(board).map(({ id }) => id);
        expect(new Set(ids).size).toBe(ids.length);
        let drawn = 0;
        for (const action of all)
          if (action.type !== "hear" && action.type !== "share") does(handle, (now) => writesOf(now, action, () => `n${(drawn += 1)}`));
      }),
    );
  });

  it.each([undefined, null, 5, "board", [], { columns: [], cards: "x" }])("that is %j has no columns and no cards", (document) => {
    expect(readBoard(document)).toEqual({ columns: [], homeless: [] });
  });

  it("with texts that cannot be written in is shown, and can be written in all the same", () => {
    const fixed = (text: string) => new A.ImmutableString(text);
    const found = {
      columns: { todo: { title: fixed("To do"), order: fixed("a0") } },
      cards: { c: { title: fixed("milk"), place: fixed("todo/a0"), labels: ["x"] } },
    };
    const handle = new MemoryHandle("0a", A.from(found as never, { actor: "01" }) as unknown as A.Doc<BoardDocument>);
    expect(readBoard(handle.doc()).columns).toMatchObject([{ title: "To do", cards: [{ title: "milk" }] }]);
    does(handle, () => editCard("c", "title", "oat milk"));
    does(handle, () => editCard("c", "text", "two"));
    expect(cardOn(readBoard(handle.doc()), "c")?.card).toMatchObject({ title: "oat milk", text: "two" });
  });
});

describe("undo and redo", () => {
  function two(...cards: readonly string[]) {
    const [mine, theirs] = others(aBoard(...cards), "0a", "0b") as [MemoryHandle, MemoryHandle];
    return { mine, theirs, history: new BoardHistory(mine) };
  }

  it("take back a move, an edit, a card and a column of one's own, beside what others do", () => {
    const { mine, theirs, history } = two("c1", "c2");
    history.perform(moveCard(readBoard(mine.doc()), { id: "c1", columnId: "done", index: 0 }));
    history.perform(editCard("c2", "title", "mine"));
    does(theirs, (board) => addCard(board, { id: "c3", columnId: "done", title: "theirs" }));
    mine.hear(theirs);
    expect([history.undo(), history.undo(), history.undo()]).toEqual(["done", "done", "nothing"]);
    expect(inColumns(mine)).toEqual(["todo: c1 c2", "doing:", "done: c3"]);
    expect(cardOn(readBoard(mine.doc()), "c2")?.card.title).toBe("c2");
  });

  it("leave a card where another has put it since, also in the very same place", () => {
    const { mine, theirs, history } = two("c1");
    history.perform(moveCard(readBoard(mine.doc()), { id: "c1", columnId: "doing", index: 0 }));
    theirs.hear(mine);
    theirs.change((draft) => write(draft, [{ path: ["cards", "c1", "place"], to: theirs.doc().cards["c1"]?.place }]));
    mine.hear(theirs);
    expect(history.undo()).toBe("stays");
    expect(inColumns(mine)).toEqual(["todo:", "doing: c1", "done:"]);
  });

  it("leave a card that another has written into, and a column that another has put a card into", () => {
    const { mine, theirs, history } = two();
    history.perform(addColumn(readBoard(mine.doc()), { id: "new", title: "New" }));
    history.perform(addCard(readBoard(mine.doc()), { id: "c1", columnId: "todo", title: "milk" }));
    theirs.hear(mine);
    does(theirs, () => editCard("c1", "text", "two bottles"));
    does(theirs, (board) => addCard(board, { id: "c2", columnId: "new", title: "theirs" }));
    mine.hear(theirs);
    expect([history.undo(), history.undo()]).toEqual(["stays", "stays"]);
    expect(inColumns(mine)).toEqual(["todo: c1", "doing:", "done:", "new: c2"]);
  });

  it("bring a deleted card back with all that was in it, also what this editor does not know", () => {
    const { mine, theirs, history } = two("c1");
    theirs.change((draft) => void Object.assign(draft.cards["c1"]!, { labels: ["red", { deep: new A.Counter(3) }] }));
    mine.hear(theirs);
    const before = A.toJS(mine.doc());
    history.perform(removeCard("c1"));
    expect(history.undo()).toBe("done");
    expect(A.toJS(mine.doc())).toEqual(before);
    expect(history.redo()).toBe("done");
    expect(inColumns(mine)).toEqual(["todo:", "doing:", "done:"]);
  });

  it("take what was typed at a stretch as one, and begin anew where another wrote between", () => {
    const { mine, theirs, history } = two("c1");
    const title = () => cardOn(readBoard(mine.doc()), "c1")?.card.title;
    for (const words of ["m", "mi", "milk"]) history.perform(editCard("c1", "title", words), "title of c1");
    theirs.hear(mine);
    does(theirs, () => editCard("c1", "title", "milk!"));
    mine.hear(theirs);
    for (const words of ["oat milk!", "2 oat milk!"]) history.perform(editCard("c1", "title", words), "title of c1");
    expect([history.undo(), title(), history.undo(), title()]).toEqual(["done", "milk!", "stays", "milk!"]);
  });

  it("never change what somebody else wrote last, and show every card exactly once", () => {
    let reverted = 0;
    let stayed = 0;
    holds(
      fc.property(actions(people, true), (all) => {
        const pages = others(aBoard("c1", "c2"), "0a", "0b", "0c").map((handle) => ({
          handle,
          history: new BoardHistory(handle),
          writers: new Writers(),
        }));
        const handles = pages.map(({ handle }) => handle);
        let drawn = 0;
        for (const action of all) {
          const was = handles.map((handle) => handle.doc());
          act(handles, action, (handle) => {
            const { history } = pages[action.who]!;
            if (action.type !== "undo" && action.type !== "redo")
              return history.perform(writesOf(readBoard(handle.doc()), action, () => `n${(drawn += 1)}`));
            const answer = history[action.type]();
            reverted += Number(answer === "done");
            stayed += Number(answer === "stays");
          });
          const heard = action.type === "share" || action.type === "hear";
          for (const [at, { handle, writers }] of pages.entries()) {
            if (action.type === "undo" || action.type === "redo") writers.expectTheirsUntouched(was[at]!, handle.doc());
            writers.note(was[at]!, handle.doc(), heard ? "theirs" : "mine");
            const shown = cardsOf(readBoard(handle.doc())).map(({ id }) => id);
            expect(shown.toSorted()).toEqual(Object.keys(handle.doc().cards).toSorted());
          }
        }
        share(handles);
        const [first, ...rest] = handles.map((handle) => readBoard(handle.doc()));
        for (const board of rest) expect(board).toEqual(first);
      }),
      80,
    );
    // Neither of the two was only imagined.
    expect(reverted).toBeGreaterThan(50);
    expect(stayed).toBeGreaterThan(0);
  });

  it("alone, lead back to the beginning and forth to the end", () => {
    holds(
      fc.property(actions(1), (all) => {
        const handle = aBoard("c1", "c2", "c3");
        const history = new BoardHistory(handle);
        const seen = [readBoard(handle.doc())];
        let drawn = 0;
        for (const action of all) {
          history.perform(writesOf(readBoard(handle.doc()), action, () => `n${(drawn += 1)}`));
          seen.push(readBoard(handle.doc()));
        }
        while (history.canUndo) expect(history.undo()).toBe("done");
        expect(readBoard(handle.doc())).toEqual(seen[0]);
        while (history.canRedo) expect(history.redo()).toBe("done");
        expect(readBoard(handle.doc())).toEqual(seen.at(-1));
      }),
      100,
    );
  });
});

function act(handles: readonly MemoryHandle[], { type, who, where }: Action, otherwise: (handle: MemoryHandle) => void): void {
  const handle = handles[who]!;
  if (type === "share") return share(handles);
  if (type === "hear") return handle.hear(handles[where % handles.length]!);
  otherwise(handle);
}

/** What each field of a board says, by its path; of a column or card itself, that it is there. */
function fieldsOf(document: A.Doc<BoardDocument>): ReadonlyMap<string, unknown> {
  const items = (["columns", "cards"] as const).flatMap((kind) =>
    Object.entries(document[kind]).map(([id, item]) => [`${kind}/${id}`, item] as const),
  );
  return new Map(
    items.flatMap(([path, item]) => [
      [path, "there"] as const,
      ...Object.entries(item).map(([field, value]) => [`${path} ${field}`, value] as const),
    ]),
  );
}

/** Notes by comparing, not by what the handle tells, whose each value is: of whoever changed it last, as one device saw it. */
class Writers {
  readonly #theirs = new Set<string>();

  note(before: A.Doc<BoardDocument>, after: A.Doc<BoardDocument>, whose: "mine" | "theirs"): void {
    const [was, is] = [fieldsOf(before), fieldsOf(after)];
    for (const path of new Set([...was.keys(), ...is.keys()])) {
      if (was.get(path) === is.get(path)) continue;
      if (whose === "theirs") this.#theirs.add(path);
      else this.#theirs.delete(path);
    }
  }

  expectTheirsUntouched(before: A.Doc<BoardDocument>, after: A.Doc<BoardDocument>): void {
    const [was, is] = [fieldsOf(before), fieldsOf(after)];
    const theirs = [...this.#theirs];
    expect(theirs.map((path) => [path, is.get(path)])).toEqual(theirs.map((path) => [path, was.get(path)]));
  }
}
