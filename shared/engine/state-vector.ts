/**
 * Yjs state vectors: author → the first clock that is not there. `varUint size, size × (varUint client, varUint
 * clock)`, higher clients first, as Yjs writes them.
 *
 * A state vector does not name deletions: two replicas with equal state vectors may still differ.
 */
import * as encoding from "lib0/encoding";
import { ok, refused, type Result } from "../base/result.ts";
import { ByteCursor, Unreadable } from "./byte-cursor.ts";

export function encodeStateVector(clocks: ReadonlyMap<number, number>): Uint8Array {
  const entries = [...clocks].sort(([left], [right]) => right - left);
  return encoding.encode((encoder) => {
    encoding.writeVarUint(encoder, entries.length);
    for (const [client, clock] of entries) {
      encoding.writeVarUint(encoder, client);
      encoding.writeVarUint(encoder, clock);
    }
  });
}

/** Total; all bytes must be consumed. */
export function decodeStateVector(bytes: Uint8Array): Result<ReadonlyMap<number, number>> {
  try {
    const cursor = new ByteCursor(bytes);
    const clocks = new Map<number, number>();
    for (let left = cursor.count(2); left > 0; left--) clocks.set(cursor.varUint(), cursor.varUint());
    if (cursor.left > 0) throw new Unreadable("BAD_FRAME", `${cursor.left} bytes follow`);
    return ok(clocks);
  } catch (error) {
    // Bytes from a client: what the cursor could not read becomes an answer here.
    if (error instanceof Unreadable) return refused("BAD_FRAME", `a state vector of ${bytes.length} bytes: ${error.message}`);
    throw error;
  }
}
