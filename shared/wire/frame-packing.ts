/**
 * FramePacking: encoded messages, put together into as few frames as the limits of a frame allow, in their order.
 *
 * Invariant: no frame is empty, and only a single message that exceeds a limit by itself makes a frame that does.
 */
import { concatBytes } from "../base/bytes.ts";

/** One encoded message, and what it takes of a frame's budget of items (`itemsPerFrameMax`). */
export interface EncodedMessage {
  readonly bytes: Uint8Array;
  readonly items: number;
}

export function packFrames(
  messages: readonly EncodedMessage[],
  limits: { readonly frameBytesMax: number; readonly itemsMax: number },
): readonly Uint8Array[] {
  const frames: Uint8Array[] = [];
  let parts: Uint8Array[] = [];
  let bytes = 0;
  let items = 0;
  const finish = (): void => {
    if (parts.length > 0) frames.push(parts.length === 1 && parts[0] !== undefined ? parts[0] : concatBytes(parts));
    parts = [];
    bytes = 0;
    items = 0;
  };
  for (const message of messages) {
    if (bytes + message.bytes.length > limits.frameBytesMax || items + message.items > limits.itemsMax) finish();
    parts.push(message.bytes);
    bytes += message.bytes.length;
    items += message.items;
  }
  finish();
  return frames;
}
