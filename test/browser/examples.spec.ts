/**
 * The examples, run as they stand against a real relay: pages in Chromium, programs as processes. Each is in one document with one of
 * another kind, and both see what the other writes.
 */
import { execFile, execFileSync } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as Y from "yjs";
import { endInkClients, InkClient } from "../harness/ink-client.ts";
import { contentOf } from "../harness/relay-api.ts";
import { endRelays, projectRoot, type RelayProcess, startRelayProcess, temporaryFolder } from "../harness/relay-process.ts";
import { until } from "../harness/until.ts";
import { launchBrowser, openDevice } from "./browser.ts";
import { type Example, ExamplePages } from "./example-pages.ts";
import { TestDevices } from "./test-devices.ts";

let browser: Browser;
let relay: RelayProcess;
let pages: ExamplePages;
const devices = new TestDevices();

beforeAll(async () => {
  const examples = ["tiptap-hocuspocus", "codemirror-y-websocket", "react", "plain-browser"] as const;
  [browser, relay, pages] = await Promise.all([launchBrowser(), startRelayProcess(), ExamplePages.serve(examples)]);
});
afterAll(async () => {
  await browser.close();
  await pages.close();
  await endInkClients();
  await endRelays();
});

async function open(example: Example, room: string): Promise<Page> {
  return pages.open(devices.note(await openDevice(browser, relay.url)), example, { relay, room });
}

/** What each kind of page shows of the document. */
const reads: Readonly<Record<Example, (page: Page) => Promise<string>>> = {
  "tiptap-hocuspocus": async (page) => (await page.locator(".ProseMirror p").allTextContents()).join("\n"),
  "codemirror-y-websocket": (page) =>
    page.locator(".cm-line").evaluateAll((lines) =>
      lines
        .map((line) => {
          const copy = line.cloneNode(true) as Element;
          for (const caret of copy.querySelectorAll(".cm-ySelectionCaret")) caret.remove();
          return copy.textContent;
        })
        .join("\n"),
    ),
  react: async (page) => (await page.locator("li").allTextContents()).join("\n"),
  "plain-browser": (page) => page.locator("#text").inputValue(),
};

async function shows(example: Example, page: Page, words: string): Promise<void> {
  await until(`${example} shows ${words}`, async () => (await reads[example](page)) === words, { seen: () => reads[example](page) });
}

async function says(page: Page, status: string): Promise<void> {
  const line = page.getByRole("status");
  await until(`the page says ${status}`, async () => (await line.textContent()) === status, { seen: () => line.textContent() });
}

describe("the examples", () => {
  it("[P1][P11] CodeMirror with y-websocket and the textarea with our client type into one document at once", async () => {
    const [code, area] = [await open("codemirror-y-websocket", "together"), await open("plain-browser", "together")];
    await Promise.all([says(code, "connected"), says(area, "saved on 1 of 1")]);
    await code.locator(".cm-content").click();
    await code.keyboard.type("one\n");
    await shows("plain-browser", area, "one\n");
    await area.locator("#text").focus();
    await area.keyboard.press("Control+End");
    await Promise.all([area.keyboard.type("area", { delay: 10 }), code.keyboard.type("code", { delay: 10 })]);
    const typed = async (): Promise<string> => contentOf(relay, "together");
    await until("the relay has all letters", async () => (await typed()).length === "one\nareacode".length, { seen: typed });
    const merged = await typed();
    expect([...merged.slice("one\n".length)].toSorted()).toEqual([..."areacode"].toSorted());
    await Promise.all([shows("codemirror-y-websocket", code, merged), shows("plain-browser", area, merged), says(area, "saved on 1 of 1")]);
  });

  it("[P1] the textarea keeps its caret where others write before it, and takes out what is deleted", async () => {
    const [left, right] = [await open("plain-browser", "caret"), await open("plain-browser", "caret")];
    await Promise.all([says(left, "saved on 1 of 1"), says(right, "saved on 1 of 1")]);
    await left.locator("#text").fill("middle");
    await shows("plain-browser", right, "middle");
    await right.locator("#text").focus();
    await right.keyboard.press("Control+End");
    await left.locator("#text").focus();
    await left.keyboard.press("Control+Home");
    await left.keyboard.type("before ");
    await shows("plain-browser", right, "before middle");
    await right.keyboard.type(" after");
    await shows("plain-browser", left, "before middle after");
    for (let letter = 0; letter < "before ".length; letter++) await left.keyboard.press("Backspace");
    await shows("plain-browser", right, "middle after");
  });

  it("[P1] the list in React and the program in Node add lines to one document", async () => {
    const list = await open("react", "shopping");
    await says(list, "saved on 1 of 1");
    await list.getByLabel("A new line").fill("milk");
    await list.getByRole("button", { name: "Add" }).click();
    await shows("react", list, "milk");
    await says(list, "saved on 1 of 1");
    const program = join(projectRoot, "examples/plain-node/main.mjs");
    const run = promisify(execFile)(process.execPath, [program, relay.url, "shopping", "bread"], { cwd: temporaryFolder("device") });
    expect((await run).stdout).toBe("saved on 1 of 1\nmilk\nbread\n\n");
    await shows("react", list, "milk\nbread");
  });

  it("[P1][P11] two of Tiptap with the Hocuspocus provider, and our client in a program, write paragraphs in one document", async () => {
    const [left, program] = [await open("tiptap-hocuspocus", "letter"), new InkClient(relay, "letter")];
    await left.locator(".ProseMirror").click();
    await left.keyboard.type("Dear reader,\nhello.");
    await says(left, "saved");
    const right = await open("tiptap-hocuspocus", "letter");
    await shows("tiptap-hocuspocus", right, "Dear reader,\nhello.");
    await right.locator(".ProseMirror p").last().click();
    await right.keyboard.press("End");
    await right.keyboard.type(" Goodbye.");
    await shows("tiptap-hocuspocus", left, "Dear reader,\nhello. Goodbye.");
    await program.synced();
    const paragraph = new Y.XmlElement("paragraph");
    paragraph.insert(0, [new Y.XmlText("P.S.")]);
    const fragment = program.doc.getXmlFragment("default");
    await until("the program has both paragraphs", () => fragment.toString().includes("Goodbye."), { seen: () => fragment.toString() });
    fragment.insert(fragment.length, [paragraph]);
    await program.saved();
    for (const page of [left, right]) await shows("tiptap-hocuspocus", page, "Dear reader,\nhello. Goodbye.\nP.S.");
    await Promise.all([says(left, "saved"), says(right, "saved")]);
  });

  it("[P11] the shell script reads what a page wrote, asks again, and copies it", async () => {
    const area = await open("plain-browser", "original");
    await area.locator("#text").fill("for curl\n");
    await until("it is here", async () => (await contentOf(relay, "original")) === "for curl\n");
    await says(area, "saved on 1 of 1");
    const copy = (): string =>
      execFileSync("sh", [join(projectRoot, "examples/curl/copy.sh"), relay.url, "original", "copied"], { encoding: "utf8" });
    const said = 'original reads:\nfor curl\nasked again: 304\n{"saved":{"copies":1,"replicas":1,"needed":1}}\n';
    expect(copy()).toBe(said);
    expect(await contentOf(relay, "copied")).toBe("for curl\n");
    expect(copy(), "sent twice").toBe(said);
    expect(await contentOf(relay, "copied")).toBe("for curl\n");
  });
});
