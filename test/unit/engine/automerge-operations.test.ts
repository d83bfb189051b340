/**
 * How many operations changes of Automerge's have, told from their bytes, and how many of them a document may have.
 */
import * as A from "automerge";
import { describe, expect, test } from "vitest";
import { readChanges } from "@inkmesh/shared/engine/automerge-change";
import { AutomergeContentIndex } from "@inkmesh/shared/engine/automerge-content-index";
import { AutomergeEngine } from "@inkmesh/shared/engine/automerge-engine";
import { roomyLimits } from "./an-update.ts";

const limits = { ...roomyLimits, operationsPerChangeMax: 200_000, operationsPerRoomMax: 300_000 };

function changesOf(document: A.Doc<unknown>): readonly Uint8Array[] {
  return A.getAllChanges(document);
}

function counted(change: Uint8Array): { operations: number; deletions: number } {
  const read = readChanges(change, roomyLimits);
  if (!read.ok) throw new Error(read.refusal.detail);
  const { operations, deletions } = read.value[0]!;
  return { operations, deletions };
}

/** So many operations in some fifty bytes. */
function repeated(count: number, seq = 1, actor = "aabb"): Uint8Array {
  const ops = Array.from({ length: count }, () => ({ action: "set", obj: "_root", key: "a", value: null, pred: [] }));
  return A.encodeChange({ actor, seq, startOp: 1, time: 0, message: null, deps: [], ops } as never);
}

function admitted(index: AutomergeContentIndex, change: Uint8Array): string {
  const admission = index.examine(change, "edit", limits);
  if (admission.type === "admitted") index.join(admission.change);
  return admission.type === "refused" ? admission.refusal.code : admission.type;
}

describe("the operations of a change", () => {
  test("are counted as Automerge does, whatever they are", () => {
    let document = A.from<Record<string, unknown>>({
      text: "letters of a text",
      list: [1, 2, [3, { four: 5 }]],
      zeros: Array(1_000).fill(0),
    });
    document = A.change(document, (draft) => {
      A.splice(draft, ["text"], 2, 9, "é");
      A.mark(draft, ["text"], { start: 1, end: 4, expand: "both" }, "bold", true);
      draft["counter"] = new A.Counter(3);
      delete draft["list"];
    });
    document = A.emptyChange(document);
    for (const change of changesOf(document)) {
      const { ops } = A.decodeChange(change);
      const deletions = ops.filter(({ action }) => (action as string) === "del").length;
      expect(counted(change)).toEqual({ operations: ops.length, deletions });
    }
  });

  test("[P9] are more than fifty bytes may buy, and are counted without being made", () => {
    const bomb = repeated(100_000);
    expect(bomb.length).toBeLessThan(100);
    expect(counted(bomb).operations).toBe(100_000);
    expect(admitted(new AutomergeContentIndex(), bomb)).toBe("UPDATE_TOO_BIG");
  });

  test("may delete a long text at once, which takes few bytes", () => {
    const begun = A.from({ text: "x".repeat(60_000) });
    const emptied = A.change(begun, (draft) => A.splice(draft, ["text"], 0, 60_000));
    const index = new AutomergeContentIndex();
    expect(changesOf(emptied).map((change) => admitted(index, change))).toEqual(["admitted", "admitted"]);
    expect(counted(changesOf(emptied)[1]!)).toEqual({ operations: 60_000, deletions: 60_000 });
  });
});

test("a document that was loaded whole has the index of its changes", async () => {
  const engine = await AutomergeEngine.load();
  let document = A.from<{ text: string }>({ text: "words" }, { actor: "aa" });
  const other = A.change(A.merge(A.init<{ text: string }>({ actor: "bb" }), document), (draft) => A.splice(draft, ["text"], 0, 3));
  document = A.change(document, (draft) => A.splice(draft, ["text"], 1, 0, "more"));
  document = A.emptyChange(A.merge(document, other));
  const ofChanges = engine.indexOf(A.getAllChanges(document)).index.encode();
  expect(engine.indexOf([A.save(document)]).index.encode()).toEqual(ofChanges);
});

describe("[P9] a room", () => {
  test("has so many operations at most, also where it was read anew", () => {
    const change = (actor: string): Uint8Array => repeated(20_000, 1, actor);
    let index = new AutomergeContentIndex();
    const answers = Array.from({ length: 16 }, (_, at) => {
      const decoded = AutomergeContentIndex.decode(index.encode());
      if (decoded.ok) index = decoded.value;
      return admitted(index, change((0x10 + at).toString(16)));
    });
    expect(answers.lastIndexOf("admitted")).toBe(14);
    expect(answers[15]).toBe("ROOM_FULL");
  });
});
