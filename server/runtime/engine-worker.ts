/**
 * The worker thread of `engine-workers`: performs one engine call after the other and answers each. It holds no state
 * between calls, so it may be ended at any moment.
 */
import { parentPort } from "node:worker_threads";
import { assert } from "@inkmesh/shared/base/assert";
import { refused, type Result } from "@inkmesh/shared/base/result";
import type { EngineCall } from "@inkmesh/shared/engine/crdt-engine";
import { YjsEngine } from "@inkmesh/shared/engine/yjs-engine";

const port = parentPort;
assert(port !== null, "the engine worker runs as a worker thread");
const engine = new YjsEngine();

port.on("message", (call: EngineCall) => {
  const result = perform(call);
  port.postMessage(result, transferable(result));
});

/** The one boundary: what an engine throws over a document ends the call, not the worker. */
function perform(call: EngineCall): Result<Uint8Array> {
  try {
    return engine.perform(call);
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
