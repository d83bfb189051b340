/**
 * RelayExperiments: what can be done to this relay from outside to see how the mesh bears it: its links, its clock, its end. All of it
 * is around the core, which knows nothing of it.
 */
import type { RelayId } from "@inkmesh/shared/base/ids";
import { CutLinks } from "./edge/cut-links.ts";
import type { Experiments, ExperimentState } from "./edge/experiments-api.ts";
import { SkewedClock } from "./runtime/skewed-clock.ts";
import { systemClock } from "./runtime/system-clock.ts";

export class RelayExperiments implements Experiments {
  readonly clock = new SkewedClock(systemClock);
  readonly links: CutLinks;

  /** As `CutLinks` takes them. */
  constructor(around: ConstructorParameters<typeof CutLinks>[0]) {
    this.links = new CutLinks(around);
  }

  readonly state = (): ExperimentState => ({ cut: this.links.cut, isPaused: this.links.isPaused, skewMs: this.clock.skewMs });

  cutOff(relays: readonly RelayId[]): void {
    this.links.cutOff(relays);
  }

  pause(isPaused: boolean): void {
    this.links.pause(isPaused);
  }

  skew(ms: number): void {
    this.clock.skewMs = ms;
  }

  /** As `kill -9` does: nothing is said to anybody, and nothing is written any more. */
  kill(): void {
    process.kill(process.pid, "SIGKILL");
  }
}
