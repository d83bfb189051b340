/**
 * HappeningList: what was different from one look to the next, the latest first.
 */
import type { Happening } from "./use-mesh-watch.ts";

const time = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });

export function HappeningList({ happenings }: { happenings: readonly Happening[] }) {
  return (
    <section class="panel happenings" aria-labelledby="happenings-title">
      <h2 id="happenings-title">What happened</h2>
      {happenings.length === 0 ? (
        <p class="hint">Nothing since this page was opened.</p>
      ) : (
        <ol aria-live="polite" tabIndex={0} aria-label="What happened, the latest first">
          {happenings.map(({ key, atMs, words }) => (
            <li key={key}>
              <time dateTime={new Date(atMs).toISOString()}>{time.format(atMs)}</time> {words}
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
