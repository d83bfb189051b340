/**
 * The engines as tests have them. Automerge's is loaded by those that need it, before all else: `beforeAll(loadAutomerge)`.
 */
import type { RoomName } from "@inkmesh/shared/base/ids";
import { AutomergeReader } from "@inkmesh/shared/engine/automerge-reader";
import type { EngineOfRoom } from "@inkmesh/shared/engine/engine-of";
import { AutomergeTrials } from "@inkmesh/shared/engine/automerge-trials";
import { LoadedEngines } from "@inkmesh/shared/engine/loaded-engines";
import { YjsEngine } from "@inkmesh/shared/engine/yjs-engine";

const engines = new LoadedEngines();

export const engineOfRoom: EngineOfRoom = (room) => engines.of(room);

export const readers = { yjs: new YjsEngine(), automerge: new AutomergeReader() };

/** A room of Automerge's. */
export const automergeRoom = "automerge:4NMNnkMhL8jXrdJ9jamS58PAVdXu" as RoomName;

export async function loadAutomerge(): Promise<void> {
  await engines.ready(automergeRoom);
}

/** Trials as a worker performs them, in this thread. */
export function someTrials(): AutomergeTrials {
  return new AutomergeTrials({ nestingMax: 64, growthBytesMax: Infinity, memoryBytes: () => 0, documentsBytesMax: 1024 * 1024 });
}
