/**
 * What is known of a room beside its content, and how it changes: created, retitled, closed, opened again.
 *
 * Title and kind are last-writer-wins registers. A write is stamped later than the value it replaces, whatever the
 * clock of the relay that wrote it said, so a relay that was ahead by an hour does not win for an hour.
 *
 * Invariants: generations only rise; `everDeleted` is never taken back; a closed generation stays closed.
 */
import type { RoomName } from "@inkmesh/shared/base/ids";
import { compareHlc, type Hlc } from "@inkmesh/shared/clock/hybrid-logical-clock";
import type { Register, RoomRecord } from "./stored-room.ts";

interface Naming {
  readonly title: string | undefined;
  readonly kind: string | undefined;
}

export const unnamed: Naming = { title: undefined, kind: undefined };

/** The record of a first use: generation 0. */
export function firstRecord(room: RoomName, { title, kind }: Naming, created: Hlc): RoomRecord {
  return {
    room,
    generation: 0,
    title: register(title, created),
    kind: register(kind, created),
    deleted: undefined,
    everDeleted: false,
    created,
  };
}

/** The record of the generation that an explicit creation opens after `closed`. */
export function nextGeneration(closed: RoomRecord, { title, kind }: Naming, created: Hlc): RoomRecord {
  return {
    ...closed,
    generation: closed.generation + 1,
    title: register(title, created),
    kind: register(kind, created),
    deleted: undefined,
    created,
  };
}

/** A generation that a token proves was opened, by a record that is not here: nothing else is known of it. */
export function provenGeneration(room: RoomName, generation: number, known: Hlc): RoomRecord {
  return { ...firstRecord(room, unnamed, known), generation, everDeleted: true };
}

/** The current generation closed. */
export function closedRecord(record: RoomRecord, by: string, hlc: Hlc): RoomRecord {
  return { ...record, deleted: { hlc, by }, everDeleted: true };
}

/**
 * What a creation with a key that finds a document there is: the one that made it, or one of something else. A name that was drawn from a key is
 * that of no other creation; where only the key is new, it is one that would have made just this. Who was renamed since may have been
 * called anything.
 */
export function repeatOf(
  { title, kind, created }: RoomRecord,
  ask: Naming & { readonly repeats?: "drawn" | "named" | undefined },
): "same" | "KEY_REUSED" | "ROOM_EXISTS" {
  const isUntouched = (value: Register | undefined): boolean => value === undefined || compareHlc(value.hlc, created) === 0;
  const differs = (value: Register | undefined, asked: string | undefined): boolean => isUntouched(value) && value?.value !== asked;
  if (differs(title, ask.title) || differs(kind, ask.kind)) return ask.repeats === "drawn" ? "KEY_REUSED" : "ROOM_EXISTS";
  return ask.repeats === "drawn" || (isUntouched(title) && isUntouched(kind)) ? "same" : "ROOM_EXISTS";
}

/** New values for the registers that are named. */
export function renamedRecord(record: RoomRecord, { title, kind }: Naming, hlc: Hlc): RoomRecord {
  return { ...record, title: replaced(record.title, title, hlc), kind: replaced(record.kind, kind, hlc) };
}

function register(value: string | undefined, hlc: Hlc): Register | undefined {
  return value === undefined ? undefined : { value, hlc };
}

function replaced(before: Register | undefined, value: string | undefined, hlc: Hlc): Register | undefined {
  if (value === undefined) return before;
  if (before === undefined || compareHlc(hlc, before.hlc) > 0) return { value, hlc };
  return { value, hlc: { physicalMs: before.hlc.physicalMs + 1, logical: 0, relay: hlc.relay } };
}
