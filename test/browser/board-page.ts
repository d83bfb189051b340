/**
 * BoardPage: a board's page as a person uses it: by its cards and columns, with the pointer and the keyboard.
 */
import type { Locator } from "playwright-core";
import { until } from "../harness/until.ts";
import type { Device } from "./browser.ts";
import { EditorPage } from "./editor-page.ts";

export class BoardPage extends EditorPage {
  static async new(device: Device): Promise<BoardPage> {
    return new BoardPage((await EditorPage.begin(device, "New board")).page);
  }

  static async at(device: Device, path: string): Promise<BoardPage> {
    return new BoardPage((await EditorPage.open(device, path)).page);
  }

  column(name: string): Locator {
    return this.page.getByRole("region", { name, exact: true });
  }

  /** A card's title, which is what has the focus of a card. */
  card(title: string): Locator {
    return this.page.locator("button.card-title").getByText(title, { exact: true });
  }

  async add(column: string, ...titles: readonly string[]): Promise<void> {
    await this.column(column).getByRole("button", { name: "Add a card" }).click();
    for (const title of titles) {
      await this.type(title);
      await this.press("Enter");
    }
    await this.press("Escape");
  }

  /** Chooses from a card's or a column's list of what can be done. */
  async does(what: "card" | "column", name: string, choice: string): Promise<void> {
    await this.page
      .getByRole("button", { name: what === "card" ? `Move or change “${name}”` : `Change the column “${name}”`, exact: true })
      .click();
    await this.page.locator(".pop-menu:popover-open").getByRole("button", { name: choice, exact: true }).click();
  }

  /** The board as one line per column: "To do: milk, eggs". */
  override async lines(): Promise<readonly string[]> {
    return this.page.locator(".column").evaluateAll((columns) =>
      columns.map((column) => {
        const titles = [...column.querySelectorAll<HTMLElement>(".card .card-title")].map(
          (title) => (title as HTMLTextAreaElement).value || title.textContent,
        );
        const head = column.querySelector<HTMLElement>(".column-title");
        return `${(head as HTMLTextAreaElement | null)?.value || head?.textContent}: ${titles.join(", ")}`.trim();
      }),
    );
  }

  async isLike(other: BoardPage): Promise<void> {
    const seen = async () => [await this.lines(), await other.lines()] as const;
    await until("both boards are alike", async () => JSON.stringify((await seen())[0]) === JSON.stringify((await seen())[1]), { seen });
  }

  async said(): Promise<string> {
    return this.page.getByTestId("board-said").innerText();
  }

  /** Takes hold of something with the mouse, and moves it near a place of something else; releases it unless told not to. */
  async drag(from: Locator, to: Locator, { at = 0.5, release = true }: { at?: number; release?: boolean } = {}): Promise<void> {
    const [start, end] = [await boxOf(from), await boxOf(to)];
    const { mouse } = this.page;
    await mouse.move(start.x + start.width / 2, start.y + start.height / 2);
    await mouse.down();
    await mouse.move(start.x + start.width / 2 + 8, start.y + start.height / 2 + 8, { steps: 2 });
    await mouse.move(end.x + end.width / 2, end.y + end.height * at, { steps: 5 });
    await this.page.locator(".ghost").waitFor();
    // Where it would go is looked at once per frame.
    await this.page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
    if (release) await mouse.up();
  }
}

async function boxOf(place: Locator): Promise<{ readonly x: number; readonly y: number; readonly width: number; readonly height: number }> {
  const box = await place.boundingBox();
  if (box === null) throw new Error("It is not on the page.");
  return box;
}
