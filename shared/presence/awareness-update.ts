/**
 * AwarenessUpdate: who is here, in y-protocols' encoding, shared by all Yjs clients and ours.
 *
 *     varUint count, then per client: varUint clientID, varUint clock, varString JSON of its state, or `null` when it left
 *
 * The state stays text: a relay never builds an object from it, so that no key of it (`__proto__`) can mean anything
 * here. Decoding is total for any bytes; whether a state is readable is a separate question, asked only of those
 * that are taken.
 */
import * as encoding from "lib0/encoding";
import { refused, type Result } from "../base/result.ts";
import { decodeBytes } from "../wire/byte-reader.ts";

export interface PresenceState {
  /** The awareness clientID. */
  readonly id: number;
  /** Rises with every change and renewal of this id. */
  readonly clock: number;
  /** JSON of an object; undefined when the client has left. */
  readonly state: string | undefined;
}

const left = "null";

/** The states in an update; PRESENCE_REFUSED for bytes that are none. */
export function decodeAwarenessUpdate(bytes: Uint8Array): Result<readonly PresenceState[]> {
  const result = decodeBytes(bytes, "an awareness update", (reader) => {
    const states: PresenceState[] = [];
    for (let remaining = reader.count(3); remaining > 0; remaining--) {
      const [id, clock, text] = [reader.number(), reader.number(), reader.text()];
      states.push({ id, clock, state: text === left ? undefined : text });
    }
    return states;
  });
  return result.ok ? result : refused("PRESENCE_REFUSED", result.refusal.detail);
}

export function encodeAwarenessUpdate(states: readonly PresenceState[]): Uint8Array {
  return encoding.encode((encoder) => {
    encoding.writeVarUint(encoder, states.length);
    for (const { id, clock, state } of states) {
      encoding.writeVarUint(encoder, id);
      encoding.writeVarUint(encoder, clock);
      encoding.writeVarString(encoder, state ?? left);
    }
  });
}

/** Whether other clients can read `state`: they parse it without looking, so that anything else would throw there. */
export function isPresenceObject(state: string): boolean {
  try {
    const value: unknown = JSON.parse(state);
    return typeof value === "object" && value !== null;
  } catch {
    return false;
  }
}
