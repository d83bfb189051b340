import { readFileSync } from "node:fs";
import { noBytes } from "@inkmesh/shared/base/bytes";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import { ChannelNames } from "@inkmesh/shared/wire/channel-names";
import type { ClientMessage } from "@inkmesh/shared/wire/client-message";
import { hocuspocusDialect } from "@inkmesh/shared/wire/hocuspocus";
import { describe, expect, test } from "vitest";
import type { Capture } from "./capture-hocuspocus.ts";

const captures = JSON.parse(readFileSync(new URL("./hocuspocus.json", import.meta.url), "utf8")) as readonly Capture[];
const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, "hex"));
const presence = (hex: string): ClientMessage => ({ type: "presence", channel: 1, bytes: bytes(hex) });
const updates = (kind: "edit" | "state", hex: string): ClientMessage => ({
  type: "updates",
  channel: 1,
  first: undefined,
  kind,
  updates: [bytes(hex)],
});
const name = "010101177b2275736572223a7b226e616d65223a22496e6b227d7d";
const opening = { generation: undefined, access: "read-write", token: "", clock: VectorClock.empty, stateVector: noBytes } as const;

/** What every version says while `capture-hocuspocus.ts` has it do its small things. */
const said: readonly (readonly [string, ClientMessage])[] = [
  ["open", { type: "open", channel: 1, room: "a/b c", address: "a/b c", credential: "a token", ...opening }],
  ["open", { type: "sync-request", channel: 1, stateVector: bytes("00") }],
  ["open", presence("010100027b7d")],
  ["authenticated, and the server's step 1, nothing written", updates("state", "0000")],
  ["typing hi", updates("edit", "010101000401017402686900")],
  ["deleting h", updates("edit", "000101010001")],
  ["setting a name", presence(name)],
  ["asked who is there", presence(name)],
  ["words to all", { type: "stateless", channel: 1, text: "hear me" }],
  ["asking anew", { type: "sync-request", channel: 1, stateVector: bytes("010102") }],
  ["leaving", presence("010102046e756c6c")],
  ["leaving", { type: "close", channel: 1 }],
];

describe("[P11] a released Hocuspocus provider is understood", () => {
  test("three versions were captured", () => {
    expect(captures.map(({ client }) => client)).toEqual(["2.15.3", "3.4.4", "4.8.0"].map((version) => `@hocuspocus/provider ${version}`));
  });

  test.each(captures)("$client: every frame is one message", ({ frames }) => {
    const names = new ChannelNames();
    const heard = frames.flatMap(({ after, hex }) => {
      const decoded = hocuspocusDialect.decode(bytes(hex), names);
      if (!decoded.ok) throw new Error(`${after}: ${decoded.refusal.detail}`);
      return decoded.value.map((message) => [after, message] as const);
    });
    // Only version 4 answers a ping, which no relay sends; what version 2 says after it has let go of a document is about nothing.
    expect(heard).toEqual(said);
  });
});
