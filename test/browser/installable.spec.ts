import { type Browser, type Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { endRelays, type RelayProcess, startRelayProcess, temporaryFolder } from "../harness/relay-process.ts";
import { type Device, keptByDevice, launchBrowser, obstacles, openDevice, openProfile, overflow, picture } from "./browser.ts";
import { EditorPage } from "./editor-page.ts";
import { TestDevices } from "./test-devices.ts";

const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
const offlineBanner = "The relay cannot be reached. These are the documents on this device.";

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

async function aProfile(folder: string): Promise<Device> {
  return devices.note(await openProfile(folder, relay.url));
}

it("[P7] with the relay down every document opened before opens, reads and takes edits: after a reload, and in a browser started anew", async () => {
  const profile = temporaryFolder("profile");
  let device = await aProfile(profile);
  const text = await EditorPage.begin(device);
  await text.type("Logbook");
  await text.focusText();
  await text.type("# Monday\nFog until ten; ümlauts, 日本語 and 🜁.\n[ ] Paint the boat\n");
  await text.saved();
  const code = await EditorPage.begin(device, "New code document");
  await code.type("tide.py");
  await code.page.getByLabel("Language").selectOption("python");
  await code.focusText();
  await code.type("def tide(hour):");
  await code.page.locator(".cm-line span").first().waitFor(); // The language is there, and with it its indentation.
  await code.type("\nreturn hour % 12");
  await code.saved();
  const [lines, program] = [await text.lines(), await code.code()];
  expect(lines).toEqual(["Monday", "Fog until ten; ümlauts, 日本語 and 🜁.", "Paint the boat", ""]);
  await keptByDevice(text.page);
  await relay.end("SIGKILL");

  await Promise.all([text.page.reload(), code.page.reload()]);
  await Promise.all([text.ready(), code.ready()]);
  await text.shows(lines);
  await expect.poll(() => code.code()).toEqual(program);
  await text.stand(1);
  await text.type(" Wind from the west.");
  await text.says(/\d+ edits on this device, not yet sent$/);
  const { path } = text;
  await device.context.close();

  device = await aProfile(profile);
  const again = await EditorPage.open(device, path);
  const edited = lines.map((line, index) => (index === 1 ? `${line} Wind from the west.` : line));
  await again.shows(edited);
  await again.stand(2);
  await again.type(", red");
  await again.says(/\d+ edits on this device, not yet sent$/);
  const programAgain = await EditorPage.open(device, code.path);
  await expect.poll(() => programAgain.code()).toEqual(program);
  await device.context.close();

  await relay.start();
  device = await aProfile(profile);
  const back = await EditorPage.open(device, path);
  const all = edited.map((line, index) => (index === 2 ? `${line}, red` : line));
  await back.shows(all);
  await back.saved();
  const elsewhere = await EditorPage.open(await aDevice(), path);
  await elsewhere.shows(all);
});

it("[P7] without a relay the start page shows what is on this device, what waits to be sent, and since when", async () => {
  const device = await aDevice(phone);
  const editor = await EditorPage.begin(device);
  await editor.type("Shopping");
  await editor.focusText();
  await editor.type("milk");
  await editor.saved();
  const quiet = await EditorPage.begin(device);
  await quiet.type("Finished");
  await quiet.saved();
  await quiet.page.close();
  await keptByDevice(editor.page);
  await relay.end("SIGKILL");
  await editor.says(/^(Offline|Connecting…)/);
  const before = clock();
  await editor.type(" and bread");
  const waiting = `${" and bread".length} edits`;
  await editor.says(`${waiting} on this device, not yet sent`);
  await editor.page.close();

  const start = await device.page("/");
  await start.getByText(offlineBanner).waitFor();
  const since = new RegExp(`${waiting} waiting to be sent since (${before}|${clock()})$`);
  await expect.poll(() => start.getByRole("link", { name: "Shopping" }).locator(".row-note").innerText()).toMatch(since);
  await expect.poll(() => start.getByRole("link", { name: "Finished" }).locator(".row-note").innerText()).toBe("On this device");
  const banner = start.getByRole("status").filter({ hasText: offlineBanner });
  await expect
    .poll(() => banner.innerText())
    .toMatch(new RegExp(`${waiting} in one document wait to be sent, since (${before}|${clock()})\\.`));
  await picture(start, "start-offline-phone");
  expect(await overflow(start)).toBe(0);
  expect(await obstacles(start)).toEqual([]);

  await relay.start();
  await start.getByText(offlineBanner).waitFor({ state: "hidden", timeout: 30_000 });
  await expect.poll(() => start.getByText("waiting to be sent").count(), { timeout: 30_000 }).toBe(0);
});

it("[P7] a browser that threw away the site's data gets app and document again, without a reload of the page", async () => {
  const device = await aDevice();
  const editor = await EditorPage.begin(device);
  await editor.focusText();
  await editor.type("still here");
  await editor.saved();
  await keptByDevice(editor.page);
  await editor.page.evaluate(() => Object.assign(window, { isStill: true }));
  const session = await device.context.newCDPSession(editor.page);
  await session.send("Storage.clearDataForOrigin", { origin: relay.url, storageTypes: "all" });
  await editor.page.getByText("This browser had removed what it kept of your documents.").waitFor();
  await keptByDevice(editor.page);
  expect(await editor.page.evaluate(() => "isStill" in window)).toBe(true);
  await editor.page.getByRole("button", { name: "Details" }).click();
  await editor.page.getByText("yes, also after the browser was closed").waitFor();
  await relay.end("SIGKILL");
  await editor.page.reload();
  await editor.ready();
  await editor.shows(["still here"]);
});

it("can be installed: the browser finds nothing wrong with the manifest, and every icon is what it says", async () => {
  const page = await (await aDevice()).page("/");
  await keptByDevice(page);
  const session = await page.context().newCDPSession(page);
  const { errors, data } = await session.send("Page.getAppManifest");
  expect(errors).toEqual([]);
  const { installabilityErrors } = await session.send("Page.getInstallabilityErrors");
  // A context of Playwright's is a private window to the browser; nothing else may be in the way.
  expect(installabilityErrors.filter(({ errorId }) => errorId !== "in-incognito")).toEqual([]);
  const manifest = JSON.parse(data ?? "") as { icons: { src: string; sizes: string; type: string }[] } & Record<string, unknown>;
  expect(manifest).toMatchObject({ name: "Inkmesh", display: "standalone", start_url: "/", scope: "/" });
  for (const { src, sizes, type } of manifest.icons) expect([src, ...(await sizeOf(page, src))]).toEqual([src, type, sizes]);
});

it("only the app's own pages are answered by the device: what is missing is missing, and the relay's answers are the relay's", async () => {
  const page = await (await aDevice()).page("/");
  await keptByDevice(page);
  const missing = ["/assets/x.js", "/favicon-nope.png", "/nope", "/d", "/api/nope"];
  expect(await statuses(page, missing)).toEqual(missing.map(() => 404));
  const relays = ["/health", "/ready", "/metrics", "/api/rooms", "/api/mesh"];
  expect(await statuses(page, relays)).toEqual(relays.map(() => 200));
  const other = await page.context().newPage();
  expect(await (await other.goto("/assets/x.js"))?.status()).toBe(404);
  expect(await (await other.goto("/health"))?.headerValue("content-type")).toContain("application/json");
  await relay.end("SIGKILL");
  expect(await statuses(page, [...missing, ...relays])).toEqual([...missing, ...relays].map(() => "unreachable"));
  for (const path of ["/nope", "/health", "/api/rooms", "/metrics"]) {
    // A page of its own each: the browser's error page would still be on its way.
    const lost = await page.context().newPage();
    await expect(lost.goto(path), path).rejects.toThrow("ERR_CONNECTION_REFUSED");
    await lost.close();
  }
  for (const path of ["/", "/?from=home", "/d/never%20seen"]) expect((await page.goto(path))?.status(), path).toBe(200);
  await page.getByText("This document is not on this device yet").waitFor();
});

/** The time as the page says it. */
function clock(): string {
  return new Date().toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
}

async function statuses(page: Page, paths: readonly string[]): Promise<readonly (number | "unreachable")[]> {
  return page.evaluate(
    (all) =>
      Promise.all(
        all.map(async (path) => {
          try {
            return (await fetch(path)).status;
          } catch {
            return "unreachable" as const;
          }
        }),
      ),
    paths,
  );
}

/** Type and size of an image: "any" for one without pixels. */
async function sizeOf(page: Page, src: string): Promise<readonly [string, string]> {
  return page.evaluate(async (address) => {
    const blob = await (await fetch(address)).blob();
    if (blob.type.startsWith("image/svg")) return ["image/svg+xml", "any"] as const;
    const { width, height } = await createImageBitmap(blob);
    return [blob.type, `${width}x${height}`] as const;
  }, src);
}
