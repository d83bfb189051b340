import { resolve } from "node:path";
import type { Browser, BrowserContextOptions } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { endRelays, projectRoot, type RelayProcess, startRelayProcess } from "../harness/relay-process.ts";
import { type Device, launchBrowser, obstacles, openDevice, overflow, picture } from "./browser.ts";
import { EditorPage } from "./editor-page.ts";
import { TestDevices } from "./test-devices.ts";

let browser: Browser;
let relay: RelayProcess;
const devices = new TestDevices();
let text: string;
let code: string;

beforeAll(async () => {
  [browser, relay] = await Promise.all([launchBrowser(), startRelayProcess()]);
  const device = await openDevice(browser, relay.url);
  text = await writeNotes(device);
  code = await writeCode(device);
  await device.context.close();
});
afterAll(async () => {
  await browser.close();
  await endRelays();
});

async function aDevice(options: BrowserContextOptions = {}): Promise<Device> {
  return devices.note(await openDevice(browser, relay.url, options));
}

describe.each(["light", "dark"] as const)("in %s colours", (colorScheme) => {
  it("axe finds nothing serious on the start page, a text with details and a menu, and a code document", async () => {
    const device = await aDevice({ colorScheme, reducedMotion: "reduce" });
    const start = await device.page("/");
    await start.locator(".document-row").first().waitFor();
    await picture(start, `start-${colorScheme}`);
    expect(await obstacles(start)).toEqual([]);

    const editor = await EditorPage.open(device, text);
    const other = await EditorPage.open(await aDevice(), text);
    await other.stand(0);
    await editor.stand(1);
    await expect.poll(() => editor.page.locator(".caret-name").count()).toBe(1);
    await editor.saved();
    await picture(editor.page, `text-${colorScheme}`);
    expect(await obstacles(editor.page)).toEqual([]);
    await editor.page.getByRole("button", { name: "Details" }).click();
    await editor.page.getByRole("button", { name: "Document menu" }).click();
    await picture(editor.page, `details-${colorScheme}`);
    expect(await obstacles(editor.page)).toEqual([]);

    const program = await EditorPage.open(device, code);
    await program.page.locator(".cm-line span").first().waitFor();
    await picture(program.page, `code-${colorScheme}`);
    expect(await obstacles(program.page)).toEqual([]);
  });
});

it("fits a phone: nothing is wider than the screen, and everything can be reached", async () => {
  const device = await aDevice({ viewport: { width: 360, height: 720 }, hasTouch: true, isMobile: true });
  const start = await device.page("/");
  await start.locator(".document-row").first().waitFor();
  await picture(start, "start-phone");
  expect(await overflow(start)).toBe(0);
  const editor = await EditorPage.open(device, text);
  await editor.saved();
  await picture(editor.page, "text-phone");
  expect(await overflow(editor.page)).toBe(0);
  expect(await obstacles(editor.page)).toEqual([]);
  await editor.page.getByRole("button", { name: "Details" }).click();
  await picture(editor.page, "details-phone");
});

it("the chosen colours win over the system's and are kept", async () => {
  const page = await (await aDevice({ colorScheme: "light" })).page("/");
  const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const light = await ground();
  await page.getByRole("button", { name: /^Colours follow the system/ }).click();
  await page.getByRole("button", { name: /^Light colours/ }).click();
  await expect.poll(ground).not.toBe(light);
  const dark = await ground();
  await page.reload();
  await expect.poll(() => ground()).toBe(dark);
});

it("states without content are pages too: nothing yet, nothing found, no relay, no such address", async () => {
  const device = await aDevice();
  const page = await device.page("/");
  await page.getByLabel("Search by title").fill("zzz");
  await page.getByText("Nothing found").waitFor();
  await picture(page, "nothing-found");
  await page.route("**/api/rooms*", (route) => route.abort());
  await page.getByLabel("Search by title").fill("");
  await page.getByText("The relay cannot be reached.").waitFor();
  await picture(page, "no-relay");
  expect(await obstacles(page)).toEqual([]);
});

it("the picture for the readme shows two people's carets", async () => {
  const editor = await EditorPage.open(await aDevice({ viewport: { width: 1200, height: 760 } }), text);
  const [ada, alan] = [await aDevice(), await aDevice()];
  await name(ada, "Ada", 4);
  await name(alan, "Alan", 9);
  const first = await EditorPage.open(ada, text);
  const second = await EditorPage.open(alan, text);
  await first.stand(2);
  await second.stand(5);
  await second.press("Shift+Home");
  await expect.poll(() => editor.page.locator(".caret-name").count()).toBe(2);
  await editor.saved();
  await editor.page.locator(".rich-text .page").evaluate((page: HTMLElement) => page.blur());
  await picture(editor.page, "readme");
  if (process.env["INKMESH_SCREENSHOT"] === "1") await editor.page.screenshot({ path: resolve(projectRoot, "docs/screenshot.png") });
});

async function name(device: Device, called: string, color: number): Promise<void> {
  const page = await device.page("/");
  await page.getByRole("button", { name: /^You are/ }).click();
  await page.getByRole("textbox", { name: "Name" }).fill(called);
  await page.getByLabel(`Colour ${color}`, { exact: true }).check();
  await page.getByRole("button", { name: "Done" }).click();
  await page.close();
}

async function writeNotes(device: Device): Promise<string> {
  const editor = await EditorPage.begin(device);
  await editor.type("A relay in the attic");
  await editor.focusText();
  await editor.type("# What we want\n");
  await editor.type(
    "A place to write **together** that nobody else owns. It runs on the old laptop upstairs, and says *saved* only when the disk says so.\n",
  );
  await editor.type("## Before Sunday\n");
  await editor.type("[x] Find the charger\nMove the laptop next to the router\nTry it with `kill -9` while somebody types\n");
  await editor.press("Enter");
  await editor.type("> “Gone means gone, and saved means saved.”\n");
  await editor.press("Enter");
  await editor.type("1. Start one relay\nOpen it in two tabs\nPull the plug\n");
  await editor.press("Enter");
  await editor.page.getByRole("button", { name: "Insert table" }).click();
  await editor.type("What");
  await editor.press("Tab");
  await editor.type("Who");
  await editor.press("Tab");
  await editor.type("When");
  await editor.saved();
  const { path } = editor;
  await editor.page.waitForTimeout(1_200); // The title is copied to the relay's list once it has settled.
  await editor.page.close();
  return path;
}

async function writeCode(device: Device): Promise<string> {
  const editor = await EditorPage.begin(device, "New code document");
  await editor.type("sieve.py");
  await editor.page.getByLabel("Language").selectOption("python");
  await editor.focusText();
  const lines = [
    "def primes(limit):",
    "# the sieve of Eratosthenes",
    "seen = set()",
    "for n in range(2, limit):",
    "if n not in seen:",
    "yield n",
    "seen.update(range(n * n, limit, n))",
  ];
  for (const line of lines) await editor.type(`${line}\n`);
  await editor.saved();
  const { path } = editor;
  await editor.page.waitForTimeout(1_200); // As above.
  await editor.page.close();
  return path;
}
