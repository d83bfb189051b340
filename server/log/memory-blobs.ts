/**
 * MemoryBlobs: the images that a log in memory holds, by lineage. What a document mentions is read from all that is held of it.
 */
import { mentionedBlobs, type BlobName } from "@inkmesh/shared/base/blob-name";
import { lineageKey, type Lineage } from "@inkmesh/shared/base/ids";
import { refused } from "@inkmesh/shared/base/result";
import type { HeldBlobs } from "../core/stored-blob.ts";
import { blobNameOfBytes, mentionsMax, refusalOfMore, refusalOfName, refusalOfSize, type BlobLimits } from "./blob-admission.ts";
import { entriesOf, type MemoryLineage } from "./memory-lineage.ts";
import type { BlobGrace, BlobKeeping, LogResult } from "./update-log.ts";

interface MemoryBlob {
  readonly bytes: Uint8Array;
  sinceMs: number;
  /** Whether it was when that was looked at last. */
  isMentioned: boolean;
}

interface Kept {
  readonly lineage: Lineage;
  readonly blobs: Map<BlobName, MemoryBlob>;
}

const done = { ok: true, value: undefined } as const;

export class MemoryBlobs {
  readonly #limits: BlobLimits;
  readonly #kept = new Map<string, Kept>();
  #hasBegun = false;

  constructor(limits: BlobLimits) {
    this.#limits = limits;
  }

  put(lineage: Lineage, name: BlobName, given: Uint8Array, { atMs, isCopy = false }: BlobKeeping): LogResult<undefined> {
    const blobs = this.#kept.get(lineageKey(lineage))?.blobs ?? new Map<BlobName, MemoryBlob>();
    const wrong = refusalOfSize(given.length) ?? refusalOfName(name, blobNameOfBytes(given));
    if (wrong) return { ok: false, refusal: wrong };
    const known = blobs.get(name);
    const held = { blobs: blobs.size, bytes: [...blobs.values()].reduce((sum, { bytes }) => sum + bytes.length, 0) };
    const tooMany = known || isCopy ? undefined : refusalOfMore(held, given.length, this.#limits);
    if (tooMany) return { ok: false, refusal: tooMany };
    const sinceMs = Math.max(atMs, known?.sinceMs ?? 0);
    blobs.set(name, { bytes: known?.bytes ?? Uint8Array.from(given), sinceMs, isMentioned: known?.isMentioned ?? false });
    this.#kept.set(lineageKey(lineage), { lineage, blobs });
    return done;
  }

  bytes(lineage: Lineage, name: BlobName): Uint8Array | undefined {
    const blob = this.#kept.get(lineageKey(lineage))?.blobs.get(name);
    return blob && Uint8Array.from(blob.bytes);
  }

  of(lineage: Lineage, document: MemoryLineage | undefined): HeldBlobs {
    const held = [...(this.#kept.get(lineageKey(lineage))?.blobs.keys() ?? [])];
    const mentioned = mentionedIn(document).slice(0, mentionsMax);
    return { held: held.sort(), lacking: mentioned.filter((name) => !held.includes(name)) };
  }

  /** `documentOf`: what is held of a lineage. How many went. */
  collect({ nowMs, graceMs }: BlobGrace, documentOf: (key: string) => MemoryLineage | undefined): LogResult<number> {
    let collected = 0;
    let refusal: LogResult<number> | undefined;
    for (const [key, { blobs }] of this.#kept) {
      const names = mentionedIn(documentOf(key));
      if (names.length > mentionsMax) refusal ??= refused("TOO_MANY_BLOBS", `more than ${mentionsMax} images are mentioned`);
      const mentioned = new Set(names);
      for (const [name, blob] of names.length > mentionsMax ? [] : blobs) {
        const isMentioned = mentioned.has(name);
        if (!isMentioned && (blob.isMentioned || !this.#hasBegun)) blob.sinceMs = Math.max(blob.sinceMs, nowMs);
        blob.isMentioned = isMentioned;
        if (!isMentioned && blob.sinceMs < nowMs - graceMs && blobs.delete(name)) collected++;
      }
    }
    this.#hasBegun = true;
    return refusal ?? { ok: true, value: collected };
  }

  /** All of a room up to that generation. */
  remove({ room, generation }: Lineage): void {
    for (const [key, { lineage }] of this.#kept) if (lineage.room === room && lineage.generation <= generation) this.#kept.delete(key);
  }
}

function mentionedIn(document: MemoryLineage | undefined): readonly BlobName[] {
  if (document === undefined) return [];
  const { snapshot, base, segments, asideMentions } = document;
  const states = [snapshot, base].flatMap((kept) => (kept ? [kept.state] : []));
  const parts = [...states, ...segments.map(({ part }) => part.bytes), ...entriesOf(document).map(({ payload }) => payload)];
  return [...new Set([...parts.flatMap(mentionedBlobs), ...asideMentions])].sort();
}
