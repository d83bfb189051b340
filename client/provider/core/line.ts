/**
 * Line: where sessions put what they say to the relay and what they want done here, and what the relay at the other end
 * takes. There is one while the client is online.
 */
import type { ClientMessage } from "@inkmesh/shared/wire/client-message";
import type { ClientEffect } from "./client-effect.ts";

export interface Line {
  say(message: ClientMessage): void;
  want(effect: ClientEffect): void;
  /** A channel that no open on this line had before. */
  newChannel(): number;
  /** One frame, all updates of one message, and one update of kind "edit", in bytes. */
  readonly frameBytesMax: number;
  readonly updatesBytesMax: number;
  readonly updateBytesMax: number;
}
