import { readFileSync } from "node:fs";
import { cbor } from "@automerge/automerge-repo/slim";
import type { DocumentId } from "@inkmesh/shared/wire/automerge-document";
import { decodeRepoMessage, encodeRepoMessage, type RepoMessage } from "@inkmesh/shared/wire/automerge-repo";
import { describe, expect, test } from "vitest";
import type { Capture } from "./capture-automerge-repo.ts";

const captures = JSON.parse(readFileSync(new URL("./automerge-repo.json", import.meta.url), "utf8")) as readonly Capture[];
const frames = captures
  .flatMap((capture) => capture.frames)
  .map(({ after, hex }) => ({ after, bytes: Uint8Array.from(Buffer.from(hex, "hex")) }));
const documentId = "pEbmSWqJdBuPadRGm8tDZXgWR6" as DocumentId;
const addressed = { senderId: "a-relay", targetId: "a-client" };
const head = "2mTMdcKQsszJE6XNBh2VqvQHVT9YzZQ8cWbN5dGZb1y1vq2Rkd";

/** What the client says while `capture-automerge-repo.ts` has it do its small things. */
const said = [
  ["open", "join"],
  ["looking for a document that it does not have", "request"],
  ["a document of its own", "sync"],
  ["asked for all of it", "sync"],
  ["words to all", "ephemeral"],
  ["wanting to hear of disks", "remote-subscription-change"],
  ["asked for what it does not have either", "sync"],
  ["asked for what it does not have either", "doc-unavailable"],
];

/** What a relay says, and what the client reads in it. */
const answers: readonly (readonly [Exclude<RepoMessage, { type: "unfamiliar" }>, Record<string, unknown>])[] = [
  [
    { type: "peer", ...addressed, peerMetadata: { storageId: "a-store", isEphemeral: false }, version: "1" },
    { type: "peer", ...addressed, peerMetadata: { storageId: "a-store", isEphemeral: false }, selectedProtocolVersion: "1" },
  ],
  [
    { type: "error", ...addressed, message: "no" },
    { type: "error", ...addressed, message: "no" },
  ],
  [
    { type: "sync", ...addressed, documentId, data: Uint8Array.of(66, 0, 255) },
    { type: "sync", ...addressed, documentId, data: Uint8Array.of(66, 0, 255) },
  ],
  [
    { type: "doc-unavailable", ...addressed, documentId },
    { type: "doc-unavailable", ...addressed, documentId },
  ],
  [
    { type: "ephemeral", ...addressed, senderId: "another", documentId, sessionId: "s", count: 70_000, data: Uint8Array.of(1) },
    { type: "ephemeral", ...addressed, senderId: "another", documentId, sessionId: "s", count: 70_000, data: Uint8Array.of(1) },
  ],
  [
    { type: "remote-heads-changed", ...addressed, documentId, newHeads: new Map([["a", { heads: [head], timestamp: 1_796_000_000_000 }]]) },
    { type: "remote-heads-changed", ...addressed, documentId, newHeads: { a: { heads: [head], timestamp: 1_796_000_000_000 } } },
  ],
];

/** A message as its fields are called on the wire. */
function asOnTheWire(message: RepoMessage): Record<string, unknown> {
  if (message.type !== "join") return { ...message };
  const { versions, ...rest } = message;
  return { ...rest, supportedProtocolVersions: versions };
}

/** What the client's own decoder reads; a list that it leaves undefined is an empty one. */
function read(frame: Uint8Array): Record<string, unknown> {
  const message = cbor.decode<Record<string, unknown>>(frame);
  if (message["data"] instanceof Uint8Array) message["data"] = Uint8Array.from(message["data"]);
  return message["type"] === "remote-subscription-change" ? { add: [], ...message, remove: message["remove"] ?? [] } : message;
}

describe("the released automerge-repo client is understood", () => {
  test("one version was captured", () => {
    expect(captures.map(({ client }) => client)).toEqual(["automerge-repo 2.5.6"]);
    expect(frames.map(({ after, bytes }) => [after, cbor.decode<{ type: string }>(bytes).type])).toEqual(said);
  });

  test.each(frames)("$after: what is read is what the client's own coding reads", ({ bytes }) => {
    const message = decodeRepoMessage(bytes, cbor.decode<{ type: string }>(bytes).type === "join" ? undefined : "a-client");
    if (!message.ok) throw new Error(message.refusal.detail);
    const expected = read(bytes);
    expect(asOnTheWire(message.value)).toEqual(expected);
    if (message.value.type === "unfamiliar") throw new Error("the client says nothing that is unfamiliar");
    expect(read(encodeRepoMessage(message.value)), "and is written back as the same").toEqual(expected);
  });

  test.each(answers)("the client reads %o", (message, expected) => {
    expect(read(encodeRepoMessage(message))).toEqual(expected);
  });
});
