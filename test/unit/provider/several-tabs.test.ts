import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Inkmesh, MemoryStore } from "@inkmesh/client";
import { ABrowser, type ATab, pass } from "./a-browser.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe.each([
  ["with Web Locks", true],
  ["without Web Locks", false],
] as const)("%s", (_, locks) => {
  let browser: ABrowser;
  beforeEach(() => void (browser = new ABrowser({ locks })));
  afterEach(() => browser.end());

  test("[P7] tabs without a line agree at once, and each knows of all that waits", async () => {
    const [a, b, c] = [await browser.open(), await browser.open(), await browser.open()];
    await a.type("from a");
    await b.type(", from b");
    await c.cut(0, 5);
    for (const tab of [a, b, c]) expect([tab.text, tab.waiting]).toEqual(["a, from b", 15]);
    const late = await browser.open();
    expect([late.text, late.waiting]).toEqual(["a, from b", 15]);
  });

  test("[P7] the first tab that gets a line sends everything, deletions included, each edit once; the others are told", async () => {
    const [a, b, c] = [await browser.open(), await browser.open(), await browser.open()];
    await a.type("from a");
    await b.cut(0, 5);
    await c.type("!");
    b.online();
    await pass(3_000);
    expect([browser.onRelay, browser.received]).toEqual(["a!", 8]);
    expect([a.waiting, b.waiting, c.waiting, await browser.waiting()]).toEqual([0, 0, 0, 0]);
    a.online();
    c.online();
    await pass(3_000);
    expect([browser.onRelay, browser.received]).toEqual(["a!", 8]);
    for (const tab of [a, b, c]) expect(tab.room.status.phase).toBe("saved");
  });

  test("[P7] what is typed in a tab without a line goes out through one that has one", async () => {
    const [a, b] = [await browser.open(), await browser.open()];
    b.online();
    await pass(3_000);
    await a.type("through b");
    await pass(1_000);
    expect([browser.onRelay, browser.received, a.waiting, b.waiting]).toEqual(["through b", 9, 0, 0]);
  });

  test("[P7] what a tab without a line goes on typing is sent by one that shows another page, as long as it goes on", async () => {
    const [a, b] = [await browser.open(), await browser.open()];
    await b.room.close();
    b.online();
    await pass(3_000);
    browser.slowDisk(30);
    for (let letters = 0; letters < 40; letters++) {
      await a.type("x");
      await pass(50);
    }
    await pass(5_000);
    expect([browser.onRelay, a.waiting]).toEqual([a.text, 0]);
  });

  test("[P7] all tabs come back at once: everything is there once, and nothing is sent over and over", async () => {
    const tabs = [await browser.open(), await browser.open(), await browser.open()];
    for (const [index, tab] of tabs.entries()) await tab.type(`words of tab ${index}. `);
    const { text } = tabs[0]!;
    for (const tab of tabs) tab.online();
    await pass(5_000);
    expect(browser.onRelay).toBe(text);
    expect(browser.received).toBeLessThanOrEqual(2 * text.length);
    for (const tab of tabs) expect([tab.text, tab.room.status.phase]).toEqual([text, "saved"]);
  });

  test("[P7] tabs die one after the other, and the last one sends what all of them left", async () => {
    const [a, b, c] = [await browser.open(), await browser.open(), await browser.open()];
    await a.type("a was here. ");
    a.die();
    await pass(10_000);
    await b.type("b was here. ");
    b.die();
    await pass(10_000);
    await c.type("c is. ");
    c.online();
    await pass(10_000);
    expect([browser.onRelay, c.waiting, await browser.waiting()]).toEqual(["a was here. b was here. c is. ", 0, 0]);
    expect(browser.received).toBe(30);
  });

  test("[P7] what a tab told before its disk had it is not lost with the tab", async () => {
    const [a, b] = [await browser.open(), await browser.open()];
    await a.type("told");
    // The disk had nothing of it.
    const { outbox } = await browser.store.load("r");
    await browser.store.write("r", [{ type: "saved", entries: outbox }]);
    await browser.store.remove("r");
    a.die();
    await pass(15_000);
    expect(await browser.waiting()).toBe(4);
    b.online();
    await pass(5_000);
    expect(browser.onRelay).toBe("told");
  });

  test("[P7] a tab that read the store just before another one's edits were saved finds out that they were", async () => {
    const a = await browser.open();
    await a.type("seen");
    const before = await browser.store.load("r");
    a.online();
    await pass(3_000);
    expect([browser.onRelay, await browser.waiting()]).toEqual(["seen", 0]);
    vi.spyOn(browser.store, "load").mockResolvedValueOnce(before);
    const late = await browser.open();
    expect([late.text, late.waiting]).toEqual(["seen", 4]);
    late.online();
    await pass(8_000);
    expect([late.waiting, late.room.status.phase]).toEqual([0, "saved"]);
  });

  test("[P7] what another tab got saved leaves the store, though that tab died before it could write so", async () => {
    const [a, b] = [await browser.open(), await browser.open()];
    await a.type("x");
    const write = browser.store.write.bind(browser.store);
    let dropped = 0;
    browser.store.write = async (room, changes) => {
      if (dropped === 0 && changes.some(({ type }) => type === "saved")) dropped += 1;
      else await write(room, changes);
    };
    b.online();
    await pass(1_000);
    b.die();
    b.mesh.workOffline(true);
    expect([browser.onRelay, dropped, a.waiting]).toEqual(["x", 1, 0]);
    a.online();
    const late = await browser.open();
    late.online();
    await pass(20_000);
    expect([late.waiting, await browser.waiting()]).toEqual([0, 0]);
  });

  test("[P10] a tab whose document was deleted brings none of it back, neither to a new tab nor into an emptied store", async () => {
    const a = await browser.open();
    a.online();
    await a.type("gone");
    await pass(1_000);
    browser.network.relay.deleteRoom("ada", 7);
    await pass(1_000);
    expect(a.room.status.phase).toBe("deleted");
    await browser.store.remove("r");
    browser.store.onEmptied?.();
    await pass(1_000);
    expect((await browser.store.load("r")).updates).toEqual([]);
    const late = await browser.open();
    expect(late.text).toBe("");
  });

  test("[P7] a deletion that a dead tab left is sent by another one, though the store was emptied meanwhile", async () => {
    const [a, b] = [await browser.open(), await browser.open()];
    a.online();
    b.online();
    await a.type("word");
    await pass(2_000);
    const { receive } = browser.network;
    browser.network.receive = () => {};
    await a.cut(0, 2);
    // Time enough to see it in the store.
    await pass(4_000);
    a.die();
    a.mesh.workOffline(true);
    browser.network.receive = receive;
    await browser.store.remove("r");
    browser.store.onEmptied?.();
    await pass(60_000);
    expect([b.text, browser.onRelay, b.waiting]).toEqual(["rd", "rd", 0]);
  });

  test("[P7] a tab that hangs with edits is stood in for, and when it wakes up it adds nothing twice", async () => {
    const [a, b] = [await browser.open(), await browser.open()];
    await a.type("hung");
    a.freeze(true);
    b.online();
    await pass(15_000);
    expect([browser.onRelay, b.room.status.phase]).toEqual(["hung", "saved"]);
    a.freeze(false);
    a.online();
    await pass(5_000);
    expect([browser.onRelay, a.text, a.room.status.phase]).toEqual(["hung", "hung", "saved"]);
  });

  test("[P7] a tab that heard of an edit and not that it is saved finds out, though it never saw it in the store", async () => {
    const [a, b] = [await browser.open(), await browser.open()];
    await b.type("x");
    expect([a.text, a.waiting]).toEqual(["x", 1]);
    a.freeze(true);
    b.online();
    await pass(3_000);
    a.freeze(false);
    await pass(3_000);
    a.online();
    expect([browser.onRelay, b.waiting, a.waiting]).toEqual(["x", 0, 1]);
    await pass(25_000);
    expect([browser.onRelay, a.room.status.phase, b.room.status.phase]).toEqual(["x", "saved", "saved"]);
    expect(await browser.waiting()).toBe(0);
  });

  describe("[P7] what tabs left that are gone is sent in the order in which it was typed, each edit once", () => {
    let gone: readonly ATab[];
    /** They typed in turn: each letter hangs on the one before it. */
    beforeEach(async () => {
      gone = [await browser.open(), await browser.open()];
      for (const letter of "abcdef") for (const tab of gone) await tab.type(letter);
    });

    test("when a line comes before this tab knows which of them live", async () => {
      const [first, second] = gone;
      await first!.close();
      // Hears the other one say that it goes, and was not there when the first one did.
      const late = await browser.open();
      await second!.close();
      if (browser.locks) browser.locks.queryMs = 100;
      late.online();
      await pass(3_000);
      expect([browser.onRelay, browser.received]).toEqual(["aabbccddeeff", 12]);
    });

    test("when the document is opened with a line, and written in at once", async () => {
      for (const tab of gone) tab.die();
      if (browser.locks) browser.locks.queryMs = 100;
      const late = browser.begin();
      late.online();
      await pass(20);
      await late.type("!");
      await pass(20_000);
      expect([browser.onRelay, browser.received]).toEqual(["aabbccddeeff!", 13]);
    });
  });

  test("[P7] what is typed is sent, though the browser never says which tabs live, or refuses to", async () => {
    const [a, b] = [await browser.open(), await browser.open()];
    await a.type("a");
    a.die();
    await pass(10_000);
    if (browser.locks) browser.locks.queryMs = 1e8;
    b.online();
    await b.type("b");
    await pass(5_000);
    expect(browser.onRelay).toBe("ab");
    const refusals: unknown[] = [];
    const note = (reason: unknown): void => void refusals.push(reason);
    process.on("unhandledRejection", note);
    if (browser.locks) browser.locks.queryMs = Number.NaN;
    const late = browser.begin();
    late.online();
    await pass(2_000);
    await late.type("c");
    await pass(5_000);
    process.off("unhandledRejection", note);
    expect([browser.onRelay, refusals]).toEqual(["abc", []]);
  });

  test("[P7] an edit of a dead tab that hangs on what only that one was shown is sent together with that, out of the store", async () => {
    const [a, b] = [await browser.open(), await browser.open()];
    a.online();
    await pass(1_000);
    const other = new Inkmesh({ url: "ws://relay.test", WebSocket: browser.network.WebSocket, store: new MemoryStore() });
    const theirs = other.open("r");
    await pass(1_000);
    // The relay shows it before its disk has it, and dies; so does whoever wrote it.
    browser.network.isDiskHeld = true;
    theirs.doc.getText("t").insert(0, "shown ");
    await pass(1_000);
    for (const mesh of [other, a.mesh]) mesh.workOffline(true);
    browser.network.cutAll();
    browser.network.relay.crash();
    browser.network.isDiskHeld = false;
    await a.type("typed");
    expect([a.text, b.text]).toEqual(["shown typed", ""]);
    a.die();
    await pass(10_000);
    b.online();
    await pass(10_000);
    expect([browser.onRelay, b.text, b.room.status.setAside]).toEqual(["shown typed", "shown typed", undefined]);
    await other.close();
  });
});
