/**
 * automerge-repo's messages: what is written comes back, and frames of a real client with some bytes changed are read or refused.
 */
import { readFileSync } from "node:fs";
import { documentIdOf, documentOfRoom, isDocumentId, roomOfDocument } from "@inkmesh/shared/wire/automerge-document";
import { decodeRepoMessage, encodeRepoMessage, type RepoMessage } from "@inkmesh/shared/wire/automerge-repo";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Capture } from "../../golden/capture-automerge-repo.ts";
import { holds } from "../replayable.ts";

const golden = new URL("../../golden/automerge-repo.json", import.meta.url);
const frames = (JSON.parse(readFileSync(golden, "utf8")) as readonly Capture[]).flatMap((capture) =>
  capture.frames.map(({ hex }) => Uint8Array.from(Buffer.from(hex, "hex"))),
);

const bytes16 = fc.uint8Array({ minLength: 16, maxLength: 16 });
const anyName = fc.string({ minLength: 1, maxLength: 40, unit: "grapheme" });
const names = fc.array(anyName, { maxLength: 4 });
const data = fc.uint8Array({ minLength: 1, maxLength: 80 });
const about = { senderId: fc.constant("me"), targetId: anyName, documentId: bytes16.map(documentIdOf) };
const metadata = fc.record({ storageId: fc.option(anyName, { nil: undefined }), isEphemeral: fc.boolean() });
const headsAt = fc.record({ heads: names, timestamp: fc.maxSafeNat() });

const anyMessage: fc.Arbitrary<Exclude<RepoMessage, { type: "unfamiliar" }>> = fc.oneof(
  fc.record({ type: fc.constant("join" as const), senderId: fc.constant("me"), peerMetadata: metadata, versions: names }),
  fc.record({ type: fc.constant("peer" as const), senderId: about.senderId, targetId: anyName, peerMetadata: metadata, version: anyName }),
  fc.record({ type: fc.constant("error" as const), senderId: about.senderId, targetId: anyName, message: fc.string() }),
  fc.record({ type: fc.constantFrom("request" as const, "sync" as const), ...about, data }),
  fc.record({ type: fc.constant("doc-unavailable" as const), ...about }),
  fc.record({ type: fc.constant("ephemeral" as const), ...about, senderId: anyName, sessionId: anyName, count: fc.maxSafeNat(), data }),
  fc.record({
    type: fc.constant("remote-subscription-change" as const),
    senderId: about.senderId,
    targetId: anyName,
    add: names,
    remove: names,
  }),
  fc.record({
    type: fc.constant("remote-heads-changed" as const),
    ...about,
    newHeads: fc.uniqueArray(fc.tuple(anyName, headsAt), { selector: ([name]) => name, maxLength: 3 }).map((pairs) => new Map(pairs)),
  }),
);

describe("automerge-repo's messages", () => {
  test("what is written is read as the same", () => {
    holds(
      fc.property(anyMessage, (message) => {
        expect(decodeRepoMessage(encodeRepoMessage(message), message.type === "join" ? undefined : "me")).toEqual({
          ok: true,
          value: message,
        });
      }),
    );
  });

  test("a real client's frames with some bytes changed, left out or put in are read or refused, and nothing of them is kept", () => {
    const change = fc.record({ at: fc.nat(400), left: fc.nat(3), put: fc.uint8Array({ maxLength: 9 }) });
    holds(
      fc.property(fc.constantFrom(...frames), fc.array(change, { minLength: 1, maxLength: 4 }), (frame, changes) => {
        const changed = changes.reduce((bytes, { at, left, put }) => {
          const from = at % bytes.length;
          return Buffer.concat([bytes.subarray(0, from), put, bytes.subarray(from + left)]);
        }, Buffer.from(frame));
        const read = decodeRepoMessage(changed, "a-client");
        if (!read.ok || read.value.type === "unfamiliar") return;
        const before = encodeRepoMessage(read.value);
        changed.fill(0xff);
        expect(encodeRepoMessage(read.value), "what was read does not change with the frame").toEqual(before);
        expect(decodeRepoMessage(before, "a-client"), "what was read can be said again").toEqual(read);
      }),
      2_000,
    );
  });

  test("any bytes are read or refused", () => {
    holds(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        expect(decodeRepoMessage(bytes, undefined).ok).toBeTypeOf("boolean");
      }),
      2_000,
    );
  });

  test("a document and its room say each other", () => {
    holds(
      fc.property(bytes16, (bytes) => {
        const id = documentIdOf(bytes);
        expect(isDocumentId(id)).toBe(true);
        expect(documentOfRoom(roomOfDocument(id))).toBe(id);
      }),
    );
  });

  test("an id with one letter changed is of no document", () => {
    holds(
      fc.property(
        bytes16,
        fc.nat(),
        fc.constantFrom(..."123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz0OIl é"),
        (bytes, at, letter) => {
          const id = documentIdOf(bytes);
          const from = at % id.length;
          const changed = id.slice(0, from) + letter + id.slice(from + 1);
          expect(isDocumentId(changed)).toBe(changed === id);
        },
      ),
    );
  });
});
