/**
 * How many heads an Automerge document can get: each message between its replicas names them all.
 */
import * as A from "automerge";
import { describe, expect, test } from "vitest";
import { AutomergeContentIndex } from "@inkmesh/shared/engine/automerge-content-index";
import { roomyLimits } from "./an-update.ts";

const limits = { ...roomyLimits, headsPerRoomMax: 3 };

function change(actor: string, seq: number, deps: readonly string[]): Uint8Array {
  const ops = [{ action: "set", obj: "_root", key: "a", value: seq, pred: [] }];
  return A.encodeChange({ actor, seq, startOp: seq, time: 0, message: null, deps: [...deps], ops } as never);
}

const hashOf = (bytes: Uint8Array): string => A.decodeChange(bytes).hash;

function admitted(index: AutomergeContentIndex, bytes: Uint8Array): string {
  const admission = index.examine(bytes, "edit", limits);
  if (admission.type === "admitted") index.join(admission.change);
  return admission.type === "refused" ? admission.refusal.code : admission.type;
}

describe("[P9] the heads of a document", () => {
  test("are no more than those who wrote: a change that passes over its actor's change before is refused", () => {
    const index = new AutomergeContentIndex();
    expect([admitted(index, change("aa", 1, [])), admitted(index, change("aa", 2, []))]).toEqual(["admitted", "BAD_UPDATE"]);
    expect(index.heads).toHaveLength(1);
  });

  test("are as many as may write at the same moment; what joins them is let in", () => {
    const index = new AutomergeContentIndex();
    const first = ["aa", "bb", "cc"].map((actor) => change(actor, 1, []));
    expect(first.map((each) => admitted(index, each))).toEqual(["admitted", "admitted", "admitted"]);
    expect(admitted(index, change("dd", 1, []))).toBe("TOO_MANY_PARTS");
    expect(admitted(index, change("dd", 1, first.map(hashOf)))).toBe("admitted");
    expect(admitted(index, change("ee", 1, []))).toBe("admitted");
  });
});

test("Automerge names an actor's change before also where another's hangs on it, and after a change of the past", () => {
  let one = A.from<Record<string, number>>({ a: 1 }, { actor: "aa" });
  const begun = A.getHeads(one);
  let other = A.change(A.merge(A.init<Record<string, number>>({ actor: "bb" }), one), (draft) => void (draft["b"] = 1));
  one = A.change(A.merge(one, other), (draft) => void (draft["c"] = 1));
  one = A.change(A.changeAt(one, begun, (draft) => void (draft["d"] = 1)).newDoc, (draft) => void (draft["e"] = 1));
  one = A.emptyChange(A.change(A.changeAt(one, begun, (draft) => void (draft["f"] = 1)).newDoc, (draft) => void (draft["g"] = 1)));
  other = A.change(A.merge(other, one), (draft) => void (draft["h"] = 1));
  const index = new AutomergeContentIndex();
  const answers = A.getAllChanges(other).map((each) => admitted(index, each));
  expect(answers.length).toBeGreaterThan(7);
  expect(new Set(answers)).toEqual(new Set(["admitted"]));
});
