/**
 * Whom an application names when it has changed its mind. What is not understood is refused: a name that is not there, or a key that is misspelt,
 * would mean everybody.
 */
import { readRoomName } from "@inkmesh/shared/wire/room-name";
import type { Whom } from "./core/access-doubts.ts";

/** Of nothing, and of `{}`: everybody, in all documents. */
export function readWhom(said: unknown = {}): Whom {
  if (typeof said !== "object" || said === null || Array.isArray(said))
    throw new TypeError("whom to ask about again must be { room, user }");
  for (const [key, value] of Object.entries(said)) {
    if (key !== "room" && key !== "user") throw new TypeError(`"${key}" says nothing about whom to ask again: "room" and "user" do`);
    if (typeof value !== "string") throw new TypeError(`"${key}" must be a string where it is given, and left out to mean all`);
  }
  const { room, user } = said as Whom;
  const name = room === undefined ? undefined : readRoomName(room);
  if (name?.ok === false) throw new TypeError(`"room" names no document: ${name.refusal.detail}`);
  return { room: name?.value, user };
}
