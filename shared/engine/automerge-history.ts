/**
 * Histories of Automerge's documents: payloads as they came, one behind the other. Nothing is merged, since a change is named by its bytes.
 */
import * as encoding from "lib0/encoding";
import * as decoding from "lib0/decoding";
import { changesOf } from "./automerge-document.ts";
import type { HistoryPart, HistoryParts } from "./crdt-engine.ts";

export function mergeHistory(payloads: readonly Uint8Array[]): HistoryPart {
  return {
    encoding: "payloads",
    bytes: encoding.encode((encoder) => payloads.forEach((each) => encoding.writeVarUint8Array(encoder, each))),
  };
}

/** Whether a part has the changes that `payloads` have, no more and no fewer. False for bytes that cannot be read. */
export function saysTheSame(part: HistoryPart, payloads: readonly Uint8Array[]): boolean {
  try {
    const [here, there] = [hashesOf(payloadsIn(part)), hashesOf(payloads)];
    return here !== undefined && there !== undefined && here.size === there.size && [...here].every((hash) => there.has(hash));
  } catch {
    // What lib0 throws where the bytes end too early.
    return false;
  }
}

/** All that a version is made of, to be built. Throws for parts that are no history of Automerge's. */
export function payloadsOf({ base, parts }: HistoryParts): readonly Uint8Array[] {
  return [...(base === undefined ? [] : [base]), ...parts.flatMap(payloadsIn)];
}

function payloadsIn({ encoding: kind, bytes }: HistoryPart): readonly Uint8Array[] {
  if (kind !== "payloads") throw new Error("a history of Automerge's is never merged");
  const decoder = decoding.createDecoder(bytes);
  const payloads: Uint8Array[] = [];
  while (decoding.hasContent(decoder)) payloads.push(decoding.readVarUint8Array(decoder));
  return payloads;
}

function hashesOf(payloads: readonly Uint8Array[]): ReadonlySet<string> | undefined {
  const hashes = new Set<string>();
  for (const payload of payloads) {
    const changes = changesOf(payload);
    if (changes === undefined) return undefined;
    for (const { hash } of changes) hashes.add(hash);
  }
  return hashes;
}
