import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { relaysToStart, startMesh } from "../harness/mesh-processes.ts";
import { endRelays, type RelayProcess, startRelayProcess } from "../harness/relay-process.ts";
import { type Device, launchBrowser, obstacles, openDevice, overflow, picture } from "./browser.ts";
import { EditorPage } from "./editor-page.ts";
import { aFile, aPicture, choose, drop, paste, type PictureFile } from "./pictures.ts";
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

async function aDevice(options: BrowserContextOptions = {}, at: Pick<RelayProcess, "url"> = relay): Promise<Device> {
  return devices.note(await openDevice(browser, at.url, options));
}

/** A text with a line, in which one stands. */
async function aText(device: Device, words = "before"): Promise<EditorPage> {
  const editor = await EditorPage.begin(device);
  await editor.focusText();
  await editor.type(words);
  return editor;
}

/** Until that many images are on the page as what they are; their sizes. */
async function shown(page: Page, count: number): Promise<readonly (readonly [number, number])[]> {
  const sizes = () =>
    page
      .locator(".image[data-state=shown] img")
      .evaluateAll((images) =>
        (images as HTMLImageElement[])
          .filter(({ complete, naturalWidth }) => complete && naturalWidth > 0)
          .map((image) => [image.naturalWidth, image.naturalHeight] as [number, number]),
      );
  await expect.poll(async () => (await sizes()).length, { timeout: 15_000 }).toBe(count);
  return sizes();
}

const notice = (page: Page): Promise<string> => page.locator(".notice p").first().innerText();

describe("an image", () => {
  it("is pasted, dropped or chosen, goes below the line, is saved, and somebody else sees it", async () => {
    const editor = await aText(await aDevice(), "one\ntwo");
    await paste(editor, [aPicture({ width: 300, height: 120 })]);
    expect(await shown(editor.page, 1)).toEqual([[300, 120]]);
    await editor.type("typed on");
    await drop(editor, [aPicture({ width: 200, height: 90, tint: 1 })], 0);
    expect(await shown(editor.page, 2)).toEqual([
      [200, 90],
      [300, 120],
    ]);
    await choose(editor, [aPicture({ width: 100, height: 50, tint: 2 }), aPicture({ width: 110, height: 50, tint: 3 })]);
    await shown(editor.page, 4);
    expect(await editor.kinds()).toEqual(["p", "figure", "p", "figure", "figure", "figure", "p"]);
    await editor.saved();
    const other = await EditorPage.open(await aDevice(), editor.path);
    expect(await shown(other.page, 4)).toEqual([
      [200, 90],
      [100, 50],
      [110, 50],
      [300, 120],
    ]);
    // Whoever looks at its description, and writes none, leaves what others write.
    for (const { page } of [editor, other]) {
      await page.locator(".image").first().click();
      await page.keyboard.press("Tab");
    }
    await other.page.keyboard.type("theirs");
    await other.page.keyboard.press("Enter");
    const described = editor.page.getByRole("img", { name: "theirs" });
    await described.waitFor();
    await editor.page.keyboard.press("Enter");
    await editor.saved();
    expect(await described.count()).toBe(1);
  });

  it("[P2] [P7] that is pasted offline is there after a reload, and is not called saved before it is", async () => {
    const device = await aDevice();
    const editor = await aText(device);
    await editor.saved();
    await editor.workOffline(true);
    await paste(editor, [aPicture()]);
    await shown(editor.page, 1);
    await editor.says(/Working offline · .*1 image (not|on this device, not yet) sent/);
    await picture(editor.page, "image-offline");
    await editor.page.reload();
    await editor.ready();
    await shown(editor.page, 1);
    await editor.says("1 image");
    await editor.workOffline(false);
    await editor.saved();
    const other = await EditorPage.open(await aDevice(), editor.path);
    await shown(other.page, 1);
  });

  it("is shown offline once it was seen, says why where it was not, and comes by itself", async () => {
    const editor = await aText(await aDevice());
    await paste(editor, [aPicture({ width: 640, height: 260 })]);
    await editor.saved();
    const device = await aDevice();
    const other = await EditorPage.open(device, editor.path);
    await shown(other.page, 1);
    await other.workOffline(true);
    await other.page.reload();
    await shown(other.page, 1);
    await other.workOffline(false);
    await other.saved();
    await device.context.route(/\/blobs\//, (route) => route.abort());
    await editor.focusText();
    await paste(editor, [aPicture({ width: 480, height: 200, tint: 2 })]);
    await editor.saved();
    const words = other.page.locator(".image[data-state=failed]");
    await words.waitFor();
    expect(await words.innerText()).toBe("The relay could not fetch this image. It is tried again.");
    const place = await words.locator(".image-frame").boundingBox();
    await picture(other.page, "image-missing");
    await other.workOffline(true);
    await other.page.reload();
    await words.waitFor();
    expect(await words.innerText()).toContain("not on this device yet");
    await picture(other.page, "image-not-here");
    await device.context.unroute(/\/blobs\//);
    await other.workOffline(false);
    await shown(other.page, 2);
    expect(await other.page.locator(".image-frame").nth(1).boundingBox()).toEqual(place);
  });

  it("is described by the keyboard alone, is undone, and goes with the caret behind it", async () => {
    const device = await aDevice();
    const editor = await aText(device);
    await paste(editor, [aPicture()]);
    await shown(editor.page, 1);
    await editor.press("ArrowUp", "Tab");
    await editor.type("A meadow");
    await picture(editor.page, "image-described");
    expect(await obstacles(editor.page)).toEqual([]);
    await editor.press("Enter");
    expect(await editor.page.getByRole("img", { name: "A meadow" }).count()).toBe(1);
    await editor.type("below it");
    expect(await editor.lines()).toEqual(["before", expect.any(String), "below it", ""]);
    await editor.press("Home", "Backspace");
    expect(await editor.page.locator(".image").count()).toBe(0);
    await editor.press("Control+z");
    await shown(editor.page, 1);
    await editor.saved();
  });

  it("is copied within a document and into another one, with its bytes", async () => {
    const device = await aDevice();
    const editor = await aText(device);
    await paste(editor, [aPicture()]);
    await shown(editor.page, 1);
    await editor.press("Control+a");
    const html = await editor.page.locator(".rich-text .page").evaluate((text) => {
      const data = new DataTransfer();
      text.dispatchEvent(new ClipboardEvent("copy", { bubbles: true, cancelable: true, clipboardData: data }));
      return data.getData("text/html");
    });
    expect(html).toContain("data-blob");
    const other = await aText(device, "another document");
    await paste(other, [], html);
    await shown(other.page, 1);
    await other.saved();
    const stranger = await EditorPage.open(await aDevice(), other.path);
    await shown(stranger.page, 1);
    // Dragged, in place of copied.
    const third = await aText(device, "a third one");
    await drop(third, [], 0, html);
    await shown(third.page, 1);
    await third.saved();
    const another = await EditorPage.open(await aDevice(), third.path);
    await shown(another.page, 1);
  });
});

it("[P2] is seen by somebody at another relay, and by whoever comes when the relay that took it is gone", async () => {
  const names = ["a", "b", "c"];
  const relays = await relaysToStart({ a: names, b: names, c: names });
  await startMesh(Object.values(relays));
  const editor = await aText(await aDevice({}, relays["a"]));
  await paste(editor, [aPicture({ width: 210, height: 140 })]);
  await editor.says(/^Saved on [23] of 3 relays$/, 30_000);
  const other = await EditorPage.open(await aDevice({}, relays["b"]), editor.path);
  expect(await shown(other.page, 1)).toEqual([[210, 140]]);
  await relays["a"]!.end("SIGKILL");
  const late = await EditorPage.open(await aDevice({}, relays["c"]), editor.path);
  expect(await shown(late.page, 1)).toEqual([[210, 140]]);
  // The page of the relay that is gone goes on at another one, and puts in another image there.
  await paste(editor, [aPicture({ width: 120, height: 60, tint: 1 })]);
  await editor.says(/^Saved on [23] of 3 relays$/, 40_000);
  await shown(late.page, 2);
  // Three relays begin, and four pages.
}, 180_000);

describe("what is not taken is said", () => {
  it("of a file that is no such image, is too large or damaged", async () => {
    const editor = await aText(await aDevice());
    const refusals: readonly (readonly [PictureFile, string])[] = [
      [
        aFile("drawing.svg", "image/svg+xml", "<svg xmlns='http://www.w3.org/2000/svg'/>"),
        "“drawing.svg” is an SVG, which may hold programs.",
      ],
      [aFile("notes.pdf", "application/pdf", "%PDF-1.7"), "“notes.pdf” is no PNG, JPEG, GIF, WebP or AVIF image"],
      [aFile("huge.png", "image/png", new Uint8Array(8 * 2 ** 20 + 1)), "“huge.png” has 8.1 MiB; an image may have 8."],
      [aFile("torn.png", "image/png", aPicture().bytes.slice(0, 40)), "“torn.png” cannot be read as an image"],
    ];
    for (const [file, sentence] of refusals) {
      await paste(editor, [file]);
      await expect.poll(() => notice(editor.page)).toContain(sentence);
    }
    expect(await editor.lines()).toEqual(["before"]);
    await editor.saved();
    await picture(editor.page, "image-refused");
  });

  it("and an image of another page is not loaded from there", async () => {
    const device = await aDevice();
    const editor = await aText(device);
    const asked: string[] = [];
    editor.page.on("request", (request) => asked.push(request.url()));
    await paste(editor, [], '<p>words <img src="https://elsewhere.example/p.png"></p>');
    await expect.poll(() => notice(editor.page)).toContain("1 image of another page was left out.");
    await editor.saved();
    // A moment in which a browser would have asked.
    await editor.page.waitForTimeout(500);
    expect(asked.filter((url) => url.includes("elsewhere"))).toEqual([]);
    expect((await editor.lines()).join(" ")).toContain("words");
    expect(await editor.page.locator(".rich-text .page img[src]").count()).toBe(0);
  });
});

describe.each(["light", "dark"] as const)("in %s colours", (colorScheme) => {
  it("nothing is wider than a phone, and axe finds nothing serious", async () => {
    const device = await aDevice({ colorScheme, viewport: { width: 360, height: 720 } });
    const editor = await aText(device, "A wide and a tall one:");
    await paste(editor, [aPicture({ width: 1_600, height: 500 }), aPicture({ width: 400, height: 1_800, tint: 1 })]);
    await shown(editor.page, 2);
    await editor.page.locator(".image").first().click();
    await picture(editor.page, `image-phone-${colorScheme}`);
    expect(await overflow(editor.page)).toBe(0);
    expect(await obstacles(editor.page)).toEqual([]);
  });
});
