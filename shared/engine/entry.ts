/**
 * An entry: one accepted update of one room, as the log keeps it and relays exchange it.
 *
 * Invariants: `dot` never names two payloads; `deps` is the room's clock at its origin when the entry was accepted,
 * so `deps.counter(dot.actor) === dot.counter - 1`; `payload` is what admission let in (known content trimmed away),
 * in the engine's own encoding (Yjs: update V1).
 */
import type { Dot } from "../clock/dot.ts";
import type { Hlc } from "../clock/hybrid-logical-clock.ts";
import type { VectorClock } from "../clock/vector-clock.ts";

export interface Entry {
  readonly dot: Dot;
  readonly deps: VectorClock;
  readonly hlc: Hlc;
  /** The principal who wrote it; in `open` mode the empty string. */
  readonly author: string;
  readonly payload: Uint8Array;
}
