/**
 * Three pages, each from a relay of its own, while one relay is killed and another one stands still. What a page calls saved is
 * compared, at the moment at which it says so, with what the relays themselves answer.
 */
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { relaysToStart, startMesh, type MeshProcess } from "../harness/mesh-processes.ts";
import { contentOf } from "../harness/relay-api.ts";
import { endRelays } from "../harness/relay-process.ts";
import { until } from "../harness/until.ts";
import { type Device, launchBrowser, openDevice, picture } from "./browser.ts";
import { EditorPage } from "./editor-page.ts";

const names = ["a", "b", "c"] as const;
type Name = (typeof names)[number];

let browser: Browser;
let relays: Readonly<Record<string, MeshProcess>>;
let devices: Device[] = [];

beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());
beforeEach(async () => {
  relays = await relaysToStart({ a: names, b: names, c: names });
  await startMesh(Object.values(relays));
}, 60_000);
afterEach(async () => {
  await endRelays();
  const faults = devices.flatMap((device) => device.faults);
  await Promise.all(devices.map((device) => device.context.close()));
  devices = [];
  expect(faults).toEqual([]);
});

/** A document with a line for each of three people, whose pages come from "a", "b" and "c". */
async function threePages(): Promise<Readonly<Record<Name, EditorPage>>> {
  for (const name of names) devices.push(await openDevice(browser, relays[name]!.url));
  const a = await EditorPage.begin(devices[0]!);
  await a.focusText();
  await a.type(names.map((name) => `${name}: `).join("\n"));
  await a.says(/^Saved on [23] of 3 relays$/);
  const [b, c] = [await EditorPage.open(devices[1]!, a.path), await EditorPage.open(devices[2]!, a.path)];
  const pages = { a, b, c };
  for (const [index, name] of names.entries()) {
    await pages[name].shows(names.map((each) => `${each}: `));
    await expect.poll(() => pages[name].detail("Relay")).toBe(name);
    await pages[name].stand(index);
  }
  for (const name of names) await sees(pages[name], 2, 10_000);
  return pages;
}

/** As many others are there, by their badges and their carets. */
async function sees(page: EditorPage, others: number, timeoutMs: number): Promise<void> {
  const seen = async (): Promise<readonly number[]> => [
    await page.page.locator(".presence .badge").count(),
    await page.page.locator(".caret").count(),
  ];
  await until(`${others} others are seen`, async () => (await seen()).every((count) => count === others), { timeoutMs, seen });
}

interface Said {
  readonly by: Name;
  readonly status: string;
  /** The line of whoever sits at this page, at the same moment. */
  readonly line: string;
}

/** What pages say while something happens, each saying beside what the relays have that can be asked. */
class Witness {
  readonly said: Said[] = [];
  readonly lies: string[] = [];
  readonly #pages: Readonly<Record<Name, EditorPage>>;
  /** A relay that cannot be asked, and how long the lines were when it could be written to for the last time. */
  #away: { readonly name: Name; readonly length: number } | undefined;

  constructor(pages: Readonly<Record<Name, EditorPage>>) {
    this.#pages = pages;
  }

  async isAway(name: Name): Promise<void> {
    const lines = await Promise.all(names.map((each) => this.#look(each)));
    this.#away = { name, length: Math.max(...lines.map(({ line }) => line.length)) };
  }

  isBack(): void {
    this.#away = undefined;
  }

  async watch(during: Promise<unknown>): Promise<void> {
    let isOver = false;
    void during.finally(() => (isOver = true));
    while (!isOver) for (const name of names) await this.#hear(name);
    await during;
  }

  async #hear(name: Name): Promise<void> {
    const away = this.#away;
    const said = await this.#look(name);
    this.said.push(said);
    const copies = Number(/^Saved on (\d) of 3 relays$/.exec(said.status)?.[1] ?? 0);
    if (copies === 0) return;
    const { room } = this.#pages.a;
    const has = async (relay: Name): Promise<boolean> => {
      if (relay === away?.name) return said.line.length <= away.length;
      return contentOf(relays[relay]!, room).then(
        (text) => text.includes(said.line),
        () => true, // It has just been killed: it cannot be asked what it had.
      );
    };
    const holders = (await Promise.all(names.map(has))).filter(Boolean).length;
    if (holders < copies) this.lies.push(`${name} says “${said.status}” of “${said.line}”, which ${holders} have`);
  }

  async #look(name: Name): Promise<Said> {
    const seen = await this.#pages[name].page.evaluate((index) => {
      const status = document.querySelector('[data-testid="status"]')?.textContent ?? "";
      const block = document.querySelectorAll(".rich-text .page > *")[index]!.cloneNode(true) as Element;
      for (const caret of block.querySelectorAll(".caret")) caret.remove();
      return { status, line: block.textContent ?? "" };
    }, names.indexOf(name));
    return { by: name, ...seen };
  }
}

/** A relay that stands still looks like one that is slow for some seconds. */
const goesOnWithinMs = 12_000;
const words = "every letter of this line is typed once and stays once";

describe("[P1] [P2] [P4] [P10] three pages at three relays", () => {
  it("one relay is killed while all type: its page goes on elsewhere, nothing is lost or doubled, and saved is true", async () => {
    const pages = await threePages();
    const witness = new Witness(pages);
    const typing = Promise.all(names.map((name) => pages[name].type(words, 40)));
    const killing = pages.a.page.waitForTimeout(700).then(async () => {
      await relays["b"]!.end("SIGKILL");
      await witness.isAway("b");
    });
    await witness.watch(Promise.all([typing, killing]));
    expect(witness.lies).toEqual([]);
    const lines = names.map((name) => `${name}: ${words}`);
    for (const name of names) {
      await pages[name].shows(lines);
      await pages[name].says(/^Saved on 2 of 3 relays$/);
    }
    for (const name of names) await sees(pages[name], 2, 10_000);
    expect(["a", "c"]).toContain(await pages.b.detail("Relay"));
    for (const relay of ["a", "c"]) expect(await contentOf(relays[relay]!, pages.a.room)).toBe(lines.join("\n"));
    const claims = witness.said.filter(({ status, line }) => status.startsWith("Saved on") && line.length > "b: ".length);
    expect(claims.length).toBeGreaterThan(0);
    expect(witness.said.filter(({ status }) => /^Offline|refused|only in this tab/.test(status))).toEqual([]);
    await picture(pages.b.page, "three-relays-one-killed");
  });

  it("one relay stands still: its page calls nothing saved that is not, goes on elsewhere and stays there, and the others lose its caret meanwhile", async () => {
    const pages = await threePages();
    const witness = new Witness(pages);
    const { c } = pages;
    relays["c"]!.signal("SIGSTOP");
    await witness.isAway("c");
    const gone = Promise.all([sees(pages.a, 1, 5_000), sees(pages.b, 1, 5_000)]);
    const typing = Promise.all(names.map((name) => pages[name].type(words, 100)));
    typing.catch(() => undefined); // It is waited for below; where the test ends before that, its own fault is the one to tell.
    await witness.watch(gone);
    const heard = witness.said.filter(({ by }) => by === "c").map(({ status }) => status);
    await picture(c.page, "three-relays-frozen-page");
    await picture(pages.a.page, "three-relays-others-of-frozen");
    // Whatever it says of an edit in between (on its way to the device's disk, for one), none of them is called saved.
    expect(heard).toContainEqual(expect.stringMatching(/^Saving \d+ edits…$/));
    expect(heard.at(-1)).not.toMatch(/^Saved/);
    await witness.watch(typing);
    // Past suspicion: the others have called it dead, or are about to.
    expect(["suspect", "dead"]).toContain((await relays["a"]!.belief("c"))!.state);
    const lines = names.map((name) => `${name}: ${words}`);
    await witness.watch(Promise.all(names.map((name) => pages[name].shows(lines, goesOnWithinMs))));
    for (const name of names) {
      await pages[name].says(/^Saved on 2 of 3 relays$/);
      await sees(pages[name], 2, 10_000);
    }
    expect(witness.lies).toEqual([]);

    relays["c"]!.signal("SIGCONT");
    witness.isBack();
    for (const relay of names) await expect.poll(() => contentOf(relays[relay]!, c.room)).toBe(lines.join("\n"));
    for (const name of names) {
      await pages[name].shows(lines);
      await pages[name].says(/^Saved on [23] of 3 relays$/);
      await sees(pages[name], 2, 10_000);
    }
    expect(["a", "b"]).toContain(await c.detail("Relay"));
    expect(witness.lies).toEqual([]);
    await picture(c.page, "three-relays-after-the-freeze");
  });
});
