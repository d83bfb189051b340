import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { endHocuspocusClients, HocuspocusClient } from "../harness/hocuspocus-client.ts";
import { endRelays, type RelayProcess, startRelayProcess, temporaryFolder } from "../harness/relay-process.ts";
import { endYClients, YClient } from "../harness/y-client.ts";
import { launchBrowser, obstacles, openDevice, picture } from "./browser.ts";
import { EditorPage } from "./editor-page.ts";

/** Whom the relay shows of a document's people, everybody included. */
const shownMax = 8;

let browser: Browser;
let relay: RelayProcess;

beforeAll(async () => {
  const config = join(temporaryFolder(), "config.json");
  writeFileSync(config, JSON.stringify({ limits: { presenceShownMax: shownMax } }));
  [browser, relay] = await Promise.all([launchBrowser(), startRelayProcess({ args: ["--config", config] })]);
});
afterAll(async () => {
  endHocuspocusClients();
  endYClients();
  await browser.close();
  await endRelays();
});

it("[P11] people with other editors are in the document with one's own, and of a crowd the page shows some and counts the rest", async () => {
  const device = await openDevice(browser, relay.url);
  const editor = await EditorPage.begin(device);
  await editor.type("A crowded room");
  await editor.saved();
  const join = async (index: number): Promise<HocuspocusClient | YClient> => {
    const other = await (index % 2 === 0 ? new HocuspocusClient(relay, editor.room) : new YClient(relay, editor.room)).synced();
    other.awareness.setLocalStateField("user", { name: `Guest ${index}`, color: "#7048e8" });
    return other;
  };
  const few = await Promise.all([0, 1, 2].map(join));
  const badges = () => editor.page.locator(".presence .badge").allInnerTexts();
  await expect.poll(async () => (await badges()).length).toBe(3);
  await expect.poll(() => editor.page.locator(".presence").getAttribute("aria-label")).toBe("3 others are here");

  const others = [...few, ...(await Promise.all(Array.from({ length: 11 }, (_, index) => join(3 + index))))];
  await expect.poll(badges).toContain("+9 more");
  await expect.poll(() => editor.page.locator(".presence").getAttribute("aria-label")).toBe("14 others are here");
  await expect.poll(() => editor.page.locator(".presence .more").getAttribute("title")).toMatch(/\d+ more whose names are not shown$/);
  await picture(editor.page, "crowd");
  expect(await obstacles(editor.page)).toEqual([]);

  for (const other of others.slice(2)) other.end();
  await expect.poll(async () => (await badges()).length, { timeout: 10_000 }).toBe(2);
  await expect.poll(() => editor.page.locator(".presence").getAttribute("aria-label")).toBe("2 others are here");
  expect(device.faults).toEqual([]);
  await device.context.close();
});
