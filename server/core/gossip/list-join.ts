/**
 * ListJoin: pages of several relays' lists of documents as one page.
 *
 * Every page is in the order of the names' bytes, which a store sorts by, and says up to which name it looked. What is beyond the
 * first such name belongs to a later page, since a relay that stopped there may have more before it. Of one document the records are
 * joined, so that a deletion that one relay knows of counts; numbers are those of the generation that stands.
 *
 * Invariant: going from `next` to `next` visits every name that some relay has, once. A page of few documents may have a `next`:
 * names of deleted ones were looked at, too.
 */
import { encodeUtf8 } from "lib0/string";
import type { RelayId } from "@inkmesh/shared/base/ids";
import type { ListedRoom } from "@inkmesh/shared/wire/mesh-room-message";
import { joinRecords } from "./record-join.ts";

/** What one relay has listed. */
export interface ListedPage {
  readonly relay: RelayId;
  readonly rooms: readonly ListedRoom[];
  /** The last name that was looked at, where there are more. */
  readonly next: string | undefined;
}

/** A document as all who listed it have it. */
export interface JoinedRoom extends Omit<ListedRoom, "isHeld"> {
  readonly heldBy: readonly RelayId[];
}

/** Up to `limit` documents that are not deleted, and after which name to go on. */
export function joinLists(
  pages: readonly ListedPage[],
  limit: number,
): { readonly rooms: readonly JoinedRoom[]; readonly next: string | undefined } {
  const [end] = pages.flatMap(({ next }) => next ?? []).sort(compareNames);
  const joined = new Map<string, JoinedRoom>();
  for (const { relay, rooms } of pages)
    for (const room of rooms) joined.set(room.record.room, joinRoom(joined.get(room.record.room), room, relay));
  const found = [...joined.values()].filter(
    ({ record }) => record.deleted === undefined && (end === undefined || compareNames(record.room, end) <= 0),
  );
  found.sort((left, right) => compareNames(left.record.room, right.record.room));
  const rooms = found.slice(0, limit);
  return { rooms, next: found.length > limit ? rooms.at(-1)?.record.room : end };
}

function joinRoom(known: JoinedRoom | undefined, { isHeld, ...listed }: ListedRoom, relay: RelayId): JoinedRoom {
  const told: JoinedRoom = { ...listed, heldBy: isHeld ? [relay] : [] };
  if (known === undefined) return told;
  const record = joinRecords(known.record, told.record);
  if (known.record.generation !== told.record.generation)
    return { ...(record.generation === known.record.generation ? known : told), record };
  return {
    record,
    bytes: Math.max(known.bytes, told.bytes),
    sessions: known.sessions + told.sessions,
    changedMs: known.changedMs === undefined ? told.changedMs : Math.max(known.changedMs, told.changedMs ?? 0),
    heldBy: [...known.heldBy, ...told.heldBy],
  };
}

/** As a store sorts names: by their bytes. JavaScript would put some letters elsewhere. */
function compareNames(left: string, right: string): number {
  const [one, other] = [encodeUtf8(left), encodeUtf8(right)];
  const differs = one.findIndex((byte, index) => byte !== other[index]);
  return differs < 0 ? one.length - other.length : one[differs]! - (other[differs] ?? -1);
}
