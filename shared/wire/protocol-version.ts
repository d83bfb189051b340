/**
 * The version of our own client protocol. `hello` says the client's, `welcome` the relay's.
 *
 * Policy (wire/README.md has it in full): `hello`, `welcome` and `error` keep their layout for ever, so that two
 * versions can always tell each other that they differ. Any other change of bytes raises `nativeVersion`; a golden
 * test fails when bytes change and this number does not. A relay speaks every version down to `nativeVersionMin`.
 */
export const nativeVersion = 1;

/** The oldest version of a client that a relay of this version still understands. */
export const nativeVersionMin = 1;

/** Whether a relay of this version can talk with a client of `version`. */
export function speaksNative(version: number): boolean {
  return version >= nativeVersionMin && version <= nativeVersion;
}
