/**
 * SimEngines: the engine workers of one life of a simulated relay: in this thread, and answering when a worker would have.
 */
import { lineageKey, type Lineage } from "@inkmesh/shared/base/ids";
import { ok, refused, type Result } from "@inkmesh/shared/base/result";
import type { EngineCall } from "@inkmesh/shared/engine/crdt-engine";
import type { TrialAnswer, UpdateTrial } from "@inkmesh/shared/engine/update-trial";
import type { EnginePool, TrialPool } from "../../server/runtime/driver.ts";
import { engineOfRoom, someTrials } from "../engines.ts";

/** How the workers behave at present. */
export interface EngineMood {
  /** Milliseconds of a call. */
  callMs: number;
  /** Chance that a worker dies over a call. */
  dies: number;
}

interface SimEnginesOptions {
  readonly mood: EngineMood;
  readonly disk: () => { duration(ms: number): number; chance(probability: number): boolean };
  /** Runs `then` after so long, where the process is still there. */
  readonly reach: (ms: number, what: string, then: () => void) => void;
}

export class SimEngines implements EnginePool, TrialPool {
  readonly #options: SimEnginesOptions;
  readonly #queues = new Map<string, Promise<unknown>>();
  #trials = someTrials();

  constructor(options: SimEnginesOptions) {
    this.#options = options;
  }

  call(lineage: Lineage, call: EngineCall): Promise<Result<Uint8Array>> {
    const before = this.#queues.get(lineage.room) ?? Promise.resolve();
    const result = before.then(async () => {
      const dies = await this.#work(`engine ${call.type}`);
      return dies ? refused("INTERNAL", "the worker ended") : engineOfRoom(lineage.room).perform(call);
    });
    this.#queues.set(lineage.room, result);
    return result;
  }

  /** A worker that dies here dies before it has begun: nobody is blamed. With it go the documents that it knew. */
  async try(lineage: Lineage, trial: UpdateTrial): Promise<Result<TrialAnswer>> {
    const dies = await this.#work("trial");
    if (dies) this.#trials = someTrials();
    return dies ? refused("RELAY_BUSY", "the worker ended") : ok(this.#trials.try(lineageKey(lineage), trial));
  }

  /** Whether the worker dies over it. */
  async #work(what: string): Promise<boolean> {
    const { mood, disk, reach } = this.#options;
    await new Promise<void>((resolve) => reach(disk().duration(mood.callMs), what, resolve));
    return disk().chance(mood.dies);
  }
}
