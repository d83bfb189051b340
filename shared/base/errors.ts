/**
 * The one registry of refusals: code → what happens to the socket, whether to try again, and a sentence for a
 * person. A released y-websocket client stops for good at 4400 to 4499, so those are only for what is final.
 *
 * `wire` is the number that our own protocol carries; it is never reused. `closeCode` is absent where the
 * session goes on. `httpStatus` is what the HTTP face answers.
 */
export interface ErrorKind {
  readonly wire: number;
  readonly closeCode?: number;
  readonly httpStatus: number;
  readonly retryable: boolean;
  /** How long a client should wait before it tries again, where that is known beforehand. */
  readonly retryAfterMs?: number;
  readonly sentence: string;
}

export const errorKinds = {
  // What came in cannot be read.
  BAD_FRAME: { wire: 1, closeCode: 1007, httpStatus: 400, retryable: false, sentence: "A message could not be read." },
  FRAME_TOO_BIG: { wire: 2, closeCode: 1009, httpStatus: 413, retryable: false, sentence: "A message is larger than this relay takes." },
  WRONG_VERSION: {
    wire: 3,
    closeCode: 4406,
    httpStatus: 400,
    retryable: false,
    sentence: "This client and this relay speak different versions. Reload the page or upgrade; your edits stay on this device.",
  },
  OUT_OF_ORDER: {
    wire: 4,
    closeCode: 1002,
    httpStatus: 400,
    retryable: true,
    sentence: "A message came at a moment where it has no meaning.",
  },
  HANDSHAKE_TIMEOUT: {
    wire: 5,
    closeCode: 1013,
    httpStatus: 408,
    retryable: true,
    retryAfterMs: 1_000,
    sentence: "The connection said nothing for too long.",
  },
  BAD_ROOM_NAME: {
    wire: 6,
    closeCode: 4400,
    httpStatus: 400,
    retryable: false,
    sentence: "A document's name has 1 to 256 bytes and no control characters.",
  },
  OTHER_ENGINE: {
    wire: 9,
    closeCode: 4400,
    httpStatus: 400,
    retryable: false,
    sentence: "This document is of another kind than this client speaks of: a Yjs client cannot open an Automerge document.",
  },
  BAD_REQUEST: { wire: 7, httpStatus: 400, retryable: false, sentence: "The request is not understood." },
  NOT_FOUND: { wire: 8, httpStatus: 404, retryable: false, sentence: "There is nothing at this address." },

  // An update that is not let in.
  BAD_UPDATE: { wire: 20, closeCode: 1007, httpStatus: 400, retryable: false, sentence: "An edit could not be decoded." },
  UPDATE_TOO_BIG: { wire: 21, closeCode: 1009, httpStatus: 413, retryable: false, sentence: "An edit is larger than this relay takes." },
  GAP: { wire: 22, httpStatus: 409, retryable: true, sentence: "An edit builds on something that this relay has not got yet." },
  CLOCK_TOO_FAR: {
    wire: 23,
    closeCode: 1008,
    httpStatus: 400,
    retryable: false,
    sentence: "An edit claims a position that no document reaches.",
  },
  TOO_DEEP: { wire: 24, closeCode: 1008, httpStatus: 400, retryable: false, sentence: "An edit nests deeper than a document may." },
  TOO_MANY_PARTS: {
    wire: 25,
    closeCode: 1008,
    httpStatus: 400,
    retryable: false,
    sentence: "An edit consists of more parts than a document may take at once.",
  },
  TOO_MANY_GAPS: {
    wire: 26,
    closeCode: 1008,
    httpStatus: 429,
    retryable: true,
    retryAfterMs: 5_000,
    sentence: "Too many edits in a row built on something that is missing here.",
  },
  UNSAYABLE: {
    wire: 28,
    httpStatus: 422,
    retryable: false,
    sentence: "This document cannot be written in this format. Nothing was written.",
  },
  BLOB_MISMATCH: {
    wire: 29,
    httpStatus: 400,
    retryable: false,
    sentence: "An image is not what its name says: the name is to be the SHA-256 of its bytes. It was not kept.",
  },
  BLOB_TOO_BIG: { wire: 30, httpStatus: 413, retryable: false, sentence: "An image is larger than 8 MiB. It was not kept." },
  TOO_MANY_BLOBS: {
    wire: 31,
    httpStatus: 413,
    retryable: false,
    sentence: "This document has as many images as it may. This one was not kept.",
  },
  UNAPPLICABLE: {
    wire: 32,
    httpStatus: 422,
    retryable: false,
    sentence: "An edit was tried, and could not be applied to this document, or took too long or too much memory. It was not taken.",
  },
  ROOM_FULL: { wire: 27, httpStatus: 413, retryable: false, sentence: "This document has reached its largest size." },

  // Who may do what.
  NOT_ALLOWED: { wire: 40, closeCode: 4403, httpStatus: 403, retryable: false, sentence: "You have no access to this document." },
  READ_ONLY: { wire: 41, httpStatus: 403, retryable: false, sentence: "You may read this document, not change it." },
  ROOM_DELETED: { wire: 42, closeCode: 4404, httpStatus: 410, retryable: false, sentence: "This document was deleted." },
  ROOM_EXISTS: { wire: 43, httpStatus: 409, retryable: false, sentence: "There is a document of this name already." },
  CHANGED_SINCE: {
    wire: 45,
    httpStatus: 412,
    retryable: false,
    sentence: "The document has changed since it was read. Nothing was written.",
  },
  NOT_EMPTY: {
    wire: 46,
    httpStatus: 412,
    retryable: false,
    sentence: "Somebody has written in this document already. Nothing was written.",
  },
  KEY_REUSED: {
    wire: 47,
    httpStatus: 422,
    retryable: false,
    sentence: "This Idempotency-Key was used for another request. Nothing was done.",
  },
  ACCESS_UNKNOWN: {
    wire: 48,
    closeCode: 1013,
    httpStatus: 503,
    retryable: true,
    retryAfterMs: 5_000,
    sentence: "It could not be found out whether you may have this document.",
  },
  ACCESS_CHANGED: {
    wire: 49,
    httpStatus: 409,
    retryable: true,
    sentence: "What you may do in this document has changed.",
  },
  ORIGIN_REFUSED: { wire: 44, httpStatus: 403, retryable: false, sentence: "Pages from this address may not connect to this relay." },

  // More than there is room for.
  TOO_MANY_ROOMS: {
    wire: 60,
    closeCode: 1013,
    httpStatus: 429,
    retryable: false,
    sentence: "Too many documents are open on one connection.",
  },
  TOO_MANY_CONNECTIONS: {
    wire: 61,
    closeCode: 1013,
    httpStatus: 503,
    retryable: true,
    retryAfterMs: 5_000,
    sentence: "This relay has as many connections as it takes.",
  },
  RATE_LIMITED: {
    wire: 62,
    closeCode: 1013,
    httpStatus: 429,
    retryable: true,
    retryAfterMs: 1_000,
    sentence: "Too much came in too short a time.",
  },
  CLIENT_SLOW: {
    wire: 63,
    closeCode: 1013,
    httpStatus: 503,
    retryable: true,
    retryAfterMs: 1_000,
    sentence: "The connection took too long to read what was sent to it.",
  },
  PRESENCE_REFUSED: {
    wire: 64,
    httpStatus: 400,
    retryable: false,
    sentence: "A cursor or name was too large or not readable; it is not shown to others.",
  },
  TOO_MANY_KEYS: {
    wire: 66,
    httpStatus: 422,
    retryable: false,
    sentence: "This document has taken as many requests with an Idempotency-Key as it can. Nothing was written; send it without one.",
  },
  RELAY_BUSY: { wire: 65, closeCode: 1013, httpStatus: 503, retryable: true, retryAfterMs: 2_000, sentence: "This relay is busy." },

  // The relay's own troubles.
  STORE_FULL: {
    wire: 80,
    httpStatus: 507,
    retryable: true,
    retryAfterMs: 1_000,
    sentence: "The relay's disk is full. Your edits stay on this device and are sent when there is space.",
  },
  STORE_FAILED: {
    wire: 81,
    closeCode: 1013,
    httpStatus: 503,
    retryable: true,
    retryAfterMs: 1_000,
    sentence: "The relay could not use its disk. Your edits stay on this device and are sent later.",
  },
  RELAY_STOPPING: { wire: 82, closeCode: 1012, httpStatus: 503, retryable: true, retryAfterMs: 500, sentence: "The relay restarts." },
  BEHIND: {
    wire: 83,
    httpStatus: 503,
    retryable: true,
    retryAfterMs: 1_000,
    sentence: "This relay has not got everything yet that you have seen before.",
  },
  NOT_CONFIRMED: {
    wire: 85,
    httpStatus: 503,
    retryable: true,
    retryAfterMs: 5_000,
    sentence:
      "It is done at this relay, and will be at the others as soon as they can be reached. Until enough of them have said so, it is lost if this relay's disk is.",
  },
  BLOB_NOT_FOUND: {
    wire: 86,
    httpStatus: 404,
    retryable: true,
    retryAfterMs: 10_000,
    sentence: "No relay that can be reached has this image. It may be on its way still, from where it was put into the document.",
  },
  BLOB_NOT_REACHED: {
    wire: 87,
    httpStatus: 503,
    retryable: true,
    retryAfterMs: 2_000,
    sentence: "This image is at relays that cannot be reached now.",
  },
  INTERNAL: {
    wire: 84,
    closeCode: 1011,
    httpStatus: 500,
    retryable: true,
    retryAfterMs: 2_000,
    sentence: "The relay made a mistake. It is logged there.",
  },

  // Between relays.
  MESH_VERSION: {
    wire: 100,
    closeCode: 4406,
    httpStatus: 400,
    retryable: false,
    sentence: "The two relays speak versions that do not understand each other. Upgrade the older one.",
  },
  MESH_SECRET: {
    wire: 101,
    closeCode: 4403,
    httpStatus: 403,
    retryable: false,
    sentence: "The relay does not know the secret of this mesh.",
  },
  OTHER_MESH: {
    wire: 102,
    closeCode: 4403,
    httpStatus: 409,
    retryable: false,
    sentence: "The two relays belong to different meshes. A relay can join another one only with an empty data folder.",
  },
  NO_MESH_YET: {
    wire: 103,
    closeCode: 1013,
    httpStatus: 503,
    retryable: true,
    retryAfterMs: 1_000,
    sentence: "Neither relay belongs to a mesh yet. The first relay of a mesh is started without --join.",
  },
  LINK_TO_SELF: { wire: 104, closeCode: 4409, httpStatus: 409, retryable: false, sentence: "The relay called itself." },
  LINK_DOUBLE: {
    wire: 105,
    closeCode: 1000,
    httpStatus: 409,
    retryable: true,
    sentence: "The two relays have another link already.",
  },
  PEER_SLOW: {
    wire: 106,
    closeCode: 1013,
    httpStatus: 503,
    retryable: true,
    retryAfterMs: 1_000,
    sentence: "The other relay took too long to read what was sent to it.",
  },
  PEER_SILENT: {
    wire: 107,
    closeCode: 1001,
    httpStatus: 503,
    retryable: true,
    retryAfterMs: 1_000,
    sentence: "The other relay has been silent for long. A new link would show whether it is back.",
  },
  RELAY_THERE: {
    wire: 108,
    httpStatus: 409,
    retryable: false,
    sentence: "That relay is there. Only one that has ended, and does not come back, is forgotten.",
  },
  RELAY_NEEDED: {
    wire: 109,
    httpStatus: 409,
    retryable: false,
    sentence: "There is no other relay with a place on the ring that could take this one's documents.",
  },
  RELAY_AWAY: {
    wire: 110,
    httpStatus: 409,
    retryable: true,
    retryAfterMs: 5_000,
    sentence: "A relay that documents are placed on cannot be reached. Start it, or forget it, before another one leaves.",
  },
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof errorKinds;

/** What the registry says about a code. */
export function errorKind(code: ErrorCode): ErrorKind {
  return errorKinds[code];
}

const codesByWire = new Map<number, ErrorCode>((Object.keys(errorKinds) as ErrorCode[]).map((code) => [errorKinds[code].wire, code]));

/** The code that a number on the wire stands for; a number of a newer relay reads as INTERNAL. */
export function errorCodeOfWire(wire: number): ErrorCode {
  return codesByWire.get(wire) ?? "INTERNAL";
}
