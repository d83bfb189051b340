/**
 * MissingEntries: what this relay answers from its disk to a relay that lacks something of a room.
 *
 * Invariant: nothing is told that is not on this disk.
 */
import type { Lineage, RelayId } from "@inkmesh/shared/base/ids";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { Entry } from "@inkmesh/shared/engine/entry";
import type { EntryRun, MeshRoomMessage } from "@inkmesh/shared/wire/mesh-room-message";
import { knownDurable, type RoomCopy } from "./room-copy.ts";

/**
 * Bytes of payload in one message; a single entry may be larger. Small beside a link's window: whatever else has a word to say waits for
 * whole messages.
 */
const messageBytes = 32_768;
/** Entries of one message and what they know, in actors: several such messages fit what a receiver takes for one frame. */
const messageItems = 4_096;

/** The entries on disk behind the snapshot. */
export function durableTail({ content, log }: Pick<RoomCopy, "content" | "log">): readonly Entry[] {
  return log.waiting === 0 ? content.tail : content.tail.slice(0, content.tail.length - log.waiting);
}

/** `entries` in as many messages as their size needs. */
export function entriesMessages(lineage: Lineage, upstream: RelayId | undefined, entries: readonly Entry[]): readonly MeshRoomMessage[] {
  const messages: MeshRoomMessage[] = [];
  let part: Entry[] = [];
  let [bytes, items] = [0, 0];
  for (const entry of entries) {
    bytes += entry.payload.length;
    items += 1 + entry.deps.size;
    if (part.length > 0 && (bytes > messageBytes || items > messageItems)) {
      messages.push({ type: "entries", lineage, upstream, entries: part });
      part = [];
      [bytes, items] = [entry.payload.length, 1 + entry.deps.size];
    }
    part.push(entry);
  }
  return part.length === 0 ? messages : [...messages, { type: "entries", lineage, upstream, entries: part }];
}

/** The entries of `run` that are on disk here, and where some are not, why. */
export function answersToWant(copy: RoomCopy, run: EntryRun, upstream: RelayId | undefined): readonly MeshRoomMessage[] {
  const { lineage } = copy;
  const found = durableTail(copy).filter(({ dot }) => dot.actor === run.actor && dot.counter >= run.from && dot.counter <= run.to);
  const answers = entriesMessages(lineage, upstream, found);
  if (found.length === run.to - run.from + 1) return answers;
  // What the clock names and the tail has not got lies in the snapshot, or came under other names.
  const isFolded = knownDurable(copy).counter(run.actor) >= run.from;
  return [...answers, { type: "unavailable", lineage, run, isFolded }];
}

/** A state in slices, then the cover. */
export function differenceMessages(
  lineage: Lineage,
  exchange: number,
  state: Uint8Array,
  cover: { readonly clock: VectorClock; readonly isComplete: boolean },
): readonly MeshRoomMessage[] {
  const slices: MeshRoomMessage[] = [];
  for (let from = 0; from < state.length; from += messageBytes) {
    const bytes = state.subarray(from, from + messageBytes);
    slices.push({ type: "difference", lineage, exchange, remaining: state.length - from - bytes.length, bytes });
  }
  return [...slices, { type: "cover", lineage, exchange, entries: VectorClock.empty, ...cover }];
}
