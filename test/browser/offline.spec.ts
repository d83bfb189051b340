import type { Browser } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { endRelays, type RelayProcess, startRelayProcess } from "../harness/relay-process.ts";
import { type Device, launchBrowser, openDevice } from "./browser.ts";
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

async function aDevice(): Promise<Device> {
  return devices.note(await openDevice(browser, relay.url));
}

it("[P7] both sides edit while one works offline; back online both edits are there, once", async () => {
  const left = await EditorPage.begin(await aDevice());
  await left.focusText();
  await left.type("one\ntwo");
  await left.saved();
  const right = await EditorPage.open(await aDevice(), left.path);
  await right.shows(["one", "two"]);
  await left.workOffline(true);
  await left.says("Working offline");
  await left.stand(0);
  await left.type(" (written offline)");
  await left.says(/^Working offline · \d+ edits on this device, not yet sent$/);
  await right.stand(1);
  await right.type(" (written meanwhile)");
  await right.saved();
  await left.workOffline(false);
  const merged = ["one (written offline)", "two (written meanwhile)"];
  await left.shows(merged);
  await right.shows(merged);
  await Promise.all([left.saved(), right.saved()]);
});

it("[P7] who works offline does so after a reload too, is told so on every page, and finds the way back", async () => {
  const device = await aDevice();
  const other = await EditorPage.begin(device);
  await other.saved();
  const editor = await EditorPage.begin(device);
  await editor.focusText();
  await editor.saved();
  await editor.workOffline(true);
  await editor.says("Working offline");
  await editor.page.reload();
  await editor.ready();
  await editor.says("Working offline");
  expect(await editor.page.getByRole("switch", { name: "Work offline" }).isChecked()).toBe(true);
  await other.page.reload();
  await other.saved();
  await editor.page.getByRole("link", { name: "Inkmesh: all documents" }).click();
  await editor.page.getByText("You are working offline.").waitFor();
  await editor.page.goto("/d/somewhere-else");
  await editor.page.getByText("You are working offline. It appears when you go online and a relay can be reached.").waitFor();
  await editor.page.getByRole("button", { name: "Go online" }).click();
  await editor.says(/^Saved on 1 of 1/);
  await editor.page.goto(other.path);
  await editor.ready();
  await editor.saved();
});

it("[P2] [P7] the relay is killed and restarted while one types: nothing is lost or doubled, and the status is truthful", async () => {
  const editor = await EditorPage.begin(await aDevice());
  await editor.focusText();
  await editor.type("before ");
  await editor.saved();
  const words = "and then the relay dies while I go on typing as if nothing had happened";
  const typing = editor.type(words, 40);
  await editor.page.waitForTimeout(500);
  await relay.end("SIGKILL");
  await editor.says(/not yet sent$/);
  expect(await editor.status()).not.toMatch(/^Saved/);
  await typing;
  await editor.shows([`before ${words}`]);
  await relay.start();
  await editor.saved(30_000);
  await editor.shows([`before ${words}`]);
  const other = await EditorPage.open(await aDevice(), editor.path);
  await other.shows([`before ${words}`]);
  const content = await (await fetch(`${relay.url}/api/rooms/${editor.room}/content?format=text`)).text();
  expect(content.split("before ").length).toBe(2);
  expect(content).toContain(words);
});

it("[P7] keys typed right before the tab is closed are sent by the page that is opened next", async () => {
  const device = await aDevice();
  const editor = await EditorPage.begin(device);
  await editor.focusText();
  await editor.saved();
  const { path } = editor;
  await relay.end("SIGKILL");
  await editor.says(/^(Offline|Connecting…)/);
  await editor.type("typed and closed at once");
  await editor.page.close({ runBeforeUnload: false });
  await relay.start();
  const again = await EditorPage.open(device, path);
  await again.shows(["typed and closed at once"]);
  await again.saved();
  const elsewhere = await EditorPage.open(await aDevice(), path);
  await elsewhere.shows(["typed and closed at once"]);
});

it("[P7] what a closed tab left is sent by a tab that lives, though it shows another page", async () => {
  const device = await aDevice();
  const editor = await EditorPage.begin(device);
  await editor.focusText();
  await editor.type("first ");
  await editor.saved();
  const { path } = editor;
  const start = await device.page("/");
  await editor.workOffline(true);
  await editor.stand(0);
  await editor.type("left behind");
  // What of it waits cannot be said: the other tab has a line and may be sending it already.
  await editor.shows(["first left behind"]);
  await editor.page.close({ runBeforeUnload: false });
  await start.bringToFront();
  const elsewhere = await EditorPage.open(await aDevice(), path);
  await elsewhere.shows(["first left behind"], 20_000);
});

it("[P7] a document begun without a relay is on the start page, and is sent when there is one", async () => {
  const device = await aDevice();
  const start = await device.page("/");
  // The page fetches its editors when it has nothing else to do.
  await start.waitForLoadState("networkidle");
  await relay.end("SIGKILL");
  await start.getByRole("button", { name: "New text" }).click();
  await start.locator(".rich-text .page").waitFor();
  await start.keyboard.type("Begun offline");
  await start.keyboard.press("Enter");
  await start.keyboard.type("some words");
  await start.getByRole("link", { name: "Inkmesh: all documents" }).click();
  await start.getByText("The relay cannot be reached. These are the documents on this device.").waitFor();
  const row = start.getByRole("link", { name: /Begun offline.*waiting to be sent/ });
  await row.waitFor();
  await relay.start();
  await row.click();
  await start.getByText("Saved on 1 of 1 relay").first().waitFor({ timeout: 30_000 });
  // The title is copied to the relay's list once it has settled.
  await expect.poll(async () => (await fetch(`${relay.url}/api/rooms`)).text()).toContain("Begun offline");
  const other = await (await aDevice()).page("/");
  await other.getByRole("link", { name: /Begun offline/ }).waitFor();
});
