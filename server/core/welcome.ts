/**
 * What our own clients are told of this relay: at first, and again when the list of other relays has changed.
 */
import type { RelayMessage } from "@inkmesh/shared/wire/client-message";
import { nativeVersion } from "@inkmesh/shared/wire/protocol-version";
import type { RelayContext } from "./relay-context.ts";

export function welcomeOf({ self, limits, relays }: RelayContext): RelayMessage {
  const { frameBytesMax, editBytesMax: updateBytesMax, keepaliveMs } = limits;
  return { type: "welcome", version: nativeVersion, relay: self, frameBytesMax, updateBytesMax, keepaliveMs, relays: relays.told };
}
