import { mkdirSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Browser, BrowserContextOptions } from "playwright-core";
import { nativeVersion, nativeVersionMin } from "@inkmesh/shared/wire/protocol-version";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { mutatedProgram, type Mutant } from "../harness/mutated-relay.ts";
import { changeRoom, contentOf, MetricsReading, roomOf } from "../harness/relay-api.ts";
import { endRelays, projectRoot, type RelayProcess, startRelayProcess } from "../harness/relay-process.ts";
import { type Device, launchBrowser, openDevice, picture } from "./browser.ts";
import { EditorPage } from "./editor-page.ts";
import { TestDevices } from "./test-devices.ts";

let browser: Browser;
let relay: RelayProcess;
const devices = new TestDevices(endRelays);

beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());
beforeEach(async () => {
  relay = await startRelayProcess();
});

async function aDevice(options: BrowserContextOptions = {}): Promise<Device> {
  return devices.note(await openDevice(browser, relay.url, options));
}

/** A document that was saved, then got edits of a device that is away. */
async function writtenWhileAway(device: Device): Promise<EditorPage> {
  const editor = await EditorPage.begin(device);
  await editor.type("Plans");
  await editor.focusText();
  await editor.type("saved");
  await editor.saved();
  await editor.workOffline(true);
  await editor.focusText();
  await editor.type(" and never sent");
  await editor.says(/^Working offline · 15 edits on this device, not yet sent$/);
  return editor;
}

const deletion = (editor: EditorPage) => editor.page.getByRole("alert").filter({ hasText: "This document was deleted" });
const admitted = async () => (await MetricsReading.of(relay)).value("inkmesh_updates_admitted_total");

describe("[P7] [P10] a document that somebody deleted while one was away with unsent edits", () => {
  it("is told of with what was never sent, takes none of it, and can be kept as a copy that has all of it", async () => {
    const editor = await writtenWhileAway(await aDevice({ viewport: { width: 360, height: 720 }, colorScheme: "dark" }));
    const other = await EditorPage.open(await aDevice(), editor.path);
    await other.choose("Delete…");
    await other.page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await other.page.getByRole("heading", { name: "Documents", exact: true }).waitFor();
    const before = await admitted();
    await editor.workOffline(false);
    await deletion(editor).waitFor();
    const words = await deletion(editor).innerText();
    const by = await other.page.getByRole("button", { name: /^You are / }).getAttribute("title");
    expect(words).toContain(`This document was deleted by ${by?.slice("You: ".length)} `);
    expect(words).toContain("with 15 edits that were never sent. Keep a copy?");
    await picture(editor.page, "away-deleted");
    expect(await editor.page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0);
    await editor.says(/^This document was deleted$/);
    const file = await editor.downloaded(() => editor.page.getByRole("button", { name: "Download as text" }).click());
    expect(file).toContain("== 15 edits waiting to be sent ==\n\n and never sent\n");
    expect(file).toContain("Plans\n\nsaved and never sent\n");
    expect(await contentOf(relay, editor.room).catch(String)).toContain("410");
    expect(await admitted()).toBe(before);
    const { room } = editor;
    await editor.page.getByRole("button", { name: "Keep as a new document" }).click();
    await expect.poll(() => editor.room).not.toBe(room);
    await editor.shows(["saved and never sent"]);
    await editor.saved();
    expect(await contentOf(relay, editor.room)).toContain("saved and never sent");
    await expect.poll(() => editor.page.getByRole("textbox", { name: /title/i }).inputValue()).toBe("Copy of Plans");
  });

  it.each(["keep", "discard"] as const)("is not said to be sent some day on the start page, where one can %s it", async (choice) => {
    const device = await aDevice({ viewport: { width: 360, height: 720 } });
    const editor = await writtenWhileAway(device);
    const { page, room } = editor;
    await page.getByRole("link", { name: "Inkmesh: all documents" }).click();
    await page.getByText("15 edits waiting to be sent").waitFor();
    expect(await changeRoom(relay, "DELETE", room)).toBeLessThan(300);
    await page.getByRole("button", { name: "Go online" }).click();
    const said = page.getByText("Deleted · 15 edits never sent");
    await said.waitFor();
    await page.reload();
    await said.waitFor();
    await expect.poll(() => page.getByText(/to be sent/).count()).toBe(0);
    await picture(page, "away-deleted-start");
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0);
    if (choice === "keep") {
      await page.getByRole("button", { name: "Keep “Plans” as a new document" }).click();
      await editor.shows(["saved and never sent"]);
      await editor.saved();
      expect(editor.room).not.toBe(room);
      await page.getByRole("link", { name: "Inkmesh: all documents" }).click();
      await page.getByRole("link", { name: /Copy of Plans/ }).waitFor();
    } else {
      await page.getByRole("button", { name: "Discard “Plans”" }).click();
      await page.getByRole("dialog").getByText("15 edits in it went nowhere else").waitFor();
      await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
      await page.getByText("No documents yet").waitFor();
    }
    await expect.poll(() => said.count()).toBe(0);
  });

  it("and made anew gets nothing of it either, and the old copy can be removed from the device", async () => {
    const device = await aDevice();
    const editor = await writtenWhileAway(device);
    const { path, room } = editor;
    await editor.page.close({ runBeforeUnload: false });
    expect(await changeRoom(relay, "DELETE", room)).toBeLessThan(300);
    expect(await changeRoom(relay, "POST", room)).toBeLessThan(300);
    const generation = (await roomOf(relay, room)).generation;
    const before = await admitted();
    const again = await EditorPage.open(device, path);
    await deletion(again).waitFor();
    await again.shows(["saved and never sent"]);
    // Another page of this device looks after what closed tabs left: it must not send it there either.
    const start = await device.page("/");
    await start.getByRole("heading", { name: "Documents", exact: true }).waitFor();
    await start.waitForTimeout(1_000); // Time for edits that must not come.
    expect([await admitted(), await contentOf(relay, room)]).toEqual([before, ""]);
    await again.page.getByRole("button", { name: "Remove from this device…" }).click();
    await again.page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
    await again.page.getByRole("heading", { name: "Documents", exact: true }).waitFor();
    await again.page.goto(path);
    await again.page.getByText("Saved on 1 of 1 relay").first().waitFor();
    expect([generation, (await roomOf(relay, room)).generation, await contentOf(relay, room)]).toEqual([1, 1, ""]);
  });
});

const versionFile = "shared/dist/wire/protocol-version.js";
const speaks = (what: string, version: number): Mutant => ({
  what,
  changes: [
    { file: versionFile, find: `export const nativeVersion = ${nativeVersion};`, replace: `export const nativeVersion = ${version};` },
    {
      file: versionFile,
      find: `export const nativeVersionMin = ${nativeVersionMin};`,
      replace: `export const nativeVersionMin = ${version};`,
    },
  ],
});
const deaf: Mutant = {
  what: "a relay from before the layout of hello was fixed",
  changes: [
    {
      file: "server/dist/core/connection.js",
      find: "if (!speaksNative(hello.version)) {",
      replace:
        'if (hello.version > 0) return this.refuse({ code: "BAD_FRAME", detail: "hello" });\n        if (!speaksNative(hello.version)) {',
    },
  ],
};

/** The copy serves the editor, too. */
function withThePage(program: string): string {
  const folder = join(dirname(program), "../client/dist");
  mkdirSync(folder, { recursive: true });
  symlinkSync(join(projectRoot, "client/dist/app"), join(folder, "app"));
  return program;
}

describe("[P7] a relay of another version", () => {
  it.each([
    ["that is newer", speaks("a newer relay", nativeVersion + 1), "This page is older than the relay: reload it", "Reload the page"],
    [
      "that is older",
      speaks("an older relay", nativeVersionMin - 1),
      "The relay is older than this page",
      "Its operator has to bring it up to date",
    ],
    ["that cannot read what this page says first", deaf, "The relay is older than this page", "Its operator has to bring it up to date"],
  ])("%s is said, typing goes on, edits stay on the device and are sent when it is the right one", async (_, mutant, status, advice) => {
    const device = await aDevice();
    const editor = await EditorPage.begin(device);
    await editor.focusText();
    await editor.type("before");
    await editor.saved();
    await relay.end("SIGKILL");
    const strange = await startRelayProcess({ data: relay.data, port: relay.port, program: withThePage(mutatedProgram(mutant)) });
    await editor.says(status, 25_000);
    await editor.page.getByRole("alert").filter({ hasText: advice }).waitFor();
    await editor.focusText();
    await editor.type(" and after");
    await editor.says(`${status} · 10 edits on this device, not yet sent`);
    await picture(editor.page, `away-${mutant.what.replaceAll(" ", "-")}`);
    const connections = async () => (await MetricsReading.of(strange)).value("inkmesh_refused_total");
    const refused = await connections();
    await editor.page.waitForTimeout(3_000); // Time for attempts that must not come: it is asked again after a minute.
    expect(await connections()).toBe(refused);
    await strange.end("SIGKILL");
    await relay.start();
    await editor.page.evaluate(() => dispatchEvent(new Event("online")));
    await editor.saved(30_000);
    expect(await contentOf(relay, editor.room)).toBe("before and after");
    await expect.poll(() => editor.page.getByRole("alert").count()).toBe(0);
  });
});
