/** The walk of docs/offline.md, step by step. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { endRelays, type RelayProcess, startRelayProcess, temporaryFolder } from "../harness/relay-process.ts";
import { type Device, keptByDevice, launchBrowser, obstacles, openDevice, openProfile, overflow, picture } from "./browser.ts";
import { EditorPage } from "./editor-page.ts";
import { TestDevices } from "./test-devices.ts";

let browser: Browser;
let relay: RelayProcess;
const devices = new TestDevices(endRelays);

beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser.close();
});
beforeEach(async () => {
  relay = await startRelayProcess();
});

async function aDevice(options = {}): Promise<Device> {
  return devices.note(await openDevice(browser, relay.url, options));
}

/** A document of two lines in one window, and the same in a private one. */
async function aDocument(device: Device): Promise<{ first: EditorPage; hidden: EditorPage }> {
  const first = await EditorPage.begin(device);
  await first.type("A walk");
  await first.focusText();
  await first.type("one\ntwo");
  await first.saved();
  const hidden = await EditorPage.open(await aDevice(), first.path);
  await hidden.shows(["one", "two"]);
  return { first, hidden };
}

it("[P7] 1. one writes offline, the other does not", async () => {
  const { first, hidden } = await aDocument(await aDevice());
  await hidden.stand(1);
  await expect.poll(() => first.page.locator(".caret-name").count()).toBe(1);
  await first.workOffline(true);
  await first.stand(0);
  await first.type(", written offline");
  await first.says(/^Working offline · \d+ edits on this device, not yet sent$/);
  await hidden.stand(1);
  await hidden.type(", written meanwhile");
  await hidden.saved();
  await hidden.shows(["one", "two, written meanwhile"]);
  await first.workOffline(false);
  for (const window of [first, hidden]) {
    await window.shows(["one, written offline", "two, written meanwhile"]);
    await window.saved();
  }
});

it("[P7] 2. several tabs of one browser are offline: they agree at once, and what a closed one left is sent", async () => {
  const device = await aDevice();
  const { first, hidden } = await aDocument(device);
  const second = await EditorPage.open(device, first.path);
  await first.workOffline(true);
  await second.workOffline(true);
  await second.stand(1);
  await second.type(" from the second tab");
  await first.shows(["one", "two from the second tab"]);
  await second.page.close();
  await hidden.shows(["one", "two"]);
  await first.workOffline(false);
  await first.saved();
  await hidden.shows(["one", "two from the second tab"]);
});

it("[P7] 3. no relay at all: a reload, a browser started anew, and the relay back", async () => {
  const profile = temporaryFolder("profile");
  const device = devices.note(await openProfile(profile, relay.url));
  const { first, hidden } = await aDocument(device);
  await keptByDevice(first.page);
  await relay.end("SIGINT");
  await first.says(/^(Offline|Connecting…)/);
  await first.stand(1);
  await first.type(" alone");
  await first.says(/^(Offline|Connecting…) · \d+ edits on this device, not yet sent$/);
  await first.page.reload();
  await first.ready();
  await first.shows(["one", "two alone"]);
  await device.context.close();

  const later = devices.note(await openProfile(profile, relay.url));
  const start = await later.page("/");
  await start
    .getByText(
      /The relay cannot be reached\. These are the documents on this device\. \d+ edits in one document wait to be sent, since \d\d:\d\d\./,
    )
    .waitFor();
  await start.getByRole("link", { name: /A walk/ }).click();
  const again = await EditorPage.open(later, first.path);
  await again.stand(0);
  await again.type(" more");
  await again.says(/not yet sent$/);
  await relay.start();
  await again.saved(30_000);
  await hidden.shows(["one more", "two alone"]);
});

describe("4. a slow line that breaks", () => {
  it("[P7] what is typed on it comes late, in order, once, though it breaks with words under way; also after the tab was closed", async () => {
    const device = await aDevice();
    // Chance is the test's: each message takes one second, and each line lasts ten.
    await device.context.addInitScript(() => Object.assign(Math, { random: () => 0 }));
    const opened: string[] = [];
    const { first, hidden } = await aDocument(device);
    first.page.on("websocket", (socket) => opened.push(socket.url()));
    await first.page.getByRole("button", { name: "Document menu" }).click();
    await first.page.getByRole("button", { name: "Try a bad network…" }).click();
    await first.page.getByRole("switch", { name: "A slow line that breaks" }).setChecked(true, { force: true });
    await first.page.getByRole("button", { name: "Done" }).click();
    await first.page.getByRole("button", { name: "Slow line. Change" }).waitFor();
    await expect.poll(() => opened.length, { timeout: 10_000 }).toBe(1);
    await first.saved();

    await first.stand(1);
    await first.type(" and late");
    await first.says(/^Saving \d+ edits…$/);
    await expect.poll(() => hidden.lines()).toEqual(["one", "two"]);
    await hidden.shows(["one", "two and late"]);
    await first.saved();

    const words = " the quick brown fox jumps over the lazy dog, and then over the broken line, and over the next one, too";
    await first.type(words, 200);
    expect(opened.length).toBeGreaterThanOrEqual(3);
    await hidden.shows(["one", `two and late${words}`], 30_000);
    await first.type(" and th");
    await first.page.close();
    const again = await EditorPage.open(device, first.path);
    await again.shows(["one", `two and late${words} and th`]);
    await hidden.shows(["one", `two and late${words} and th`]);
    await again.saved();
  });

  it("is still slow after a reload of the tab, and not in another tab", async () => {
    const device = await aDevice();
    const start = await device.page("/");
    await start.getByRole("button", { name: "Try a bad network…" }).click();
    await start.getByRole("switch", { name: "A slow line that breaks" }).setChecked(true, { force: true });
    await start.getByRole("button", { name: "Done" }).click();
    await start.reload();
    await start.getByRole("button", { name: "Try a bad network…" }).click();
    await expect.poll(() => start.getByRole("switch", { name: "A slow line that breaks" }).isChecked()).toBe(true);
    const other = await EditorPage.begin(device);
    await other.saved();
    expect(await other.page.getByRole("button", { name: "Slow line. Change" }).count()).toBe(0);
    await other.page.getByRole("button", { name: "Details" }).click();
    await other.page.getByText("yes, also after the browser was closed").waitFor();
  });
});

it.each([
  ["light", { width: 390, height: 844 }],
  ["dark", { width: 1200, height: 800 }],
] as const)(
  "the dialog and the foot with a slow line fit the screen, and axe finds nothing serious (%s)",
  async (colorScheme, viewport) => {
    const device = await aDevice({ viewport, colorScheme, reducedMotion: "reduce" });
    const editor = await EditorPage.begin(device);
    await editor.page.getByRole("button", { name: "Document menu" }).click();
    await editor.page.getByRole("button", { name: "Try a bad network…" }).click();
    await editor.page.getByRole("switch", { name: "A slow line that breaks" }).setChecked(true, { force: true });
    await picture(editor.page, `try-it-${colorScheme}`);
    expect(await overflow(editor.page)).toBe(0);
    expect(await obstacles(editor.page)).toEqual([]);
    await editor.page.getByRole("button", { name: "Done" }).click();
    await editor.page.getByRole("dialog").waitFor({ state: "hidden" });
    await editor.page.getByRole("switch", { name: "Work offline" }).setChecked(true, { force: true });
    await editor.focusText();
    await editor.type("waiting words");
    await editor.says(/not yet sent$/);
    await picture(editor.page, `slow-line-${colorScheme}`);
    expect(await overflow(editor.page)).toBe(0);
    expect(await obstacles(editor.page)).toEqual([]);
  },
);
