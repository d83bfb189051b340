import type { Browser, BrowserContextOptions, CDPSession } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { contentOf } from "../harness/relay-api.ts";
import { endRelays, type RelayProcess, startRelayProcess } from "../harness/relay-process.ts";
import { pause } from "../harness/until.ts";
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

async function aDevice(options: BrowserContextOptions = {}): Promise<Device> {
  return devices.note(await openDevice(browser, relay.url, options));
}

/** Two devices that have a document with these lines open, saved. */
async function two(lines: string, options: { kind?: "New text" | "New code document"; right?: BrowserContextOptions } = {}) {
  const left = await EditorPage.begin(await aDevice(), options.kind);
  await left.focusText();
  await left.type(lines);
  await left.saved();
  const right = await EditorPage.open(await aDevice(options.right), left.path);
  await right.saved();
  return { left, right };
}

/** The status says that so many edits wait, and no more. */
async function waits(editor: EditorPage, edits: number): Promise<void> {
  await editor.says(new RegExp(`(^|\\D)${edits} edits on this device, not yet sent$`));
}

/** The page says this at its foot. */
async function notes(editor: EditorPage, words: string): Promise<void> {
  await expect.poll(() => editor.page.locator(".notice p").allInnerTexts(), { timeout: 7_000, interval: 20 }).toEqual([words]);
}

describe("[P7] when the line comes back", () => {
  it("two devices that typed hundreds of edits without one have all of them, once, and each is told how many", async () => {
    const { left, right } = await two("left: \nright: ", { right: { viewport: { width: 360, height: 720 } } });
    const typed = { left: "0123456789".repeat(20), right: "abcdefghij".repeat(20) };
    await Promise.all([left.workOffline(true), right.workOffline(true)]);
    await left.stand(0);
    await left.type(typed.left);
    await right.stand(1);
    await right.type(typed.right);
    for (const editor of [left, right]) await waits(editor, 200);
    // An absence shorter than 2 s is none; typing took longer, but a fast machine may not.
    await pause(1_000);
    await left.workOffline(false);
    await notes(left, "200 of your edits sent");
    await right.workOffline(false);
    await notes(right, "200 of your edits sent, 200 merged");
    await picture(right.page, "reconnect-phone");
    expect(await right.page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0);
    const merged = [`left: ${typed.left}`, `right: ${typed.right}`];
    await Promise.all([left.saved(), right.saved()]);
    await left.shows(merged);
    await right.shows(merged);
    expect(await contentOf(relay, left.room)).toBe(merged.join("\n"));
  });

  it("edits that only delete are sent and merged like any other", async () => {
    const { left, right } = await two("keep this, not that\nand this line, not the end");
    await Promise.all([left.workOffline(true), right.workOffline(true)]);
    await left.stand(0);
    for (let letter = 0; letter < ", not that".length; letter++) await left.press("Backspace");
    await right.stand(1);
    for (let letter = 0; letter < ", not the end".length; letter++) await right.press("Backspace");
    await waits(left, 10);
    await waits(right, 13);
    await pause(2_000); // An absence shorter than that is none.
    await left.workOffline(false);
    await notes(left, "10 of your edits sent");
    await right.workOffline(false);
    await notes(right, "13 of your edits sent, 10 merged");
    for (const editor of [left, right]) await editor.shows(["keep this", "and this line"]);
    await left.saved();
    expect(await contentOf(relay, left.room)).toBe("keep this\nand this line");
  });

  it("what was only missed is said, and a blink with nothing in it is not", async () => {
    const { left, right } = await two("text");
    await right.workOffline(true);
    await left.stand(0);
    await left.type(" typed");
    await left.saved();
    await pause(2_000); // An absence shorter than that is none.
    await right.workOffline(false);
    await notes(right, "6 edits of others merged");
    await right.page.getByRole("button", { name: "Dismiss" }).click();
    await right.workOffline(true);
    await pause(2_000);
    await right.workOffline(false);
    await right.saved();
    await pause(500); // Time for a notice that must not come.
    expect(await right.page.locator(".notice").count()).toBe(0);
  });
});

/** Where an element's top is on the screen, and what is selected. */
async function sight(editor: EditorPage, line: string): Promise<{ top: number; selected: string }> {
  const top = (await editor.page.getByText(line, { exact: true }).last().boundingBox())?.y;
  return { top: Math.round(top ?? Number.NaN), selected: await editor.page.evaluate(() => getSelection()?.toString() ?? "") };
}

describe("[P7] what comes in leaves caret, selection and scroll where they are", () => {
  it.each(["New text", "New code document"] as const)(
    "%s: many lines come in above what one looks at, with the caret there and without",
    async (kind) => {
      const lines = Array.from({ length: 60 }, (_, index) => `item${index};`);
      const { left, right } = await two(lines.join("\n"), { kind });
      const line30 = right.page.getByText("item30;", { exact: true }).last();
      await line30.scrollIntoViewIfNeeded();
      await line30.click();
      await right.press("Home", "Shift+End");
      let expected = [...lines];
      for (const round of ["with the caret", "without"] as const) {
        if (round === "without") {
          await right.page.getByRole("textbox", { name: /title/i }).focus();
          await line30.scrollIntoViewIfNeeded();
          await right.page.mouse.wheel(0, 300);
          await right.page.waitForTimeout(200); // The wheel scrolls smoothly.
        }
        const before = await sight(right, "item30;");
        const above = Array.from({ length: 12 }, (_, index) => `above${index}${round === "without" ? "b" : ""};`);
        await left.workOffline(true);
        await left.goTo("first line");
        await left.type(`\n${above.join("\n")}`);
        await left.workOffline(false);
        await left.saved();
        expected = [expected[0]!, ...above, ...expected.slice(1)];
        const text = async () => (kind === "New text" ? (await right.lines()).join("\n") : right.wholeCode());
        await expect.poll(text, { timeout: 5_000 }).toBe(expected.join("\n"));
        await right.page.evaluate(() => new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted))));
        const after = await sight(right, "item30;");
        expect(Math.abs(after.top - before.top)).toBeLessThanOrEqual(2);
        if (round === "with the caret") expect([before.selected, after.selected]).toEqual(["item30;", "item30;"]);
      }
      await line30.click();
      await right.press("Home", "Shift+End");
      await right.type("typed over");
      await right.saved();
      expect(await contentOf(relay, left.room)).toBe(expected.join("\n").replace("item30;", "typed over"));
    },
  );
});

describe("[P1] an input method composes while others type around it", () => {
  /** The text of either kind of document. */
  const read = async (editor: EditorPage): Promise<string> =>
    (await editor.page.locator(".cm-content").count()) > 0 ? editor.wholeCode() : (await editor.lines()).join("\n");
  async function reads(editor: EditorPage, text: string): Promise<void> {
    await expect.poll(() => read(editor), { timeout: 10_000 }).toBe(text);
  }

  async function composing(kind: "New text" | "New code document") {
    const { left, right } = await two("one;\ntwo", { kind });
    await left.goTo("end");
    const ime: CDPSession = await left.page.context().newCDPSession(left.page);
    const compose = (text: string) => ime.send("Input.imeSetComposition", { text, selectionStart: text.length, selectionEnd: text.length });
    await compose("に");
    // Around the composed word: a line before it, and letters right before it in its own line.
    await right.goTo("start");
    await right.type("zero;\n");
    await right.goTo("end");
    await right.press("Home");
    await right.type("and ");
    await right.saved();
    await compose("にほ");
    await compose("にほん");
    await expect.poll(() => read(left)).toBe("one;\ntwoにほん");
    return { left, right, ime, compose };
  }

  it.each(["New text", "New code document"] as const)("%s: the word is not broken off, and all is there when it is done", async (kind) => {
    const { left, right, ime, compose } = await composing(kind);
    await ime.send("Input.insertText", { text: "日本" });
    await compose("ご");
    await compose("ごご");
    await right.press("Home");
    await right.type("so ");
    await right.saved();
    await ime.send("Input.insertText", { text: "午後" });
    for (const editor of [left, right]) await reads(editor, "zero;\none;\nso and two日本午後");
  });

  it.each(["New text", "New code document"] as const)("%s: a composition that is cancelled shows what was held", async (kind) => {
    const { left, right, compose } = await composing(kind);
    await compose("");
    for (const editor of [left, right]) await reads(editor, "zero;\none;\nand two");
  });

  it.each(["New text", "New code document"] as const)(
    "%s: an editor that loses the focus while composing shows what was held",
    async (kind) => {
      const { left, right } = await composing(kind);
      await left.page.getByRole("textbox", { name: /title/i }).focus();
      for (const editor of [left, right]) await reads(editor, "zero;\none;\nand twoにほん");
    },
  );
});
