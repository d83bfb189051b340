/**
 * Until: waiting for something that another process does. Looks every few milliseconds, and when the time is over says
 * in words what did not happen and what was there instead.
 */
const lookEveryMs = 10;

/** Resolves as soon as `holds` does; `seen` is asked only for the message of a failure. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  options: { timeoutMs?: number; seen?: () => unknown } = {},
): Promise<void> {
  const timeoutMs = options.timeoutMs ?? 15_000;
  const deadline = performance.now() + timeoutMs;
  while (!(await holds())) {
    if (performance.now() > deadline) {
      const seen = options.seen === undefined ? "" : `; seen: ${JSON.stringify(await options.seen())?.slice(0, 2_000)}`;
      throw new Error(`not within ${timeoutMs} ms: ${what}${seen}`);
    }
    await pause(lookEveryMs);
  }
}

/** For tests whose subject is time itself, or which must let load run for a while: say which at the call. */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
