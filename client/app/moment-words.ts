/**
 * MomentWords: when something was, in words: a clock time for "since", and how long ago for a list. Of one's own time zone.
 */

/** The time, with the day unless it is today: "14:05", "yesterday, 14:05", "3 Nov, 14:05". */
export function momentWords(thenMs: number, nowMs: number): string {
  const then = new Date(thenMs);
  const clock = then.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  const days = daysBetween(then, new Date(nowMs));
  if (days === 0) return clock;
  if (days === 1) return `yesterday, ${clock}`;
  return `${then.toLocaleDateString("en-GB", { day: "numeric", month: "short" })}, ${clock}`;
}

/** How long ago something was: "just now", "5 minutes ago", "yesterday"; older things as a date. */
export function sinceWords(thenMs: number, nowMs: number): string {
  const minutes = Math.round((nowMs - thenMs) / 60_000);
  const words = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  if (minutes < 1) return "just now";
  if (minutes < 60) return words.format(-minutes, "minute");
  if (minutes < 24 * 60) return words.format(-Math.round(minutes / 60), "hour");
  if (minutes < 7 * 24 * 60) return words.format(-Math.round(minutes / (24 * 60)), "day");
  return new Date(thenMs).toLocaleDateString("en", { day: "numeric", month: "short", year: "numeric" });
}

/** Midnights between two moments; a clock that was set back counts as today. */
function daysBetween(then: Date, now: Date): number {
  const midnight = (date: Date) => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
  return Math.max(0, Math.round((midnight(now) - midnight(then)) / (24 * 60 * 60_000)));
}
