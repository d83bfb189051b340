import { afterEach, beforeEach, expect, test, vi } from "vitest";
import * as Y from "yjs";
import { RemoteChanges } from "../../../client/provider/remote-changes.ts";
import { YjsSharedDocument } from "../../../client/provider/yjs-shared-document.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Updates that append one letter each. */
function letters(count: number): { updates: Uint8Array[]; text: string } {
  const doc = new Y.Doc();
  const updates: Uint8Array[] = [];
  doc.on("update", (update: Uint8Array) => updates.push(update));
  const text = doc.getText("t");
  for (let index = 0; index < count; index++) text.insert(index, String.fromCodePoint(97 + (index % 26)));
  return { updates, text: text.toString() };
}

function aDocument() {
  const doc = new Y.Doc();
  const shown: (readonly [number, number])[] = [];
  const remote = new RemoteChanges({ document: new YjsSharedDocument(doc, {}), shown: (count, news) => shown.push([count, news]) });
  return { remote, shown, read: () => doc.getText("t").toString() };
}

test("[P8] what is held is shown after half a minute, and holding goes on", () => {
  const { remote, read } = aDocument();
  const { updates } = letters(2);
  remote.hold(true);
  remote.show(updates.slice(0, 1), "relay");
  vi.advanceTimersByTime(29_000);
  expect(read()).toBe("");
  vi.advanceTimersByTime(2_000);
  expect(read()).toBe("a");
  remote.show(updates.slice(1), "relay");
  expect(read()).toBe("a");
  vi.advanceTimersByTime(31_000);
  expect(read()).toBe("ab");
});

test("[P8] no more than 2,000 updates are held", () => {
  const { remote, read } = aDocument();
  const { updates, text } = letters(2_001);
  remote.hold(true);
  for (const update of updates.slice(0, 2_000)) remote.show([update], "relay");
  expect(read()).toBe("");
  remote.show(updates.slice(2_000), "relay");
  expect(read()).toBe(text);
});

test("news is what a relay sent and the document had not: no echo, nothing that another tab told before", () => {
  const { remote, shown } = aDocument();
  const { updates } = letters(3);
  remote.show(updates.slice(0, 1), "tab");
  remote.show(updates, "relay");
  remote.show(updates, "relay");
  expect(shown).toEqual([
    [1, 0],
    [3, 2],
    [3, 0],
  ]);
});

test("a deletion is news, once", () => {
  const { remote, shown } = aDocument();
  const doc = new Y.Doc();
  const updates: Uint8Array[] = [];
  doc.on("update", (update: Uint8Array) => updates.push(update));
  doc.getText("t").insert(0, "abc");
  doc.getText("t").delete(1, 1);
  remote.show(updates, "relay");
  remote.show(updates.slice(1), "relay");
  expect(shown).toEqual([
    [2, 2],
    [1, 0],
  ]);
});

test("whoever waits until all is shown waits for what is held, and for nothing else", () => {
  const { remote } = aDocument();
  const { updates } = letters(1);
  const called: string[] = [];
  remote.whenShown(() => called.push("nothing held"));
  remote.hold(true);
  remote.show(updates, "relay");
  remote.whenShown(() => called.push("let go"));
  expect(called).toEqual(["nothing held"]);
  remote.hold(false);
  expect(called).toEqual(["nothing held", "let go"]);
});
