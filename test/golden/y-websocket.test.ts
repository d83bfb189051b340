import { readFileSync } from "node:fs";
import type { ClientMessage } from "@inkmesh/shared/wire/client-message";
import { yWebsocketDialect } from "@inkmesh/shared/wire/y-websocket";
import { decodeRoomPath } from "@inkmesh/shared/wire/room-name";
import { describe, expect, test } from "vitest";
import type { Capture } from "./capture-y-websocket.ts";

const captures = JSON.parse(readFileSync(new URL("./y-websocket.json", import.meta.url), "utf8")) as readonly Capture[];
const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, "hex"));
const presence = (hex: string): ClientMessage => ({ type: "presence", channel: 0, bytes: bytes(hex) });
const updates = (kind: "edit" | "state", hex: string): ClientMessage => ({
  type: "updates",
  channel: 0,
  first: undefined,
  kind,
  updates: [bytes(hex)],
});

/** What every version says while `capture-y-websocket.ts` has it do its small things. */
const said: readonly (readonly [string, ClientMessage])[] = [
  ["open", { type: "sync-request", channel: 0, stateVector: bytes("00") }],
  ["open", presence("010100027b7d")],
  ["the server's step 1, nothing written", updates("state", "0000")],
  ["typing hi", updates("edit", "010101000401017402686900")],
  ["deleting h", updates("edit", "000101010001")],
  ["setting a name", presence("010101177b2275736572223a7b226e616d65223a22496e6b227d7d")],
  ["somebody else's awareness, echoed", presence("010701177b2275736572223a7b226e616d65223a22416461227d7d")],
  ["the server's step 1, something written", updates("state", "01020100010101740184010001690101010001")],
  ["leaving", presence("010102046e756c6c")],
];

describe("[P11] a released y-websocket client is understood", () => {
  test("four versions were captured", () => {
    expect(captures.map(({ client }) => client)).toEqual(["1.5.4", "2.1.0", "3.0.0", "3.1.0"].map((version) => `y-websocket ${version}`));
  });

  for (const { client, path, frames } of captures) {
    test(`${client}: every frame is one message`, () => {
      const decoded = frames.map(({ after, hex }) => [after, yWebsocketDialect.decode(bytes(hex))]);
      expect(decoded).toEqual(said.map(([after, message]) => [after, { ok: true, value: [message] }]));
    });

    test(`${client}: a room with slash and space is named by its path`, () => {
      expect(path).toBe("/a/b%20c?token=t");
      expect(decodeRoomPath(path.slice(1, path.indexOf("?")))).toEqual({ ok: true, value: "a/b c" });
    });
  }
});
