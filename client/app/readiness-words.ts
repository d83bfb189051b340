/**
 * ReadinessWords: whether the page opens while no relay can be reached, and what would help, in words. What is typed is
 * kept on the device in any case; only opening the page again is in question.
 */
import type { Readiness } from "./installed-app.ts";

/** For the details: one line. */
export function readinessWords(readiness: Readiness): string {
  switch (readiness) {
    case "ready":
      return "yes, also after the browser was closed";
    case "preparing":
      return "not yet: its files are being fetched";
    case "insecure":
      return "no: browsers keep a page only over https, or at localhost";
    case "unsupported":
      return "no: this browser keeps no pages, or not in this window";
    case "failed":
      return "no: its files could not be kept; the next visit tries again";
  }
}

/** For the start page: what one should know before closing the tab; undefined where there is nothing to know. */
export function readinessHint(readiness: Readiness): string | undefined {
  switch (readiness) {
    case "ready":
    case "preparing":
      return undefined;
    case "insecure":
      return (
        "While the relay is away, this page cannot be opened again: browsers keep a page only over https, or at localhost. " +
        "What you type is kept on this device all the same, and sent when the relay is back."
      );
    case "unsupported":
    case "failed":
      return (
        "While the relay is away, this page cannot be opened again: this browser does not keep it. " +
        "What you type is kept on this device all the same, and sent when the relay is back."
      );
  }
}
