import { Inkmesh } from "@inkmesh/client";
import { AutomergeHandle, loadAutomerge, newAutomergeRoom } from "@inkmesh/client/automerge";
import type { Browser, BrowserContextOptions } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { WebSocket } from "ws";
import { until } from "../harness/until.ts";
import { endRelays, type RelayProcess, startRelayProcess } from "../harness/relay-process.ts";
import { type Device, keptByDevice, launchBrowser, obstacles, openDevice, overflow, picture } from "./browser.ts";
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

async function someNotes(device: Device, text: string, title = ""): Promise<EditorPage> {
  const notes = await EditorPage.begin(device, "New notes");
  await notes.type(title);
  await notes.focusText();
  await notes.page.keyboard.insertText(text);
  await notes.saved();
  return notes;
}

/** Waits until the notes say that. */
async function reads(notes: EditorPage, text: string): Promise<void> {
  await until(`the notes read ${JSON.stringify(text)}`, async () => (await notes.wholeCode()) === text, { seen: () => notes.wholeCode() });
}

const preview = (notes: EditorPage) => notes.page.getByRole("region", { name: "Preview" });

it("[P1] two tabs and another device type at once: all show the same, and nothing is lost", async () => {
  const device = await aDevice();
  const left = await someNotes(device, "start\n");
  const tab = await EditorPage.open(device, left.path);
  const other = await EditorPage.open(await aDevice(), left.path);
  for (const notes of [tab, other]) await reads(notes, "start\n");
  for (const notes of [left, tab, other]) await notes.focusText();
  await left.press("Control+Home");
  await tab.press("Control+End");
  await other.press("Control+End");
  await Promise.all([left.type("left writes above ", 15), tab.type("tab writes below", 15), other.type("another below", 15)]);
  for (const notes of [left, tab, other]) await notes.saved();
  const letters = (text: string) => [...text].toSorted().join("");
  const text = await left.wholeCode();
  expect(letters(text)).toBe(letters("left writes above start\ntab writes belowanother below"));
  expect(text.startsWith("left writes above start\n")).toBe(true);
  for (const notes of [tab, other]) await reads(notes, text);
});

it("[P1] a beginning that was duplicated with its tab is one beginning", async () => {
  const device = await aDevice();
  const left = await EditorPage.begin(device, "New notes");
  const path = left.path;
  await left.workOffline(true);
  await left.focusText();
  await left.type("left");
  // Another device that begins the same document while neither has heard of the other.
  const right = await aDevice();
  const page = await right.page("/");
  await page.evaluate((to) => {
    history.pushState({ begin: "notes" }, "", to);
    dispatchEvent(new PopStateEvent("popstate", { state: history.state }));
  }, path);
  const begun = new EditorPage(page);
  await begun.ready();
  await begun.focusText();
  await begun.type("right");
  await begun.saved();
  await left.workOffline(false);
  await left.saved();
  await until("both words are there", async () => /^(leftright|rightleft)$/.test(await left.wholeCode()), { seen: () => left.wholeCode() });
  await reads(begun, await left.wholeCode());
});

it("undo takes back one's own words, not those of others", async () => {
  const left = await someNotes(await aDevice(), "");
  const right = await EditorPage.open(await aDevice(), left.path);
  await left.focusText();
  await left.type("mine");
  await reads(right, "mine");
  await right.focusText();
  await right.press("Control+End");
  await right.type(" theirs");
  await reads(left, "mine theirs");
  await left.press("Control+z");
  await reads(left, " theirs");
  await reads(right, " theirs");
  await left.page.getByRole("button", { name: "Redo" }).click();
  await reads(right, "mine theirs");
  await right.press("Control+z");
  await reads(left, "mine");
});

it("[P7] notes open again while the relay is away, take more words, and send them later", async () => {
  const device = await aDevice();
  const notes = await someNotes(device, "written online. ", "Travel");
  await keptByDevice(notes.page);
  const keptFiles = () => notes.page.evaluate(async () => (await (await caches.open("inkmesh-late-files")).keys()).length);
  await until("the device keeps Automerge", async () => (await keptFiles()) === 1, { seen: keptFiles });
  await device.context.setOffline(true);
  await notes.page.reload();
  await notes.ready();
  await reads(notes, "written online. ");
  await notes.focusText();
  await notes.press("Control+End");
  await notes.type("written offline");
  await notes.says(/not yet sent$/);
  await notes.page.reload();
  await notes.ready();
  await reads(notes, "written online. written offline");
  expect(await notes.page.getByLabel("Title").inputValue()).toBe("Travel");
  await device.context.setOffline(false);
  await notes.saved(60_000);
  await reads(await EditorPage.open(await aDevice(), notes.path), "written online. written offline");
});

it("[P9] what somebody wrote as HTML, as a script's address or as an image runs nothing and asks nobody", async () => {
  const device = await aDevice();
  const asked: string[] = [];
  device.context.on("request", (request) => asked.push(request.url()));
  const notes = await someNotes(
    device,
    [
      "# Heading <script>window.ran = 1</script>",
      '<img src=x onerror="window.ran = 2">',
      '<svg onload="window.ran = 3"><style>body { display: none }</style></svg>',
      "[press](javascript:window.ran=4) [data](data:text/html,<script>window.ran=5</script>)",
      "[good](https://example.org/page) ![a picture](https://tracker.example/pixel.png)",
      "",
      "- [x] done",
      "- [ ] open",
      "",
    ].join("\n"),
  );
  const pane = preview(notes);
  await pane.getByRole("heading", { name: /^Heading/ }).waitFor();
  const made = await pane
    .locator("div *")
    .evaluateAll((all) =>
      all.map((element) => [element.localName, ...[...element.attributes].map(({ name, value }) => `${name}=${value}`)].join(" ")),
    );
  expect(made.filter((element) => !/^(h1|p|em|ul|li|li class=task|a href=https:.*)$/.test(element))).toEqual([]);
  expect(await pane.innerText()).toContain("[a picture]");
  expect(await pane.innerText()).toContain("☑ done");
  const links = await pane.getByRole("link").evaluateAll((all) => all.map((link) => [link.getAttribute("href"), link.getAttribute("rel")]));
  expect(links).toEqual([["https://example.org/page", "noopener noreferrer nofollow"]]);
  await notes.page.waitForTimeout(300);
  expect(await notes.page.evaluate(() => (window as { ran?: number }).ran)).toBeUndefined();
  expect(asked.filter((url) => !url.startsWith(relay.url) && !url.startsWith("blob:"))).toEqual([]);
});

it("notes are downloaded as they were written, copied, and found by their title", async () => {
  const device = await aDevice();
  const notes = await someNotes(device, "# Plan\n\n- one\n", "Ferry plan");
  expect(await notes.downloaded(() => notes.choose("Download as Markdown"))).toBe("# Plan\n\n- one\n");
  const json = JSON.parse(await notes.downloaded(() => notes.choose("Download as JSON"))) as unknown;
  expect(json).toEqual({ kind: "notes", title: "Ferry plan", text: "# Plan\n\n- one\n" });
  const start = await (await aDevice()).page("/");
  const row = start.getByRole("link", { name: /Ferry plan/ });
  await until("the list has the notes", async () => {
    await start.reload();
    await row.waitFor({ timeout: 2_000 }).catch(() => undefined);
    return (await row.count()) === 1;
  });
  await row.click();
  await reads(new EditorPage(start), "# Plan\n\n- one\n");
  const { path } = notes;
  await notes.choose("Make a copy");
  await expect.poll(() => notes.page.getByLabel("Title").inputValue()).toBe("Copy of Ferry plan");
  expect(notes.path).not.toBe(path);
  await reads(notes, "# Plan\n\n- one\n");
  await notes.saved();
});

it("[P10] notes that were deleted are kept as a new document by who has them open", async () => {
  const notes = await someNotes(await aDevice(), "words to keep", "Doomed notes");
  await fetch(`${relay.url}/api/rooms/${encodeURIComponent(notes.room)}?by=Ada`, { method: "DELETE" });
  await notes.says("This document was deleted");
  await notes.page.getByRole("button", { name: "Keep as a new document" }).click();
  await notes.saved();
  await reads(notes, "words to keep");
  expect(await notes.page.getByLabel("Title").inputValue()).toBe("Copy of Doomed notes");
});

it("others' carets are seen, with their names", async () => {
  const left = await someNotes(await aDevice(), "one\ntwo\nthree");
  const right = await EditorPage.open(await aDevice(), left.path);
  await right.focusText();
  await right.press("Control+End");
  await left.page.locator(".caret-name").waitFor();
  await left.focusText();
  await left.press("Control+Home");
  await right.page.locator(".caret-name").waitFor();
});

const sample = [
  "# Ferry timetable",
  "",
  "The *morning* boat leaves at **07:10** from `Pier 4`. See [the harbour](https://example.org).",
  "",
  "- [x] ask about bicycles",
  "- [ ] book the cabin",
  "",
  "| Day | Boat |",
  "| --- | --- |",
  "| Mon | Aurora |",
  "| Tue | Borealis |",
  "",
  "> Bring a coat.",
  "",
  "```",
  "departure = 7 * 60 + 10",
  "```",
  "",
].join("\n");

it.each(["light", "dark"] as const)("axe finds nothing serious in notes with a preview, in %s colours", async (colorScheme) => {
  const notes = await someNotes(await aDevice({ colorScheme, reducedMotion: "reduce" }), sample, "Ferry");
  await preview(notes).getByRole("heading", { name: "Ferry timetable" }).waitFor();
  await picture(notes.page, `notes-${colorScheme}`);
  expect(await obstacles(notes.page)).toEqual([]);
  await notes.page.getByRole("button", { name: "Preview" }).click();
  await picture(notes.page, `notes-alone-${colorScheme}`);
  expect(await obstacles(notes.page)).toEqual([]);
});

it("fits a phone: one writes, and looks at it by a press of a button", async () => {
  const device = await aDevice({ viewport: { width: 360, height: 720 }, hasTouch: true, isMobile: true });
  const start = await device.page("/");
  await start.getByRole("button", { name: "New notes" }).waitFor();
  await picture(start, "start-kinds-phone");
  expect(await overflow(start)).toBe(0);
  const notes = await someNotes(device, sample, "Ferry");
  expect(await preview(notes).count()).toBe(0);
  await picture(notes.page, "notes-phone");
  expect(await overflow(notes.page)).toBe(0);
  expect(await obstacles(notes.page)).toEqual([]);
  await notes.page.getByRole("button", { name: "Preview" }).click();
  await preview(notes).getByRole("heading", { name: "Ferry timetable" }).waitFor();
  expect(await notes.page.locator(".cm-content").isVisible()).toBe(false);
  await picture(notes.page, "notes-phone-preview");
  expect(await overflow(notes.page)).toBe(0);
  expect(await obstacles(notes.page)).toEqual([]);
});

it("a board is begun on the start page, has a title, and is downloaded as Markdown", async () => {
  const device = await aDevice();
  const page = await device.page("/");
  await page.getByRole("button", { name: "New board" }).click();
  const board = new EditorPage(page);
  await page.getByRole("heading", { name: "To do" }).waitFor();
  await page.getByLabel("Title", { exact: true }).fill("Harbour works");
  await board.saved();
  await picture(page, "board-begun");
  expect(await board.downloaded(() => board.choose("Download as Markdown"))).toBe("# Harbour works\n\n## To do\n\n## Doing\n\n## Done\n");
});

it("what is neither notes nor a board is shown as it is and not edited, and what nobody has begun can be begun", async () => {
  await loadAutomerge();
  const name = newAutomergeRoom();
  const mesh = new Inkmesh({
    url: relay.socketUrl("/sync"),
    WebSocket: WebSocket as unknown as NonNullable<ConstructorParameters<typeof Inkmesh>[0]["WebSocket"]>,
  });
  try {
    const handle = new AutomergeHandle();
    const room = mesh.open(name, { doc: handle });
    handle.change((document) => void (document["todos"] = ["somebody's own"]));
    await room.whenSaved();
  } finally {
    await mesh.close();
  }
  const page = await (await aDevice()).page(`/d/${encodeURIComponent(name)}`);
  await page.getByText("it has “todos”, which this one does not know").waitFor();
  expect(await page.locator(".foreign pre").innerText()).toContain("somebody's own");
  expect(await page.locator(".cm-content").count()).toBe(0);

  await page.goto(`/d/${encodeURIComponent(newAutomergeRoom())}`);
  await page.getByRole("heading", { name: "Nothing was written here yet" }).waitFor();
  await page.getByRole("button", { name: "Begin notes" }).click();
  const notes = new EditorPage(page);
  await notes.ready();
  await notes.focusText();
  await notes.type("begun");
  await notes.saved();
});

it("Automerge is fetched by whoever opens notes, and by nobody else", async () => {
  const device = await aDevice();
  const asked: string[] = [];
  device.context.on("request", (request) => asked.push(request.url()));
  const isWasm = (url: string) => url.endsWith(".wasm");
  const text = await EditorPage.begin(device);
  await text.saved();
  await keptByDevice(text.page);
  expect(asked.filter(isWasm)).toEqual([]);
  // Without it, and without a relay, there is nothing to begin notes with; that is said, and the rest works.
  const start = await device.page("/");
  await device.context.setOffline(true);
  await start.getByRole("button", { name: "New notes" }).click();
  await start.getByRole("alert").filter({ hasText: "no relay can be asked for it now" }).waitFor();
  await start.getByRole("button", { name: "New text" }).click();
  await new EditorPage(start).ready();
  await device.context.setOffline(false);
  await EditorPage.begin(device, "New notes");
  expect(asked.filter(isWasm).length).toBeGreaterThan(0);
});
