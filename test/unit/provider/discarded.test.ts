import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ABrowser, pass, type ATab } from "./a-browser.ts";

/** Larger than the relay takes. */
const refused = "y".repeat(1_100_000);
const short = (text: string): string => text.replaceAll(/y+/g, "Y");

let browser: ABrowser;
beforeEach(() => {
  vi.useFakeTimers();
  browser = new ABrowser({ locks: true });
});
afterEach(async () => {
  await browser.end();
  vi.useRealTimers();
});

function typeTooMuch({ room: { doc } }: ATab): void {
  doc.getText("t").insert(doc.getText("t").length, refused);
}

/** Two tabs with a line that both show "seen", which is saved, and what a relay refused of the first. */
async function twoTabs(): Promise<readonly [ATab, ATab]> {
  const [a, b] = [await browser.open(), await browser.open()];
  a.online();
  await a.type("seen");
  await pass(3_000);
  typeTooMuch(a);
  await pass(3_000);
  expect([a, b].map((tab) => [short(tab.text), tab.room.status.setAsideEdits])).toEqual([
    ["seenY", 1],
    ["seenY", 1],
  ]);
  return [a, b];
}

test.each([
  ["the tab that discards", 500, 0],
  ["the other one", 0, 500],
  ["both", 0, 0],
] as const)("[P7] what a person discards is gone in every tab, though %s is late to open the document anew", async (_, hereMs, thereMs) => {
  const [a, b] = await twoTabs();
  b.room.doc.getText("t").insert(0, "un");
  a.opensAnewAfterMs = hereMs;
  b.opensAnewAfterMs = thereMs;
  await a.room.discardSetAside();
  await pass(5_000);
  b.online();
  await pass(5_000);
  for (const tab of [a, b, await browser.open()]) expect([short(tab.text), tab.room.status.setAsideEdits]).toEqual(["unseen", 0]);
  expect([browser.onRelay, a.room.status.phase, b.room.status.phase]).toEqual(["unseen", "saved", "saved"]);
});

test("[P7] what a person discards does not come back by way of a document that is open in the background only", async () => {
  const [a, sender] = [await browser.open(), await browser.open()];
  await sender.room.close();
  browser.network.isDiskHeld = true;
  await a.type("seen");
  typeTooMuch(a);
  sender.online();
  await pass(3_000);
  // It waits for the relay's disk, with what was refused in its document.
  expect([a.room.status.setAsideEdits, a.waiting]).toEqual([1, 4]);
  await a.room.discardSetAside();
  await pass(3_000);
  browser.network.isDiskHeld = false;
  a.online();
  await pass(20_000);
  expect([short(a.text), a.room.status.phase, browser.onRelay]).toEqual(["seen", "saved", "seen"]);
});

test("[P7] what a person discards stays discarded, though the tab that typed it notes only afterwards that it was refused", async () => {
  const [a, b] = [await browser.open(), await browser.open()];
  const write = browser.store.write.bind(browser.store);
  let notes = 0;
  browser.store.write = async (room, changes) => {
    if (changes.some(({ type }) => type === "set-aside") && ++notes === 2) await new Promise((resolve) => setTimeout(resolve, 4_000));
    await write(room, changes);
  };
  b.online();
  typeTooMuch(a);
  await vi.waitFor(() => expect(b.room.status.setAsideEdits).toBe(1));
  await b.room.discardSetAside();
  await pass(10_000);
  expect(notes).toBe(2);
  for (const tab of [a, b, await browser.open()]) expect([short(tab.text), tab.room.status.setAsideEdits]).toEqual(["", 0]);
});

test("[P7] what a person discards is not written into a store that was emptied; what waits is", async () => {
  const [a, b] = await twoTabs();
  b.opensAnewAfterMs = 1_000;
  b.room.doc.getText("t").insert(0, "un");
  await a.room.discardSetAside();
  await pass(500);
  await browser.store.remove("r");
  browser.store.onEmptied?.();
  await pass(5_000);
  b.online();
  await pass(5_000);
  for (const tab of [a, b, await browser.open()]) expect(short(tab.text)).toBe("unseen");
  expect(browser.onRelay).toBe("unseen");
});
