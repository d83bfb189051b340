/**
 * StampOffsets: how far the stamps of other relays are from this one's wall clock at the moment at which they come: what shows that
 * somebody's clock is wrong. For people; nothing is decided by it.
 *
 * Looked at are entries that come from the relay that wrote them. The time on the way is in it, so a clock that is right shows a few
 * milliseconds behind.
 *
 * Invariant: one offset per relay, that of the latest stamp: what is sent again after a line was cut shows nothing new.
 */
import type { RelayId } from "@inkmesh/shared/base/ids";
import { compareHlc, type Hlc } from "@inkmesh/shared/clock/hybrid-logical-clock";

interface Heard {
  readonly stamp: Hlc;
  readonly offsetMs: number;
}

export class StampOffsets {
  readonly #heard = new Map<RelayId, Heard>();

  /** An entry of `stamp.relay` came straight from it. */
  heard(stamp: Hlc, wallMs: number): void {
    const before = this.#heard.get(stamp.relay);
    if (before !== undefined && compareHlc(stamp, before.stamp) <= 0) return;
    this.#heard.set(stamp.relay, { stamp, offsetMs: stamp.physicalMs - wallMs });
  }

  /** Milliseconds by which `relay`'s latest stamp was ahead of this relay's clock; undefined where none has come. */
  of(relay: RelayId): number | undefined {
    return this.#heard.get(relay)?.offsetMs;
  }
}
