import type { Browser, BrowserContextOptions } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { endRelays, type RelayProcess, startRelayProcess } from "../harness/relay-process.ts";
import { until } from "../harness/until.ts";
import { BoardPage } from "./board-page.ts";
import { type Device, keptByDevice, launchBrowser, obstacles, openDevice, overflow, picture } from "./browser.ts";
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

async function aBoard(device: Device, ...titles: readonly string[]): Promise<BoardPage> {
  const board = await BoardPage.new(device);
  await board.add("To do", ...titles);
  await board.saved();
  return board;
}

/** Another page with the same board, which shows it already. */
async function another(board: BoardPage, device?: Device): Promise<BoardPage> {
  const other = await BoardPage.at(device ?? (await aDevice()), board.path);
  await other.isLike(board);
  return other;
}

const cardsIn = (lines: readonly string[]) => lines.flatMap((line) => line.split(": ")[1]?.split(", ") ?? []).toSorted();

describe("two people", () => {
  it("[P1] move the same card at once from two tabs and a third device: it is in one place, and every card is there once", async () => {
    const device = await aDevice();
    const left = await aBoard(device, "milk", "eggs", "bread");
    const tab = await another(left, device);
    const other = await another(left);
    for (const [board, title] of [
      [left, "eggs"],
      [tab, "eggs"],
      [other, "bread"],
    ] as const)
      await board.card(title).focus();
    await Promise.all([left.press("Alt+ArrowRight"), tab.press("Alt+ArrowDown"), other.press("Alt+ArrowRight")]);
    for (const board of [left, tab, other]) await board.saved();
    await tab.isLike(left);
    await other.isLike(left);
    expect(cardsIn(await left.lines())).toEqual(["bread", "eggs", "milk"]);
  });

  it("[P1] each go on with the board offline, and nothing is lost when they are back", async () => {
    const left = await aBoard(await aDevice(), "milk", "eggs", "bread");
    const right = await another(left);
    for (const board of [left, right]) await board.workOffline(true);
    await left.does("card", "milk", "Move to “Done”");
    await left.does("card", "bread", "Delete the card");
    await left.add("Doing", "left new");
    await right.does("card", "milk", "Move to “Doing”");
    await right.does("card", "eggs", "Move to “Doing”");
    await right.add("Doing", "right new");
    // The one deletes the column into which the other moves cards.
    await right.does("column", "Done", "Delete the column");
    for (const board of [left, right]) await board.workOffline(false);
    for (const board of [left, right]) await board.saved();
    await right.isLike(left);
    expect(cardsIn(await left.lines())).toEqual(["eggs", "left new", "milk", "right new"]);
    expect((await left.lines()).map((line) => line.split(":")[0])).toEqual(["To do", "Doing"]);
  });

  it("[P1] write into one card's title at once, and both keep their words", async () => {
    const left = await aBoard(await aDevice(), "milk");
    const right = await another(left);
    await left.card("milk").click();
    await left.press("Home");
    await right.card("milk").click();
    await right.press("End");
    await Promise.all([left.type("oat ", 20), right.type(", two", 20)]);
    for (const board of [left, right]) await board.press("Enter");
    await left.shows(["To do: oat milk, two", "Doing:", "Done:"]);
    await right.shows(["To do: oat milk, two", "Doing:", "Done:"]);
  });

  it("see who is in a card, and undo nothing of each other's", async () => {
    const left = await aBoard(await aDevice(), "milk", "eggs");
    const right = await another(left);
    await left.does("card", "eggs", "Move to “Doing”");
    await right.shows(["To do: milk", "Doing: eggs", "Done:"]);
    await right.does("card", "eggs", "Move to “Done”");
    await right.card("milk").click();
    await left.shows(["To do: milk", "Doing:", "Done: eggs"]);
    await left.page.locator(".card.busy .badge").waitFor();
    await left.press("Control+z");
    await left.page.getByText("Somebody has changed that since").waitFor();
    expect(await left.lines()).toEqual(["To do: milk", "Doing:", "Done: eggs"]);
    await right.press("Enter", "Control+z");
    await left.shows(["To do: milk", "Doing: eggs", "Done:"]);
    await right.page.getByRole("button", { name: "Redo" }).click();
    await left.shows(["To do: milk", "Doing:", "Done: eggs"]);
  });

  it("offer to put a card back that one deletes while the other has it open", async () => {
    const left = await aBoard(await aDevice(), "milk");
    const right = await another(left);
    await left.does("card", "milk", "Open details");
    await left.page.getByRole("textbox", { name: "Text" }).fill("two bottles");
    await right.page.getByText("two bottles").waitFor();
    await right.does("card", "milk", "Delete the card");
    await left.page.getByText("Somebody deleted this card").waitFor();
    await left.page.getByRole("button", { name: "Put it back" }).click();
    await left.page.getByRole("dialog").getByRole("button", { name: "Done" }).click();
    await right.page.getByText("two bottles").waitFor();
    await right.shows(["To do: milk", "Doing:", "Done:"]);
  });
});

describe("with a pointer", () => {
  it("a card is dragged between cards of another column, and a column before others", async () => {
    const board = await aBoard(await aDevice(), "milk", "eggs", "bread");
    await board.add("Doing", "one", "two");
    await board.drag(board.card("eggs"), board.card("two"), { at: 0.1 });
    await board.shows(["To do: milk, bread", "Doing: one, eggs, two", "Done:"]);
    expect(await board.said()).toBe("“eggs” is 2 of 3 in “Doing”.");
    await board.drag(board.card("eggs"), board.card("milk"), { at: 0.1 });
    await board.shows(["To do: eggs, milk, bread", "Doing: one, two", "Done:"]);
    await board.drag(board.column("Done").locator(".column-title"), board.column("To do").locator(".column-title"), { at: 0.5 });
    await board.shows(["Done:", "To do: eggs, milk, bread", "Doing: one, two"]);
    await board.saved();
    await board.page.reload();
    await board.shows(["Done:", "To do: eggs, milk, bread", "Doing: one, two"]);
  });

  it("a drag that ends outside, or with Escape, or whose card is deleted meanwhile, moves nothing", async () => {
    const board = await aBoard(await aDevice(), "milk", "eggs");
    const other = await another(board);
    await board.drag(board.card("milk"), board.page.getByLabel("Title"));
    expect(await board.said()).toBe("It stays where it was.");
    await board.drag(board.card("milk"), board.column("Done"), { release: false });
    await board.press("Escape");
    await board.page.mouse.up();
    await board.drag(board.card("milk"), board.column("Done"), { release: false });
    await other.does("card", "milk", "Delete the card");
    await board.page.getByText("was deleted by somebody else").waitFor();
    expect(await board.page.locator(".ghost").count()).toBe(0);
    await board.page.mouse.up();
    for (const each of [board, other]) await each.shows(["To do: eggs", "Doing:", "Done:"]);
  });
});

it("everything can be done with the keyboard alone: add, walk, move, edit, undo, rename and move a column", async () => {
  const board = await aBoard(await aDevice());
  await board.column("To do").getByRole("button", { name: "Add a card" }).focus();
  await board.press("Enter");
  for (const title of ["milk", "eggs"]) {
    await board.type(title);
    await board.press("Enter");
  }
  await board.press("Escape");
  await board.card("milk").focus();
  await board.press("ArrowDown", "Alt+ArrowRight");
  await board.shows(["To do: milk", "Doing: eggs", "Done:"]);
  expect(await board.said()).toBe("“eggs” is 1 of 1 in “Doing”.");
  await board.press("Alt+ArrowRight", "Alt+ArrowRight");
  expect(await board.said()).toBe("It cannot go further. “eggs” is 1 of 1 in “Done”.");
  await board.press("Enter");
  await board.type(", six");
  await board.press("Enter");
  await board.shows(["To do: milk", "Doing:", "Done: eggs, six"]);
  await board.press("Control+z", "Control+z");
  await board.shows(["To do: milk", "Doing: eggs", "Done:"]);
  await board.press("Control+Shift+z");
  await board.shows(["To do: milk", "Doing:", "Done: eggs"]);
  await expect.poll(() => board.page.evaluate(() => document.activeElement?.textContent)).toBe("eggs");
  await board.column("Doing").locator("button.column-title").focus();
  await board.press("Alt+ArrowLeft", "Enter", "Control+a");
  await board.type("In hand");
  await board.press("Enter");
  await board.shows(["In hand:", "To do: milk", "Done: eggs"]);
  expect(new URL(board.page.url()).pathname).toBe(board.path);
});

it("a column with cards asks what becomes of them, and undo brings all of it back", async () => {
  const board = await aBoard(await aDevice(), "milk");
  await board.add("Doing", "one", "two");
  await board.does("column", "Doing", "Delete the column…");
  expect(await obstacles(board.page)).toEqual([]);
  await board.page.getByRole("button", { name: "Keep the cards" }).click();
  await board.shows(["To do: milk, one, two", "Done:"]);
  await board.press("Control+z");
  await board.shows(["To do: milk", "Doing: one, two", "Done:"]);
  await board.does("column", "Doing", "Delete the column…");
  await board.page.getByRole("button", { name: "Delete the cards, too" }).click();
  for (const name of ["Done", "To do"]) {
    const choice = name === "Done" ? "Delete the column" : "Delete the column…";
    await board.does("column", name, choice);
  }
  await board.page.getByRole("button", { name: "Delete the cards, too" }).click();
  await board.page.getByRole("heading", { name: "No columns yet" }).waitFor();
  await picture(board.page, "board-empty");
  for (let turn = 0; turn < 3; turn += 1) await board.press("Control+z");
  await board.shows(["To do: milk", "Doing: one, two", "Done:"]);
});

it("[P7] a board opens again while the relay is away, takes more cards, and sends them later", async () => {
  const device = await aDevice();
  const board = await aBoard(device, "milk");
  await keptByDevice(board.page);
  await until("the device keeps Automerge", () => board.page.evaluate(() => caches.has("inkmesh-late-files")));
  await device.context.setOffline(true);
  await board.page.reload();
  await board.ready();
  await board.shows(["To do: milk", "Doing:", "Done:"]);
  await board.add("Doing", "written offline");
  await board.says(/not yet sent$/);
  await board.page.reload();
  await board.shows(["To do: milk", "Doing: written offline", "Done:"]);
  await device.context.setOffline(false);
  await board.saved(60_000);
  await (await BoardPage.at(await aDevice(), board.path)).shows(["To do: milk", "Doing: written offline", "Done:"]);
});

it("a board is downloaded as Markdown and as JSON", async () => {
  const board = await aBoard(await aDevice(), "milk");
  await board.page.getByLabel("Title").fill("Week 40");
  await board.does("card", "milk", "Open details");
  await board.page.getByRole("textbox", { name: "Text" }).fill("two bottles");
  await board.page.getByRole("dialog").getByRole("button", { name: "Done" }).click();
  expect(await board.downloaded(() => board.choose("Download as Markdown"))).toBe(
    "# Week 40\n\n## To do\n\n- milk\n\n  two bottles\n\n## Doing\n\n## Done\n",
  );
  const columns = [
    { title: "To do", cards: [{ title: "milk", text: "two bottles" }] },
    { title: "Doing", cards: [] },
    { title: "Done", cards: [] },
  ];
  expect(JSON.parse(await board.downloaded(() => board.choose("Download as JSON")))).toEqual({ title: "Week 40", columns });
});

describe.each(["light", "dark"] as const)("in %s colours", (colorScheme) => {
  const look = { colorScheme, reducedMotion: "reduce" } as const;

  it("axe finds nothing serious on a board with somebody in a card, and an open list", async () => {
    const board = await aBoard(await aDevice(look), "Find the charger", "Move the laptop next to the router, upstairs");
    const other = await another(board);
    await other.does("card", "Find the charger", "Open details");
    await other.page.getByRole("textbox", { name: "Text" }).fill("It was in the blue box, I think.");
    await board.page.locator(".card.busy .badge").waitFor();
    await board.page.getByText("It was in the blue box").waitFor();
    await picture(board.page, `board-${colorScheme}`);
    await board.page.getByRole("button", { name: "Move or change “Find the charger”" }).click();
    await picture(board.page, `board-list-${colorScheme}`);
    expect(await obstacles(board.page)).toEqual([]);
  });

  it("axe finds nothing serious in the details of a card", async () => {
    const board = await aBoard(await aDevice(look), "Find the charger");
    await board.does("card", "Find the charger", "Open details");
    await picture(board.page, `board-card-${colorScheme}`);
    expect(await obstacles(board.page)).toEqual([]);
  });
});

it("fits a phone: columns scroll within the page, and a finger drags a card by its handle", async () => {
  const board = await aBoard(await aDevice({ viewport: { width: 360, height: 720 }, hasTouch: true, isMobile: true }), "milk", "eggs");
  await picture(board.page, "board-phone");
  expect(await overflow(board.page)).toBe(0);
  expect(await obstacles(board.page)).toEqual([]);
  const handle = await board.page.getByRole("button", { name: "Move or change “milk”" }).boundingBox();
  const [x, y] = [handle!.x + handle!.width / 2, handle!.y + handle!.height / 2];
  const touch = await board.page.context().newCDPSession(board.page);
  const send = (type: "touchStart" | "touchMove" | "touchEnd", down: number) =>
    touch.send("Input.dispatchTouchEvent", { type, touchPoints: type === "touchEnd" ? [] : [{ x, y: y + down }] });
  await send("touchStart", 0);
  for (let down = 10; down <= 120; down += 10) await send("touchMove", down);
  await board.page.locator(".ghost").waitFor();
  await picture(board.page, "board-phone-drag");
  await board.page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  await send("touchEnd", 0);
  await board.shows(["To do: eggs, milk", "Doing:", "Done:"]);
  expect(await overflow(board.page)).toBe(0);
});
