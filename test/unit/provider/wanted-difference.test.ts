import { YjsContentIndex } from "@inkmesh/shared/engine/content-index";
import { expect, test } from "vitest";
import * as Y from "yjs";
import { wantedDifference } from "../../../client/provider/wanted-difference.ts";
import { roomyLimits } from "../engine/an-update.ts";

/** What a relay has that was sent these. */
function relayWith(...updates: readonly Uint8Array[]): YjsContentIndex {
  const index = new YjsContentIndex();
  for (const update of updates) {
    const admission = index.examine(update, "state", roomyLimits);
    if (admission.type === "admitted") index.join(admission.change);
  }
  return index;
}

/** What `doc` has for that relay. */
function deletionsFor(
  relay: YjsContentIndex,
  doc: Y.Doc,
  { isComparable = true, unless }: { isComparable?: boolean; unless?: readonly Uint8Array[] } = {},
): Uint8Array | undefined {
  const wanted = { unless, containing: undefined, unlessContent: relay.hash(), stateVector: relay.stateVector() };
  return wantedDifference(doc, { type: "make-difference", room: "r" as never, ...wanted }, { elsewhere: [], isComparable });
}

function aDoc(): { doc: Y.Doc; text: Y.Text } {
  const doc = new Y.Doc();
  return { doc, text: doc.getText("t") };
}

test("a document that has what the relay has, deletions and all, has nothing for it", () => {
  const { doc, text } = aDoc();
  text.insert(0, "some words, and more");
  text.delete(2, 3);
  text.delete(9, 1);
  text.insert(4, "again");
  expect(deletionsFor(relayWith(Y.encodeStateAsUpdate(doc)), doc)).toBeUndefined();
});

test("[P1] deletions that the relay lacks are named, and make it equal", () => {
  const { doc, text } = aDoc();
  text.insert(0, "some words");
  const before = Y.encodeStateAsUpdate(doc);
  text.delete(0, 2);
  text.delete(3, 4);
  const deletions = deletionsFor(relayWith(before), doc) ?? new Uint8Array();
  expect(relayWith(before, deletions).hash()).toBe(relayWith(Y.encodeStateAsUpdate(doc)).hash());
  expect(Y.decodeUpdate(deletions).structs).toEqual([]);
});

test("nothing is named that the relay could not apply: what it has not got is sent in other ways", () => {
  const { doc, text } = aDoc();
  text.insert(0, "here");
  const relay = relayWith(Y.encodeStateAsUpdate(doc));
  text.insert(4, " and unsent");
  text.delete(2, 8);
  const { ds } = Y.decodeUpdate(deletionsFor(relay, doc) ?? new Uint8Array());
  expect([...ds.clients]).toMatchObject([[doc.clientID, [{ clock: 2, len: 2 }]]]);
});

test("[P7] what was refused for good is not offered by the way", () => {
  const { doc, text } = aDoc();
  text.insert(0, "here");
  const relay = relayWith(Y.encodeStateAsUpdate(doc));
  text.delete(0, 1);
  expect(deletionsFor(relay, doc, { isComparable: false })).toBeUndefined();
});

test("[P7] deletions that wait in an outbox go as the edits that they are", () => {
  const { doc, text } = aDoc();
  text.insert(0, "some words");
  const relay = relayWith(Y.encodeStateAsUpdate(doc));
  const waiting: Uint8Array[] = [];
  doc.on("update", (update: Uint8Array) => waiting.push(update));
  text.delete(8, 1);
  text.delete(2, 3);
  expect(deletionsFor(relay, doc, { unless: waiting })).toBeUndefined();
  const { ds } = Y.decodeUpdate(deletionsFor(relay, doc, { unless: waiting.slice(1) }) ?? new Uint8Array());
  expect([...ds.clients]).toMatchObject([[doc.clientID, [{ clock: 8, len: 1 }]]]);
});
