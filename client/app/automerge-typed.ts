/**
 * AutomergeTyped: the words that edits of an Automerge document wrote, for a person who wants to have them as a file.
 */
import { Automerge } from "@inkmesh/client/automerge";
import { readChanges } from "@inkmesh/shared/engine/automerge-change";
import { isBeginning } from "./automerge-beginning.ts";

/** What was typed in these edits, letters that follow one another joined. An edit that cannot be read has no words to show. */
export function wordsOfEdits(edits: readonly Uint8Array[]): string {
  let words = "";
  let end = "";
  for (const { actor, startOp, ops } of edits.flatMap(changesIn)) {
    if (isBeginning(actor)) continue;
    for (const [index, { action, elemId, insert, value }] of ops.entries()) {
      if (action !== "set" || typeof value !== "string" || (insert !== true && value === "")) continue;
      const follows = words === "" || (insert === true && elemId === end);
      words += `${follows ? "" : "\n"}${value}`;
      end = `${startOp + index}@${actor}`;
    }
  }
  return words;
}

interface ReadOperation {
  readonly action: string;
  readonly elemId?: string;
  readonly insert?: boolean;
  readonly value?: unknown;
}

const noLimits = {
  partsPerUpdateMax: Infinity,
  authorsPerEditMax: Infinity,
  authorsPerRoomMax: Infinity,
  clockMax: Number.MAX_SAFE_INTEGER,
  nestingMax: Infinity,
};

function changesIn(edit: Uint8Array): readonly { actor: string; startOp: number; ops: readonly ReadOperation[] }[] {
  const read = readChanges(edit, noLimits);
  if (!read.ok) return [];
  return read.value.flatMap(({ bytes }) => {
    try {
      return [Automerge.decodeChange(bytes) as unknown as { actor: string; startOp: number; ops: readonly ReadOperation[] }];
    } catch {
      return [];
    }
  });
}
