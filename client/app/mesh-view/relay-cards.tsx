/**
 * RelayCards: each relay with its state in words, whose life it is, and who is there.
 */
import type { SeenRelay } from "./mesh-reading.ts";
import { isAnswering, type MeshSight, ownWord } from "./mesh-sight.ts";
import { originOf, type Poll } from "./mesh-watch.ts";
import { counted, durationWords, placeWords, stateWords } from "./mesh-words.ts";
import { RelayName } from "./relay-name.tsx";

export function RelayCards({ sight, polls }: { sight: MeshSight; polls: readonly Poll[] }) {
  const relays = sight.mesh.relays.toSorted((left, right) => (left.relay < right.relay ? -1 : 1));
  return (
    <ul class="relay-cards" aria-label="Relays">
      {relays.map((relay) => (
        <li key={relay.relay}>
          <RelayCard relay={relay} sight={sight} poll={ownWord(polls, relay.relay)} />
        </li>
      ))}
    </ul>
  );
}

function RelayCard({ relay, sight, poll }: { relay: SeenRelay; sight: MeshSight; poll: Poll | undefined }) {
  const isAsked = relay.relay === sight.mesh.self;
  const own = poll !== undefined && isAnswering(poll) ? poll.mesh : undefined;
  const self = own?.relays[0];
  const sessions = self?.sessions ?? relay.sessions;
  const origin = originOf(relay.address);
  return (
    <article class={`relay-card state-${stateClass(relay)}`} data-relay={relay.relay}>
      <header>
        <RelayName relay={relay.relay} sight={sight} as="h2" />
        {isAsked && <span class="mark">asked</span>}
      </header>
      <p class="relay-state">{stateWords(relay)}</p>
      <p class="relay-place">{placeWords(relay.place)}</p>
      <dl>
        <Fact name="Life" value={lifeWords(relay)} />
        <Fact name="Sessions" value={sessions === undefined ? "not known" : counted(sessions, "session", "sessions")} />
        <Fact name="Release" value={self?.release ?? relay.release ?? "not known"} />
        {own?.startedAt !== undefined && <Fact name="Started" value={`${durationWords(Date.now() - Date.parse(own.startedAt))} ago`} />}
        {relay.zone !== "" && <Fact name="Zone" value={relay.zone} />}
        <Fact name="Address" value={origin === undefined ? "none" : new URL(origin).host} />
      </dl>
      {own === undefined && relay.state !== "left" && <p class="hint">It does not answer this page.</p>}
      {own?.isComplete === false && <p class="hint">Something on its disk was damaged.</p>}
    </article>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  );
}

/** The life's own number, shortened, and how often it had to refute that it is dead. */
function lifeWords({ actor, incarnation }: SeenRelay): string {
  if (actor === "") return "none seen";
  const life = actor.slice(actor.lastIndexOf(".") + 1).slice(0, 6);
  return `${life}, incarnation ${incarnation ?? 0}`;
}

function stateClass({ state }: SeenRelay): string {
  return state.replaceAll(" ", "-");
}
