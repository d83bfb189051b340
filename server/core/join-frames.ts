/**
 * JoinFrames: a room's whole state as frames, kept per dialect, so that a hundred who join at once share one encoding.
 *
 * Invariant: what is kept is exactly snapshot and tail as they are; a new snapshot or entry makes it stale, and a room
 * that goes idle lets go of it. Per dialect at most four heads (state or deletions, last or not) and one tail are kept, and only as
 * a client's document is called by its name.
 */
import type { Dialect } from "@inkmesh/shared/wire/dialect";
import type { RoomName } from "@inkmesh/shared/base/ids";
import type { RoomContent } from "./room-content.ts";
import type { StoredSnapshot } from "./stored-room.ts";
import { answerFrames, updateFrames } from "./update-frames.ts";

interface Kept {
  readonly snapshot: StoredSnapshot | undefined;
  readonly frames: readonly Uint8Array[];
}

export class JoinFrames {
  readonly #room: RoomName;
  readonly #handle: number;
  readonly #chunkBytes: number;
  readonly #heads = new Map<string, Kept>();
  readonly #tails = new Map<string, Kept & { readonly length: number; readonly last: Uint8Array | undefined }>();

  constructor(options: { room: RoomName; handle: number; chunkBytes: number }) {
    this.#room = options.room;
    this.#handle = options.handle;
    this.#chunkBytes = options.chunkBytes;
  }

  /** Lists of frames: first the snapshot's `head`, then the tail. Lists are shared: compare by identity. */
  whole(content: RoomContent, head: "state" | "deletions" | "none", dialect: Dialect): readonly (readonly Uint8Array[])[] {
    const { snapshot, tail } = content;
    if (head === "none" || snapshot === undefined) return [this.#tail(content, dialect)];
    const first = this.#head(snapshot, head, dialect, tail.length === 0);
    return tail.length === 0 ? [first] : [first, this.#tail(content, dialect)];
  }

  clear(): void {
    this.#heads.clear();
    this.#tails.clear();
  }

  #head(snapshot: StoredSnapshot, head: "state" | "deletions", dialect: Dialect, isLast: boolean): readonly Uint8Array[] {
    const key = `${dialect.name} ${head} ${isLast}`;
    const kept = this.#isUsual(dialect) ? this.#heads.get(key) : undefined;
    if (kept?.snapshot === snapshot) return kept.frames;
    const update = head === "state" ? snapshot.state : snapshot.deleteSetUpdate;
    const framing = { dialect, handle: this.#handle, chunkBytes: this.#chunkBytes };
    const frames = isLast ? answerFrames([update], framing) : updateFrames([update], framing);
    if (this.#isUsual(dialect)) this.#heads.set(key, { snapshot, frames });
    return frames;
  }

  #tail({ snapshot, tail }: RoomContent, dialect: Dialect): readonly Uint8Array[] {
    const kept = this.#isUsual(dialect) ? this.#tails.get(dialect.name) : undefined;
    const last = tail.at(-1)?.payload;
    if (kept !== undefined && kept.snapshot === snapshot && kept.length === tail.length && kept.last === last) return kept.frames;
    const framing = { dialect, handle: this.#handle, chunkBytes: this.#chunkBytes };
    const frames = answerFrames(
      tail.map((entry) => entry.payload),
      framing,
    );
    if (this.#isUsual(dialect)) this.#tails.set(dialect.name, { snapshot, length: tail.length, last, frames });
    return frames;
  }

  #isUsual({ address }: Dialect): boolean {
    return address === "" || address === this.#room;
  }
}
