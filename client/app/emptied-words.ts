/**
 * EmptiedWords: what it means that the browser threw away what it kept: what is written again, what comes back, and what
 * is lost. Lost are edits that no relay had yet, of documents that no page has in its memory.
 */
import type { DeviceRoom } from "@inkmesh/client";
import { edits } from "./status-words.ts";

/** Edits of one document that were on this device alone. */
export interface LostEdits {
  readonly title: string;
  readonly count: number;
}

/** Of what this device was known to hold, that which is gone with it. `open`: the document that is open in this page. */
export function lostEdits(
  known: readonly DeviceRoom[],
  open: string | undefined,
  titleOf: (room: string) => string | undefined,
): readonly LostEdits[] {
  return known
    .filter(({ room, waiting }) => waiting > 0 && room !== open)
    .map(({ room, waiting }) => ({ title: titleOf(room) || "Untitled", count: waiting }));
}

/** In words. `isOpen`: a document was open in this page. */
export function emptiedWords(isOpen: boolean, lost: readonly LostEdits[]): string {
  const others = isOpen
    ? "The one that was open was written again from the page; others come back from the relay."
    : "They come back from the relay.";
  return ["This browser had removed what it kept of your documents.", others, lostWords(lost)].filter((words) => words !== "").join(" ");
}

/** Another tab writes what it shows again; this one cannot know what that is. */
function lostWords(lost: readonly LostEdits[]): string {
  if (lost.length === 0) return "";
  const list = lost.map(({ title, count }) => `${edits(count)} in “${title}”`).join(", ");
  const isOne = lost.length === 1 && lost[0]?.count === 1;
  return `${list} that ${isOne ? "was" : "were"} not sent yet ${isOne ? "is" : "are"} lost, unless another tab shows ${lost.length === 1 ? "that document" : "those documents"}.`;
}
