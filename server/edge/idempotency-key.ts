/**
 * `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): what a request calls itself, so that it is done once however often it comes.
 *
 * A key is a string of 1 to 200 visible ASCII characters, and blanks where it is quoted as the draft says; it may be bare. With it goes a digest of what is asked, by which
 * another request under the same key is told apart.
 */
import { createHash } from "node:crypto";
import { refused, type Result } from "@inkmesh/shared/base/result";
import type { RoomName } from "@inkmesh/shared/base/ids";
import type { RequestKey } from "@inkmesh/shared/engine/request-mark";
import { readRoomName } from "@inkmesh/shared/wire/room-name";
import type { Request } from "express";

/** The request's key, if it has one. `asked`: what it asks for, apart from the document. */
export function idempotencyKey(request: Request, asked: readonly (string | Uint8Array)[]): Result<RequestKey | undefined> {
  const header = request.get("Idempotency-Key");
  if (header === undefined) return { ok: true, value: undefined };
  const [, quoted, bare] = /^(?:"([\x20\x21\x23-\x7e]{1,200})"|([\x21\x23-\x7e]{1,200}))$/.exec(header) ?? [];
  const name = quoted ?? bare;
  if (name === undefined) return refused("BAD_REQUEST", "Idempotency-Key: 1 to 200 visible characters, quoted or not");
  const hash = createHash("sha256").update(request.method);
  for (const part of asked) hash.update(`\n${part.length}\n`).update(part);
  return { ok: true, value: { name, digest: hash.digest("hex") } };
}

/** Characters of a key that names a document: whoever has the same one gets that document, so nobody else may have it by chance. */
const namingKeyMin = 16;

/** The name of the document that a request without a name creates: the same for the same key, on every relay. */
export function drawnRoomName({ name }: RequestKey): Result<RoomName> {
  if (name.length < namingKeyMin) {
    return refused("BAD_REQUEST", `without a room the Idempotency-Key names the document: ${namingKeyMin} characters at least`);
  }
  return readRoomName(createHash("sha256").update(`room ${name}`).digest("base64url").slice(0, 22));
}
