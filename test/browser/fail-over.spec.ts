import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { becomeOneMesh, relaysToStart, type MeshProcess } from "../harness/mesh-processes.ts";
import { contentOf, roomOf } from "../harness/relay-api.ts";
import { endRelays } from "../harness/relay-process.ts";
import { until } from "../harness/until.ts";
import { type Device, keptByDevice, launchBrowser, openDevice, picture } from "./browser.ts";
import { EditorPage } from "./editor-page.ts";
import { TestDevices } from "./test-devices.ts";

const names = ["a", "b", "c"];

let browser: Browser;
let relays: Readonly<Record<string, MeshProcess>>;
const devices = new TestDevices();

beforeAll(async () => {
  [browser, relays] = await Promise.all([launchBrowser(), relaysToStart({ a: names, b: names, c: names })]);
  const all = Object.values(relays);
  await Promise.all(all.map((relay) => relay.start()));
  await becomeOneMesh(all);
  const areMembers = async (): Promise<boolean> => (await all[0]!.view()).ring.records.every(({ status }) => status === "member");
  await until("all disks are whole", areMembers);
}, 60_000);
afterAll(async () => {
  await browser.close();
  await endRelays();
});

/** A device of its own, whose pages come from this relay. */
async function deviceAt(relay: string): Promise<Device> {
  return devices.note(await openDevice(browser, relays[relay]!.url));
}

describe("[P4] [P7] three relays", () => {
  it("two people type at two of them, one relay is killed while they do, and its page goes on at another one by itself, with its documents", async () => {
    const left = await EditorPage.begin(await deviceAt("a"));
    await left.focusText();
    await left.type("left: \nright: ");
    await left.says(/^Saved on [23] of 3 relays$/);
    const right = await EditorPage.open(await deviceAt("b"), left.path);
    await right.shows(["left: ", "right: "]);
    expect([await left.detail("Relay"), await right.detail("Relay")]).toEqual(["a", "b"]);

    const heard = hearStatus(left);
    await left.stand(0);
    await right.stand(1);
    const typing = [
      left.type("typed while the relay beneath it dies, and on", 40),
      right.type("at another relay, and never interrupted", 40),
    ];
    await left.page.waitForTimeout(600);
    await relays["a"]!.end("SIGKILL");
    await Promise.all(typing);

    const lines = ["left: typed while the relay beneath it dies, and on", "right: at another relay, and never interrupted"];
    await left.says(/^Saved on 2 of 3 relays$/);
    await left.shows(lines);
    await right.shows(lines);
    await right.says(/^Saved on 2 of 3 relays$/);
    expect(["b", "c"]).toContain(await left.detail("Relay"));
    // It said that it was connecting, and never had to say that nothing can be reached or that anything is lost.
    expect((await heard()).filter((status) => status.startsWith("Connecting…"))).not.toEqual([]);
    expect((await heard()).filter((status) => /^Offline|refused|only in this tab/.test(status))).toEqual([]);
    await picture(left.page, "fail-over");
    for (const relay of ["b", "c"]) await expect.poll(() => contentOf(relays[relay]!, left.room)).toBe(lines.join("\n"));

    // What it asks over HTTP it asks where it is connected: to mirror a title, which nobody else could, and for the list of documents.
    await right.page.close();
    await left.page.getByLabel("Title").fill("Minutes of a funeral");
    await expect.poll(async () => (await roomOf(relays["b"]!, left.room))["title"], { timeout: 15_000 }).toBe("Minutes of a funeral");
    await left.page.getByRole("link", { name: "Inkmesh" }).click();
    await expect.poll(() => left.page.locator(".document-row").allInnerTexts()).toEqual([expect.stringContaining("Minutes of a funeral")]);
    await expect.poll(() => left.page.getByText("cannot be reached").count()).toBe(0);
  });

  it("a page whose own relay is away is loaded from the device and goes on at another one, with what was typed before and after", async () => {
    await relays["a"]!.start();
    const device = await deviceAt("b");
    const editor = await EditorPage.begin(device);
    await editor.focusText();
    await editor.type("typed at its own relay\n");
    await editor.says(/^Saved on [23] of 3 relays$/);
    await keptByDevice(editor.page);
    await relays["b"]!.end("SIGKILL");
    await editor.page.reload();
    await editor.ready();
    await editor.goTo("end");
    await editor.type("and at another one");
    await editor.says(/^Saved on 2 of 3 relays$/);
    expect(["a", "c"]).toContain(await editor.detail("Relay"));
    await picture(editor.page, "fail-over-reloaded");
    const lines = ["typed at its own relay", "and at another one"];
    for (const relay of ["a", "c"]) await expect.poll(() => contentOf(relays[relay]!, editor.room)).toBe(lines.join("\n"));
    // The list of documents, too: the page knows where to ask, though it never was connected to its own relay.
    await editor.page.goto("/");
    await editor.page.locator(".document-row").first().waitFor();
    await expect.poll(() => editor.page.getByText("cannot be reached").count(), { timeout: 10_000 }).toBe(0);
  });
});

/** From now on writes down what the page says at its foot; answers how to hear it. */
function hearStatus(editor: EditorPage): () => Promise<readonly string[]> {
  const started = editor.page.getByTestId("status").evaluate((status) => {
    const heard: string[] = [];
    (window as unknown as { heard: string[] }).heard = heard;
    new MutationObserver(() => heard.push(status.textContent ?? "")).observe(status, {
      subtree: true,
      childList: true,
      characterData: true,
    });
  });
  return async () => {
    await started;
    return editor.page.evaluate(() => (window as unknown as { heard: string[] }).heard);
  };
}
