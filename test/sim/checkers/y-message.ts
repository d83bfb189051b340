/**
 * One y-websocket message, and one of Hocuspocus' about a document, read by lib0 alone; undefined for anything but exactly one.
 */
import * as decoding from "lib0/decoding";

export interface YMessage {
  readonly type: "step-1" | "step-2" | "update" | "awareness" | "other";
  readonly body: Uint8Array;
}

const syncStatus = 8;
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

export interface AddressedMessage {
  readonly address: string;
  readonly message: YMessage | { readonly type: "saved" };
}

/** Undefined, too, for what is about no document. */
export function readAddressedMessage(frame: Uint8Array): AddressedMessage | undefined {
  if (frame.length === 1) return undefined;
  const decoder = decoding.createDecoder(frame);
  const address = decoding.readVarString(decoder);
  const rest = frame.subarray(decoder.pos);
  if (decoding.peekVarUint(decoder) !== syncStatus) {
    const message = readYMessage(rest);
    return message && { address, message };
  }
  decoding.readVarUint(decoder);
  const message = decoding.readVarInt(decoder) === 1 ? ({ type: "saved" } as const) : ({ type: "other", body: rest } as const);
  return { address, message };
}
