/**
 * UnansweredWords: that the list of documents was made without some relays, and what that means.
 */

/** A sentence about the relays of these names; undefined when all have answered. */
export function unansweredWords(relays: readonly string[]): string | undefined {
  const last = relays.at(-1);
  if (last === undefined) return undefined;
  if (relays.length === 1) return `Relay ${last} did not answer: documents that only it has are missing here.`;
  const names = `${relays.slice(0, -1).join(", ")} and ${last}`;
  return `Relays ${names} did not answer: documents that only they have are missing here.`;
}
