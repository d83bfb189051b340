/**
 * BlobIntake: an image on its way to the disk, and the way of one that is to go: the steps, each in the thread whose work it is. One image at a
 * time: the others' commits come between its pieces.
 *
 *     hashed (off the event loop) ─▶ read: is it here, and what it is called? ─▶ begin: may it be? ─▶ pieces ─▶ head
 *
 * A crash before the head leaves pieces that the next start sweeps.
 */
import { webcrypto } from "node:crypto";
import { blobNameOf, type BlobName } from "@inkmesh/shared/base/blob-name";
import { hexOf } from "@inkmesh/shared/base/bytes";
import type { Lineage } from "@inkmesh/shared/base/ids";
import { refused } from "@inkmesh/shared/base/result";
import { refusalOfName, refusalOfSize } from "./blob-admission.ts";
import { pieceBytes } from "./blob-shelf.ts";
import type { ReaderCalls } from "./reader-worker.ts";
import type { StoreCalls } from "./sqlite-worker.ts";
import type { BlobKeeping, LogResult } from "./update-log.ts";
import type { WorkerLine } from "./worker-line.ts";

/** Reached in this order; tests end the process at one. */
export type BlobStep = "begun" | "piece-written" | "head-written" | "portion-swept" | "swept";

export interface BlobLines {
  readonly store: WorkerLine<StoreCalls, never>;
  readonly reader: WorkerLine<ReaderCalls, never>;
  readonly onStep: (step: BlobStep) => void;
}

interface GivenBlob {
  readonly of: Lineage;
  readonly name: BlobName;
  readonly bytes: Uint8Array;
  readonly keeping: BlobKeeping;
}

const closed = refused("ROOM_DELETED", "its generation is closed");
const dropped = refused("RELAY_BUSY", "the copy of its document went while it came");

export async function takeBlob(
  { store, reader, onStep }: BlobLines,
  { of, name, bytes, keeping }: GivenBlob,
): Promise<LogResult<undefined>> {
  const wrong = refusalOfSize(bytes.length) ?? refusalOfName(name, await nameOf(bytes));
  if (wrong) return { ok: false, refusal: wrong };
  const { atMs, isCopy = false } = keeping;
  const isHere = await reader.call("isBlobHere", [of, name]);
  if (!isHere.ok) return isHere;
  const blob = { name, size: bytes.length, sinceMs: Math.floor(atMs), isCopy, isHere: isHere.value };
  const begun = await store.call("beginBlob", [of, blob]);
  if (!begun.ok) return begun;
  if (begun.value.type === "closed") return closed;
  if (begun.value.type === "refused") return { ok: false, refusal: begun.value.refusal };
  if (begun.value.type === "here") return { ok: true, value: undefined };
  onStep("begun");
  const { id } = begun.value;
  // At least one, so that nothing is here without pieces.
  const pieces = Math.max(1, Math.ceil(bytes.length / pieceBytes));
  for (let part = 0; part < pieces; part++) {
    const piece = Uint8Array.from(bytes.subarray(part * pieceBytes, (part + 1) * pieceBytes));
    const put = await store.call("putPiece", [id, part, piece], [piece.buffer]);
    if (!put.ok) return put;
    onStep("piece-written");
  }
  const ended = await store.call("endBlob", [id, of, { ...blob, pieces }]);
  if (!ended.ok) return ended;
  if (ended.value !== "here") return ended.value === "closed" ? closed : dropped;
  onStep("head-written");
  return { ok: true, value: undefined };
}

/** A portion: whether there is more. What cannot be removed now goes another time. */
export async function sweepBlobs({ store, onStep }: BlobLines): Promise<LogResult<boolean>> {
  const swept = await store.call("sweepBlobs", []);
  if (!swept.ok) return swept;
  if (swept.value !== "nothing") onStep(swept.value === "all" ? "swept" : "portion-swept");
  return { ok: true, value: swept.value === "more" };
}

async function nameOf(bytes: Uint8Array): Promise<BlobName> {
  return blobNameOf(hexOf(new Uint8Array(await webcrypto.subtle.digest("SHA-256", Uint8Array.from(bytes)))));
}
