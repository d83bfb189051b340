/**
 * RelayState: what the edge must know of the relay around it: may it let anybody in, and what does it tell those who ask
 * whether the relay is well.
 */
export interface RelayState {
  readonly phase: "starting" | "serving" | "stopping";
  /** False when something that had been written may be missing. */
  readonly complete: boolean;
  /** What was not as it had been written. */
  readonly damage: readonly object[];
  /** Why the relay is not ready, in sentences; empty when it is. */
  reasons(): readonly string[];
}
