import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { contentOf, MetricsReading } from "../harness/relay-api.ts";
import { endRelays, type RelayProcess, startRelayProcess } from "../harness/relay-process.ts";
import { until } from "../harness/until.ts";
import { type Device, keptByDevice, launchBrowser, openDevice } from "./browser.ts";
import { EditorPage } from "./editor-page.ts";

let browser: Browser;
let relay: RelayProcess;
let device: Device;

beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());
beforeEach(async () => {
  relay = await startRelayProcess();
  device = await openDevice(browser, relay.url);
});
afterEach(async () => {
  await device.context.close();
  await endRelays();
  expect(device.faults).toEqual([]);
});

/** As in a page without a secure context. */
async function withoutLocks(): Promise<void> {
  await device.context.addInitScript(() => Object.defineProperty(Navigator.prototype, "locks", { get: () => undefined }));
}

/** A saved document whose page this device keeps, so that it opens without a relay. */
async function aDocument(): Promise<EditorPage> {
  const editor = await EditorPage.begin(device);
  await editor.focusText();
  await editor.type("text:");
  await editor.saved();
  await keptByDevice(editor.page);
  return editor;
}

/** What this life of the relay let in. */
const admitted = async () => (await MetricsReading.of(relay)).value("inkmesh_updates_admitted_total");

/** So many edits came to this life of the relay, each as it was typed: none was sent before what it hangs on. */
async function cameAsTyped(count: number): Promise<void> {
  const metrics = await MetricsReading.of(relay);
  expect([metrics.value("inkmesh_updates_admitted_total"), metrics.value("inkmesh_gaps_total")]).toEqual([count, 0]);
}

/** The tab's process dies. */
async function crash(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const crashed = page.waitForEvent("crash");
  void session.send("Page.crash").catch(() => undefined);
  await crashed;
  await page.close();
}

/** Everybody else's tabs see it too: it is on the relay, once. */
async function onRelay(editor: EditorPage, line: string): Promise<void> {
  await editor.saved(30_000);
  await editor.shows([line]);
  expect(await contentOf(relay, editor.room)).toBe(line);
}

describe.each([
  ["with Web Locks", true],
  ["without Web Locks", false],
] as const)("[P7] three tabs of one browser, %s,", (_, locks) => {
  it("agree without a relay, each closed and opened again, and what they typed is sent once", async () => {
    if (!locks) await withoutLocks();
    const first = await aDocument();
    const { path } = first;
    const tabs = [first, await EditorPage.open(device, path), await EditorPage.open(device, path)];
    await Promise.all(tabs.map((tab) => tab.saved()));
    await relay.end("SIGKILL");
    let line = "text:";
    for (const [index, tab] of tabs.entries()) {
      await tab.page.bringToFront();
      await tab.goTo("end");
      await tab.type(` tab ${index}`);
      line += ` tab ${index}`;
      for (const other of tabs) await other.shows([line]);
    }
    for (const tab of tabs) await tab.says(/18 edits on this device, not yet sent$/);
    for (const index of tabs.keys()) {
      await tabs[index]!.page.close({ runBeforeUnload: false });
      tabs[index] = await EditorPage.open(device, path);
      await tabs[index].shows([line]);
      await tabs[index].says(/18 edits on this device, not yet sent$/);
    }
    await relay.start();
    for (const tab of tabs) await onRelay(tab, line);
    await cameAsTyped(18);
  });

  it("one of which dies: the others send what it typed", async () => {
    if (!locks) await withoutLocks();
    const first = await aDocument();
    const second = await EditorPage.open(device, first.path);
    await second.saved();
    await relay.end("SIGKILL");
    await first.goTo("end");
    await first.type(" and last words");
    await second.shows(["text: and last words"]);
    await crash(first.page);
    await relay.start();
    await onRelay(second, "text: and last words");
    await cameAsTyped(15);
  });
});

it("[P7] the first tab with a line sends what a tab without one typed and deleted, and that tab is told", async () => {
  const first = await aDocument();
  const second = await EditorPage.open(device, first.path);
  await second.saved();
  await first.workOffline(true);
  const before = await admitted();
  await first.goTo("end");
  await first.type(" word");
  await first.press("Backspace", "Backspace");
  await second.shows(["text: wo"]);
  await onRelay(second, "text: wo");
  await first.says(/^Working offline$/);
  expect((await admitted()) - before).toBe(7);
});

describe("[P7] a tab whose process dies", () => {
  const steps: readonly (readonly [string, (editor: EditorPage) => Promise<void>])[] = [
    ["right after typing", async () => {}],
    ["after the device has it", (editor) => editor.says(/9 edits on this device, not yet sent$/)],
    [
      "after it was sent",
      async (editor) => {
        await relay.start();
        relay.signal("SIGSTOP");
        await editor.page.waitForTimeout(500); // It connects and sends; nobody answers.
        relay.signal("SIGCONT");
      },
    ],
    [
      "after the relay acknowledged it, before the device noted that",
      async (editor) => {
        await editor.page.evaluate(() => {
          IDBObjectStore.prototype.delete = () => {
            throw new Error("the device is slow");
          };
        });
        await relay.start();
        await editor.says(/^Saved on 1 of 1 relay/, 30_000);
      },
    ],
  ];
  it.each(steps)("%s: the next page has and sends every letter once", async (_, step) => {
    const editor = await aDocument();
    const { path } = editor;
    await relay.end("SIGKILL");
    await editor.says(/^(Offline|Connecting…)/);
    await editor.goTo("end");
    await editor.type(" to death");
    await step(editor);
    await crash(editor.page);
    await relay.end("SIGKILL");
    await relay.start();
    const next = await EditorPage.open(device, path);
    await onRelay(next, "text: to death");
  });
});

/** A page whose tasks do not run. */
interface Standstill {
  /** Whether it has begun and is not over. */
  lasts(): boolean | Promise<boolean>;
  end(): Promise<unknown>;
}

describe("[P7] a tab that does not answer while another one goes online", () => {
  it.each<readonly [string, (page: Page) => Promise<Standstill>]>([
    [
      "because its page hangs",
      async (page) => {
        let isOver = false;
        const over = page.evaluate(() => {
          document.cookie = "hangs=yes";
          const boundMs = performance.now() + 60_000;
          // A look now and then: each asks another process, which has other things to do.
          for (let lookMs = 0; performance.now() < boundMs; lookMs = performance.now() + 50) {
            while (performance.now() < lookMs) continue;
            if (document.cookie.includes("go-on=yes")) return;
          }
        });
        over.catch(() => undefined).finally(() => (isOver = true));
        return {
          lasts: async () => (await device.context.cookies()).some(({ name }) => name === "hangs") && !isOver,
          end: () => device.context.addCookies([{ name: "go-on", value: "yes", url: relay.url }]),
        };
      },
    ],
    [
      // Chromium freezes only pages that are out of sight, and here none is: the debugger stops all of its tasks as well. What
      // other tabs say meanwhile is lost, beginning in the midst of it.
      "because it stands still, as a frozen one does",
      async (page) => {
        const session = await page.context().newCDPSession(page);
        let isPaused = false;
        session.on("Debugger.paused", () => (isPaused = true));
        session.on("Debugger.resumed", () => (isPaused = false));
        await session.send("Debugger.enable");
        await session.send("Debugger.pause");
        return { lasts: () => isPaused, end: () => session.send("Debugger.resume") };
      },
    ],
  ])("%s is stood in for; when it is back, nothing is there twice", async (_, stop) => {
    const first = await aDocument();
    const second = await EditorPage.open(device, first.path);
    await second.saved();
    await relay.end("SIGKILL");
    await first.goTo("end");
    await first.type(" from the owner");
    await second.shows(["text: from the owner"]);
    await second.page.bringToFront();
    await second.goTo("end");
    const standstill = await stop(first.page);
    await second.type(", and from the other");
    await until("the first tab stands still", () => standstill.lasts());
    await relay.start();
    await onRelay(second, "text: from the owner, and from the other");
    expect(await standstill.lasts()).toBe(true);
    await standstill.end();
    await onRelay(first, "text: from the owner, and from the other");
    await cameAsTyped(35);
  });
});
