/**
 * DeletionWords: who deleted a document and when, as the end of a sentence, as far as a relay has said so.
 */
import type { RoomDeletion } from "@inkmesh/client";
import { shownName } from "./person.ts";

/** Empty when nothing is known; otherwise begins with a space. */
export function deletionWords({ by, atMs }: RoomDeletion): string {
  const name = shownName(by);
  const who = name === "" ? "" : ` by ${name}`;
  return atMs === 0 ? who : `${who} on ${new Date(atMs).toLocaleString("en", { dateStyle: "medium", timeStyle: "short" })}`;
}
