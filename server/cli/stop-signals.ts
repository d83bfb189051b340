/**
 * Signals that ask a process to stop: the first asks, a later one insists.
 *
 * A terminal sends Ctrl-C to npm and to us, and npm passes it on: the same key press arrives twice. So only a signal that
 * comes a while after the first counts as insisting.
 */
const samePressMs = 1_000;

/** Calls `stop` once for the first SIGINT or SIGTERM, and `insist` for one that comes later. */
export function onStopSignals(handlers: { stop: () => void; insist: () => void; ignoreInterrupt?: boolean }): void {
  let stoppedAtMs: number | undefined;
  const handle = (): void => {
    if (stoppedAtMs === undefined) {
      stoppedAtMs = performance.now();
      handlers.stop();
    } else if (performance.now() - stoppedAtMs > samePressMs) handlers.insist();
  };
  process.on("SIGTERM", handle);
  process.on("SIGINT", handlers.ignoreInterrupt === true ? () => undefined : handle);
}
