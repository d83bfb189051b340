import { expect, test } from "vitest";
import * as Y from "yjs";
import { RemoteChanges } from "../../../client/provider/remote-changes.ts";
import { YjsSharedDocument } from "../../../client/provider/yjs-shared-document.ts";

/** Counts the looks into a map's content, whichever way. */
function lookedInto<Key, Value>(map: Map<Key, Value>): () => number {
  let looks = 0;
  const get = map.get.bind(map);
  const keys = map.keys.bind(map);
  map.get = (key) => {
    looks += 1;
    return get(key);
  };
  map.keys = function* () {
    for (const key of keys()) {
      looks += 1;
      yield key;
    }
  } as typeof map.keys;
  return () => looks;
}

/** One letter each, by as many authors, who all know what came before. */
function byAuthors(count: number, before: Uint8Array): Uint8Array[] {
  return Array.from({ length: count }, (_, index) => {
    const doc = new Y.Doc();
    doc.clientID = 1_000 + index;
    Y.applyUpdate(doc, before);
    const state = Y.encodeStateVector(doc);
    doc.getText("t").insert(0, "x");
    return Y.encodeStateAsUpdate(doc, state);
  });
}

function shownIn(doc: Y.Doc): { show: (updates: readonly Uint8Array[]) => number } {
  let last = 0;
  const remote = new RemoteChanges({ document: new YjsSharedDocument(doc, {}), shown: (_, news) => (last = news) });
  return {
    show: (updates) => {
      remote.show(updates, "relay");
      return last;
    },
  };
}

test("[P8] finding out which updates are news takes as many steps in a document of a thousand authors as in one of ten", () => {
  const looksWith = (authors: number): number => {
    const doc = new Y.Doc();
    const { show } = shownIn(doc);
    show(byAuthors(authors, new Uint8Array([0, 0])));
    const updates = Array.from({ length: 10 }, (_, index) => {
      const writer = new Y.Doc();
      writer.clientID = 5_000 + index;
      writer.getText("t").insert(0, "y");
      return Y.encodeStateAsUpdate(writer);
    });
    const looks = lookedInto(doc.store.clients);
    expect(show([...updates, ...updates])).toBe(10);
    return looks();
  };
  expect(looksWith(1_000)).toBeLessThanOrEqual(2 * looksWith(10));
});

/** Looks at every author. */
function everythingIn({ doc, deleteSet }: Y.Transaction): number {
  const deletions = [...deleteSet.clients.values()].map(({ length }) => length);
  const content = [...Y.decodeStateVector(Y.encodeStateVector(doc)).values()];
  return [...deletions, ...content].reduce((sum, size) => sum + size, 0);
}

test("what is news is what the document changes by, whoever made and deleted it, though much of it comes twice", () => {
  let seed = 7;
  const below = (limit: number): number => (seed = (seed * 48_271) % 2_147_483_647) % limit;
  const updates: Uint8Array[] = [];
  const writers = Array.from({ length: 20 }, (_, index) => {
    const doc = new Y.Doc();
    doc.clientID = index + 1;
    doc.on("update", (update: Uint8Array, origin: unknown) => origin === "told" || updates.push(update));
    return doc;
  });
  for (let round = 0; round < 200; round++) {
    const text = writers[below(20)]!.getText("t");
    for (const update of updates.slice(-5)) Y.applyUpdate(text.doc!, update, "told");
    if (text.length > 0 && below(3) === 0) text.delete(below(text.length), 1);
    else text.insert(below(text.length + 1), "abc".slice(below(3)));
  }
  // As from a relay: nothing before what it hangs on, but some of it once more.
  const order = updates.flatMap((update, index) => [update, ...(below(2) === 0 ? [updates[below(index + 1)]!] : [])]);
  const doc = new Y.Doc();
  const twin = new Y.Doc();
  const { show } = shownIn(doc);
  for (let start = 0; start < order.length; start += 50) {
    const frame = order.slice(start, start + 50);
    let expected = 0;
    Y.transact(twin, (transaction) => {
      for (const update of frame) {
        const before = everythingIn(transaction);
        Y.applyUpdate(twin, update);
        if (everythingIn(transaction) > before) expected += 1;
      }
    });
    expect(show(frame)).toBe(expected);
  }
  expect(doc.getText("t").toString()).toBe(twin.getText("t").toString());
});
