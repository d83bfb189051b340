import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { endRelays, type RelayProcess, startRelayProcess } from "../harness/relay-process.ts";
import { launchBrowser, openDevice } from "./browser.ts";

let browser: Browser;
let relay: RelayProcess;

beforeAll(async () => {
  [browser, relay] = await Promise.all([launchBrowser(), startRelayProcess()]);
});
afterAll(async () => {
  await browser.close();
  await endRelays();
});

it("everything can be done with the keyboard alone: begin, write, format, look at the details, work offline, delete", async () => {
  const device = await openDevice(browser, relay.url);
  const page = await device.page("/");
  await tabTo(page, "New text");
  await page.keyboard.press("Enter");
  await page.locator(".rich-text .page").waitFor();

  // The title has the focus; Enter leads to the text.
  await page.keyboard.type("By keyboard");
  await page.keyboard.press("Enter");
  await page.keyboard.type("- milk");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  await page.keyboard.type("two bottles");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Enter");
  await page.keyboard.type("plain ");
  await page.keyboard.press("Control+b");
  await page.keyboard.type("bold");
  await page.keyboard.press("Control+b");
  const html = await page.locator(".rich-text .page").evaluate((text) => [...text.children].map((line) => line.outerHTML));
  expect(html[0]).toMatch(/data-list="bullet" data-indent="0"[^>]*>milk/);
  expect(html[1]).toMatch(/data-list="bullet" data-indent="1"[^>]*>two bottles/);
  expect(html[2]).toMatch(/^<p>plain <strong>bold<\/strong>/);

  // Escape leads out of the text into the toolbar, arrows within it, Tab on.
  await page.keyboard.press("Escape");
  await expect.poll(() => focused(page)).toBe("Undo");
  await page.keyboard.press("End");
  await expect.poll(() => focused(page)).toBe("Insert image");
  await page.keyboard.press("Home");
  await expect.poll(() => focused(page)).toBe("Undo");
  await page.keyboard.press("Tab");
  await expect.poll(() => focused(page)).toBe("Document text");
  await tabTo(page, "Work offline");
  await page.keyboard.press("Space");
  await page.getByTestId("status").filter({ hasText: "Working offline" }).waitFor();
  await page.keyboard.press("Space");
  await page.getByTestId("status").filter({ hasText: "Saved on 1 of 1 relay" }).waitFor();
  await tabTo(page, "Details");
  await page.keyboard.press("Enter");
  await expect.poll(() => focused(page)).toBe("Close details");
  await page.keyboard.press("Escape");
  await expect.poll(() => focused(page)).toBe("Details");

  await tabTo(page, "Document menu");
  await page.keyboard.press("Enter");
  await tabTo(page, "Delete…");
  await page.keyboard.press("Enter");
  await tabTo(page, "Delete");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Documents", exact: true }).waitFor();
  expect(device.faults).toEqual([]);
  await device.context.close();
});

it("code keeps Tab for itself until Escape", async () => {
  const device = await openDevice(browser, relay.url);
  const page = await device.page("/");
  await tabTo(page, "New code document");
  await page.keyboard.press("Enter");
  await page.locator(".cm-content").waitFor();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  await page.keyboard.type("indented");
  await expect.poll(() => page.locator(".cm-line").first().innerText()).toBe("  indented");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Tab");
  await expect.poll(() => focused(page)).not.toBe("Code");
  expect(device.faults).toEqual([]);
  await device.context.close();
});

/** Presses Tab until the focus is on what is called so. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let presses = 0; presses < 60; presses += 1) {
    if ((await focused(page)) === name) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`Tab does not lead to “${name}”`);
}

async function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    const element = document.activeElement as HTMLElement | null;
    const label = element?.closest("label")?.textContent ?? "";
    return (element?.getAttribute("aria-label") ?? (label === "" ? (element?.textContent ?? "") : label)).trim();
  });
}
