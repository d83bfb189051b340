/**
 * The editor over plain http at an address of the network, as from another device: browsers take from such a page the
 * service worker, Web Locks, `crypto.randomUUID` and `navigator.storage`. Loopback addresses do not count; where this
 * machine has no other, the browser is told that a name leads to it.
 */
import { networkInterfaces } from "node:os";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { endRelays, type RelayProcess, startRelayProcess } from "../harness/relay-process.ts";
import { type Device, launchBrowser, obstacles, openDevice, overflow, picture } from "./browser.ts";
import { EditorPage } from "./editor-page.ts";
import { TestDevices } from "./test-devices.ts";

const ownAddress = Object.values(networkInterfaces())
  .flat()
  .find((address) => address?.family === "IPv4" && !address.internal)?.address;
const name = ownAddress ?? "inkmesh.test";
const hint = "While the relay is away, this page cannot be opened again: browsers keep a page only over https, or at localhost.";

let browser: Browser;
let relay: RelayProcess;
const devices = new TestDevices(endRelays);

beforeAll(async () => {
  browser = await launchBrowser(ownAddress === undefined ? [`--host-resolver-rules=MAP ${name} 127.0.0.1`] : []);
});
afterAll(async () => {
  await browser.close();
});
beforeEach(async () => {
  relay = await startRelayProcess({ args: ownAddress === undefined ? [] : ["--host", ownAddress] });
});

async function aDevice(options = {}): Promise<Device> {
  return devices.note(await openDevice(browser, `http://${name}:${relay.port}`, options));
}

it("a page without a secure context says, quietly, that it cannot be opened while the relay is away, and what would do", async () => {
  const device = await aDevice({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  const start = await device.page("/");
  const missing = () => [
    isSecureContext,
    "serviceWorker" in navigator,
    "locks" in navigator,
    "storage" in navigator,
    "randomUUID" in crypto,
    "subtle" in crypto,
  ];
  expect(await start.evaluate(missing)).toEqual([false, false, false, false, false, false]);
  await expect.poll(() => start.getByText(hint).count()).toBe(1);
  await picture(start, "start-plain-http-phone");
  expect(await overflow(start)).toBe(0);
  expect(await obstacles(start)).toEqual([]);
  const editor = await EditorPage.begin(device);
  await editor.saved();
  expect(await editor.page.getByText("https").count()).toBe(0);
  await editor.page.getByRole("button", { name: "Details" }).click();
  await editor.page.getByText("no: browsers keep a page only over https, or at localhost").waitFor();
  await picture(editor.page, "details-plain-http-phone");
  expect(await obstacles(editor.page)).toEqual([]);
  if (ownAddress !== undefined) expect(relay.stderr).toMatch(/Without https a browser cannot reopen the editor.*localhost/s);
});

it("[P7] without a secure context, too, what is typed is on the device's disk: it outlives the tab, and is sent later", async () => {
  const device = await aDevice();
  const editor = await EditorPage.begin(device);
  await editor.focusText();
  await editor.type("before ");
  await editor.saved();
  await relay.end("SIGKILL");
  await editor.says(/^(Offline|Connecting…)/);
  await editor.type("and without the relay");
  await editor.says(/\d+ edits on this device, not yet sent$/);
  const { path } = editor;
  await editor.page.close({ runBeforeUnload: false });
  await relay.start();
  const again = await EditorPage.open(device, path);
  await again.shows(["before and without the relay"]);
  await again.saved();
  const elsewhere = await EditorPage.open(await aDevice(), path);
  await elsewhere.shows(["before and without the relay"]);
});

it("[P7] two tabs without Web Locks edit one document offline, see each other, and the one that is left sends all", async () => {
  const device = await aDevice();
  const left = await EditorPage.begin(device);
  await left.focusText();
  await left.type("one\ntwo");
  await left.saved();
  const right = await EditorPage.open(device, left.path);
  await right.shows(["one", "two"]);
  await left.workOffline(true);
  await right.workOffline(true);
  await left.stand(0);
  await left.type(" by the left");
  await right.stand(1);
  await right.type(" by the right");
  const both = ["one by the left", "two by the right"];
  await left.shows(both);
  await right.shows(both);
  await left.page.reload();
  await left.ready();
  await left.shows(both);
  await left.workOffline(false);
  await left.saved();
  await left.workOffline(true);
  await left.stand(0);
  await left.type(", again");
  await right.shows(["one by the left, again", "two by the right"]);
  await left.page.close({ runBeforeUnload: false });
  await right.workOffline(false);
  await right.saved();
  const elsewhere = await EditorPage.open(await aDevice(), right.path);
  await elsewhere.shows(["one by the left, again", "two by the right"], 30_000);
});

it("[P7] without Web Locks a tab that shows another page sends what a closed tab left", async () => {
  const device = await aDevice();
  const editor = await EditorPage.begin(device);
  await editor.focusText();
  await editor.type("first ");
  await editor.saved();
  const start = await device.page("/");
  await editor.workOffline(true);
  await editor.stand(0);
  await editor.type("left behind");
  // What of it waits cannot be said: the other tab has a line and may be sending it already.
  await editor.shows(["first left behind"]);
  const { path } = editor;
  await editor.page.close({ runBeforeUnload: false });
  await start.bringToFront();
  const elsewhere = await EditorPage.open(await aDevice(), path);
  await elsewhere.shows(["first left behind"], 30_000);
});
