/**
 * Images of a document over HTTP, each under the SHA-256 of its bytes.
 *
 *     PUT   /api/rooms/:room/blobs/:name     at most 8 MiB of any type, as a body of any type
 *     GET   /api/rooms/:room/blobs/:name     from this relay's disk, or wherever in the mesh it is
 *
 * `:name` is `sha256-` and 64 lower-case hex digits; bytes that do not hash to it are refused with 400 and BLOB_MISMATCH. A PUT is answered when it is
 * saved, with on how many relays, like an edit; where that takes more than 10 s with 503 and NOT_CONFIRMED. It may be sent again, at any relay.
 *
 * What is asked for may be kept for ever under its name. It is somebody's upload in this origin: it is shown as the image that its own bytes say
 * it is, and as nothing else (`shared/base/image-type.ts`).
 *
 * Invariant: at most `atOnceMax` are taken in or sent at the same time: whoever comes then is told to come again.
 */
import { blobBytesMax, isBlobName, type BlobName } from "@inkmesh/shared/base/blob-name";
import { imageTypeOf } from "@inkmesh/shared/base/image-type";
import type { RoomName } from "@inkmesh/shared/base/ids";
import { refused, type Result } from "@inkmesh/shared/base/result";
import { readRoomName } from "@inkmesh/shared/wire/room-name";
import express, { type ErrorRequestHandler, type Request, type RequestHandler, type Response, type Router } from "express";
import type { RoomAnswer } from "../core/effect.ts";
import type { RoomRequest } from "../core/input.ts";
import { isKnown } from "./entity-tag.ts";
import { sendRefusal } from "./http-refusal.ts";

/** Each is in memory as a whole. */
const atOnceMax = 32;
const yearSeconds = 31_536_000;
const path = "/:room/blobs/:name";

export function blobApi(ask: (ask: RoomRequest, response: Response) => Promise<RoomAnswer>): Router {
  const router = express.Router({ caseSensitive: true, strict: true });
  router.use(path, atMost(atOnceMax));
  router.put(path, express.raw({ type: () => true, limit: blobBytesMax }), async (request, response) => {
    const named = namedBlob(request);
    const { body } = request as { body: unknown };
    if (!named.ok) return sendRefusal(response, named.refusal);
    if (!(body instanceof Uint8Array) || body.length === 0)
      return sendRefusal(response, refused("BAD_REQUEST", "the body is the image").refusal);
    sendSaved(response, await ask({ type: "keep-blob", ...named.value, bytes: new Uint8Array(body) }, response));
  });
  router.get(path, async (request, response) => {
    const named = namedBlob(request);
    if (!named.ok) return sendRefusal(response, named.refusal);
    sendBlob(request, response, named.value.name, await ask({ type: "blob", ...named.value }, response));
  });
  router.use(path, tooLarge);
  return router;
}

function atMost(many: number): RequestHandler {
  let here = 0;
  return (_request, response, next) => {
    if (here >= many) return sendRefusal(response, refused("RELAY_BUSY", `${many} images are on their way already`).refusal);
    here += 1;
    response.once("close", () => (here -= 1));
    next();
  };
}

const tooLarge: ErrorRequestHandler = (error: { type?: string }, _request, response, next) => {
  if (error.type !== "entity.too.large") return next(error);
  sendRefusal(response, refused("BLOB_TOO_BIG", `limit ${blobBytesMax} bytes`).refusal);
};

function namedBlob(request: Request): Result<{ readonly room: RoomName; readonly name: BlobName }> {
  const room = readRoomName(String(request.params["room"]));
  const name = String(request.params["name"]);
  if (!room.ok) return room;
  if (!isBlobName(name)) return refused("BAD_REQUEST", "an image is named sha256- and 64 lower-case hex digits");
  return { ok: true, value: { room: room.value, name } };
}

function sendSaved(response: Response, answer: RoomAnswer): void {
  response.set("Cache-Control", "no-store");
  if (answer.type === "refused") return sendRefusal(response, answer.refusal);
  if (answer.type !== "blob-saved") return sendRefusal(response, refused("INTERNAL").refusal);
  response.json({ saved: answer.durability });
}

function sendBlob(request: Request, response: Response, name: BlobName, answer: RoomAnswer): void {
  if (answer.type === "refused") return sendRefusal(response, answer.refusal);
  if (answer.type !== "blob") return sendRefusal(response, refused("INTERNAL").refusal);
  const { bytes } = answer;
  const etag = `"${name}"`;
  response.set({ "Cache-Control": `private, max-age=${yearSeconds}, immutable`, ETag: etag });
  if (isKnown(request.get("If-None-Match"), etag)) return void response.status(304).end();
  const type = imageTypeOf(bytes);
  if (type === undefined) response.set("Content-Disposition", "attachment");
  response.set({
    "Content-Type": type ?? "application/octet-stream",
    "Content-Length": String(bytes.length),
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
  });
  response.end(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
}
