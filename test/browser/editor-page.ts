/**
 * EditorPage: a document's page as a person uses it: by what is written on it and by the keyboard.
 */
import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { until } from "../harness/until.ts";
import type { Device } from "./browser.ts";

const text = ".rich-text .page";

interface CodeView {
  readonly state: { readonly doc: { toString(): string } };
}

export class EditorPage {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  /** Begins a document on the start page, as a person does, and stands in its title. */
  static async begin(device: Device, kind: "New text" | "New code document" | "New notes" | "New board" = "New text"): Promise<EditorPage> {
    const page = await device.page("/");
    await page.getByRole("button", { name: kind }).click();
    const editor = new EditorPage(page);
    await editor.ready();
    return editor;
  }

  /** Opens a document's link. */
  static async open(device: Device, path: string): Promise<EditorPage> {
    const editor = new EditorPage(await device.page(path));
    await editor.ready();
    return editor;
  }

  async ready(): Promise<void> {
    await this.page.locator(`${text}, .cm-content, .columns`).waitFor();
  }

  get path(): string {
    return new URL(this.page.url()).pathname;
  }

  get room(): string {
    return decodeURIComponent(this.path.slice("/d/".length));
  }

  /** The lines of the text, without the names at others' carets. */
  async lines(): Promise<readonly string[]> {
    return this.page.locator(text).evaluate((page) =>
      [...page.children].map((block) => {
        const copy = block.cloneNode(true) as Element;
        for (const caret of copy.querySelectorAll(".caret")) caret.remove();
        return copy.textContent ?? "";
      }),
    );
  }

  /** The lines of a code document that are on the screen, without the names at others' carets. */
  async code(): Promise<readonly string[]> {
    return this.page.locator(".cm-line").evaluateAll((lines) =>
      lines.map((line) => {
        const copy = line.cloneNode(true) as Element;
        for (const caret of copy.querySelectorAll(".caret")) caret.remove();
        return copy.textContent ?? "";
      }),
    );
  }

  /** The tag names and marks of the lines: "h2", "p", "div[task]". */
  async kinds(): Promise<readonly string[]> {
    return this.page.locator(text).evaluate((page) =>
      [...page.children].map((block) => {
        const list = block.getAttribute("data-list");
        return block.tagName.toLowerCase() + (list === null ? "" : `[${list}]`);
      }),
    );
  }

  /** Puts the caret at the end (or the start) of a line, counted from 0. */
  async stand(line: number, where: "end" | "start" = "end"): Promise<this> {
    await this.page.locator(`${text} > *`).nth(line).click();
    await this.page.keyboard.press(where === "end" ? "End" : "Home");
    return this;
  }

  /** Puts the caret at the very beginning or end, or at the end of the first line. */
  async goTo(place: "start" | "first line" | "end"): Promise<this> {
    await this.focusText();
    // For 200 ms after it got the focus ProseMirror takes a caret at the very beginning for a browser's mistake.
    await this.page.waitForTimeout(220);
    await this.press(place === "end" ? "Control+End" : "Control+Home");
    if (place === "first line") await this.press("End");
    // The editor hears of a caret that the browser moved in a later task; nobody presses Enter before that.
    await this.page.waitForTimeout(50);
    return this;
  }

  /** Types as fast as the page takes it, or with a pause between the keys. */
  async type(words: string, delay = 0): Promise<this> {
    await this.page.keyboard.type(words, { delay });
    return this;
  }

  async press(...keys: readonly string[]): Promise<this> {
    for (const key of keys) await this.page.keyboard.press(key);
    return this;
  }

  /** Into the text, from wherever the focus is. */
  async focusText(): Promise<this> {
    await this.page.locator(`${text}, .cm-content`).focus();
    return this;
  }

  async status(): Promise<string> {
    return this.page.getByTestId("status").innerText();
  }

  async says(words: string | RegExp, timeoutMs = 15_000): Promise<void> {
    const matches = (status: string) => (typeof words === "string" ? status.includes(words) : words.test(status));
    await until(`the status says ${words}`, async () => matches(await this.status()), { timeoutMs, seen: () => this.status() });
  }

  async saved(timeoutMs?: number): Promise<void> {
    await this.says(/^Saved on 1 of 1 relay$/, timeoutMs);
  }

  async shows(lines: readonly string[], timeoutMs = 15_000): Promise<void> {
    const wanted = JSON.stringify(lines);
    await until(`the page shows ${wanted}`, async () => JSON.stringify(await this.lines()) === wanted, {
      timeoutMs,
      seen: () => this.lines(),
    });
  }

  /** The whole text of a code document, as the editor has it, also what is scrolled out of sight. */
  async wholeCode(): Promise<string> {
    return this.page.locator(".cm-content").evaluate((content) => {
      const { cmTile, cmView } = content as unknown as Record<"cmTile" | "cmView", { view?: CodeView; rootView?: { view: CodeView } }>;
      const view = cmTile?.view ?? cmView?.rootView?.view;
      if (view === undefined) throw new Error("no CodeMirror behind this element");
      return view.state.doc.toString();
    });
  }

  /** Presses something that downloads a file; answers the file's text. */
  async downloaded(press: () => Promise<void>): Promise<string> {
    const [file] = await Promise.all([this.page.waitForEvent("download"), press()]);
    return readFileSync(await file.path(), "utf8");
  }

  /** Chooses from the document's menu. */
  async choose(item: string): Promise<void> {
    await this.page.getByRole("button", { name: "Document menu" }).click();
    await this.page.locator("#document-menu").getByRole("button", { name: item }).click();
  }

  /** A figure of the details panel, which is opened and closed for it. */
  async detail(term: string): Promise<string> {
    await this.page.getByRole("button", { name: "Details", exact: true }).click();
    const value = await this.page
      .locator("#details dl > div")
      .filter({ has: this.page.getByText(term, { exact: true }) })
      .locator("dd")
      .innerText();
    await this.page.getByRole("button", { name: "Close details" }).click();
    return value;
  }

  /** Closes the tab as a person does; answers whether the page asked first, and leaves it open then. */
  async closes(): Promise<"asked" | "closed"> {
    return new Promise((done) => {
      this.page.once("dialog", (dialog) => void dialog.dismiss().then(() => done("asked")));
      this.page.once("close", () => done("closed"));
      void this.page.close({ runBeforeUnload: true });
    });
  }

  async workOffline(offline: boolean): Promise<void> {
    await this.page.getByRole("switch", { name: "Work offline" }).setChecked(offline, { force: true });
  }
}
