import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import * as Y from "yjs";
import { endInkClients, InkClient } from "../harness/ink-client.ts";
import { endRelays, type RelayProcess, startRelayProcess } from "../harness/relay-process.ts";
import { type Device, launchBrowser, openDevice } from "./browser.ts";
import { EditorPage } from "./editor-page.ts";
import { TestDevices } from "./test-devices.ts";

let browser: Browser;
let relay: RelayProcess;
const devices = new TestDevices();

beforeAll(async () => {
  [browser, relay] = await Promise.all([launchBrowser(), startRelayProcess()]);
});
afterAll(async () => {
  await endInkClients();
  await browser.close();
  await endRelays();
});

async function aDevice(): Promise<Device> {
  return devices.note(await openDevice(browser, relay.url));
}

it("a document is found by its title, on another device, and is renamed for everybody", async () => {
  const editor = await EditorPage.begin(await aDevice());
  await editor.type("Harbour plan");
  await editor.focusText();
  await editor.type("text");
  await editor.saved();
  const start = await (await aDevice()).page("/");
  const row = start.getByRole("link", { name: /Harbour plan/ });
  await expect
    .poll(async () => {
      await start.reload();
      // The page is there before the list that it asks the relay for.
      await row.waitFor({ timeout: 2_000 }).catch(() => undefined);
      return row.count();
    })
    .toBe(1);
  await start.getByLabel("Search by title").fill("no such title");
  await start.getByText("Nothing found").waitFor();
  await start.getByLabel("Search by title").fill("harbour");
  await row.click();
  await start.getByLabel("Title").fill("Harbour plan, second draft");
  await expect.poll(() => editor.page.getByLabel("Title").inputValue()).toBe("Harbour plan, second draft");
});

it("[P10] who opens a document that was deleted meanwhile is told by whom, also where drawing takes its time", async () => {
  const editor = await EditorPage.begin(await aDevice());
  const { room } = editor;
  await editor.type("Gone meanwhile");
  await editor.saved();
  await editor.page.getByRole("link", { name: "Inkmesh: all documents" }).click();
  await editor.page.getByRole("heading", { name: "Documents", exact: true }).waitFor();
  await fetch(`${relay.url}/api/rooms/${encodeURIComponent(room)}?by=Ada`, { method: "DELETE" });
  // The relay's answer is here before the next frame is.
  await editor.page.evaluate(() => Object.assign(window, { requestAnimationFrame: (draw: FrameRequestCallback) => setTimeout(draw, 500) }));
  await editor.page.getByText("Gone meanwhile").click();
  await editor.page.getByRole("alert").filter({ hasText: "This document was deleted by Ada on " }).waitFor({ timeout: 10_000 });
});

it("a document is deleted after a question; who has it open is told and keeps a copy", async () => {
  const editor = await EditorPage.begin(await aDevice());
  await editor.type("Doomed");
  await editor.focusText();
  await editor.type("words to keep");
  await editor.saved();
  const other = await EditorPage.open(await aDevice(), editor.path);
  await other.shows(["words to keep"]);
  await editor.page.getByRole("button", { name: "Document menu" }).click();
  await editor.page.getByRole("button", { name: "Delete…" }).click();
  await editor.page.getByRole("button", { name: "Keep it" }).click();
  await editor.page.getByRole("button", { name: "Document menu" }).click();
  await editor.page.getByRole("button", { name: "Delete…" }).click();
  await editor.page.getByRole("button", { name: "Delete", exact: true }).click();
  await editor.page.getByRole("heading", { name: "Documents", exact: true }).waitFor();
  await other.says("This document was deleted");
  await other.page.getByRole("alert").filter({ hasText: "This document was deleted" }).waitFor();
  const lost = other.path;
  await other.page.getByRole("button", { name: "Keep as a new document" }).click();
  await other.page.waitForURL((url) => url.pathname !== lost);
  await other.ready();
  await other.shows(["words to keep"]);
  await other.saved();
  await expect.poll(() => other.page.getByLabel("Title").inputValue()).toBe("Copy of Doomed");
});

it("code is written together, in a language of choice", async () => {
  const left = await EditorPage.begin(await aDevice(), "New code document");
  await left.type("Sorting");
  await left.page.getByLabel("Language").selectOption("python");
  await left.focusText();
  await left.type("def first(xs):");
  // The language is there when it colours a keyword, and with it its indentation; paired brackets are marked without it.
  await left.page.locator(".cm-line span").getByText("def", { exact: true }).waitFor();
  await left.type("\nreturn xs[0]");
  await left.saved();
  const right = await EditorPage.open(await aDevice(), left.path);
  await expect.poll(() => right.page.getByLabel("Language").inputValue()).toBe("python");
  await right.focusText();
  await right.press("Control+End");
  await right.type("  # or nothing");
  await expect.poll(() => left.code()).toEqual(["def first(xs):", "    return xs[0]  # or nothing"]);
  await expect.poll(() => left.page.locator(".caret-name").count()).toBe(1);
  await left.press("Control+z");
  await expect.poll(() => left.code()).not.toContain("    return xs[0]  # or nothing");
  expect((await left.code()).join()).toContain("# or nothing");
});

it("[P9] a link and a name written by a hostile client are text, and lead nowhere", async () => {
  const client = new InkClient(relay, "hostile");
  await client.synced();
  const block = new Y.XmlElement("block");
  const text = new Y.XmlText();
  block.setAttribute("kind", "<script>");
  block.setAttribute("level", "9 onclick=alert(1)");
  text.applyDelta([
    { insert: "press me", attributes: { link: { href: "javascript:alert(document.domain)", class: "status-bar", target: "x" } } },
  ]);
  block.insert(0, [text]);
  client.doc.getXmlFragment("default").insert(0, [block]);
  client.doc.getMap("meta").set("title", "<img src=x onerror=alert(1)>");
  client.room.awareness.setLocalState({ user: { name: "<img src=x onerror=alert(1)>", color: "red;background:url(//evil.example)" } });
  await client.saved();
  const device = await aDevice();
  const dialogs: string[] = [];
  device.context.on("dialog", (dialog) => {
    dialogs.push(dialog.message());
    void dialog.dismiss();
  });
  const editor = await EditorPage.open(device, "/d/hostile");
  await editor.shows(["press me"]);
  expect(await editor.page.locator(".rich-text a").count()).toBe(0);
  await editor.page.getByText("press me").click({ modifiers: ["Control"] });
  await expect.poll(() => editor.page.locator(".presence .badge").count()).toBe(1);
  expect(await editor.page.locator(".presence img, .rich-text img:not(.ProseMirror-separator)").count()).toBe(0);
  expect(dialogs).toEqual([]);
});

it("[P1] a document of another editor is shown, and nothing in it is deleted by being shown", async () => {
  const client = new InkClient(relay, "stock");
  await client.synced();
  const paragraph = new Y.XmlElement("paragraph");
  paragraph.insert(0, [new Y.XmlText("written elsewhere")]);
  client.doc.getXmlFragment("default").insert(0, [paragraph]);
  await client.saved();
  const editor = await (await aDevice()).page("/d/stock");
  await editor.getByText("This document was written with another editor").waitFor();
  await editor.getByText("written elsewhere").waitFor();
  await editor.waitForTimeout(300); // Time in which a bound editor would have deleted it.
  expect(client.doc.getXmlFragment("default").toString()).toBe("<paragraph>written elsewhere</paragraph>");
});
