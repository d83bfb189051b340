/**
 * AutomergeRepoDialect: the words of `automerge-repo.ts` as a dialect of a relay, at `/automerge`.
 *
 * A client says who it is first, and is answered who the relay is. A document opens with the first `request` or `sync` about it; one that the
 * relay ended opens anew by a `request` only, since a client goes on telling of its edits whatever it was told. No word lets go of one.
 *
 *     address   document NUL peer      what the client calls the document, and who the client is: each message says whom it is for
 *
 * What is not about a document that is open, or is said by relays only, is passed over. Clients are told no acks and no refusals of one edit.
 */
import { unreachable } from "../base/assert.ts";
import { noBytes } from "../base/bytes.ts";
import { ok, type Result } from "../base/result.ts";
import { VectorClock } from "../clock/vector-clock.ts";
import { roomOfDocument, type DocumentId } from "./automerge-document.ts";
import { automergeRepoVersion, decodeRepoMessage, encodeRepoMessage, type RepoMessage } from "./automerge-repo.ts";
import { decodeSyncMessage } from "./automerge-sync.ts";
import { ChannelNames } from "./channel-names.ts";
import type { ClientMessage, RelayMessage } from "./client-message.ts";
import type { Dialect } from "./dialect.ts";
import { readEphemeral, writeEphemeral } from "./ephemeral-words.ts";

/** `self`: what clients know this life of the relay by. */
export function automergeRepoDialect(self: string): Dialect {
  const speaking = (address: string): Dialect => ({
    name: "automerge-repo",
    engine: "automerge",
    acknowledges: false,
    carriesLineage: false,
    multiplexes: true,
    letsGo: false,
    countsSaves: false,
    joins: true,
    showsLater: false,
    address,
    decode,
    encode: (message) => {
      const said = wordsFor(message, address, self);
      return said === undefined ? [] : [encodeRepoMessage(said)];
    },
    addressed: speaking,
  });
  return speaking("");
}

type RepoWords = Exclude<RepoMessage, { type: "unfamiliar" }>;

function decode(frame: Uint8Array, names: ChannelNames = new ChannelNames()): Result<readonly ClientMessage[]> {
  const said = decodeRepoMessage(frame, names.peer);
  return said.ok ? messagesOf(said.value, names) : said;
}

function messagesOf(said: RepoMessage, names: ChannelNames): Result<readonly ClientMessage[]> {
  switch (said.type) {
    case "join":
      names.peer = said.senderId;
      return ok([{ type: "join", peer: said.senderId, isUnderstood: said.versions.includes(automergeRepoVersion) }]);
    case "request":
    case "sync":
      return syncMessages(said, names);
    case "ephemeral":
      return ok(onChannel(said.documentId, names, (channel) => ({ type: "stateless", channel, text: writeEphemeral(said) })));
    case "remote-subscription-change":
      return ok([{ type: "heads-wanted", add: said.add, remove: said.remove }]);
    case "peer":
    case "error":
    case "doc-unavailable":
    case "remote-heads-changed":
    case "unfamiliar":
      return ok([]);
    default:
      return unreachable(said);
  }
}

function syncMessages(said: Extract<RepoMessage, { type: "request" | "sync" }>, names: ChannelNames): Result<readonly ClientMessage[]> {
  const sync = decodeSyncMessage(said.data);
  if (!sync.ok) return sync;
  const address = addressOf(said.documentId, names);
  const isRequest = said.type === "request";
  const open = names.channel(address);
  if (open === undefined && !isRequest && names.wasEnded(address)) return ok([]);
  const channel = open ?? names.open(address);
  const message = { type: "sync", channel, isRequest, message: sync.value } as const;
  return ok(open === undefined ? [opening(said.documentId, address, channel), message] : [message]);
}

function opening(document: DocumentId, address: string, channel: number): ClientMessage {
  const blank = { generation: undefined, token: "", clock: VectorClock.empty, stateVector: noBytes };
  return { type: "open", channel, room: roomOfDocument(document), address, access: "read-write", ...blank };
}

function onChannel(document: DocumentId, names: ChannelNames, on: (channel: number) => ClientMessage): readonly ClientMessage[] {
  const channel = names.channel(addressOf(document, names));
  return channel === undefined ? [] : [on(channel)];
}

function addressOf(document: DocumentId, names: ChannelNames): string {
  return `${document}\0${names.peer ?? ""}`;
}

function wordsFor(message: RelayMessage, address: string, senderId: string): RepoWords | undefined {
  const [document = "", targetId = ""] = address.split("\0");
  const addressed = { senderId, targetId };
  const about = { ...addressed, documentId: document as DocumentId };
  switch (message.type) {
    case "joined":
      // No storage of its own: a client that knew one would keep for it what it believes that this relay has.
      return { type: "peer", ...addressed, peerMetadata: { storageId: undefined, isEphemeral: true }, version: automergeRepoVersion };
    case "error":
      if (message.channel !== undefined) return { type: "doc-unavailable", ...about };
      return { type: "error", ...addressed, message: message.detail === "" ? message.code : `${message.code}: ${message.detail}` };
    case "deleted":
    case "unavailable":
      return { type: "doc-unavailable", ...about };
    case "sync":
      return { type: "sync", ...about, data: message.bytes };
    case "heads":
      return { type: "remote-heads-changed", ...about, newHeads: message.heads };
    case "stateless":
      return ephemeralFor(message.text, about);
    case "welcome":
    case "opened":
    case "behind":
    case "updates":
    case "chunk":
    case "synced":
    case "clock":
    case "ack":
    case "nack":
    case "presence":
    case "presence-count":
    case "pong":
    case "sync-step-1":
    case "sync-step-2":
    case "credential-request":
    case "keepalive":
      return undefined;
    default:
      return unreachable(message);
  }
}

/** It keeps the name of who said it, by which clients know whether they have heard it. */
function ephemeralFor(text: string, about: { readonly targetId: string; readonly documentId: DocumentId }): RepoWords | undefined {
  const said = readEphemeral(text);
  return said === undefined ? undefined : { type: "ephemeral", ...about, ...said };
}
