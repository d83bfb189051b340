/**
 * TailDifference: what of an Automerge document somebody lacks who has some changes, where the tail alone can say it: whoever has everything that
 * the snapshot holds lacks the entries that nothing of theirs leads to.
 *
 *     snapshot ◀─ a ◀─ b ◀─ c      has b: lacks c and d          has something from before the snapshot's heads: a worker has to look
 *                      ▲── d
 *
 * Each entry is read once for all who come. Whoever goes away and comes back has nearly always what was here a moment ago, so that a worker, who
 * would build the document for the answer, is seldom asked.
 */
import { readChanges } from "@inkmesh/shared/engine/automerge-change";
import { readHeads } from "@inkmesh/shared/engine/automerge-content-index";
import type { ContentLimits } from "@inkmesh/shared/engine/crdt-engine";
import type { Entry } from "@inkmesh/shared/engine/entry";
import type { RoomContent } from "./room-content.ts";

/** A change, as far as it says on which others it hangs. */
interface Link {
  readonly hash: string;
  readonly deps: readonly string[];
}

/** What is in the tail was let in, whatever the limits of the day are. */
const noLimits: ContentLimits = {
  partsPerUpdateMax: Infinity,
  authorsPerEditMax: Infinity,
  authorsPerRoomMax: Infinity,
  clockMax: Number.MAX_SAFE_INTEGER,
  nestingMax: Infinity,
};

const linksOfEntries = new WeakMap<Entry, readonly Link[]>();

/** Payloads, in causal order; undefined: the tail cannot say it. `basis`: changes that are had, with all that leads to them. */
export function tailDifference(
  { snapshot, tail }: Pick<RoomContent, "snapshot" | "tail">,
  basis: readonly string[],
): readonly Uint8Array[] | undefined {
  const deps = new Map(tail.flatMap((entry) => linksOf(entry).map((link) => [link.hash, link.deps])));
  const had = everythingBefore(basis, deps);
  const held = snapshot === undefined ? [] : headsIn(snapshot.stateVector);
  if (held?.every((head) => had.has(head)) !== true) return undefined;
  return tail.filter((entry) => linksOf(entry).some(({ hash }) => !had.has(hash))).map(({ payload }) => payload);
}

function everythingBefore(basis: readonly string[], deps: ReadonlyMap<string, readonly string[]>): ReadonlySet<string> {
  const had = new Set(basis);
  for (const hash of had) for (const dep of deps.get(hash) ?? []) had.add(dep);
  return had;
}

function headsIn(stateVector: Uint8Array): readonly string[] | undefined {
  const heads = readHeads(stateVector);
  return heads.ok ? heads.value : undefined;
}

function linksOf(entry: Entry): readonly Link[] {
  const known = linksOfEntries.get(entry);
  if (known !== undefined) return known;
  const read = readChanges(entry.payload, noLimits);
  // A payload that cannot be read brings nobody anything; a worker sets it aside.
  const links = read.ok ? read.value.map(({ hash, deps }) => ({ hash, deps })) : [];
  linksOfEntries.set(entry, links);
  return links;
}
