/**
 * Hybrid logical clock: stamps that follow causality and stay close to wall time (Kulkarni, Demirbas et al.,
 * "Logical Physical Clocks", OPODIS 2014).
 *
 *     local event:  physical' = max(physical, wall);  logical' = physical' = physical ? logical + 1 : 0
 *     remote stamp: the same with the remote's physical in the max, unless it is further ahead than allowed
 *
 * Invariants: the stamps of one clock strictly increase, whatever the wall clock does; a stamp further ahead of
 * wall time than `offsetMaxMs` is not adopted. Stamps order only what is concurrent (history, metadata, display):
 * nothing expires, filters or decides correctness by them. Knows no wall clock: the caller says the time.
 */
import type { RelayId } from "../base/ids.ts";

export interface Hlc {
  /** Milliseconds since 1970. */
  readonly physicalMs: number;
  readonly logical: number;
  /** Breaks ties between relays. */
  readonly relay: RelayId;
}

/** The logical counter has 16 bits on disk and wire; past it the physical part carries. */
const logicalMax = 0xffff;

export function compareHlc(left: Hlc, right: Hlc): number {
  return (
    left.physicalMs - right.physicalMs || left.logical - right.logical || (left.relay < right.relay ? -1 : left.relay > right.relay ? 1 : 0)
  );
}

export class HybridLogicalClock {
  #physicalMs: number;
  #logical: number;
  readonly #relay: RelayId;
  readonly #offsetMaxMs: number;

  /** `floorMs`: an upper bound of all stamps of earlier lives, so that stamps increase over restarts. */
  constructor(options: { relay: RelayId; offsetMaxMs: number; floorMs?: number }) {
    this.#relay = options.relay;
    this.#offsetMaxMs = options.offsetMaxMs;
    this.#physicalMs = options.floorMs ?? 0;
    // Which stamps an earlier life gave within the floor's millisecond is not known: this one begins after them.
    this.#logical = options.floorMs === undefined ? 0 : logicalMax;
  }

  /** The stamp of a local event at `wallMs`. */
  stamp(wallMs: number): Hlc {
    this.#advance(Math.max(this.#physicalMs, Math.floor(wallMs)), 0);
    return this.last();
  }

  /** Takes note of a remote stamp; false when it is too far ahead and was not adopted. */
  observe(remote: Hlc, wallMs: number): boolean {
    if (remote.physicalMs - wallMs > this.#offsetMaxMs) return false;
    const physicalMs = Math.max(this.#physicalMs, remote.physicalMs, Math.floor(wallMs));
    this.#advance(physicalMs, remote.physicalMs === physicalMs ? remote.logical + 1 : 0);
    return true;
  }

  last(): Hlc {
    return { physicalMs: this.#physicalMs, logical: this.#logical, relay: this.#relay };
  }

  #advance(physicalMs: number, logicalMin: number): void {
    const logical = Math.max(physicalMs === this.#physicalMs ? this.#logical + 1 : 0, logicalMin);
    this.#physicalMs = logical > logicalMax ? physicalMs + 1 : physicalMs;
    this.#logical = logical > logicalMax ? 0 : logical;
  }
}
