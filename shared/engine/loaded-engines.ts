/**
 * LoadedEngines: the engines of one worker. Yjs is there from the start; Automerge, which is some megabytes of WebAssembly, comes with the first
 * room of its own.
 */
import type { RoomName } from "../base/ids.ts";
import { assert } from "../base/assert.ts";
import { AutomergeEngine } from "./automerge-engine.ts";
import type { CrdtEngine } from "./crdt-engine.ts";
import { engineOf } from "./engine-of.ts";
import { YjsEngine } from "./yjs-engine.ts";

export class LoadedEngines {
  readonly #yjs = new YjsEngine();
  #automerge: AutomergeEngine | undefined;

  /** Until then `of` is not to be asked for this room; undefined: it may be. */
  ready(room: RoomName): Promise<void> | undefined {
    return engineOf(room) === "yjs" || this.#automerge !== undefined ? undefined : this.#load();
  }

  of(room: RoomName): CrdtEngine {
    if (engineOf(room) === "yjs") return this.#yjs;
    assert(this.#automerge !== undefined, "Automerge is loaded before a room of its own is asked about");
    return this.#automerge;
  }

  async #load(): Promise<void> {
    this.#automerge = await AutomergeEngine.load();
  }
}
