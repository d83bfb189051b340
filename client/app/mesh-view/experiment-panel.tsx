/**
 * ExperimentPanel: breaks things on purpose, to see how the mesh bears it. There only where relays were started with `--experiments`.
 */
import { useState } from "preact/hooks";
import { Dialog } from "../dialog.tsx";
import { Switch } from "../switch.tsx";
import type { Order } from "./expected-states.ts";
import { cutOrders, healOrders, isAnythingDone, isCut, isolationOrders, kill, type Subject } from "./mesh-experiments.ts";
import type { MeshSight } from "./mesh-sight.ts";
import { RelayName } from "./relay-name.tsx";

interface ExperimentPanelProps {
  readonly subjects: readonly Subject[];
  readonly sight: MeshSight;
  /** Answers why it is not done, in words. */
  readonly onOrder: (orders: readonly Order[]) => Promise<string | undefined>;
}

const skews = [
  { ms: 0, words: "right" },
  { ms: 2_000, words: "2 s ahead" },
  { ms: 3_600_000, words: "1 h ahead" },
  { ms: -2_000, words: "2 s behind" },
  { ms: -3_600_000, words: "1 h behind" },
] as const;

export function ExperimentPanel({ subjects, sight, onOrder }: ExperimentPanelProps) {
  const [problem, setProblem] = useState<string>();
  const [doomed, setDoomed] = useState<Subject>();
  const order = (orders: readonly Order[]) => void onOrder(orders).then(setProblem);
  const names = sight.mesh.relays
    .filter(({ state }) => state !== "left")
    .map(({ relay }) => relay)
    .toSorted();
  const pairs = names.flatMap((one, index) => names.slice(index + 1).map((other) => [one, other] as const));
  const end = (subject: Subject) => {
    setDoomed(undefined);
    void kill(subject).then(setProblem);
  };
  return (
    <section class="panel experiments" aria-labelledby="experiments-title">
      <div class="panel-head">
        <h2 id="experiments-title">Experiments</h2>
        <button type="button" class="button small" disabled={!isAnythingDone(subjects)} onClick={() => order(healOrders(subjects))}>
          Heal everything
        </button>
      </div>
      <p class="hint">
        Break something and type on at two relays: what was cut apart comes together again. These relays were started with --experiments;
        whoever reaches this page can do this.
      </p>
      {problem !== undefined && (
        <p class="field-error" role="alert">
          {problem}
        </p>
      )}
      {pairs.length > 0 && <h3>Links</h3>}
      <ul class="experiment-links">
        {pairs.map((pair) => (
          <li key={pair.join(" ")}>
            <Switch isOn={isCut(subjects, ...pair)} onTurn={(isOn) => order(cutOrders(subjects, pair, isOn))}>
              Cut {pair[0]} – {pair[1]}
            </Switch>
          </li>
        ))}
      </ul>
      <h3>Relays</h3>
      <ul class="experiment-relays">
        {subjects.map((subject) => (
          <li key={subject.relay} data-subject={subject.relay}>
            <RelayName relay={subject.relay} sight={sight} />
            {names.length > 2 && (
              <button
                type="button"
                class="button small"
                onClick={() =>
                  order(
                    isolationOrders(
                      subjects,
                      subject.relay,
                      names.filter((name) => name !== subject.relay),
                    ),
                  )
                }
              >
                Cut off from all
              </button>
            )}
            <Switch isOn={subject.state.isPaused} onTurn={(isPaused) => order([{ origin: subject.origin, change: { isPaused } }])}>
              Gossip paused
            </Switch>
            <label class="skew">
              <span>Clock</span>
              <select
                value={String(subject.state.skewMs)}
                aria-label={`Clock of relay ${subject.relay}`}
                onChange={({ currentTarget }) => order([{ origin: subject.origin, change: { skewMs: Number(currentTarget.value) } }])}
              >
                {skews.map(({ ms, words }) => (
                  <option key={ms} value={String(ms)}>
                    {words}
                  </option>
                ))}
              </select>
            </label>
            <button type="button" class="button small danger" aria-label={`Kill relay ${subject.relay}`} onClick={() => setDoomed(subject)}>
              Kill
            </button>
          </li>
        ))}
      </ul>
      {doomed !== undefined && (
        <Dialog title={`Kill relay ${doomed.relay}?`} onClose={() => setDoomed(undefined)}>
          <p>Its process ends at once, as by kill -9. What npm start runs is started again; a relay started by hand stays down.</p>
          <div class="dialog-actions">
            <button type="button" class="button" onClick={() => setDoomed(undefined)}>
              Cancel
            </button>
            <button type="button" class="button danger" onClick={() => end(doomed)}>
              Kill it
            </button>
          </div>
        </Dialog>
      )}
    </section>
  );
}
