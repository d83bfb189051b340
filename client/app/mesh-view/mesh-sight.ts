/**
 * MeshSight: what the page shows, out of what the relays answered: through whose eyes it looks, and who said what of a document's clocks.
 *
 * Invariants: what is shown as a relay's own word is its own, and from now; what somebody else told, or what it said before it fell silent,
 * is called so.
 */
import type { Clock, MeshReading, RoomReading, SeenRelay } from "./mesh-reading.ts";
import type { Poll } from "./mesh-watch.ts";

export interface MeshSight {
  readonly mesh: MeshReading;
  readonly poll: Poll;
  /** The relay that was to be asked and does not answer: its name, where that is known, or its address. */
  readonly insteadOf: string | undefined;
}

/** `chosen`: the name of a relay; undefined: that of the page's own, the first one. Undefined while nobody answers. */
export function sightOf(polls: readonly Poll[], chosen: string | undefined): MeshSight | undefined {
  const [own] = polls;
  const wanted = chosen === undefined ? own : polls.find((poll) => poll.mesh?.self === chosen);
  const poll = [wanted, own, ...polls].find((candidate) => candidate !== undefined && isAnswering(candidate));
  if (poll?.mesh === undefined) return undefined;
  const isWanted = poll === wanted;
  return { mesh: poll.mesh, poll, insteadOf: isWanted ? undefined : (wanted?.mesh?.self ?? chosen ?? wanted?.origin) };
}

/** Whether what it said last is how it stands. */
export function isAnswering(poll: Poll): boolean {
  return poll.mesh !== undefined && poll.failingSinceMs === undefined;
}

/** The relay's own word. */
export function ownWord(polls: readonly Poll[], relay: string): Poll | undefined {
  return polls.find((poll) => poll.mesh?.self === relay);
}

/** One replica's copy of the document, and who says so. */
export interface ReplicaCopy {
  readonly relay: string;
  readonly clock: Clock;
  /** Whether it vouches for having everything. */
  readonly isComplete: boolean;
  /** Whether it is of the generation that the relay whose eyes are used knows; of another one `clock` is empty here. */
  readonly isSameGeneration: boolean;
  readonly source:
    | { readonly type: "itself" }
    | { readonly type: "told"; readonly by: string }
    /** It does not answer any more. */
    | { readonly type: "before"; readonly atMs: number }
    | { readonly type: "nobody" };
  /** Entries that somebody has and this one has not. */
  readonly behind: number;
  /** Entries that are at the relay and not on its disk yet. */
  readonly waiting: number;
}

/** The replicas' copies in the order of the preference list, as `sight` names it. */
export function copiesOf(polls: readonly Poll[], { poll: asked }: MeshSight): readonly ReplicaCopy[] {
  const replicas = asked.room?.replicas ?? [];
  const copies = replicas.map((relay) => copyOf(polls, asked, relay));
  const all = joined(
    polls.flatMap(({ room }) =>
      room === undefined || room.generation !== asked.room?.generation ? [] : [room.clock, ...room.told.map(({ clock }) => clock)],
    ),
  );
  return copies.map((copy) => ({ ...copy, behind: behind(copy.clock, all) }));
}

/** The lives that have written something, by name and life. */
export function writersOf(copies: readonly ReplicaCopy[]): readonly string[] {
  return Object.keys(joined(copies.map(({ clock }) => clock))).toSorted();
}

function copyOf(polls: readonly Poll[], asked: Poll, relay: string): Omit<ReplicaCopy, "behind"> {
  const own = ownWord(polls, relay);
  if (own?.room !== undefined && isAnswering(own)) {
    return { relay, ...saidOf(own.room, asked), waiting: own.room.waiting, source: { type: "itself" } };
  }
  const told = asked.room?.told.find((copy) => copy.relay === relay);
  if (told !== undefined) return { ...told, isSameGeneration: true, waiting: 0, source: { type: "told", by: asked.room!.self } };
  if (own?.room !== undefined && own.answeredMs !== undefined) {
    return { relay, ...saidOf(own.room, asked), waiting: 0, source: { type: "before", atMs: own.answeredMs } };
  }
  return { relay, clock: {}, isComplete: false, isSameGeneration: true, waiting: 0, source: { type: "nobody" } };
}

function saidOf(room: RoomReading, asked: Poll): Pick<ReplicaCopy, "clock" | "isComplete" | "isSameGeneration"> {
  const isSameGeneration = room.generation === asked.room?.generation;
  return { clock: isSameGeneration ? room.clock : {}, isComplete: room.isComplete, isSameGeneration };
}

function joined(clocks: readonly Clock[]): Clock {
  const all: Record<string, number> = {};
  for (const clock of clocks) for (const [actor, counter] of Object.entries(clock)) all[actor] = Math.max(all[actor] ?? 0, counter);
  return all;
}

function behind(clock: Clock, all: Clock): number {
  return Object.entries(all).reduce((sum, [actor, counter]) => sum + Math.max(0, counter - (clock[actor] ?? 0)), 0);
}

/** Two relays, and how each sees the link to the other; undefined where that one says nothing. */
export interface LinkSight {
  readonly ends: readonly [string, string];
  readonly seen: readonly [SeenRelay | undefined, SeenRelay | undefined];
  readonly isUp: boolean;
}

/** Every pair, as those who answer see it. Of many relays only the links of the one whose eyes are used. */
export function linksOf(polls: readonly Poll[], { mesh }: MeshSight): readonly LinkSight[] {
  const names = mesh.relays
    .filter(({ state }) => state !== "left")
    .map(({ relay }) => relay)
    .toSorted();
  const pairs = names.flatMap((one, index) => names.slice(index + 1).map((other) => [one, other] as const));
  const shown = names.length <= allPairsUpTo ? pairs : pairs.filter((pair) => pair.includes(mesh.self));
  return shown.map(([one, other]): LinkSight => {
    const seen = [linkFrom(polls, one, other), linkFrom(polls, other, one)] as const;
    const words = seen.filter((end) => end !== undefined);
    return { ends: [one, other], seen, isUp: words.length > 0 && words.every(({ linked }) => linked) };
  });
}

/** With more relays a table of all pairs tells nothing any more. */
const allPairsUpTo = 5;

function linkFrom(polls: readonly Poll[], from: string, to: string): SeenRelay | undefined {
  const own = ownWord(polls, from);
  return own !== undefined && isAnswering(own) ? own.mesh?.relays.find(({ relay }) => relay === to) : undefined;
}

/** Milliseconds by which a relay's clock is ahead of that of the relay whose eyes are used, as this page measures it; within `withinMs`. */
export function clockAgainst(
  polls: readonly Poll[],
  { poll: asked }: MeshSight,
  relay: string,
): { ms: number; withinMs: number } | undefined {
  const own = ownWord(polls, relay);
  if (own?.aheadMs === undefined || asked.aheadMs === undefined || !isAnswering(own)) return undefined;
  return { ms: own.aheadMs - asked.aheadMs, withinMs: ((own.tookMs ?? 0) + (asked.tookMs ?? 0)) / 2 };
}
