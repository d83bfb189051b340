/**
 * CrowdWords: who else is in a document, in words: the first few have a badge each, the rest is one number. In a crowd the relay itself shows
 * only some (`unseen` are the others): their names are not known here.
 */

/** Badges before the number. */
const badgesMax = 5;

export interface Crowd<Person> {
  /** Those with a badge of their own. */
  readonly shown: readonly Person[];
  /** `+N more`, and their names as far as they are known; undefined where everybody has a badge. */
  readonly more: { readonly label: string; readonly names: string } | undefined;
  /** For those who do not see the badges. */
  readonly sentence: string;
}

export function crowdOf<Person extends { readonly name: string }>(others: readonly Person[], unseen: number): Crowd<Person> {
  const rest = others.slice(badgesMax);
  const count = rest.length + unseen;
  const names = rest.map(({ name }) => name);
  if (unseen > 0) names.push(`${unseen} ${names.length === 0 ? "" : "more "}whose names are not shown`);
  return {
    shown: others.slice(0, badgesMax),
    more: count === 0 ? undefined : { label: `+${count} more`, names: names.join(", ") },
    sentence: sentenceOn(others.length + unseen),
  };
}

function sentenceOn(others: number): string {
  if (others === 0) return "Nobody else is here";
  return others === 1 ? "One other person is here" : `${others} others are here`;
}
