/**
 * ClockList: whose clock is off: each relay's wall clock against that of the relay that is asked, and the stamps that came from it.
 */
import type { Subject } from "./mesh-experiments.ts";
import { clockAgainst, type MeshSight } from "./mesh-sight.ts";
import type { Poll } from "./mesh-watch.ts";
import { offsetWords } from "./mesh-words.ts";
import { RelayName } from "./relay-name.tsx";

/** A stamp is as old as the way that it took: its disk, the line, and a relay that is busy. */
const onTheWayMs = 250;

export function ClockList({ sight, polls, subjects }: { sight: MeshSight; polls: readonly Poll[]; subjects: readonly Subject[] }) {
  const { self, stampAheadMs = 0 } = sight.mesh;
  const others = sight.mesh.relays.filter(({ relay, state }) => relay !== self && state !== "left");
  return (
    <section class="panel" aria-labelledby="clocks-title">
      <h2 id="clocks-title">Clocks</h2>
      {others.length === 0 ? (
        <p class="hint">There is no other clock to compare with.</p>
      ) : (
        <div class="table-scroll" tabIndex={0} role="region" aria-label="Clocks">
          <table>
            <thead>
              <tr>
                <th scope="col">Relay</th>
                <th scope="col">Its clock against {self}'s</th>
                <th scope="col">Its last stamp, when it came</th>
              </tr>
            </thead>
            <tbody>
              {others.map(({ relay, stampOffsetMs }) => {
                const against = clockAgainst(polls, sight, relay);
                return (
                  <tr key={relay} data-clock={relay}>
                    <th scope="row">
                      <RelayName relay={relay} sight={sight} />
                      {isTurned(subjects, relay) && <span class="mark">turned</span>}
                    </th>
                    <td>{against === undefined ? "not known" : offsetWords(against.ms, against.withinMs)}</td>
                    <td>{stampOffsetMs === undefined ? "none came yet" : offsetWords(stampOffsetMs, onTheWayMs)}</td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      )}
      <p class="hint">
        Stamps order what is concurrent, and nothing else depends on them.{" "}
        {stampAheadMs > 0 ? `Relay ${self} stamps ${offsetWords(stampAheadMs)} of its own clock, for it follows another one.` : ""}
      </p>
    </section>
  );
}

function isTurned(subjects: readonly Subject[], relay: string): boolean {
  return subjects.some((subject) => subject.relay === relay && subject.state.skewMs !== 0);
}
