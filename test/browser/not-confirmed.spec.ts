/**
 * A document that is deleted while the other relay is dead: it is deleted here, and the page says what that means.
 */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { becomeOneMesh, relaysToStart, type MeshProcess } from "../harness/mesh-processes.ts";
import { endRelays } from "../harness/relay-process.ts";
import { type Device, launchBrowser, openDevice, picture } from "./browser.ts";
import { EditorPage } from "./editor-page.ts";

let browser: Browser;
let relays: readonly MeshProcess[];
let device: Device;

beforeAll(async () => {
  relays = Object.values(await relaysToStart({ a: ["a", "b"], b: ["a", "b"] }));
  browser = await launchBrowser();
  await Promise.all(relays.map((relay) => relay.start()));
  await becomeOneMesh(relays);
  device = await openDevice(browser, relays[0]!.url);
}, 60_000);
afterAll(async () => {
  await browser.close();
  await endRelays();
});

it("[P10] a deletion that the other relay cannot confirm is told as such, and the page goes on as after any other", async () => {
  const editor = await EditorPage.begin(device);
  await editor.focusText();
  await editor.type("nobody shall read this\n");
  await editor.says("Saved on 2 of 2 relays");
  await relays[1]!.end("SIGKILL");
  await editor.page.getByRole("button", { name: "Document menu" }).click();
  await editor.page.getByRole("button", { name: "Delete…" }).click();
  await editor.page.getByRole("button", { name: "Delete", exact: true }).click();
  const dialog = editor.page.getByRole("dialog", { name: "Deleted, and not yet everywhere" });
  await dialog.getByText("It is done at this relay, and will be at the others").waitFor({ timeout: 5_000 });
  await dialog.getByRole("button", { name: "All right" }).click();
  await editor.page.getByRole("heading", { name: "Documents", exact: true }).waitFor();
  expect(new URL(editor.page.url()).pathname).toBe("/");
  // The other relay is dead still: the list says that it is not in it.
  await editor.page.getByText("Relay b did not answer: documents that only it has are missing here.").waitFor();
  await editor.page.getByText("No documents at the relays that answered").waitFor();
  await picture(editor.page, "list-unanswered");
  expect(device.faults.filter((fault) => !fault.includes("503"))).toEqual([]);
});
