/**
 * Reconsideration: the application has changed its mind about somebody, or about a document: it is asked again about those who are in.
 *
 *     doubt, doubt, doubt ──gatherMs──▶ all sessions looked through once ──▶ each that is meant has a moment of its own
 *
 * An application that says so user by user is heard as one that says it once. Of many sessions each is asked about at a moment of its own, at so
 * many a second that a queue of questions can follow, behind those that wait for theirs: were all asked at once, those that find no place
 * in it would be ended, as whoever cannot be asked about is.
 *
 * Invariant: sessions are looked through at most every `gatherMs`, whatever the application says.
 */
import type { Connection } from "./connection.ts";
import type { Whom } from "./access-doubts.ts";
import type { RelayContext } from "./relay-context.ts";

const gatherMs = 10;
/** Milliseconds per session: a thousand a second. */
const msPerSession = 1;
/** More that name a room or a user are as one that means everybody. */
const gatheredMax = 10_000;

export class Reconsideration {
  readonly #context: RelayContext;
  /** By room and user. */
  readonly #gathered = new Map<string, Whom>();
  /** Monotonic: until then moments are given away. */
  #takenUntilMs = 0;

  constructor(context: RelayContext) {
    this.#context = context;
  }

  /** Calls into doubt what was granted to the sessions that are meant. */
  add(whom: Whom): void {
    const { accessDoubts, deadlines, now } = this.#context;
    accessDoubts.add(whom);
    if (this.#gathered.size === 0) deadlines.set({ type: "reconsider" }, now.monotonicMs + gatherMs);
    this.#gathered.set(keyOf(whom.room, whom.user), whom);
    if (this.#gathered.size <= gatheredMax) return;
    this.#gathered.clear();
    this.#gathered.set(keyOf(undefined, undefined), {});
  }

  due(connections: Iterable<Connection>): void {
    const { now, random } = this.#context;
    const meant = [...connections]
      .flatMap((connection) => connection.allSessions)
      .filter(({ room, principal, access }) => !access.isDoubted && this.#mean(room.name, principal));
    this.#gathered.clear();
    const beginsMs = Math.max(this.#takenUntilMs, now.monotonicMs);
    const lastsMs = meant.length * msPerSession;
    for (const { access } of meant) access.doubt(beginsMs + random.fraction() * lastsMs);
    this.#takenUntilMs = beginsMs + lastsMs;
  }

  #mean(room: string, user: string): boolean {
    const keys = [keyOf(room, user), keyOf(room, undefined), keyOf(undefined, user), keyOf(undefined, undefined)];
    return keys.some((key) => this.#gathered.has(key));
  }
}

function keyOf(room: string | undefined, user: string | undefined): string {
  return JSON.stringify([room, user]);
}
