/**
 * The words of automerge-repo's WebSocket protocol, version "1", as released clients (2.5.6) say and understand them.
 *
 *     frame   one CBOR map with `type` and `senderId`; all but `join` have a `targetId`
 *
 *     join                        peerMetadata {storageId?, isEphemeral?} · supportedProtocolVersions (missing: ["1"])    client → relay, the first
 *     peer                        peerMetadata · selectedProtocolVersion                                                  relay → client, its answer
 *     error                       message                                                                                 relay → client, then it closes
 *     request, sync               documentId · data: a message of Automerge's sync protocol; `request`: I have nothing, say so if you neither
 *     doc-unavailable             documentId                                                                              I have nothing of it, or you may not have it
 *     ephemeral                   documentId · sessionId · count · data: opaque                                           seen before: same sender, session, no higher count
 *     remote-subscription-change  add? remove?: storage ids whose heads the client wants to hear of
 *     remote-heads-changed        documentId · newHeads {storage id: {heads: base58check[], timestamp: ms}}
 *
 * Both sides say the same words, so there is one union. Fields that are not listed are passed over; a message of another type is `unfamiliar`, as
 * a newer client may have more of them. Who sends is said in each message: it must be who joined on this socket, but for `ephemeral`, which
 * a client passes on for others (its other tabs), and which keeps the name of who said it.
 *
 * Invariants: `decode` is total, and bounded as `cbor.ts` says; what it answers has the types of its union, whatever the frame had.
 * Source: packages/automerge-repo-network-websocket/src and packages/automerge-repo/src/network of automerge/automerge-repo. (Its README calls
 * `peerMetadata` `metadata`; no client does.)
 */
import { ok, refused, type Result } from "../base/result.ts";
import { isDocumentId, type DocumentId } from "./automerge-document.ts";
import { decodeCbor, encodeCbor } from "./cbor.ts";

export const automergeRepoVersion = "1";

/** Of a peer, a session, a storage or a version: what released clients draw has 11 to 36 characters. */
const nameCharactersMax = 256;
const wordsCharactersMax = 4_096;

/** What a peer says of itself: where it keeps documents, and whether it only passes by. */
export interface PeerMetadata {
  readonly storageId: string | undefined;
  readonly isEphemeral: boolean;
}

interface Addressed {
  readonly senderId: string;
  readonly targetId: string;
}

interface AboutDocument extends Addressed {
  readonly documentId: DocumentId;
}

/** Heads of a document, in base58check as they are shown to people, and when they were that (ms since 1970). */
export interface HeadsAt {
  readonly heads: readonly string[];
  readonly timestamp: number;
}

export type RepoMessage =
  | { readonly type: "join"; readonly senderId: string; readonly peerMetadata: PeerMetadata; readonly versions: readonly string[] }
  | (Addressed & { readonly type: "peer"; readonly peerMetadata: PeerMetadata; readonly version: string })
  | (Addressed & { readonly type: "error"; readonly message: string })
  | (AboutDocument & { readonly type: "request" | "sync"; readonly data: Uint8Array })
  | (AboutDocument & { readonly type: "doc-unavailable" })
  | (AboutDocument & { readonly type: "ephemeral"; readonly sessionId: string; readonly count: number; readonly data: Uint8Array })
  | (Addressed & { readonly type: "remote-subscription-change"; readonly add: readonly string[]; readonly remove: readonly string[] })
  | (AboutDocument & { readonly type: "remote-heads-changed"; readonly newHeads: ReadonlyMap<string, HeadsAt> })
  | { readonly type: "unfamiliar"; readonly senderId: string };

/** What a frame says. `joined`: who has joined on the socket that it came by; undefined: nobody has yet. */
export function decodeRepoMessage(frame: Uint8Array, joined: string | undefined): Result<RepoMessage> {
  const value = decodeCbor(frame);
  if (!value.ok) return value;
  try {
    const message = readMessage(new Fields(value.value, "a message"));
    return isForeign(message, joined)
      ? refused("BAD_FRAME", `a ${message.type} message is sent by somebody who has not joined here`)
      : ok(message);
  } catch (error) {
    if (error instanceof WrongField) return refused("BAD_FRAME", error.message);
    throw error;
  }
}

export function encodeRepoMessage(message: Exclude<RepoMessage, { type: "unfamiliar" }>): Uint8Array {
  switch (message.type) {
    case "join": {
      const { versions, ...rest } = message;
      return encodeCbor({ ...rest, supportedProtocolVersions: versions });
    }
    case "peer": {
      const { version, ...rest } = message;
      return encodeCbor({ ...rest, selectedProtocolVersion: version });
    }
    case "remote-heads-changed":
      return encodeCbor({ ...message, newHeads: Object.fromEntries(message.newHeads) });
    default:
      return encodeCbor({ ...message });
  }
}

function isForeign(message: RepoMessage, joined: string | undefined): boolean {
  if (message.type === "join") return joined !== undefined && message.senderId !== joined;
  if (message.type === "ephemeral") return joined === undefined;
  return message.senderId !== joined;
}

function readMessage(fields: Fields): RepoMessage {
  const type = fields.name("type");
  const senderId = fields.name("senderId");
  if (type === "join") {
    const versions = fields.names("supportedProtocolVersions") ?? [automergeRepoVersion];
    return { type, senderId, peerMetadata: readMetadata(fields), versions };
  }
  const read = readers.get(type);
  return read === undefined ? { type: "unfamiliar", senderId } : read(fields, { senderId, targetId: fields.name("targetId") });
}

const readers: ReadonlyMap<string, (fields: Fields, addressed: Addressed) => RepoMessage> = new Map([
  [
    "peer",
    (fields, addressed) => ({
      type: "peer",
      ...addressed,
      peerMetadata: readMetadata(fields),
      version: fields.name("selectedProtocolVersion"),
    }),
  ],
  ["error", (fields, addressed) => ({ type: "error", ...addressed, message: fields.text("message", wordsCharactersMax) })],
  ["request", (fields, addressed) => ({ type: "request", ...about(fields, addressed), data: fields.bytes("data") })],
  ["sync", (fields, addressed) => ({ type: "sync", ...about(fields, addressed), data: fields.bytes("data") })],
  ["doc-unavailable", (fields, addressed) => ({ type: "doc-unavailable", ...about(fields, addressed) })],
  ["ephemeral", readEphemeral],
  ["remote-subscription-change", readSubscription],
  ["remote-heads-changed", readHeads],
] satisfies [string, (fields: Fields, addressed: Addressed) => RepoMessage][]);

function about(fields: Fields, addressed: Addressed): AboutDocument {
  const documentId = fields.name("documentId");
  if (!isDocumentId(documentId)) throw new WrongField("documentId is not the id of a document");
  return { ...addressed, documentId };
}

function readMetadata(fields: Fields): PeerMetadata {
  const metadata = fields.within("peerMetadata");
  return { storageId: metadata?.optionalName("storageId"), isEphemeral: metadata?.flag("isEphemeral") ?? false };
}

function readEphemeral(fields: Fields, addressed: Addressed): RepoMessage {
  const named = { sessionId: fields.name("sessionId"), count: fields.count("count") };
  return { type: "ephemeral", ...about(fields, addressed), ...named, data: fields.bytes("data") };
}

function readSubscription(fields: Fields, addressed: Addressed): RepoMessage {
  return { type: "remote-subscription-change", ...addressed, add: fields.names("add") ?? [], remove: fields.names("remove") ?? [] };
}

function readHeads(fields: Fields, addressed: Addressed): RepoMessage {
  const given = fields.within("newHeads");
  if (given === undefined) throw new WrongField("newHeads is missing");
  const newHeads = new Map(given.keys().map((storage) => [checkedName(storage, "a storage id"), readHeadsAt(given, storage)]));
  return { type: "remote-heads-changed", ...about(fields, addressed), newHeads };
}

function readHeadsAt(given: Fields, storage: string): HeadsAt {
  const at = given.within(storage);
  const heads = at?.names("heads");
  if (at === undefined || heads === undefined) throw new WrongField("newHeads has no heads");
  return { heads, timestamp: at.count("timestamp") };
}

/** Caught by `decodeRepoMessage`, which makes a refusal of it. */
class WrongField extends Error {}

function checkedName(value: unknown, what: string): string {
  if (typeof value !== "string" || value.length === 0) throw new WrongField(`${what} is not a text`);
  if (value.length > nameCharactersMax) throw new WrongField(`${what} has ${value.length} characters, limit ${nameCharactersMax}`);
  return value;
}

/** A map of which nothing is known, and what it must have in its fields. One that is undefined or null is a missing one. */
class Fields {
  readonly #map: Readonly<Record<string, unknown>>;

  constructor(value: unknown, what: string) {
    if (typeof value !== "object" || value === null || Array.isArray(value) || value instanceof Uint8Array)
      throw new WrongField(`${what} is not a map`);
    this.#map = value as Readonly<Record<string, unknown>>;
  }

  keys(): readonly string[] {
    return Object.keys(this.#map);
  }

  name(field: string): string {
    return checkedName(this.#at(field), field);
  }

  optionalName(field: string): string | undefined {
    return this.#at(field) === undefined ? undefined : this.name(field);
  }

  names(field: string): readonly string[] | undefined {
    const value = this.#at(field);
    if (value === undefined) return undefined;
    if (!Array.isArray(value)) throw new WrongField(`${field} is not a list`);
    return value.map((each) => checkedName(each, field));
  }

  text(field: string, charactersMax: number): string {
    const value = this.#at(field);
    if (typeof value !== "string" || value.length > charactersMax)
      throw new WrongField(`${field} is not a text of at most ${charactersMax} characters`);
    return value;
  }

  flag(field: string): boolean {
    return this.#at(field) === true;
  }

  count(field: string): number {
    const value = this.#at(field);
    if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) throw new WrongField(`${field} is not a whole number`);
    return value;
  }

  bytes(field: string): Uint8Array {
    const value = this.#at(field);
    if (!(value instanceof Uint8Array) || value.length === 0) throw new WrongField(`${field} has no bytes`);
    return value;
  }

  within(field: string): Fields | undefined {
    const value = this.#at(field);
    return value === undefined ? undefined : new Fields(value, field);
  }

  #at(field: string): unknown {
    return Object.hasOwn(this.#map, field) ? (this.#map[field] ?? undefined) : undefined;
  }
}
