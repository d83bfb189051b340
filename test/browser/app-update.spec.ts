import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { endRelays, type RelayProcess, startRelayProcess } from "../harness/relay-process.ts";
import { VersionedApp } from "./app-version.ts";
import { type Device, keptByDevice, launchBrowser, obstacles, openDevice, overflow, picture } from "./browser.ts";
import { EditorPage } from "./editor-page.ts";

let browser: Browser;
let app: VersionedApp;
let relay: RelayProcess;
let device: Device;

beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser.close();
});
beforeEach(async () => {
  app = new VersionedApp();
  relay = await startRelayProcess({ program: app.program });
  device = await openDevice(browser, relay.url);
});
afterEach(async () => {
  const { faults } = device;
  await device.context.close();
  await endRelays();
  expect(faults).toEqual([]);
});

it("[P7] while a document is open a new version waits until it is asked for; then all tabs reload, and no letter typed is lost", async () => {
  await device.context.addInitScript(() => {
    addEventListener("pagehide", () => {
      sessionStorage.setItem("last", document.querySelector(".rich-text .page > *")?.textContent ?? "");
    });
  });
  const [writing, other] = [await EditorPage.begin(device), await EditorPage.begin(device)];
  await Promise.all([keptByDevice(writing.page), keptByDevice(other.page)]);
  await upgradeRelay();
  await ready(other.page).waitFor();
  await ready(writing.page).waitFor();
  await writing.focusText();
  await writing.type("as long as nobody asks ");
  await writing.saved();
  expect(await Promise.all([version(writing.page), version(other.page)])).toEqual(["1", "1"]);

  await writing.workOffline(true);
  await writing.stand(0);
  const loaded = [reloaded(writing.page), reloaded(other.page)];
  const typing = writing.type("and then it comes in the middle of a sentence that goes on for quite a while".repeat(2), 15);
  await useItNow(other.page, Promise.all(loaded));
  await typing;
  await Promise.all([writing.ready(), other.ready()]);
  expect(await Promise.all([version(writing.page), version(other.page)])).toEqual(["2", "2"]);
  const last = await writing.page.evaluate(() => sessionStorage.getItem("last") ?? "");
  expect(last).toMatch(/^as long as nobody asks and then it/);
  await writing.shows([last]);
  await writing.says(/^Working offline/);
  await writing.workOffline(false);
  await writing.saved();
  await expect.poll(() => ready(other.page).count()).toBe(0);
});

it("[P7] a tab with an edit that is not on the device's disk puts a new version off, and says so", async () => {
  await device.context.addInitScript(() => {
    const open = IDBDatabase.prototype.transaction;
    IDBDatabase.prototype.transaction = function (...[stores, mode, options]) {
      if (mode === "readwrite" && "diskRefuses" in window) throw new DOMException("refused by the test", "QuotaExceededError");
      return open.call(this, stores, mode, options);
    };
  });
  const writing = await EditorPage.begin(device);
  await writing.focusText();
  await writing.saved();
  const other = await EditorPage.begin(device);
  await keptByDevice(other.page);
  await upgradeRelay();
  await ready(other.page).waitFor();
  await writing.page.evaluate(() => Object.assign(window, { diskRefuses: true }));
  await writing.workOffline(true);
  await writing.stand(0);
  await writing.type("nowhere but here");
  await writing.says(/only in this tab/);
  await other.page.getByRole("button", { name: "Use it now" }).click();
  await other.page.getByText("Not now: in one of the tabs something typed is not on this device’s disk yet.").waitFor();
  expect(await Promise.all([version(writing.page), version(other.page)])).toEqual(["1", "1"]);

  await writing.page.evaluate(() => void Reflect.deleteProperty(window, "diskRefuses"));
  await writing.says(/on this device, not yet sent/);
  const loaded = reloaded(writing.page);
  await other.page.getByRole("button", { name: "Use it now" }).click();
  await loaded;
  await writing.ready();
  await writing.shows(["nowhere but here"]);
  expect(await version(writing.page)).toBe("2");
});

it("a tab that does not answer puts a new version off, and one is told", async () => {
  const silent = await EditorPage.begin(device);
  const other = await EditorPage.begin(device);
  await keptByDevice(other.page);
  await upgradeRelay();
  await ready(other.page).waitFor();
  const session = await device.context.newCDPSession(silent.page);
  await session.send("Debugger.enable");
  const paused = new Promise((resolve) => session.once("Debugger.paused", resolve));
  await session.send("Debugger.pause");
  await paused;
  await other.page.bringToFront();
  await other.page.getByRole("button", { name: "Use it now" }).click();
  await other.page.getByText("Not now: another tab does not answer.").waitFor();
  expect(await version(other.page)).toBe("1");
  await session.send("Debugger.resume");
});

it("a tab that shows what the relay says of itself does not put a new version off", async () => {
  const start = await device.page("/");
  await keptByDevice(start);
  for (const path of ["/metrics", "/api/rooms", "/ready"]) await device.page(path);
  await start.bringToFront();
  app.upgrade();
  const loaded = reloaded(start);
  await relay.crashAndRestart();
  await loaded;
  expect(await version(start)).toBe("2");
});

it("with no document open a new version is used by itself: at once, or when the last document is left", async () => {
  const start = await device.page("/");
  await keptByDevice(start);
  app.upgrade();
  const first = reloaded(start);
  await relay.crashAndRestart();
  await first;
  expect(await version(start)).toBe("2");

  await start.getByRole("button", { name: "New text" }).click();
  const editor = await EditorPage.open(device, new URL(start.url()).pathname);
  await editor.ready();
  await editor.page.close();
  await keptByDevice(start);
  await upgradeRelay();
  await ready(start).waitFor();
  expect(await version(start)).toBe("2");
  const second = reloaded(start);
  await start.getByRole("link", { name: "Inkmesh: all documents" }).click();
  await second;
  expect(await version(start)).toBe("3");
  await start.getByRole("heading", { name: "Documents", exact: true }).waitFor();
});

it("[P7] a tab of the old version loads an editor it has not used yet after its files have left the relay", async () => {
  const start = await device.context.newPage();
  // The page fetches its editors in a quiet moment; here it cannot.
  const editors = "**/assets/{code,rich-text}-editor*";
  let refused = 0;
  await start.route(editors, (route) => {
    refused += 1;
    return route.abort();
  });
  await start.goto("/");
  await start.evaluate(() => Object.assign(window, { isStill: true }));
  await expect.poll(() => refused).toBe(2);
  const other = await EditorPage.begin(device);
  await keptByDevice(start);
  await keptByDevice(other.page);
  await start.unroute(editors);
  await upgradeRelay();
  await ready(start).waitFor();
  expect(await start.evaluate(() => "isStill" in window)).toBe(true);
  expect(await version(start)).toBe("1");
  // The browser's own cache would do, as long as it lasts.
  await (await device.context.newCDPSession(start)).send("Network.clearBrowserCache");

  await start.bringToFront();
  await start.getByRole("button", { name: "New code document" }).click();
  // A module that failed once is not fetched again by all browsers: then the page is loaded again, in its old version.
  const again = start.getByRole("button", { name: "Load the page again" });
  await start.locator(".cm-content").or(again).waitFor();
  if (await again.isVisible()) await again.click();
  await start.locator(".cm-content").waitFor();
  expect(await version(start)).toBe("1");
  await start.getByLabel("Language").selectOption("python");
  await start.locator(".cm-content").focus();
  await start.keyboard.type("def old(): return 1");
  await start.locator(".cm-line span").first().waitFor();
  const gone = await start.evaluate(() => {
    const [old] = performance.getEntriesByType("resource").filter(({ name }) => name.includes("/assets/code-editor"));
    return old?.name ?? "";
  });
  expect((await fetch(gone)).status).toBe(404);
});

it("[P7] an editor that could not be fetched is said, and is there when the page is loaded again", async () => {
  const page = await device.context.newPage();
  const editors = "**/assets/{code,rich-text}-editor*";
  await page.route(editors, (route) => route.abort());
  await page.goto("/");
  await page.getByRole("button", { name: "New text" }).click();
  await page.getByText("The editor could not be loaded").waitFor();
  await page.unroute(editors);
  await page.getByRole("button", { name: "Load the page again" }).click();
  await new EditorPage(page).ready();
});

it("[P7] a page that the relay is too new for gets the new version by its Reload button, with what was typed meanwhile", async () => {
  const editor = await EditorPage.begin(device);
  await editor.focusText();
  await editor.type("before ");
  await editor.saved();
  await keptByDevice(editor.page);
  app.raiseProtocol();
  await upgradeRelay();
  const banner = editor.page.getByRole("alert").filter({ hasText: "This page is older than the relay" });
  await banner.waitFor({ timeout: 30_000 });
  await editor.type("and meanwhile");
  await editor.shows(["before and meanwhile"]);
  const loaded = reloaded(editor.page);
  await banner.getByRole("button", { name: "Reload" }).click();
  await loaded;
  await editor.ready();
  expect(await version(editor.page)).toBe("2");
  await editor.shows(["before and meanwhile"]);
});

it("the notice fits a phone, and axe finds nothing serious in it", async () => {
  await device.context.close();
  device = await openDevice(browser, relay.url, { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  const editor = await EditorPage.begin(device);
  await keptByDevice(editor.page);
  await upgradeRelay();
  await ready(editor.page).waitFor();
  await picture(editor.page, "new-version-phone");
  expect(await overflow(editor.page)).toBe(0);
  expect(await obstacles(editor.page)).toEqual([]);
  await editor.page.getByRole("button", { name: "Dismiss" }).click();
  await expect.poll(() => ready(editor.page).count()).toBe(0);
});

/** The relay comes back with a new version, as after an upgrade. */
async function upgradeRelay(): Promise<void> {
  await relay.end("SIGTERM");
  app.upgrade();
  await relay.start();
}

function ready(page: Page) {
  return page.getByText("A new version is ready.");
}

async function reloaded(page: Page): Promise<void> {
  await page.waitForEvent("load", { timeout: 60_000 });
}

/** Asks as a person does: again, when a tab had an edit at that moment that was not on the device yet. */
async function useItNow(page: Page, loaded: Promise<unknown>): Promise<void> {
  let isLoaded = false;
  const ended = loaded.finally(() => (isLoaded = true));
  const button = page.getByRole("button", { name: "Use it now" });
  while (!isLoaded) {
    await button.click({ timeout: 1_000 }).catch(() => undefined);
    await Promise.race([ended, page.waitForTimeout(1_000).catch(() => undefined)]);
  }
  await ended;
}

async function version(page: Page): Promise<string> {
  return page.evaluate(() => document.querySelector("meta[name=version]")?.getAttribute("content") ?? "");
}
