/**
 * PresenceList: who is here, as badges with initials; a long crowd ends in a number. The names are in the badges'
 * labels and, for a screen reader, in one sentence.
 */
import { crowdOf } from "./crowd-words.ts";
import { initialsOf } from "./person.ts";
import type { Present } from "./people.ts";

/** `unseen`: how many are here beside `people`, whom the relay does not name since there are too many. */
export function PresenceList({ people, unseen }: { people: readonly Present[]; unseen: number }) {
  const { shown, more, sentence } = crowdOf(
    people.filter((person) => !person.self),
    unseen,
  );
  return (
    <ul class="presence" aria-label={sentence} data-count={people.length + unseen}>
      {shown.map((person) => (
        <li key={person.client} class="badge" style={{ "--person": person.color }} title={person.name}>
          <span aria-hidden="true">{initialsOf(person.name)}</span>
          <span class="visually-hidden">{person.name}</span>
        </li>
      ))}
      {more !== undefined && (
        <li class="badge more" title={more.names}>
          {more.label}
        </li>
      )}
    </ul>
  );
}
