/**
 * Suspicion: how long a silent member stays "suspect" before we call it dead.
 *
 * One relay's silence may be our own bad network, so we wait longest when we are the only one who noticed, and
 * shorten the wait as others confirm independently (Lifeguard, arXiv 1707.00788).
 *
 *     wait = max - (max - min) · log(confirmations + 1) / log(expected + 1)
 *
 * Invariants: min ≤ wait ≤ max; a second confirmation from the same relay changes nothing, nor does one from another
 * life of it, nor from the accuser. Where too few others exist to confirm, none is expected and the wait is min. Time
 * that this relay itself slept through does not count. Knows nothing about sockets or timers: the caller asks `endsMs`.
 */
import { relayOf, type ActorId, type RelayId } from "@inkmesh/shared/base/ids";
import type { MembershipLimits } from "./membership-limits.ts";

export interface SuspicionBounds {
  readonly minMs: number;
  readonly maxMs: number;
  /** Confirmations that bring the wait down to `minMs`. */
  readonly expected: number;
}

/** The bounds in a mesh of `members`, this relay and the silent one among them. */
export function suspicionBounds(members: number, limits: MembershipLimits): SuspicionBounds {
  const minMs = limits.suspicionMultiplier * Math.max(1, Math.log10(Math.max(1, members))) * limits.probeIntervalMs;
  const expected = Math.max(0, limits.suspicionMultiplier - 2);
  return { minMs, maxMs: minMs * limits.suspicionMaxFactor, expected: members - 2 < expected ? 0 : expected };
}

export class Suspicion {
  /** Who noticed first. */
  readonly accuser: ActorId;
  readonly #bounds: SuspicionBounds;
  readonly #confirmed = new Set<RelayId>();
  #startedMs: number;

  constructor(options: { accuser: ActorId; bounds: SuspicionBounds; nowMs: number }) {
    this.accuser = options.accuser;
    this.#bounds = options.bounds;
    this.#startedMs = options.nowMs;
  }

  /** Another relay notices the silence too; whether that says something new and is still of use. */
  confirm(accuser: ActorId): boolean {
    const relay = relayOf(accuser);
    if (relay === relayOf(this.accuser) || this.#confirmed.has(relay) || this.#confirmed.size >= this.#bounds.expected) return false;
    this.#confirmed.add(relay);
    return true;
  }

  /** When the member is dead if it has not refuted, in monotonic ms. */
  get endsMs(): number {
    return this.#startedMs + this.#waitMs();
  }

  postpone(ms: number): void {
    this.#startedMs += ms;
  }

  #waitMs(): number {
    const { minMs, maxMs, expected } = this.#bounds;
    if (expected === 0) return minMs;
    const share = Math.log(this.#confirmed.size + 1) / Math.log(expected + 1);
    return Math.max(minMs, maxMs - (maxMs - minMs) * share);
  }
}
