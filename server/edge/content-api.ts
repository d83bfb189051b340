/**
 * A document's content over HTTP.
 *
 *     GET    /api/rooms/:room/content?format=     `Inkmesh-Token` in and out: never older than what one has seen; `If-None-Match`: 304
 *     PATCH  /api/rooms/:room/content             a Yjs update, or changes of Automerge's one behind the other, as application/octet-stream, one edit: whole or not at all; `If-Match`: 412
 *     PUT    /api/rooms/:room/content?kind=       the whole of it as text/plain, text/markdown or text/html: the edit that makes it that
 *
 * An ETag is the token of what was sent, and the format: `"<token>.<format>"`. `If-Match` takes it, or the token alone, and holds where the
 * document has exactly what that names; `*` where there is a document at all, which is so anyway. A PATCH is answered when it is saved, with
 * on how many relays; where that takes more than 2 s with 503 and NOT_CONFIRMED. What is known already is answered like the first time, so that
 * it may be sent again.
 *
 * With an `Idempotency-Key` a PATCH or PUT is done once, however often and at whichever relays it comes, and 422 with KEY_REUSED tells another
 * request under the same key.
 *
 * A PUT with the `Inkmesh-Token` of what it was made on keeps what was written since; without one it replaces what is there. 412 where what
 * the token names cannot be told any more: read again. A PUT begins a document that nobody has begun, as rich text, or as code with `kind=code`; with `If-None-Match: *` it does nothing but that,
 * and where anybody has written anything else 412 and NOT_EMPTY. The same beginning comes out wherever and however often it is made.
 */
import { contentFormats, type WrittenFormat } from "@inkmesh/shared/engine/crdt-engine";
import { refused, type Result } from "@inkmesh/shared/base/result";
import { readRoomName } from "@inkmesh/shared/wire/room-name";
import express, { type Request, type Response, type Router } from "express";
import * as z from "zod";
import type { RoomAnswer } from "../core/effect.ts";
import type { RoomRequest } from "../core/input.ts";
import { contentFormat, endWithContent } from "./content-answer.ts";
import { isKnown } from "./entity-tag.ts";
import { sendRefusal } from "./http-refusal.ts";
import { idempotencyKey } from "./idempotency-key.ts";

type Ask<Type extends RoomRequest["type"]> = Extract<RoomRequest, { type: Type }>;

export interface ContentApiOptions {
  /** Bytes of one edit. */
  readonly updateBytesMax: number;
}

const octets = "application/octet-stream";
const writtenTypes: Readonly<Record<string, WrittenFormat>> = { "text/plain": "text", "text/markdown": "markdown", "text/html": "html" };
const writeQuery = z.object({ kind: z.enum(["text", "code"]).default("text") });
const contentQuery = z.object({ format: contentFormat });
const principal = "";

export function contentApi(options: ContentApiOptions & { ask: (ask: RoomRequest, response: Response) => Promise<RoomAnswer> }): Router {
  const { ask, updateBytesMax } = options;
  const router = express.Router({ caseSensitive: true, strict: true });
  router.get("/:room/content", async (request, response) => {
    const asked = contentRequest(request);
    if (!asked.ok) return sendRefusal(response, asked.refusal);
    sendContent(request, response, asked.value, await ask(asked.value, response));
  });
  router.patch("/:room/content", express.raw({ type: octets, limit: updateBytesMax }), async (request, response) => {
    const asked = updateRequest(request);
    if (!asked.ok) return sendRefusal(response, asked.refusal);
    sendSaved(response, await ask(asked.value, response));
  });
  router.put("/:room/content", express.raw({ type: Object.keys(writtenTypes), limit: updateBytesMax }), async (request, response) => {
    const asked = writeRequest(request);
    if (!asked.ok) return sendRefusal(response, asked.refusal);
    sendSaved(response, await ask(asked.value, response));
  });
  return router;
}

function contentRequest(request: Request): Result<Ask<"content">> {
  const query = contentQuery.safeParse(request.query);
  if (!query.success) return refused("BAD_REQUEST", `format: one of ${contentFormats.join(", ")}`);
  const name = readRoomName(String(request.params["room"]));
  if (!name.ok) return name;
  return { ok: true, value: { type: "content", room: name.value, format: query.data.format, token: request.get("Inkmesh-Token") ?? "" } };
}

function updateRequest(request: Request): Result<Ask<"update">> {
  const name = readRoomName(String(request.params["room"]));
  if (!name.ok) return name;
  const { body } = request as { body: unknown };
  if (!(body instanceof Uint8Array) || body.length === 0)
    return refused("BAD_REQUEST", `the body is a Yjs update, or changes of Automerge's, sent as ${octets}`);
  const match = matchOf(request.get("If-Match"));
  if (!match.ok) return match;
  const key = idempotencyKey(request, [body]);
  if (!key.ok) return key;
  return {
    ok: true,
    value: { type: "update", room: name.value, update: new Uint8Array(body), match: match.value, key: key.value, principal },
  };
}

function writeRequest(request: Request): Result<Ask<"write">> {
  const name = readRoomName(String(request.params["room"]));
  if (!name.ok) return name;
  const query = writeQuery.safeParse(request.query);
  if (!query.success) return refused("BAD_REQUEST", "kind: text or code");
  const body = writtenBody(request);
  if (!body.ok) return body;
  const [match, none] = [matchOf(request.get("If-Match")), request.get("If-None-Match")];
  if (!match.ok) return match;
  if (none !== undefined && none !== "*") return refused("BAD_REQUEST", "If-None-Match: * or nothing");
  const where = none === "*" ? "new" : request.get("If-Match") === "*" ? "existing" : "any";
  const base = request.get("Inkmesh-Token");
  const { kind } = query.data;
  const key = idempotencyKey(request, [body.value.format, kind, body.value.body]);
  if (!key.ok) return key;
  const value = {
    type: "write",
    room: name.value,
    ...body.value,
    kind,
    where,
    base,
    match: match.value,
    key: key.value,
    principal,
  } as const;
  return { ok: true, value };
}

function writtenBody(request: Request): Result<{ format: WrittenFormat; body: string }> {
  const type = request.is(Object.keys(writtenTypes));
  const format = typeof type === "string" ? writtenTypes[type] : undefined;
  const { body } = request as { body: unknown };
  if (format === undefined) return refused("BAD_REQUEST", `the body is ${Object.keys(writtenTypes).join(", ")}`);
  try {
    return { ok: true, value: { format, body: body instanceof Uint8Array ? new TextDecoder("utf-8", { fatal: true }).decode(body) : "" } };
  } catch {
    // The decoder throws for one reason only.
    return refused("BAD_REQUEST", "the body is not UTF-8");
  }
}

/** The token that `If-Match` names; undefined: none, or any. */
function matchOf(header: string | undefined): Result<string | undefined> {
  if (header === undefined || header === "*") return { ok: true, value: undefined };
  const [, tag] = /^"([\w-]+)(?:\.[a-z]+)?"$/.exec(header) ?? [];
  return tag === undefined ? refused("BAD_REQUEST", "If-Match: one ETag of this document, or *") : { ok: true, value: tag };
}

function sendContent(request: Request, response: Response, { format }: Ask<"content">, answer: RoomAnswer): void {
  response.set("Cache-Control", "no-store");
  if (answer.type === "refused") return sendRefusal(response, answer.refusal);
  if (answer.type !== "content") return sendRefusal(response, refused("INTERNAL").refusal);
  const { bytes, token, generation } = answer;
  const etag = `"${token}.${format}"`;
  // Kept by whoever asks, never shown without asking.
  response.set({ "Cache-Control": "private, no-cache", ETag: etag, "Inkmesh-Token": token, "Inkmesh-Generation": String(generation) });
  if (isKnown(request.get("If-None-Match"), etag)) return void response.status(304).end();
  endWithContent(response, bytes, format);
}

function sendSaved(response: Response, answer: RoomAnswer): void {
  response.set("Cache-Control", "no-store");
  if (answer.type === "refused") return sendRefusal(response, answer.refusal);
  if (answer.type !== "saved") return sendRefusal(response, refused("INTERNAL").refusal);
  const { token, generation, durability } = answer;
  response.set({ "Inkmesh-Token": token, "Inkmesh-Generation": String(generation) }).json({ saved: durability });
}
