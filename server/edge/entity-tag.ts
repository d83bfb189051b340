/**
 * Entity tags (RFC 9110 §13.1.2): whether who asks has what it asks for.
 */
export function isKnown(ifNoneMatch: string | undefined, etag: string): boolean {
  return ifNoneMatch === "*" || (ifNoneMatch ?? "").split(",").some((each) => each.trim().replace(/^W\//, "") === etag);
}
