/**
 * One y-websocket message, read by lib0 alone; undefined for anything but exactly one.
 */
import * as decoding from "lib0/decoding";

export interface YMessage {
  readonly type: "step-1" | "step-2" | "update" | "awareness" | "other";
  readonly body: Uint8Array;
}

const syncTypes = ["step-1", "step-2", "update"] as const;

export function readYMessage(frame: Uint8Array): YMessage | undefined {
  const decoder = decoding.createDecoder(frame);
  const outer = decoding.readVarUint(decoder);
  if (outer !== 0 && outer !== 1) return { type: "other", body: frame };
  const type = outer === 1 ? "awareness" : syncTypes[decoding.readVarUint(decoder)];
  if (type === undefined) return undefined;
  const body = decoding.readVarUint8Array(decoder);
  return decoding.hasContent(decoder) ? undefined : { type, body };
}
