/**
 * NativeBytes: the golden bytes of `native-fixtures.ts`, and the rule that ties them to a version: bytes of a version
 * that has been written down never change. A different layout is another version.
 */
import { createHash } from "node:crypto";
import { encodeClientMessages } from "@inkmesh/shared/wire/native-client";
import { encodeRelayMessage } from "@inkmesh/shared/wire/native-relay";
import { encodeEntry, entryVersion } from "@inkmesh/shared/wire/entry-codec";
import { LinkMemory } from "@inkmesh/shared/wire/link-memory";
import { encodeMeshFrame } from "@inkmesh/shared/wire/mesh-codec";
import { encodeHandshake, linkMark } from "@inkmesh/shared/wire/mesh-handshake";
import { isSpokenIn } from "@inkmesh/shared/wire/mesh-message";
import { meshVersion, nativeVersion } from "@inkmesh/shared/wire/protocol-version";
import { sealToken, tokenVersion } from "@inkmesh/shared/wire/session-token";
import {
  clientExamples,
  entryExample,
  handshakeExamples,
  linkExample,
  meshExamples,
  meshFrameWith,
  relayExamples,
  tokenExample,
  tokenSecret,
} from "./native-fixtures.ts";

export interface Format {
  readonly version: number;
  /** Example → its bytes in hex (a token: its text). */
  readonly examples: Readonly<Record<string, string>>;
}

export interface GoldenFile {
  /** `<format> <version>` → SHA-256 over all examples, for every version that ever was. Only ever added to. */
  readonly digests: Readonly<Record<string, string>>;
  readonly formats: Readonly<Record<string, Format>>;
}

/** What the code writes today. */
export function currentFormats(): Readonly<Record<string, Format>> {
  const examples: Record<string, string> = {};
  for (const message of Object.values(clientExamples)) examples[`client ${message.type}`] = hex(encodeClientMessages([message]));
  for (const message of Object.values(relayExamples)) examples[`relay ${message.type}`] = hex(encodeRelayMessage(message));
  return {
    native: { version: nativeVersion, examples },
    mesh: { version: meshVersion, examples: meshBytes(meshVersion) },
    entry: { version: entryVersion, examples: { entry: hex([encodeEntry(entryExample)]) } },
    token: { version: tokenVersion, examples: { token: sealToken(tokenExample, tokenSecret) } },
  };
}

/** What relays say to one whose newest version is `version`. */
export function meshBytes(version: number): Readonly<Record<string, string>> {
  const memory = new LinkMemory();
  const examples: Record<string, string> = {};
  for (const message of Object.values(handshakeExamples)) examples[`handshake ${message.type}`] = hex([encodeHandshake(message)]);
  for (const message of Object.values(meshExamples).filter((each) => isSpokenIn(version, each)))
    examples[`frame ${message.type}`] = hex([encodeMeshFrame(meshFrameWith(message))]);
  examples["link"] = hex(linkExample.map((frame) => encodeMeshFrame(frame, memory)));
  const hellos = { dialler: encodeHandshake(handshakeExamples.hello), accepter: Uint8Array.from([1, 2, 3]) };
  for (const side of ["dialler", "accepter"] as const) examples[`mark ${side}`] = hex([linkMark(side, hellos, tokenSecret)]);
  return examples;
}

export function digestOf(format: Format): string {
  return createHash("sha256").update(JSON.stringify(format.examples)).digest("hex");
}

export function digestKey(name: string, format: Format): string {
  return `${name} ${format.version}`;
}

function hex(frames: readonly Uint8Array[]): string {
  return frames.map((frame) => Buffer.from(frame).toString("hex")).join(" ");
}
