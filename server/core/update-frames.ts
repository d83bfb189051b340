/**
 * Updates as frames of a dialect.
 *
 * Native: several updates per frame up to the size of a chunk, and an update larger than that in slices, so that a
 * cursor gets between two of them. Yjs dialects: one update per frame, whatever its size; when a whole state is
 * answered only the last part goes as SyncStep2, because clients call themselves synced at the first one they see.
 */
import type { Dialect } from "@inkmesh/shared/wire/dialect";

interface Framing {
  readonly dialect: Dialect;
  readonly handle: number;
  readonly chunkBytes: number;
}

/** Entries' payloads, or parts of a state that nothing follows from. */
export function updateFrames(updates: readonly Uint8Array[], framing: Framing): readonly Uint8Array[] {
  const { dialect, handle } = framing;
  if (dialect.name !== "native") return dialect.encode({ type: "updates", handle, updates });
  const frames: Uint8Array[] = [];
  let batch: Uint8Array[] = [];
  let bytes = 0;
  const finish = (): void => {
    if (batch.length > 0) append(frames, dialect.encode({ type: "updates", handle, updates: batch }));
    batch = [];
    bytes = 0;
  };
  for (const update of updates) {
    if (bytes + update.length > framing.chunkBytes) finish();
    if (update.length > framing.chunkBytes) {
      append(frames, chunkFrames(update, framing));
      continue;
    }
    batch.push(update);
    bytes += update.length;
  }
  finish();
  return frames;
}

/** The answer to "what am I missing": all `parts`, the last one marked as such where the dialect has a word for it. */
export function answerFrames(parts: readonly Uint8Array[], framing: Framing): readonly Uint8Array[] {
  const { dialect, handle } = framing;
  if (dialect.name === "native") return updateFrames(parts, framing);
  const update = parts.at(-1) ?? emptyUpdate;
  return [...updateFrames(parts.slice(0, -1), framing), ...dialect.encode({ type: "sync-step-2", handle, update })];
}

/** A Yjs update without structs and deletions. */
const emptyUpdate = Uint8Array.of(0, 0);

function chunkFrames(update: Uint8Array, { dialect, handle, chunkBytes }: Framing): Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (let from = 0; from < update.length; from += chunkBytes) {
    const to = Math.min(from + chunkBytes, update.length);
    append(frames, dialect.encode({ type: "chunk", handle, remaining: update.length - to, bytes: update.subarray(from, to) }));
  }
  return frames;
}

function append(frames: Uint8Array[], more: readonly Uint8Array[]): void {
  for (const frame of more) frames.push(frame);
}
