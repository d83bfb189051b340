/**
 * UnfitRequest: what cannot be asked of a room because of the kind of document that it is.
 */
import type { Refusal } from "@inkmesh/shared/base/result";
import type { EngineName } from "@inkmesh/shared/engine/crdt-engine";
import type { RoomRequest } from "./input.ts";

/** Undefined: it can be. */
export function unfitFor(engine: EngineName, ask: RoomRequest): Refusal | undefined {
  if (engine === "yjs") return undefined;
  if (ask.type === "write") return unfit("an Automerge document is written by its changes: PATCH");
  // What mentions an image is looked for in an edit's bytes, and Automerge deflates them.
  if (ask.type === "keep-blob") return unfit("an Automerge document keeps no images beside it");
  if (ask.type !== "update" || ask.key === undefined) return undefined;
  const detail = "an Automerge document keeps no Idempotency-Key. Send the changes without one: each is known by its hash, and taken once";
  return { code: "BAD_REQUEST", detail };
}

function unfit(detail: string): Refusal {
  return { code: "UNSAYABLE", detail };
}
