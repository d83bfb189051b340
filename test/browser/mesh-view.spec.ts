/**
 * The page that shows the relays, before three real ones, and what experiments do to them: a person watches a partition being survived.
 */
import { resolve } from "node:path";
import type { Browser, BrowserContextOptions } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type MeshProcess, relaysToStart, startMesh } from "../harness/mesh-processes.ts";
import { endRelays, projectRoot, startRelayProcess } from "../harness/relay-process.ts";
import { type Device, keptByDevice, launchBrowser, obstacles, openDevice, overflow, picture } from "./browser.ts";
import { EditorPage } from "./editor-page.ts";
import { MeshPage } from "./mesh-page.ts";
import { TestDevices } from "./test-devices.ts";

const names = ["a", "b", "c"] as const;
type Name = (typeof names)[number];

/** A relay that was cut off for long is dialled again after half a minute at the latest, and then has to be proven alive. */
const comesBackWithinMs = 90_000;
/** What takes a moment where nothing else runs. */
const withinMs = 60_000;
const spec = { timeout: 300_000 };

let browser: Browser;
let relays: Readonly<Record<string, MeshProcess>>;
const devices = new TestDevices(endRelays);

beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

async function aMesh(options: { names?: readonly string[]; isOpen: boolean }): Promise<void> {
  const all = options.names ?? names;
  const plain = await relaysToStart(Object.fromEntries(all.map((name) => [name, all])));
  const args = [...all.flatMap((name) => ["--join", plain[name]!.meshAddress]), ...(options.isOpen ? ["--experiments"] : [])];
  relays = Object.fromEntries(all.map((name) => [name, plain[name]!.againWith({ args })]));
  await startMesh(Object.values(relays), withinMs);
}

async function aDevice(at: Name = "a", options: BrowserContextOptions = {}): Promise<Device> {
  const device = devices.note(await openDevice(browser, relays[at]!.url, options));
  device.context.setDefaultTimeout(withinMs);
  return device;
}

/** A document that is saved on all three relays, open at `a`. */
async function aDocument(): Promise<EditorPage> {
  const editor = await EditorPage.begin(await aDevice());
  await editor.type("Harbour log");
  await editor.focusText();
  await editor.type("before");
  await editor.says(/^Saved on 3 of 3 relays$/, withinMs);
  return editor;
}

describe("with experiments", spec, () => {
  it("a relay is cut off and comes back: states, links and a document's clocks say so, on either side", async () => {
    await aMesh({ isOpen: true });
    const atA = await aDocument();
    const atC = await EditorPage.open(await aDevice("c"), atA.path);
    await atC.shows(["before"], withinMs);
    const view = await MeshPage.open(await aDevice("a", { viewport: { width: 1200, height: 1000 } }), atA.room);
    await view.summary(/^All 3 relays are alive\. A document has 3 copies, and is saved when 2 of them have it on disk\.$/);
    for (const name of names) {
      await view.state(name, /^alive$/);
      await view.copy(name, /has everything/);
    }
    for (const ends of ["a b", "a c", "b c"]) await view.link(ends, /up.*ms, nothing waits.*ms, nothing waits/);
    await picture(view.page, "mesh-view");

    await view.subject("c").getByRole("button", { name: "Cut off from all" }).click();
    await view.link("a c", /cut by an experiment/);
    await view.link("b c", /cut by an experiment/);
    await view.state("c", /^(suspect|dead) for/);
    await atA.type(" and after");
    await atA.says(/^Saved on 2 of 3 relays$/, withinMs);
    await view.copy("c", /[1-9]\d* entr(y|ies) behindsays so itself/);
    await view.page.getByText("“Harbour log”: 2 of 3 copies have everything. What reached a relay is saved.").waitFor();
    await view.copy("a", /has everything/);
    await view.state("c", /^dead for/);
    await view.summary(/^Relay c is dead\. 2 of 3 are alive\./);
    await view.happened("Relay c is dead.");
    await view.happened("The copy at relay c falls behind.");
    await view.page.evaluate(() => scrollTo(0, 0));
    await picture(view.page, "mesh-view-cut");
    if (process.env["INKMESH_SCREENSHOT"] === "1") await view.page.screenshot({ path: resolve(projectRoot, "docs/mesh-view.png") });
    await view.seeWith("c");
    await view.state("a", /^dead for/);
    await view.state("c", /^alive$/);
    await atC.goTo("start");
    await atC.type("here: ");
    await view.copy("a", /[1-9]\d* entr(y|ies) behind/);
    await view.link("a b", /^a – bup/);
    await view.seeWith("a");

    await view.heal();
    await view.state("c", /^alive$/, comesBackWithinMs);
    for (const name of names) await view.copy(name, /has everything/, comesBackWithinMs);
    for (const ends of ["a b", "a c", "b c"]) await view.link(ends, /up/, comesBackWithinMs);
    await view.summary(/^All 3 relays are alive\./);
    await view.happened("Relay c is alive again.");
    await view.happened("The copy at relay c has everything again.");
    for (const editor of [atA, atC]) await editor.shows(["here: before and after"], comesBackWithinMs);
    await picture(view.page, "mesh-view-healed");
  });

  it("one link is cut, gossip is paused, a clock is turned: each is seen for what it is, and ends", async () => {
    await aMesh({ isOpen: true });
    const atA = await aDocument();
    const atB = await EditorPage.open(await aDevice("b"), atA.path);
    await atB.shows(["before"], withinMs);
    const view = await MeshPage.open(await aDevice(), atA.room);
    // Without both its links b hears nothing: it stays behind for as long as that is so.
    for (const ends of ["a b", "b c"]) await view.cut(ends);
    for (const ends of ["a b", "b c"]) await view.link(ends, /cut by an experiment, (silent|down)/);
    await view.link("a c", /up/);
    await view.state("b", /^(suspect|dead) for/);
    await atA.type(" more");
    await atA.says(/^Saved on 2 of 3 relays$/, withinMs);
    await view.happened("The copy at relay b falls behind.");
    await view.copy("b", /[1-9]\d* entr(y|ies) behindsays so itself/);
    expect(await atB.lines()).toEqual(["before"]);

    // Through c a hears that b is alive.
    await view.cut("b c", false);
    await view.state("b", /^alive$/, comesBackWithinMs);
    await view.link("a b", /cut by an experiment, (silent|down)/);
    await view.cut("a b", false);
    await view.link("a b", /^a – bup/, comesBackWithinMs);
    await view.happened("The copy at relay b has everything again.", comesBackWithinMs);
    await atB.shows(["before more"], comesBackWithinMs);
    for (const name of names) await view.copy(name, /has everything/);
    await atA.says(/^Saved on 3 of 3 relays$/, comesBackWithinMs);

    await view.subject("b").getByRole("switch", { name: "Gossip paused" }).check();
    await view.state("b", /^(suspect|dead) for/);
    await view.seeWith("b");
    await view.state("b", /^alive$/);
    await view.seeWith("a");
    await view.state("b", /^(suspect|dead) for/);
    await view.subject("b").getByRole("switch", { name: "Gossip paused" }).uncheck();
    await view.state("b", /^alive$/, comesBackWithinMs);

    await view.page.getByLabel("Clock of relay c").selectOption("1 h ahead");
    // A stamp is as old as its way took: an hour ahead, or a little less.
    await view.clock("c", /turned.*(1 h|59 min) ahead: its stamps are not followed/);
    await view.clock("b", /the same/);
    const atC = await EditorPage.open(await aDevice("c"), atA.path);
    await atC.shows(["before more"], withinMs);
    await atC.focusText();
    await atC.type("x");
    await atC.says(/^Saved on [23] of 3 relays$/, withinMs);
    await view.clock("c", /((1 h|59 min) ahead: its stamps are not followed.*){2}/);
    await picture(view.page, "mesh-view-clock");
    await view.heal();
    await view.clock("c", /the same/);
  });

  it("a relay is killed and started anew; when it is the page's own, the page goes on with another one, also when it is loaded then", async () => {
    await aMesh({ isOpen: true });
    const device = await aDevice();
    const start = await device.page("/");
    await keptByDevice(start);
    const { room } = await aDocument();
    const view = await MeshPage.open(device, room);
    await view.page.getByText("3 of 3 copies have everything. What reached a relay is saved.").waitFor();
    await view.subject("b").getByRole("button", { name: "Kill relay b" }).click();
    await view.page.getByRole("button", { name: "Kill it" }).click();
    expect((await relays["b"]!.exited).signal).toBe("SIGKILL");
    await view.state("b", /^dead for/);
    await view.card("b").getByText("It does not answer this page.").waitFor();
    await view.happened("The link to relay b is gone.");
    const known = "As far as the relays that answer know, 2 of 3 copies have everything, and that is saved.";
    await view.page.getByText(`${known} What relay b may have is not known.`).waitFor();
    await relays["b"]!.start();
    await view.happened("Relay b was started anew.", comesBackWithinMs);
    await view.state("b", /^alive$/, comesBackWithinMs);

    await relays["a"]!.end("SIGKILL");
    await view.page.getByText(/^Relay a has not answered for \d+ (s|min)\. This is what relay [bc] sees instead\.$/).waitFor();
    await view.state("a", /^dead for/);
    await picture(view.page, "mesh-view-stand-in");
    await view.page.reload();
    await view.page.getByText(/has not answered for \d+ (s|min)\. This is what relay [bc] sees instead\.$/).waitFor();
    await view.state("a", /^dead for/);
    for (const name of ["b", "c"]) await relays[name]!.end("SIGKILL");
    await view.page.getByText("No relay answers").waitFor();
    await picture(view.page, "mesh-view-nobody");
    await relays["a"]!.start();
    await view.summary(/relay [bc] is/);
    // One that has just started knows no other relay yet, and lets no page of theirs read its answers: to the page it is not there yet.
    const faults = device.faults.splice(0);
    device.faults.push(...faults.filter((fault) => !fault.includes("blocked by CORS policy")));
  });

  it("a relay that leaves, and is cut off from one that is to take over, says how far it is, and has left when that is mended", async () => {
    await aMesh({ names: ["a", "b", "c", "d"], isOpen: true });
    const titled = (title: string) => ({
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ title }),
    });
    for (let index = 0; index < 12; index++)
      expect((await fetch(`${relays["a"]!.url}/api/rooms`, titled(`Notes ${index}`))).status).toBe(201);
    const view = await MeshPage.open(await aDevice());
    await view.page.getByText("No hints wait, and every document is where it belongs.").waitFor();
    await view.page.getByRole("switch", { name: "Cut c – d" }).check();
    await relays["d"]!.drain();
    await view.handsOver(
      "d",
      /[1-9]\d* documents? with something that a replica may lack, \d+ of them under way\. \d+ of [1-9]\d* handed over\./,
    );
    await picture(view.page, "mesh-view-leaving");
    expect(await obstacles(view.page)).toEqual([]);
    await view.heal();
    await view.card("d").getByText("has left the ring").waitFor({ timeout: comesBackWithinMs });
    await view.page.getByText("No hints wait, and every document is where it belongs.").waitFor();
  });

  it("can be used by everybody: axe finds nothing in light and dark, a phone is wide enough, the keyboard goes everywhere", async () => {
    await aMesh({ isOpen: true });
    const { room } = await aDocument();
    for (const colorScheme of ["light", "dark"] as const) {
      const view = await MeshPage.open(await aDevice("a", { colorScheme, reducedMotion: "reduce" }), room);
      await view.copy("a", /has everything/);
      await view.subject("c").getByRole("button", { name: "Cut off from all" }).click();
      await view.state("c", /^(suspect|dead) for/);
      await picture(view.page, `mesh-view-${colorScheme}`);
      expect(await obstacles(view.page)).toEqual([]);
      await view.subject("c").getByRole("button", { name: "Kill relay c" }).focus();
      await view.page.keyboard.press("Enter");
      await view.page.getByRole("heading", { name: "Kill relay c?" }).waitFor();
      expect(await obstacles(view.page)).toEqual([]);
      await view.page.keyboard.press("Escape");
      await view.heal();
      await view.state("c", /^alive$/, comesBackWithinMs);
    }
    const phone = await MeshPage.open(await aDevice("a", { viewport: { width: 360, height: 720 }, hasTouch: true, isMobile: true }), room);
    await phone.copy("a", /has everything/);
    expect(await overflow(phone.page)).toBe(0);
    await picture(phone.page, "mesh-view-phone");
    const field = phone.page.getByRole("combobox", { name: "Document" });
    await field.fill(`${relays["a"]!.url}/d/never-used`);
    await field.press("Enter");
    await phone.page.getByText("Nobody has written in a document named “never-used” yet.").waitFor();
    expect(await overflow(phone.page)).toBe(0);
  });
});

describe("without experiments", spec, () => {
  it("there is no such door, and the page does not speak of it", async () => {
    await aMesh({ isOpen: false });
    const url = `${relays["a"]!.url}/api/mesh/experiments`;
    expect((await fetch(url, { method: "PATCH", headers: { "content-type": "application/json" }, body: '{"cut":["b"]}' })).status).toBe(
      404,
    );
    expect((await fetch(`${url}/kill`, { method: "POST" })).status).toBe(404);
    const view = await MeshPage.open(await aDevice());
    await view.summary(/^All 3 relays are alive\./);
    await view.link("a b", /up/);
    expect(await view.page.getByText("Experiments").count()).toBe(0);
    expect(await view.page.getByRole("button", { name: /^Kill/ }).count()).toBe(0);
  });

  it("a relay that is alone says so, and what is asked before it answers is awaited", async () => {
    const relay = await startRelayProcess();
    const device = devices.note(await openDevice(browser, relay.url));
    const page = await device.context.newPage();
    let answers: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (answers = resolve));
    device.context.setDefaultTimeout(withinMs);
    // The page would give the question up after two seconds, before a slow machine has looked.
    await page.addInitScript(() => {
      AbortSignal.timeout = () => new AbortController().signal;
    });
    await page.route("**/api/mesh", async (route) => held.then(() => route.continue()));
    await page.goto("/mesh-view");
    await page.getByText("Asking the relay").waitFor({ state: "attached" });
    await picture(page, "mesh-view-loading");
    answers();
    await page.getByText("Relay a is alone: a document is saved when it is on this one disk.").waitFor();
    await page.getByText("There is no other relay to link to.").waitFor();
    await picture(page, "mesh-view-alone");
    expect(await obstacles(page)).toEqual([]);
  });
});
