import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, BrowserContextOptions, CDPSession, Page } from "playwright-core";
import { seededRandom } from "@inkmesh/shared/base/random";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { contentOf } from "../harness/relay-api.ts";
import { endRelays, type RelayProcess, startRelayProcess, temporaryFolder } from "../harness/relay-process.ts";
import { type Device, launchBrowser, openDevice, picture } from "./browser.ts";
import { EditorPage } from "./editor-page.ts";
import { TestDevices } from "./test-devices.ts";

let browser: Browser;
let relay: RelayProcess;
const devices = new TestDevices();

beforeAll(async () => {
  [browser, relay] = await Promise.all([launchBrowser(), startRelayProcess()]);
});
afterAll(async () => {
  await browser.close();
  await endRelays();
});

async function aDevice(at: RelayProcess = relay, options: BrowserContextOptions = {}): Promise<Device> {
  return devices.note(await openDevice(browser, at.url, options));
}

/** A document with `words` in it, saved. */
async function written(device: Device, words: string): Promise<EditorPage> {
  const editor = await EditorPage.begin(device);
  await editor.focusText();
  await editor.type(words);
  await editor.saved();
  return editor;
}

/** Opens a document whose page comes from the relay, but without a line to it: what is shown is this device's copy. */
async function openWithoutLine(device: Device, path: string): Promise<EditorPage> {
  const page = await device.context.newPage();
  await page.routeWebSocket(/\/sync$/, (socket) => void socket.close({ code: 1013 }));
  await page.goto(path);
  const editor = new EditorPage(page);
  await editor.ready();
  return editor;
}

const devtools = (page: Page): Promise<CDPSession> => page.context().newCDPSession(page);

describe("[P7] persistence", () => {
  it("is asked for once, when the first edit is on the device, and its answer is in the details", async () => {
    const device = await aDevice();
    await device.context.addInitScript(() => {
      const storage = navigator.storage as StorageManager | undefined;
      if (storage === undefined) return; // The blank page that every tab begins with.
      const persist = storage.persist.bind(storage);
      Object.assign(globalThis, { asked: 0 });
      storage.persist = () => {
        Object.assign(globalThis, { asked: (globalThis as unknown as { asked: number }).asked + 1 });
        return persist();
      };
    });
    const other = await written(await aDevice(), "one");
    const editor = await EditorPage.open(device, other.path);
    const asked = () => editor.page.evaluate(() => (globalThis as unknown as { asked: number }).asked);
    await editor.saved();
    expect(await asked()).toBe(0);
    await expect.poll(() => editor.detail("When space runs short")).toContain("when you type");
    await editor.stand(0);
    await editor.type(" two");
    await editor.saved();
    await expect.poll(asked).toBe(1);
    await editor.type(" three");
    await editor.saved();
    expect(await asked()).toBe(1);
    const isPersisted = await editor.page.evaluate(() => navigator.storage.persisted());
    await expect.poll(() => editor.detail("When space runs short")).toContain(isPersisted ? "keeps" : "may remove");
  });
});

/** The browser's database packs what it writes, so that the same words over and over would fit. */
function wordsThatDoNotShrink(count: number): string {
  const random = seededRandom(1);
  const letter = (): string => String.fromCharCode(97 + Math.floor(random.fraction() * 26));
  return Array.from({ length: count }, () => letter() + letter() + letter() + letter() + letter()).join(" ");
}

describe("[P7] a device without space", () => {
  it("is said in words, warns before the tab is closed, gives the words as a file, and is written to again when it has space", async () => {
    const device = await aDevice();
    const session = await devtools(await device.context.newPage());
    // Before the first write, which a page makes when a relay has welcomed it: Chromium asks again only when what it knew of is used up.
    await session.send("Storage.overrideQuotaForOrigin", { origin: relay.url, quotaSize: 200_000 });
    const editor = await written(device, "kept before");
    const { path } = editor;
    await editor.workOffline(true);
    await editor.stand(0);
    const pasted = wordsThatDoNotShrink(50_000);
    await editor.page.keyboard.insertText(pasted);
    await editor.says("1 edit only in this tab");
    await editor.press("End");
    await editor.type(" and typed on a full disk");
    await editor.says(/^\d+ edits only in this tab$/);
    await expect.poll(() => editor.page.locator(".status-words").getAttribute("title")).toContain("no space left on this device");
    await expect.poll(() => editor.detail("On this device")).toBe("no space left");
    await picture(editor.page, "storage-full");
    expect(await editor.closes()).toBe("asked");
    const file = await editor.downloaded(() => editor.choose("Download what exists only on this device"));
    expect(file).toContain(`\n${pasted} and typed on a full disk\n`);
    await session.send("Storage.overrideQuotaForOrigin", { origin: relay.url });
    // It is tried again every second at first, then more rarely.
    await editor.says(/^Working offline · \d+ edits on this device, not yet sent$/, 40_000);
    expect(await editor.closes()).toBe("closed");
    const again = await EditorPage.open(device, path);
    await again.saved();
    await expect.poll(() => again.lines()).toEqual([`kept before${pasted} and typed on a full disk`]);
    expect(await contentOf(relay, again.room)).toBe(`kept before${pasted} and typed on a full disk`);
  });

  it("that refuses what was typed last, as one leaves the document, is said on the other page until it is written", async () => {
    const device = await aDevice();
    await device.context.addInitScript(() => {
      const open = IDBDatabase.prototype.transaction;
      IDBDatabase.prototype.transaction = function (...[stores, mode, options]) {
        if (mode === "readwrite" && "diskRefuses" in window) throw new DOMException("refused by the test", "QuotaExceededError");
        return open.call(this, stores, mode, options);
      };
    });
    const editor = await written(device, "first words");
    await editor.page.getByLabel("Title").fill("Plans");
    await editor.saved();
    const { path } = editor;
    await editor.workOffline(true);
    await editor.stand(0);
    await editor.page.evaluate(() => Object.assign(window, { diskRefuses: true }));
    await editor.type("!");
    await editor.page.getByRole("link", { name: "Inkmesh: all documents" }).click();
    await editor.page.getByText("This device’s disk refuses 1 edit in “Plans”: it is only in this tab.").waitFor();
    await picture(editor.page, "storage-refused-last-words");
    expect(await editor.closes()).toBe("asked");
    await editor.page.getByRole("button", { name: "Show it" }).click();
    await editor.ready();
    await editor.shows(["first words!"]);
    await editor.says("1 edit only in this tab");
    await editor.page.getByRole("link", { name: "Inkmesh: all documents" }).click();
    const said = editor.page.getByText("This device’s disk refuses");
    await said.waitFor();
    await editor.page.evaluate(() => void Reflect.deleteProperty(window, "diskRefuses"));
    await said.waitFor({ state: "detached", timeout: 40_000 });
    expect(await editor.closes()).toBe("closed");
    const again = await EditorPage.open(device, path);
    await again.shows(["first words!"]);
    await again.saved();
  });

  it("that lets nothing be kept at all is the tab's only place: it is said, and warned of", async () => {
    const device = await aDevice();
    await device.context.addInitScript(() => Reflect.deleteProperty(globalThis, "indexedDB"));
    const editor = await EditorPage.begin(device);
    await editor.focusText();
    await editor.saved();
    await expect.poll(() => editor.detail("On this device")).toContain("in memory only");
    await editor.workOffline(true);
    await editor.focusText();
    await editor.type("nowhere else");
    await editor.says(/^\d+ edits only in this tab$/);
    expect(await editor.closes()).toBe("asked");
    expect(await editor.downloaded(() => editor.choose("Download what exists only on this device"))).toContain("nowhere else");
    await editor.workOffline(false);
    await editor.saved();
  });
});

describe("[P7] what a browser threw away", () => {
  it.each([
    [
      "by clearing the site's data",
      async (page: Page) => {
        await (await devtools(page)).send("Storage.clearDataForOrigin", { origin: relay.url, storageTypes: "indexeddb" });
      },
    ],
    [
      "by another tab that deletes the database",
      async (page: Page) => {
        const other = await page.context().newPage();
        await other.goto("/icon.svg");
        await other.evaluate(() => new Promise((done) => (indexedDB.deleteDatabase("inkmesh").onsuccess = done)));
        await other.close();
      },
    ],
  ] as const)("%s is noticed, said, and written again from the page: saved words, unsent words, all", async (_, evict) => {
    const device = await aDevice();
    const editor = await written(device, "saved words");
    const { path } = editor;
    await editor.workOffline(true);
    await editor.stand(0);
    await editor.type(", unsent words");
    await editor.says(/on this device, not yet sent$/);
    await evict(editor.page);
    await editor.page.getByText("This browser had removed what it kept of your documents.").waitFor();
    await editor.says(/^Working offline · \d+ edits on this device, not yet sent$/);
    await editor.type(", and more");
    await editor.says(/^Working offline · \d+ edits on this device, not yet sent$/);
    await editor.page.close({ runBeforeUnload: false });
    const offline = await openWithoutLine(device, path);
    await offline.shows(["saved words, unsent words, and more"]);
    await offline.says(/\d+ edits on this device, not yet sent$/);
    await offline.page.close({ runBeforeUnload: false });
    const online = await EditorPage.open(device, path);
    await online.saved();
    expect(await contentOf(relay, online.room)).toBe("saved words, unsent words, and more");
  });
});

it("[P7] an emptied store is told of on the start page, too, with the edits that are lost with it", async () => {
  const device = await aDevice();
  const editor = await written(device, "saved words");
  await editor.page.getByLabel("Title").fill("Plans");
  await editor.saved();
  await editor.workOffline(true);
  await editor.stand(0);
  await editor.type(", unsent");
  await editor.says("Working offline · 8 edits on this device, not yet sent");
  await editor.page.getByRole("link", { name: "Inkmesh: all documents" }).click();
  await editor.page.getByText("8 edits waiting to be sent").waitFor();
  await editor.page.evaluate(() => new Promise((done) => (indexedDB.deleteDatabase("inkmesh").onsuccess = done)));
  await editor.page.getByText("8 edits in “Plans” that were not sent yet are lost").waitFor();
  await picture(editor.page, "storage-emptied-start");
});

describe("[P7] an edit that a relay refuses for good", () => {
  it("is told of at every opening, can be downloaded and discarded, and the rest of the document is as the relay has it", async () => {
    const config = join(temporaryFolder("config"), "config.json");
    writeFileSync(config, JSON.stringify({ limits: { frameBytesMax: 65_536, editBytesMax: 65_536 } }));
    const strict = await startRelayProcess({ args: ["--config", config] });
    const device = await aDevice(strict);
    const editor = await written(device, "small");
    const { path } = editor;
    const refused = "This is too large for the relay. ".repeat(2_500);
    await editor.page.keyboard.insertText(refused);
    await editor.says("1 edit refused, on this device alone");
    await picture(editor.page, "storage-refused");
    const told = async (shown: EditorPage, before = "") => {
      await shown.says("1 edit refused, on this device alone");
      await shown.page.getByText("The relay refused 1 edit that you made here: An edit is larger than this relay takes.").waitFor();
      expect((await shown.lines()).join("\n") === `${before}small${refused}`).toBe(true);
      const file = await shown.downloaded(() => shown.page.getByRole("button", { name: "Download", exact: true }).click());
      expect(file).toContain(`== 1 edit refused by a relay ==\n\n${refused}\n`);
    };
    await told(editor);
    await editor.page.close({ runBeforeUnload: false });
    const again = await EditorPage.open(device, path);
    await told(again);
    await again.goTo("start");
    await again.type("x");
    await again.page.close({ runBeforeUnload: false });
    const offline = await openWithoutLine(device, path);
    await told(offline, "x");
    await offline.page.close({ runBeforeUnload: false });
    const last = await EditorPage.open(device, path);
    await last.page.getByRole("button", { name: "Discard…" }).click();
    await last.page.getByRole("dialog").getByRole("button", { name: "Discard" }).click();
    // The document is opened anew.
    await last.shows(["xsmall"]);
    await last.saved();
    await last.page.reload();
    await last.ready();
    await last.saved();
    await expect.poll(() => last.lines()).toEqual(["xsmall"]);
    expect(await contentOf(strict, last.room)).toBe("xsmall");
  });
});
