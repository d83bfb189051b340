/**
 * PresenceList: who is here, as badges with initials; a long crowd ends in a number. The names are in the badges'
 * labels and, for a screen reader, in one sentence.
 */
import { initialsOf } from "./person.ts";
import type { Present } from "./people.ts";

const shownMax = 5;

export function PresenceList({ people }: { people: readonly Present[] }) {
  const others = people.filter((person) => !person.self);
  const shown = others.slice(0, shownMax);
  const rest = others.slice(shownMax);
  return (
    <ul class="presence" aria-label={sentence(others)} data-count={people.length}>
      {shown.map((person) => (
        <li key={person.client} class="badge" style={{ "--person": person.color }} title={person.name}>
          <span aria-hidden="true">{initialsOf(person.name)}</span>
          <span class="visually-hidden">{person.name}</span>
        </li>
      ))}
      {rest.length > 0 && (
        <li class="badge more" title={rest.map((person) => person.name).join(", ")}>
          +{rest.length}
        </li>
      )}
    </ul>
  );
}

function sentence(others: readonly Present[]): string {
  if (others.length === 0) return "Nobody else is here";
  return others.length === 1 ? "One other person is here" : `${others.length} others are here`;
}
