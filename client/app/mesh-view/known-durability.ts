/**
 * KnownDurability: whether a document's entries are saved, as far as the relays that answer this page say. The page claims no more than a
 * relay would (`server/core/gossip/durable-copies.ts`).
 *
 * A copy counts when its relay itself says now that it is complete, in the same generation and under the same ring as the relay whose eyes
 * are used, and it lacks nothing that anybody who answers knows of. Edits may lie at any relay, not at replicas only: of one that says
 * nothing it is not known what it has.
 *
 * Invariants: what is not certain counts less, never more; "saved" is said of everything only when every relay that may hold edits, dead
 * ones too, has said what it has, and all of that is on a disk.
 */
import { isAnswering, type MeshSight, type ReplicaCopy } from "./mesh-sight.ts";
import type { Poll } from "./mesh-watch.ts";

export interface KnownDurability {
  /** The replicas, and how many of them have everything for certain. */
  readonly replicas: number;
  readonly whole: number;
  /** How many "saved" needs. */
  readonly needed: number;
  /** Entries that are at a relay and not on its disk yet. */
  readonly waiting: number;
  /** Whether a relay knows a later generation: this one is over, and what is in that one is not known here. */
  readonly isOver: boolean;
  /** Relays that may hold edits and do not say what they have, by name. */
  readonly silent: readonly string[];
  /** Whether all that those who answer know of is saved. */
  readonly isSaved: boolean;
}

/** `copies` as `sight` shows them. Undefined while the relay whose eyes are used says nothing of the document. */
export function knownDurability(polls: readonly Poll[], sight: MeshSight, copies: readonly ReplicaCopy[]): KnownDurability | undefined {
  const asked = sight.poll.room;
  if (asked === undefined) return undefined;
  const answers = polls.filter((poll) => isAnswering(poll) && poll.room !== undefined);
  const whole = copies.filter((copy) => isWhole(copy, sight, answers)).length;
  const same = answers.filter(({ room }) => room!.generation === asked.generation);
  const waiting = same.reduce((sum, { room }) => sum + room!.waiting, 0);
  const isOver = answers.some(({ room }) => (room!.generation ?? 0) > (asked.generation ?? 0));
  const { needed } = asked;
  const isSaved = whole >= needed && waiting === 0 && !isOver;
  return { replicas: copies.length, whole, needed, waiting, isOver, silent: silentOf(polls, answers, asked.replicas), isSaved };
}

function isWhole({ relay, source, isComplete, behind }: ReplicaCopy, { mesh, poll }: MeshSight, answers: readonly Poll[]): boolean {
  if (source.type !== "itself" || !isComplete || behind > 0) return false;
  const own = answers.find((answer) => answer.mesh?.self === relay);
  const isSameGeneration = own?.room?.generation !== undefined && own.room.generation === poll.room?.generation;
  const isSameRing = !own?.mesh?.ringId || !mesh.ringId || own.mesh.ringId === mesh.ringId;
  return isSameGeneration && isSameRing;
}

/** All that anybody who answers knows of, but those that have left: these have handed over what they had. */
function silentOf(polls: readonly Poll[], answers: readonly Poll[], replicas: readonly string[]): readonly string[] {
  const known = polls
    .filter(isAnswering)
    .flatMap(({ mesh }) => mesh!.relays)
    .filter(({ state, place }) => state !== "left" && place !== "left")
    .map(({ relay }) => relay);
  const heard = new Set(answers.map(({ mesh }) => mesh!.self));
  return [...new Set([...known, ...replicas])].filter((relay) => !heard.has(relay)).toSorted();
}
