/**
 * Browser: a headless Chromium with a fresh profile, and the one way to find one. Debian's own is tried first, then what
 * `CHROMIUM` names, then Playwright's download; a machine's administrator gets it installed (`install-browser.ts`, once for all specs); anybody else is told.
 *
 * One `Browser` per spec file; one `Device` is one browser profile: its pages share IndexedDB, Web Locks, channels and
 * the service worker, as the tabs of one person do. A profile in a folder outlives its browser. Pages that report an error of their own fail the spec that asks for `faults`.
 */
import { AxeBuilder } from "@axe-core/playwright";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { resolve } from "node:path";
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { until } from "../harness/until.ts";

const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const debianPackages = ["chromium-headless-shell", "chromium"];
const outputFolder = resolve(import.meta.dirname, "output");

/** Starts a browser, with `more` flags; the spec closes it. */
export async function launchBrowser(more: readonly string[] = []): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumPath(), args: [...flags, ...more], headless: true });
}

/** A fresh profile. `faults` collects what its pages threw or logged as errors. */
export interface Device {
  readonly context: BrowserContext;
  readonly faults: string[];
  page(path: string): Promise<Page>;
}

export async function openDevice(browser: Browser, address: string, options: BrowserContextOptions = {}): Promise<Device> {
  return deviceOf(await browser.newContext({ ...usual(address), ...options }));
}

/** Starts a browser of its own with the profile in `folder`; what it kept there is there again. Closing the context ends it. */
export async function openProfile(folder: string, address: string, options: BrowserContextOptions = {}): Promise<Device> {
  const launch = { executablePath: chromiumPath(), args: flags, headless: true };
  return deviceOf(await chromium.launchPersistentContext(folder, { ...launch, ...usual(address), ...options }));
}

function usual(address: string): BrowserContextOptions {
  return { baseURL: address, viewport: { width: 1200, height: 800 }, locale: "en-GB" };
}

function deviceOf(context: BrowserContext): Device {
  const faults: string[] = [];
  context.on("page", (page) => {
    page.on("pageerror", (error) => faults.push(String(error.stack ?? error)));
    page.on("console", (message) => {
      // A relay that is away is an error to the console, not to the page.
      if (
        message.type() === "error" &&
        !/WebSocket connection|Failed to load resource|ERR_CONNECTION|error occurred when fetching the script/.test(message.text())
      )
        faults.push(message.text());
    });
  });
  return {
    context,
    faults,
    page: async (path) => {
      const page = await context.newPage();
      await page.goto(path);
      return page;
    },
  };
}

/** Until the device keeps the app and this page gets its files from there. */
export async function keptByDevice(page: Page): Promise<void> {
  const state = () =>
    page.evaluate(async () => {
      const { installing, waiting, active } = (await navigator.serviceWorker.getRegistration()) ?? {};
      const controller = navigator.serviceWorker.controller?.state;
      return { installing: installing?.state, waiting: waiting?.state, active: active?.state, controller };
    });
  await until("the device keeps the app", async () => (await state()).controller === "activated", { timeoutMs: 60_000, seen: state });
}

/** What axe finds that keeps somebody from using the page. */
export async function obstacles(page: Page): Promise<readonly string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join("; ")}`);
}

/** How many pixels the page is wider than its window. */
export async function overflow(page: Page): Promise<number> {
  return page.evaluate(() => Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth));
}

/** Keeps a picture of the page among the test's output. */
export async function picture(page: Page, name: string): Promise<void> {
  mkdirSync(outputFolder, { recursive: true });
  await page.screenshot({ path: resolve(outputFolder, `${name}.png`) });
}

/** The shell without windows first: it does what these pages need at a third of the cost. Installs one where there is none and that may be. */
export function chromiumPath(): string {
  const known = [...debianPackages.map((name) => `/usr/bin/${name}`), process.env["CHROMIUM"], playwrightsOwn()];
  const found = known.find((path) => path !== undefined && existsSync(path));
  if (found !== undefined) return found;
  const installed = process.getuid?.() === 0 ? debianPackages.find((name) => isInstalled(name)) : undefined;
  if (installed !== undefined) return `/usr/bin/${installed}`;
  throw new Error(
    "These tests need Chromium: install the package “chromium”, run “npx playwright-core install chromium”, or name a browser in CHROMIUM.",
  );
}

function isInstalled(name: string): boolean {
  return spawnSync("apt-get", ["install", "-y", name], { stdio: "ignore" }).status === 0;
}

function playwrightsOwn(): string | undefined {
  try {
    return chromium.executablePath();
  } catch {
    return undefined; // Playwright has no browser for this platform.
  }
}
