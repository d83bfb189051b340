/**
 * The version of our own client protocol. `hello` says the client's, `welcome` the relay's.
 *
 * Policy (wire/README.md has it in full): `hello`, `welcome` and `error` keep their layout for ever, so that two
 * versions can always tell each other that they differ. Any other change of bytes raises `nativeVersion`; a golden
 * test fails when bytes change and this number does not. A relay speaks every version down to `nativeVersionMin`.
 */
export const nativeVersion = 5;

/** The first version with a word for a relay that lacks what its client has seen. */
export const behindSince = 4;

/** The first version with a word for how many are in a room where not everybody is shown. */
export const countSince = 5;

/** The oldest version of a client that a relay of this version still understands. */
export const nativeVersionMin = 2;

/** Whether a relay of this version can talk with a client of `version`. */
export function speaksNative(version: number): boolean {
  return version >= nativeVersionMin && version <= nativeVersion;
}

/** Which of the two has to be brought up to date. */
export type OlderSide = "client" | "relay";

/** What a relay says in `WRONG_VERSION`, for people and for `olderSide`. */
export function wrongVersionDetail(clientVersion: number): string {
  return `the client speaks version ${clientVersion}, this relay ${nativeVersion}`;
}

/** Which side of a `WRONG_VERSION` is the older one, by its detail; undefined when it does not say. */
export function olderSide(detail: string): OlderSide | undefined {
  const said = /^the client speaks version (\d+), this relay (\d+)$/.exec(detail);
  if (said === null) return undefined;
  return Number(said[1]) < Number(said[2]) ? "client" : "relay";
}

/**
 * The version of what relays of one mesh say to each other. `hello` and `refusal` keep their layout for ever; any other
 * change of bytes raises it. Two relays speak the lower of their versions, down to `meshVersionMin`, so that a mesh can be
 * upgraded one relay after the other.
 */
export const meshVersion = 13;
/** No release spoke an earlier one. */
export const meshVersionMin = 8;

/** The first version with a word for which release of Inkmesh a relay runs. */
export const releaseSince = 9;

/** The first version with a word for which rooms there are, whatever is in them. */
export const namesSince = 10;

/** The first version with a word for what clients say to all others of a document. */
export const wordsSince = 11;

/** The first version with a word for which names clocks need not name any more. */
export const prunedSince = 12;
/** The first version with words for how documents came to be. */
export const historiesSince = 12;

/** The first version with words for the images of documents. */
export const blobsSince = 13;

/** What a relay that speaks `own` at most speaks with one that speaks `theirs`; undefined: they do not understand each other. */
export function sharedMeshVersion(theirs: number, own: number): number | undefined {
  return theirs >= meshVersionMin ? Math.min(theirs, own) : undefined;
}
