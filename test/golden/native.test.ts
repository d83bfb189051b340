import { readFileSync } from "node:fs";
import { decodeClientMessages } from "@inkmesh/shared/wire/native-client";
import { decodeRelayMessages } from "@inkmesh/shared/wire/native-relay";
import { decodeEntry } from "@inkmesh/shared/wire/entry-codec";
import { LinkMemory } from "@inkmesh/shared/wire/link-memory";
import { decodeMeshFrame } from "@inkmesh/shared/wire/mesh-codec";
import { decodeHandshake } from "@inkmesh/shared/wire/mesh-handshake";
import { meshVersion, meshVersionMin } from "@inkmesh/shared/wire/protocol-version";
import { openToken } from "@inkmesh/shared/wire/session-token";
import { describe, expect, test } from "vitest";
import { currentFormats, digestKey, digestOf, meshBytes, type GoldenFile } from "./native-bytes.ts";
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

const golden = JSON.parse(readFileSync(new URL("./native.json", import.meta.url), "utf8")) as GoldenFile;
const example = (format: string, name: string): string => golden.formats[format]?.examples[name] ?? "";
const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, "hex"));

describe("a wire change needs a version change", () => {
  for (const [name, format] of Object.entries(currentFormats())) {
    test(`${name}: the bytes of version ${format.version} are those written down`, () => {
      expect(
        golden.digests[digestKey(name, format)],
        `The bytes of "${name}" changed and its version is still ${format.version}. Old and new would misread each other. ` +
          "Raise the version (shared/wire/protocol-version.ts, entry-codec.ts or session-token.ts), keep reading the old one " +
          "where it must be, and run: npx tsx --conditions=inkmesh-source test/golden/write-native.ts",
      ).toBe(digestOf(format));
      expect(golden.formats[name]).toEqual(format);
    });
  }
});

test("what relays say to one of an older version that they speak is what that version said", () => {
  for (let version = meshVersionMin; version <= meshVersion; version++)
    expect(golden.digests[`mesh ${version}`]).toBe(digestOf({ version, examples: meshBytes(version) }));
});

describe("golden bytes are read as they were meant", () => {
  for (const message of Object.values(clientExamples)) {
    test(`client ${message.type}`, () => {
      expect(decodeClientMessages(bytes(example("native", `client ${message.type}`)))).toEqual({ ok: true, value: [message] });
    });
  }

  for (const message of Object.values(relayExamples)) {
    test(`relay ${message.type}`, () => {
      expect(decodeRelayMessages(bytes(example("native", `relay ${message.type}`)))).toEqual({ ok: true, value: [message] });
    });
  }

  for (const message of Object.values(handshakeExamples)) {
    test(`handshake ${message.type}`, () => {
      expect(decodeHandshake(bytes(example("mesh", `handshake ${message.type}`)))).toEqual({ ok: true, value: message });
    });
  }

  for (const message of Object.values(meshExamples)) {
    test(`frame ${message.type}`, () => {
      expect(decodeMeshFrame(bytes(example("mesh", `frame ${message.type}`)))).toEqual({ ok: true, value: meshFrameWith(message) });
    });
  }

  test("frames of one link", () => {
    const memory = new LinkMemory();
    const frames = example("mesh", "link").split(" ");
    expect(frames.map((frame) => decodeMeshFrame(bytes(frame), memory))).toEqual(linkExample.map((value) => ({ ok: true, value })));
  });

  test("entry", () => {
    expect(decodeEntry(bytes(example("entry", "entry")))).toEqual({ ok: true, value: entryExample });
  });

  test("token", () => {
    expect(openToken(example("token", "token"), tokenSecret)).toEqual({ ok: true, value: tokenExample });
  });
});
