import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ABrowser, pass, type ATab } from "./a-browser.ts";

let browser: ABrowser;
beforeEach(() => {
  vi.useFakeTimers();
  browser = new ABrowser({ locks: true });
});
afterEach(async () => {
  await browser.end();
  vi.useRealTimers();
});

async function forget({ mesh }: ATab): Promise<void> {
  const done = mesh.forget("r");
  await pass(1_000);
  await done;
}

test("[P7] a tab that has a document open keeps it on the device when another one removes it", async () => {
  const [a, b] = [await browser.open(), await browser.open()];
  for (const { mesh } of [a, b]) mesh.workOffline(false);
  await a.type("sent");
  await pass(3_000);
  for (const { mesh } of [a, b]) mesh.workOffline(true);
  await b.type(", kept");
  const before = await browser.store.load("r");
  await forget(a);
  expect(b.waiting).toBe(6);
  b.die();
  const late = await browser.open();
  expect([late.text, late.waiting]).toEqual(["sent, kept", 6]);
  const after = await browser.store.load("r");
  expect([after.generation, after.clock.entries()]).toEqual([before.generation, before.clock.entries()]);
  late.online();
  await pass(20_000);
  expect([browser.onRelay, late.room.status.phase]).toEqual(["sent, kept", "saved"]);
});

test("[P7] what was typed in the tab that removes a document is looked after by one that shows it", async () => {
  const [a, b] = [await browser.open(), await browser.open()];
  await a.type("words");
  await forget(a);
  expect([b.text, b.waiting, await browser.waiting()]).toEqual(["words", 5, 5]);
  b.online();
  await pass(5_000);
  expect([browser.onRelay, b.room.status.phase, await browser.waiting()]).toEqual(["words", "saved", 0]);
});

/** A tab that reads the document while another one removes it. */
async function openWhileForgotten(by: ATab): Promise<ATab> {
  const load = browser.store.load.bind(browser.store);
  browser.store.load = async (room) => {
    const copy = await load(room);
    await new Promise((resolve) => setTimeout(resolve, 500));
    return copy;
  };
  const opening = browser.open();
  await forget(by);
  browser.store.load = load;
  return opening;
}

test("[P7] a tab that reads a document while another one removes it writes what it read", async () => {
  const a = await browser.open();
  a.online();
  await a.type("sent");
  await pass(3_000);
  a.mesh.workOffline(true);
  await a.type(", read");
  const b = await openWhileForgotten(a);
  expect([b.text, b.waiting, await browser.waiting()]).toEqual(["sent, read", 6, 6]);
  b.die();
  const late = await browser.open();
  expect(late.text).toBe("sent, read");
  late.online();
  await pass(10_000);
  expect([browser.onRelay, late.room.status.phase]).toEqual(["sent, read", "saved"]);
});

test("[P7] what a tab that hangs has typed waits, though a tab that read it found the store emptied meanwhile", async () => {
  const [a, hanging] = [await browser.open(), await browser.open()];
  await hanging.type("hung");
  hanging.freeze(true);
  const b = await openWhileForgotten(a);
  b.online();
  await pass(15_000);
  expect([b.text, browser.onRelay, b.room.status.phase]).toEqual(["hung", "hung", "saved"]);
});

test("[P10] a document that is removed stays so when it is open in the background only", async () => {
  const [a, sender] = [await browser.open(), await browser.open()];
  await sender.room.close();
  browser.network.isDiskHeld = true;
  await a.type("gone");
  sender.online();
  await pass(3_000);
  expect(a.waiting).toBe(4);
  await forget(a);
  browser.network.isDiskHeld = false;
  await pass(30_000);
  expect(await browser.store.rooms()).toEqual([]);
});
