/**
 * ModelCopy: what one life of a relay has of the room: in memory, on its way to the disk, and on it.
 */
import { assert } from "@inkmesh/shared/base/assert";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { Entry } from "@inkmesh/shared/engine/entry";
import { hash64, type Position } from "@inkmesh/shared/ring/hash";
import { encodeUtf8 } from "lib0/string";
import { roomDigest } from "../../../../server/core/gossip/room-digest.ts";
import type { RoomMoment } from "../../../../server/core/gossip/room-comparison.ts";
import { lineage } from "../../../unit/core/gossip/a-room.ts";
import { applies, clockOf, contentOf, tokensOf, type ModelContent, type ModelDisk, type Token } from "./model-disk.ts";

export class ModelCopy {
  readonly content: ModelContent;
  readonly #disk: ModelDisk;
  #pending: Entry[] = [];
  #clock: VectorClock;
  #durableClock: VectorClock;
  #entered = 0;
  #hash = { size: 0, position: hash64(new Uint8Array(0)) };

  constructor(disk: ModelDisk) {
    this.#disk = disk;
    this.content = contentOf(disk.log);
    this.#clock = clockOf(disk.log, disk.cover);
    this.#durableClock = this.#clock;
  }

  get clock(): VectorClock {
    return this.#clock;
  }

  get durableClock(): VectorClock {
    return this.#durableClock;
  }

  /** The last entry's position. */
  get entered(): number {
    return this.#entered;
  }

  get durable(): number {
    return this.#entered - this.#pending.length;
  }

  get isSettled(): boolean {
    return this.#pending.length === 0;
  }

  /** All entries, those on their way to the disk too. */
  get entries(): readonly Entry[] {
    return [...this.#disk.log, ...this.#pending];
  }

  /** What of `tokens` is not here. */
  fresh(tokens: readonly Token[]): readonly Token[] {
    return tokens.filter(({ id }) => !this.content.has(id));
  }

  /** Lets in an entry; its position. */
  enter(entry: Entry): number {
    const tokens = tokensOf(entry.payload);
    assert(applies(this.content, tokens), "nothing is shown before what it hangs on");
    for (const token of tokens) this.content.set(token.id, token);
    this.#clock = this.#clock.advance(entry.dot);
    this.#pending.push(entry);
    this.#entered += 1;
    return this.#entered;
  }

  /** Up to `count` entries reach the disk. */
  flush(count: number): readonly Entry[] {
    const entries = this.#pending.splice(0, count);
    this.#disk.log.push(...entries);
    for (const { dot } of entries) this.#durableClock = this.#durableClock.join(VectorClock.of([[dot.actor, dot.counter]]));
    return entries;
  }

  /** `clock` names nothing that is not on this disk; whether it says something new. */
  join(clock: VectorClock): boolean {
    const before = this.#clock;
    this.#clock = before.join(clock);
    this.#durableClock = this.#durableClock.join(clock);
    this.#disk.cover = this.#disk.cover.join(clock);
    return this.#clock !== before;
  }

  moment(isComplete: boolean): RoomMoment {
    return {
      type: "compare",
      lineage,
      answer: false,
      isComplete,
      content: this.#contentHash(),
      clock: this.#durableClock,
      record: undefined,
    };
  }

  digest(): Position {
    return roomDigest({ record: undefined, content: this.#contentHash(), clock: this.#durableClock });
  }

  #contentHash(): Position {
    // Content only grows.
    if (this.#hash.size !== this.content.size) {
      const ids = [...this.content.keys()].sort((left, right) => left - right);
      this.#hash = { size: this.content.size, position: hash64(encodeUtf8(ids.join())) };
    }
    return this.#hash.position;
  }
}
