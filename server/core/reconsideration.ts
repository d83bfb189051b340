/**
 * Reconsideration: the application has changed its mind about somebody, or about a document: it is asked again about those who are in.
 *
 * Of many sessions each is asked about at a moment of its own, at so many a second that a queue of questions can follow: were all asked at
 * once, those that find no place in it would be ended, as whoever cannot be asked about is.
 */
import type { Connection } from "./connection.ts";
import type { RelayInput } from "./input.ts";
import type { RelayContext } from "./relay-context.ts";

/** Milliseconds per session: a thousand a second. */
const msPerSession = 1;

/** Calls into doubt what was granted to the sessions that `room` and `user` mean; left out, each means all. */
export function reconsider(
  { room, user }: Extract<RelayInput, { type: "reconsider-access" }>,
  { context, connections }: { readonly context: RelayContext; readonly connections: Iterable<Connection> },
): void {
  // Whoever is asked about just now is asked about once more: who that is, and whether it is meant, is not known yet.
  context.accessDoubts += 1;
  const meant = [...connections]
    .flatMap((connection) => connection.channels.sessions())
    .filter((session) => (room ?? session.room.name) === session.room.name && (user ?? session.principal) === session.principal);
  for (const session of meant) session.access.doubt(context.random.fraction() * meant.length * msPerSession);
}
