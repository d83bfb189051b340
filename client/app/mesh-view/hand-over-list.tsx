/**
 * HandOverList: what relays have that belongs elsewhere, and what they cannot vouch for yet: each relay's own word.
 */
import type { MeshReading } from "./mesh-reading.ts";
import { isAnswering } from "./mesh-sight.ts";
import type { Poll } from "./mesh-watch.ts";
import { counted } from "./mesh-words.ts";

export function HandOverList({ polls }: { polls: readonly Poll[] }) {
  const meshes = polls.flatMap((poll) => (poll.mesh !== undefined && isAnswering(poll) ? [poll.mesh] : []));
  const busy = meshes.filter(({ roomsToHandOver, roomsToComplete }) => roomsToHandOver + roomsToComplete > 0);
  return (
    <section class="panel" aria-labelledby="hand-over-title">
      <h2 id="hand-over-title">Handing over</h2>
      {busy.length === 0 ? (
        <p class="hint">No hints wait, and every document is where it belongs.</p>
      ) : (
        <ul class="hand-over-list">
          {busy
            .toSorted((left, right) => (left.self < right.self ? -1 : 1))
            .map((mesh) => (
              <HandOver key={mesh.self} mesh={mesh} />
            ))}
        </ul>
      )}
    </section>
  );
}

function HandOver({ mesh }: { mesh: MeshReading }) {
  const { self, roomsToHandOver: left, roomsToHandOverMost: most, roomsBeingHandedOver: underWay, roomsToComplete } = mesh;
  const done = Math.max(0, most - left);
  return (
    <li data-hands-over={self}>
      <b>Relay {self}</b>
      {left > 0 && (
        <>
          <p>
            {counted(left, "document", "documents")} with something that a replica may lack
            {underWay > 0 && `, ${underWay} of them under way`}. {done} of {most} handed over.
          </p>
          <progress value={done} max={most} aria-label={`Handed over by relay ${self}`} />
        </>
      )}
      {roomsToComplete > 0 && <p>It cannot vouch yet for {counted(roomsToComplete, "document", "documents")} that it is to keep.</p>}
    </li>
  );
}
