/**
 * DiskBlobs: the images on a `MemoryDisk`, let in as by the logs that ship.
 */
import { mentionedBlobs, type BlobName } from "@inkmesh/shared/base/blob-name";
import { lineageKey, type Lineage } from "@inkmesh/shared/base/ids";
import { ok, refused, type Refusal, type Result } from "@inkmesh/shared/base/result";
import type { RelayEffect } from "../../../server/core/effect.ts";
import type { RelayInput } from "../../../server/core/input.ts";
import type { HeldBlobs } from "../../../server/core/stored-blob.ts";
import { blobNameOfBytes, refusalOfName, refusalOfSize } from "../../../server/log/blob-admission.ts";

export type BlobEffect = Extract<RelayEffect, { type: "keep-blob" | "read-blob" | "list-blobs" | "find-lacking-blobs" }>;

interface Held {
  readonly lineage: Lineage;
  readonly blobs: Map<BlobName, Uint8Array>;
}

/** What else is on the disk. */
interface Documents {
  readonly lineages: () => readonly Lineage[];
  readonly parts: (lineage: Lineage) => readonly Uint8Array[];
  readonly isClosed: (lineage: Lineage) => boolean;
}

export class DiskBlobs {
  readonly #documents: Documents;
  readonly #held = new Map<string, Held>();
  /** Names, each as often as it was let in, anew or again. */
  readonly lettingIn: BlobName[] = [];
  /** Why it takes nothing. */
  refusal: Refusal | undefined;
  /** It cannot say what it has. */
  isUnreadable = false;

  constructor(documents: Documents) {
    this.#documents = documents;
  }

  copyTo(other: DiskBlobs): void {
    for (const [key, { lineage, blobs }] of this.#held) other.#held.set(key, { lineage, blobs: new Map(blobs) });
  }

  put(lineage: Lineage, name: BlobName, bytes: Uint8Array): Result<undefined> {
    if (this.#documents.isClosed(lineage)) return refused("ROOM_DELETED", "its generation is closed");
    const refusal = refusalOfSize(bytes.length) ?? refusalOfName(name, blobNameOfBytes(bytes)) ?? this.refusal;
    if (refusal !== undefined) return { ok: false, refusal };
    this.lettingIn.push(name);
    this.#of(lineage).set(name, bytes.slice());
    return ok(undefined);
  }

  bytes(lineage: Lineage, name: BlobName): Uint8Array | undefined {
    return this.#of(lineage).get(name);
  }

  of(lineage: Lineage): HeldBlobs {
    const held = [...this.#of(lineage).keys()].sort();
    const mentioned = new Set(this.#documents.parts(lineage).flatMap(mentionedBlobs));
    return { held, lacking: [...mentioned].filter((name) => !held.includes(name)).sort() };
  }

  /** Its relay says other bytes, as no relay should. */
  spoil(lineage: Lineage, name: BlobName): void {
    this.#of(lineage).set(
      name,
      this.#of(lineage)
        .get(name)!
        .map((byte) => byte ^ 1),
    );
  }

  /** It is damaged, and was set aside. */
  lose(lineage: Lineage, name: BlobName): void {
    this.#of(lineage).delete(name);
  }

  /** All of a room up to that generation. */
  forget({ room, generation }: Lineage): void {
    for (const [key, { lineage }] of this.#held) if (lineage.room === room && lineage.generation <= generation) this.#held.delete(key);
  }

  answer(effect: BlobEffect): RelayInput {
    const { seq } = effect;
    switch (effect.type) {
      case "keep-blob":
        return { type: "blob-kept", seq, result: this.put(effect.lineage, effect.name, effect.bytes) };
      case "read-blob":
        return {
          type: "blob-read",
          seq,
          result: this.isUnreadable ? refused("STORE_FAILED") : ok(this.bytes(effect.lineage, effect.name)),
        };
      case "list-blobs":
        return { type: "blobs-listed", seq, result: ok(this.of(effect.lineage)) };
      case "find-lacking-blobs": {
        const some = this.#documents.lineages().slice(effect.after, effect.after + effect.limit);
        const lineages = some.filter((lineage) => this.of(lineage).lacking.length > 0);
        return {
          type: "lacking-blobs-found",
          seq,
          result: ok({ lineages, next: some.length < effect.limit ? undefined : effect.after + effect.limit }),
        };
      }
    }
  }

  #of(lineage: Lineage): Held["blobs"] {
    const held = this.#held.get(lineageKey(lineage)) ?? { lineage, blobs: new Map() };
    this.#held.set(lineageKey(lineage), held);
    return held.blobs;
  }
}

export function isOfBlob(effect: RelayEffect): effect is BlobEffect {
  return ["keep-blob", "read-blob", "list-blobs", "find-lacking-blobs"].includes(effect.type);
}
