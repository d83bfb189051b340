import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { endRelays, type RelayProcess, startRelayProcess } from "../harness/relay-process.ts";
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

async function aDevice(): Promise<Device> {
  return devices.note(await openDevice(browser, relay.url));
}

describe("two people", () => {
  it("[P1] type at once, and both see every letter once, in the same order", async () => {
    const left = await EditorPage.begin(await aDevice());
    await left.focusText();
    await left.saved();
    const right = await EditorPage.open(await aDevice(), left.path);
    await right.focusText();
    const [typedLeft, typedRight] = ["abcdefghijklmnopqrstuvwxyz".repeat(3), "0123456789".repeat(8)];
    await Promise.all([left.type(typedLeft, 5), right.type(typedRight, 5)]);
    await Promise.all([left.saved(), right.saved()]);
    const seen = await left.lines();
    await right.shows(seen);
    expect(seen).toHaveLength(1);
    const letters = [...(seen[0] ?? "")];
    expect(letters.filter((letter) => /[a-z]/.test(letter)).join("")).toBe(typedLeft);
    expect(letters.filter((letter) => /\d/.test(letter)).join("")).toBe(typedRight);
  });

  it("[P1] one makes the line a heading, a list and a task while the other types in it: no letter is lost", async () => {
    const left = await EditorPage.begin(await aDevice());
    await left.focusText();
    await left.type("one\ntwo\nthree");
    await left.saved();
    const right = await EditorPage.open(await aDevice(), left.path);
    await right.shows(["one", "two", "three"]);
    await Promise.all([left.stand(1), right.stand(1)]);
    const typed = "the quick brown fox jumps over the lazy dog ".repeat(2).trim();
    const toggles = async () => {
      for (const keys of [
        "Control+Alt+1",
        "Control+Shift+8",
        "Control+Alt+2",
        "Control+Shift+9",
        "Control+Shift+7",
        "Control+Shift+b",
        "Control+Shift+9",
      ]) {
        await left.press(keys);
        await left.page.waitForTimeout(40); // So that toggles fall between, and into, the other's keys.
      }
    };
    await Promise.all([toggles(), right.type(typed, 5)]);
    await left.shows(["one", `two${typed}`, "three"]);
    await right.shows(["one", `two${typed}`, "three"]);
    await expect.poll(() => right.kinds()).toEqual(["p", "div[task]", "p"]);
    await expect.poll(() => left.kinds()).toEqual(["p", "div[task]", "p"]);
  });

  it("undo takes back one's own words and leaves the other's", async () => {
    const left = await EditorPage.begin(await aDevice());
    await left.focusText();
    await left.type("mine");
    await left.saved();
    const right = await EditorPage.open(await aDevice(), left.path);
    await right.stand(0);
    await right.type(" and theirs");
    await left.shows(["mine and theirs"]);
    await left.press("Control+z");
    await right.shows([" and theirs"]);
    await left.press("Control+Shift+z");
    await right.shows(["mine and theirs"]);
  });

  it("words typed into a line that the other deletes are offered back", async () => {
    const left = await EditorPage.begin(await aDevice());
    await left.focusText();
    await left.type("keep\ngoing");
    await left.saved();
    const right = await EditorPage.open(await aDevice(), left.path);
    await right.shows(["keep", "going"]);
    await right.workOffline(true);
    await right.stand(1);
    await right.press("Shift+Home", "Backspace", "Backspace");
    await left.stand(1);
    await left.type(" with new words");
    await right.workOffline(false);
    await left.shows(["keep"]);
    await left.page.getByText("“going with new words” was deleted by someone else’s edit.").waitFor();
    await left.page.getByRole("button", { name: "Put back" }).click();
    await right.shows(["keep", "going with new words"]);
  });
});

it("[P1] what others type waits while a character is being composed, and is there afterwards", async () => {
  const left = await EditorPage.begin(await aDevice());
  await left.focusText();
  await left.type("one\ntwo");
  await left.saved();
  const right = await EditorPage.open(await aDevice(), left.path);
  await right.shows(["one", "two"]);
  await left.stand(1);
  const keyboard = await left.page.context().newCDPSession(left.page);
  await keyboard.send("Input.imeSetComposition", { text: "に", selectionStart: 1, selectionEnd: 1 });
  await right.stand(0);
  await right.type(" more");
  await right.stand(1, "start");
  await right.type("and ");
  await right.saved();
  await keyboard.send("Input.imeSetComposition", { text: "にほ", selectionStart: 2, selectionEnd: 2 });
  await keyboard.send("Input.imeSetComposition", { text: "にほん", selectionStart: 3, selectionEnd: 3 });
  await expect.poll(() => left.lines()).toEqual(["one", "twoにほん"]);
  await keyboard.send("Input.insertText", { text: "日本" });
  await left.shows(["one more", "and two日本"]);
  await right.shows(["one more", "and two日本"]);
});

it("three tabs see one another: names at the carets, and who is here", async () => {
  const first = await EditorPage.begin(await aDevice());
  await first.type("Meeting notes");
  await first.focusText();
  await first.type("Agenda\nOpen questions\nWho does what");
  await first.saved();
  const second = await EditorPage.open(await aDevice(), first.path);
  const third = await EditorPage.open(await aDevice(), first.path);
  await second.stand(0);
  await third.stand(1);
  await third.press("Shift+Home");
  await first.stand(2);
  for (const editor of [first, second, third]) {
    await expect.poll(() => editor.page.locator(".caret-name").count()).toBe(2);
    await expect.poll(() => editor.page.locator(".presence .badge").count()).toBe(2);
  }
  await picture(first.page, "three-carets");
  await second.page.close();
  await expect.poll(() => first.page.locator(".caret-name").count(), { timeout: 5_000 }).toBe(1);
});

it("tabs of one browser are in one document, too", async () => {
  const device = await aDevice();
  const first = await EditorPage.begin(device);
  await first.focusText();
  await first.type("from one tab");
  await first.saved();
  const second = await EditorPage.open(device, first.path);
  await second.stand(0);
  await second.type(", and from another");
  await first.shows(["from one tab, and from another"]);
  await first.workOffline(true);
  await second.workOffline(true);
  await second.stand(0);
  await second.type(", offline");
  await first.shows(["from one tab, and from another, offline"]);
  await first.workOffline(false);
  await second.workOffline(false);
  await Promise.all([first.saved(), second.saved()]);
});
