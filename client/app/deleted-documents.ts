/**
 * DeletedDocuments: which of the documents on this device a relay has said to be deleted. The client knows it as long as the
 * page lives; remembered in localStorage it is known to other tabs too, and without a relay. Nothing depends on this list.
 */
import type { DeviceRoom } from "@inkmesh/client";

/** A deletion is final for a generation; by the same name there may be another document later. */
interface Remembered {
  readonly room: string;
  readonly generation: number | null;
  readonly by: string;
  readonly atMs: number;
}

const key = "inkmesh.deleted";

/** The rooms with what is remembered of their deletion, which from now on includes what they say of it. */
export function withDeletions(rooms: readonly DeviceRoom[], storage: () => Pick<Storage, "getItem" | "setItem">): readonly DeviceRoom[] {
  const remembered = read(storage);
  const known = rooms.map((room) => {
    const before = remembered.find((one) => one.room === room.room && one.generation === (room.generation ?? null));
    return room.deletion !== undefined || before === undefined ? room : { ...room, deletion: { by: before.by, atMs: before.atMs } };
  });
  const list = known.flatMap(({ room, generation, deletion }) => (deletion ? [{ room, generation: generation ?? null, ...deletion }] : []));
  if (JSON.stringify(list) !== JSON.stringify(remembered)) write(storage, list);
  return known;
}

function read(storage: () => Pick<Storage, "getItem">): readonly Remembered[] {
  try {
    const list = JSON.parse(storage().getItem(key) ?? "[]") as unknown;
    return Array.isArray(list) ? list.filter(isRemembered) : [];
  } catch {
    return []; // Storage is forbidden, or somebody else wrote there.
  }
}

function write(storage: () => Pick<Storage, "setItem">, list: readonly Remembered[]): void {
  try {
    storage().setItem(key, JSON.stringify(list));
  } catch {
    // Full or forbidden: it is known again when a relay says so.
  }
}

function isRemembered(value: unknown): value is Remembered {
  const { room, generation, by, atMs } = (value ?? {}) as Partial<Remembered>;
  const isGeneration = typeof generation === "number" || generation === null;
  return typeof room === "string" && isGeneration && typeof by === "string" && typeof atMs === "number";
}
