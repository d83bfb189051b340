/**
 * The worker thread of `engine-workers`: performs one engine call after the other and answers each. It holds no state
 * between calls, so it may be ended at any moment.
 */
import { parentPort } from "node:worker_threads";
import { assert } from "@inkmesh/shared/base/assert";
import type { RoomName } from "@inkmesh/shared/base/ids";
import { refused, type Result } from "@inkmesh/shared/base/result";
import type { EngineCall } from "@inkmesh/shared/engine/crdt-engine";
import { LoadedEngines } from "@inkmesh/shared/engine/loaded-engines";

/** What the worker is told: it is told nothing before it has answered. */
export interface EngineJob {
  readonly room: RoomName;
  readonly call: EngineCall;
}

const port = parentPort;
assert(port !== null, "the engine worker runs as a worker thread");
const engines = new LoadedEngines();

port.on("message", async (job: EngineJob) => {
  const result = await perform(job);
  port.postMessage(result, transferable(result));
});

/** The one boundary: what an engine throws over a document ends the call, not the worker. */
async function perform({ room, call }: EngineJob): Promise<Result<Uint8Array>> {
  try {
    await engines.ready(room);
    return engines.of(room).perform(call);
  } catch (error) {
    return refused("INTERNAL", `engine call "${call.type}": ${String(error).slice(0, 200)}`);
  }
}

/** A result that fills its buffer is handed over; a view into a larger one is copied by the message. */
function transferable(result: Result<Uint8Array>): ArrayBuffer[] {
  if (!result.ok) return [];
  const { buffer, byteLength } = result.value;
  return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? [buffer] : [];
}
