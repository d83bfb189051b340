/**
 * Before the first spec, once: a browser is there. Two specs that run at once would both install it.
 */
import { chromiumPath } from "./browser.ts";

export function setup(): void {
  chromiumPath();
}
