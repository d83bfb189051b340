/**
 * MeshPage: the page that shows the relays, as somebody reads and uses it. What it says is waited for, never looked at once.
 */
import type { Locator, Page } from "playwright-core";
import { until } from "../harness/until.ts";
import type { Device } from "./browser.ts";

/** A page looks once a second, and a machine that does much else at the same time takes its time. */
const saidWithinMs = 60_000;

export class MeshPage {
  readonly page: Page;

  private constructor(page: Page) {
    this.page = page;
  }

  /** With the clocks of `room`. */
  static async open(device: Device, room?: string): Promise<MeshPage> {
    const page = await device.page(room === undefined ? "/mesh-view" : `/mesh-view?${new URLSearchParams({ room })}`);
    page.setDefaultTimeout(saidWithinMs);
    await page.locator(".mesh-summary").waitFor();
    return new MeshPage(page);
  }

  /** Waits until the whole is said so. */
  async summary(words: RegExp, timeoutMs = saidWithinMs): Promise<void> {
    await says(this.page.locator(".mesh-summary"), words, timeoutMs);
  }

  /** Waits until a relay's state is said so. */
  async state(relay: string, words: RegExp, timeoutMs = saidWithinMs): Promise<void> {
    await says(this.card(relay).locator(".relay-state"), words, timeoutMs);
  }

  /** Waits until a link is said to be so, by both its ends. */
  async link(ends: string, words: RegExp, timeoutMs = saidWithinMs): Promise<void> {
    await says(this.page.locator(`[data-link="${ends}"]`), words, timeoutMs);
  }

  /** Waits until a copy is said to be so far. */
  async copy(relay: string, words: RegExp, timeoutMs = saidWithinMs): Promise<void> {
    await says(this.page.locator(`[data-copy="${relay}"]`), words, timeoutMs);
  }

  async clock(relay: string, words: RegExp, timeoutMs = saidWithinMs): Promise<void> {
    await says(this.page.locator(`[data-clock="${relay}"]`), words, timeoutMs);
  }

  /** Waits until a relay is said to hand over so. */
  async handsOver(relay: string, words: RegExp, timeoutMs = saidWithinMs): Promise<void> {
    await says(this.page.locator(`[data-hands-over="${relay}"]`), words, timeoutMs);
  }

  /** Waits until that is told to have happened. */
  async happened(words: string, timeoutMs = saidWithinMs): Promise<void> {
    await this.page.locator(".happenings li", { hasText: words }).first().waitFor({ timeout: timeoutMs });
  }

  /** Cuts the link between two relays, or mends it. */
  async cut(ends: string, isToBeCut = true): Promise<void> {
    await this.page.getByRole("switch", { name: `Cut ${ends.replace(" ", " – ")}` }).setChecked(isToBeCut);
  }

  async seeWith(relay: string): Promise<void> {
    await this.page.getByLabel("Through the eyes of relay").selectOption(relay);
  }

  card(relay: string): Locator {
    return this.page.locator(`[data-relay="${relay}"]`);
  }

  /** What can be done to a relay. */
  subject(relay: string): Locator {
    return this.page.locator(`[data-subject="${relay}"]`);
  }

  async heal(): Promise<void> {
    await this.page.getByRole("button", { name: "Heal everything" }).click();
  }
}

async function says(place: Locator, words: RegExp, timeoutMs: number): Promise<void> {
  const text = async (): Promise<string> => (await place.textContent({ timeout: timeoutMs }).catch(() => null)) ?? "";
  await until(`${words} is said`, async () => words.test(await text()), { timeoutMs, seen: text });
}
