import { Automerge, AutomergeHandle, loadAutomerge, type AutomergeHandleEvents } from "@inkmesh/client/automerge";
import { contentHash } from "@inkmesh/shared/engine/content-hash";
import { beforeAll, expect, test, vi } from "vitest";
import { share, type Incoming, type SharedDocument } from "../../../client/provider/shared-document.ts";
import { aBeginning, type Note } from "../../property/provider/sim-document.ts";

beforeAll(() => loadAutomerge());

interface AnOpenHandle {
  readonly handle: AutomergeHandle<Note>;
  readonly shared: SharedDocument;
  /** What was told, in order. */
  readonly told: ("edit" | AutomergeHandleEvents<Note>["change"])[];
  readonly edits: Uint8Array[];
}

function anOpenHandle(): AnOpenHandle {
  const handle = new AutomergeHandle<Note>(aBeginning());
  const shared = handle[share]();
  const told: AnOpenHandle["told"] = [];
  const edits: Uint8Array[] = [];
  shared.watch((edit) => void (edits.push(edit), told.push("edit")));
  handle.on("change", (change) => void told.push(change));
  return { handle, shared, told, edits };
}

const write = (handle: AutomergeHandle<Note>, words: string): void =>
  handle.change((draft) => Automerge.splice(draft as Automerge.Doc<Note>, ["text"], draft.text.length, 0, words));

/** Edits of somebody else, each hanging on those before. */
function written(...words: readonly string[]): Uint8Array[] {
  const { handle, edits } = anOpenHandle();
  for (const each of words) write(handle, each);
  return edits;
}

const fromRelay = (updates: readonly Uint8Array[]): Incoming[] => updates.map((update) => ({ update, source: "relay" }));

/** A change with a fine head over which Automerge panics: it takes the place of an operation that is nowhere. */
function aPanic(deps: readonly string[]): Uint8Array {
  const ops = [{ action: "set", obj: "_root", key: "extra", value: "x", pred: ["99@bb"] }];
  return Automerge.encodeChange({ actor: "abcd", seq: 1, startOp: 50, time: 0, message: null, deps, ops } as never);
}

test("a change is an edit first and an event then, with patches and what was before and after", () => {
  const { handle, told } = anOpenHandle();
  write(handle, "word");
  expect(told).toMatchObject(["edit", { handle, patchInfo: { source: "change", before: { text: "" }, after: { text: "word" } } }]);
  expect(told[1]).toMatchObject({ doc: { text: "word" }, patches: [{ action: "splice", path: ["text", 0], value: "word" }] });
  expect(handle.doc().text).toBe("word");
});

test("what changes nothing is no edit and no event, and what throws changes nothing", () => {
  const { handle, told } = anOpenHandle();
  handle.change(() => {});
  const mistake = new Error("a mistake");
  const changed = (): void =>
    handle.change((draft) => {
      draft.text = "half";
      throw mistake;
    });
  expect(changed).toThrow(mistake);
  expect([told, handle.doc().text]).toEqual([[], ""]);
  write(handle, "whole");
  expect(handle.doc().text).toBe("whole");
});

test("a listener that changes the document in turn makes the next edit, which hangs on the first", () => {
  const { handle, edits } = anOpenHandle();
  handle.on("change", () => handle.doc().text.length < 3 && write(handle, "x"));
  write(handle, "x");
  expect(handle.doc().text).toBe("xxx");
  const reader = anOpenHandle();
  for (const edit of edits) expect(reader.shared.apply(fromRelay([edit]))).toEqual({ isWhole: true, news: 1 });
  expect(reader.handle.doc().text).toBe("xxx");
});

test("a change at earlier heads is made there, and merged", () => {
  const { handle } = anOpenHandle();
  write(handle, "ab");
  const heads = handle.heads();
  write(handle, "cd");
  const made = handle.changeAt(heads, (draft) => Automerge.splice(draft as Automerge.Doc<Note>, ["text"], 0, 0, "_"));
  expect([handle.doc().text, made?.length]).toEqual(["_abcd", 1]);
  expect(handle.heads()).toContain(made?.[0]);
});

test("all updates of a frame are one event, and none of them is an edit here; what came before is no news", () => {
  const { handle, shared, told, edits } = anOpenHandle();
  const updates = written("one ", "two ", "three");
  expect(shared.apply(fromRelay(updates))).toEqual({ isWhole: true, news: 3 });
  expect([told.length, edits.length, handle.doc().text]).toEqual([1, 0, "one two three"]);
  expect(shared.apply(fromRelay(updates))).toEqual({ isWhole: true, news: 0 });
  expect(told).toHaveLength(1);
});

test("a whole document is taken as updates are, also with changes behind it", () => {
  const { handle, shared } = anOpenHandle();
  const other = anOpenHandle();
  write(other.handle, "state");
  const state = other.shared.state();
  write(other.handle, " and tail");
  const update = Buffer.concat([state, other.edits.at(-1)!]);
  expect(shared.isShown(update)).toBe(false);
  expect(shared.apply(fromRelay([update]))).toEqual({ isWhole: true, news: 1 });
  expect([handle.doc().text, shared.isShown(update)]).toEqual(["state and tail", true]);
});

test("[P7] what Automerge panics over, or cannot read, leaves the document and all others in place, and is told", () => {
  const { handle, shared, edits } = anOpenHandle();
  write(handle, "mine ");
  const refused = vi.fn();
  handle.on("error", ({ update }) => refused(update));
  const panic = aPanic(handle.heads());
  const [one, two] = written("one ", "two ") as [Uint8Array, Uint8Array];
  const whole = shared.apply(fromRelay([one, panic, Uint8Array.of(1, 2, 3), two]));
  expect(whole).toEqual({ isWhole: false, news: 2 });
  expect(refused.mock.calls).toEqual([[panic]]);
  shared.apply(fromRelay([panic]));
  expect(refused).toHaveBeenCalledTimes(2);
  for (const words of ["mine ", "one ", "two "]) expect(handle.doc().text).toContain(words);
  write(handle, "after");
  const reader = anOpenHandle();
  expect(reader.shared.apply(fromRelay([one, two, ...edits])).isWhole).toBe(true);
  expect(reader.handle.heads()).toEqual(handle.heads());
});

test("[P7] what hangs on something that is not here waits, and the document says that it has a hole", () => {
  const { handle, shared } = anOpenHandle();
  const [one, two] = written("one ", "two ") as [Uint8Array, Uint8Array];
  expect([shared.apply(fromRelay([two])), shared.hasHoles, handle.doc().text]).toEqual([{ isWhole: false, news: 0 }, true, ""]);
  expect(shared.isShown(two)).toBe(false);
  shared.apply(fromRelay([one]));
  expect([shared.hasHoles, handle.doc().text]).toEqual([false, "one two "]);
});

test("what was made elsewhere is merged as an edit", () => {
  const { handle, told } = anOpenHandle();
  const other = anOpenHandle();
  write(other.handle, "import");
  expect(handle.merge(other.shared.state())).toBe(true);
  expect([told[0], told.length, handle.doc().text]).toEqual(["edit", 2, "import"]);
  expect(handle.merge(other.shared.state())).toBe(false);
});

test("stored updates become one that says the same, and one that cannot be read keeps them as they are", () => {
  const { shared } = anOpenHandle();
  const { handle, edits } = anOpenHandle();
  for (let index = 0; index < 60; index++) write(handle, "word ");
  const [beginning] = shared.givenBeyond([]);
  const merged = shared.merged([beginning!, ...edits]);
  expect(merged.length).toBeLessThan(Buffer.concat(edits).length / 2);
  expect(shared.apply([{ update: merged, source: "device" }]).isWhole).toBe(true);
  const junk = Uint8Array.of(1, 2, 3);
  expect(shared.merged([...edits, junk])).toEqual(new Uint8Array(Buffer.concat([...edits, junk])));
});

test("[P1] what a relay lacks is told once its heads are known here, and not before: heads that are not here say nothing", () => {
  const { handle, shared, edits } = anOpenHandle();
  write(handle, "only here ");
  const relay = anOpenHandle();
  write(relay.handle, "only there ");
  const wanted = { type: "make-difference", room: "r" as never, stateVector: relay.shared.stateVector(), containing: undefined } as const;
  const around = { elsewhere: [], refused: [], isComparable: true };
  const atOpening = { ...wanted, unless: [], unlessContent: undefined };
  const whenSynced = { ...wanted, unless: [], unlessContent: contentHash(relay.shared.stateVector()) };
  expect(shared.wantedDifference(atOpening, around)).toEqual([]);
  // What came may be held back until an input method is done.
  expect(shared.wantedDifference(whenSynced, around)).toEqual([]);
  shared.apply(fromRelay(relay.edits));
  expect(shared.wantedDifference(whenSynced, around)).toEqual([edits[0]]);
  expect(shared.wantedDifference({ ...whenSynced, unless: edits }, around)).toEqual([]);
  relay.shared.apply(fromRelay(edits));
  const agreed = { ...whenSynced, unlessContent: contentHash(relay.shared.stateVector()) };
  expect(shared.wantedDifference(agreed, around)).toEqual([]);
});

test("[P1] a merge of what cannot be read, or hangs on what is not here, throws, and takes nothing", () => {
  const { handle, shared, told } = anOpenHandle();
  write(handle, "mine");
  told.length = 0;
  const [one, two] = written("one ", "two ") as [Uint8Array, Uint8Array];
  expect(() => handle.merge(Uint8Array.of(1, 2, 3))).toThrow("neither a document of Automerge nor changes");
  expect(() => handle.merge(two)).toThrow("hang on others");
  // Nor does it come in by itself when the other one does.
  shared.apply(fromRelay([one]));
  expect([shared.hasHoles, shared.isShown(two), handle.doc().text.includes("two")]).toEqual([false, false, false]);
  expect(told).toHaveLength(1);
  expect([handle.merge(two), told[1], shared.isShown(two)]).toEqual([true, "edit", true]);
});

test("what throws at old heads changes nothing, and what comes afterwards is shown", () => {
  const { handle, shared } = anOpenHandle();
  write(handle, "ab");
  const old = handle.heads();
  write(handle, "cd");
  const now = handle.heads();
  const mistake = new Error("a mistake");
  const changed = (): void => {
    handle.changeAt(old, (draft) => {
      draft.text = "half";
      throw mistake;
    });
  };
  expect(changed).toThrow(mistake);
  expect([handle.heads(), handle.doc().text]).toEqual([now, "abcd"]);
  const other = anOpenHandle();
  other.shared.apply([{ update: shared.state(), source: "relay" }]);
  write(other.handle, "XX");
  expect(shared.apply(fromRelay(other.edits))).toEqual({ isWhole: true, news: 1 });
  expect([handle.doc().text, shared.hasFailed]).toEqual(["abcdXX", false]);
});

test("a change at heads at which the document never was throws, and changes nothing", () => {
  const { handle, told } = anOpenHandle();
  const before = handle.heads();
  const elsewhere = anOpenHandle();
  write(elsewhere.handle, "x");
  expect(() => handle.changeAt(elsewhere.handle.heads(), (draft) => void (draft.text = "y"))).toThrow("never been at these heads");
  expect([told, handle.heads()]).toEqual([[], before]);
});

test("[P1] what comes after somebody changed the value of `doc()` by Automerge itself is taken", () => {
  const { handle, shared } = anOpenHandle();
  const [one, two] = written("one ", "two ") as [Uint8Array, Uint8Array];
  Automerge.change(handle.doc(), (draft) => void (draft.text = "direct"));
  expect(shared.apply(fromRelay([one]))).toEqual({ isWhole: true, news: 1 });
  expect(shared.apply(fromRelay([two]))).toEqual({ isWhole: true, news: 1 });
  expect(handle.doc().text).toBe("one two ");
  Automerge.change(handle.doc(), (draft) => void (draft.text = "direct"));
  expect(() => write(handle, "mine")).toThrow("outdated");
  write(handle, "mine");
  expect(handle.doc().text).toBe("one two mine");
});

test("[P8] one that cannot be read among many leaves it at one load of all others", () => {
  const { shared, told } = anOpenHandle();
  const edits = written(...Array.from({ length: 20 }, () => "word "));
  expect(shared.apply(fromRelay([Uint8Array.of(1, 2, 3), ...edits])).news).toBe(20);
  expect(told).toHaveLength(1);
});

test("[P8] what waits is taken once, and is in the state of the document that keeps it", () => {
  const { shared } = anOpenHandle();
  const beginning = shared.state();
  const [first, ...waiting] = written(...Array.from({ length: 20 }, () => "word ")) as [Uint8Array, ...Uint8Array[]];
  expect(shared.apply(fromRelay(waiting))).toEqual({ isWhole: false, news: 0 });
  const state = shared.state();
  expect(state.length).toBe(beginning.length + Buffer.concat(waiting).length);
  const reader = anOpenHandle();
  reader.shared.apply(fromRelay([state, first]));
  expect([reader.shared.hasHoles, reader.handle.doc().text]).toEqual([false, "word ".repeat(20)]);
});

test("what hangs on something that was refused, also by way of another, is told from what does not", () => {
  const { shared } = anOpenHandle();
  const [one, two, three] = written("one ", "two ", "three ") as [Uint8Array, Uint8Array, Uint8Array];
  const [other] = written("other ") as [Uint8Array];
  expect(shared.hangingOn([one], [two, other, three, Uint8Array.of(1)])).toEqual([true, false, true, false]);
});

test("a handle that is opened again is not ready before that room's content is in it", () => {
  const handle = new AutomergeHandle<Note>(aBeginning());
  const first = handle[share]();
  const unwatch = first.watch(() => {});
  first.loaded();
  expect(handle.isReady()).toBe(true);
  unwatch();
  handle[share]();
  expect(handle.isReady()).toBe(false);
});

test("what says how a document is shared is the same in every copy of this package", () => {
  expect(share).toBe(Symbol.for("inkmesh: how a document is shared"));
});
