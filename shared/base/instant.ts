/**
 * A moment as the driver read it, once per turn. Deadlines use `monotonicMs` only; `wallMs` feeds the hybrid
 * logical clock and what a person reads, so that a stepped clock ends nobody's session.
 */
export interface Instant {
  /** Milliseconds since some fixed moment of this process; never goes back. */
  readonly monotonicMs: number;
  /** Milliseconds since 1970-01-01T00:00Z as this machine believes; may step either way. */
  readonly wallMs: number;
}
