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
 * Invariants: at most `sentMax` are sent, and `takenBytesMax` bytes taken in at the same time, of one address half of that: whoever comes then is told
 * to come again. Who is slower than `slowestBytesPerMs` is cut off. Who has an image already is told so, and nobody looks for it.
 */
import { blobBytesMax, isBlobName, type BlobName } from "@inkmesh/shared/base/blob-name";
import { imageTypeOf } from "@inkmesh/shared/base/image-type";
import type { RoomName } from "@inkmesh/shared/base/ids";
import { refused, type Result } from "@inkmesh/shared/base/result";
import { readRoomName } from "@inkmesh/shared/wire/room-name";
import express, { type ErrorRequestHandler, type Request, type Response, type Router } from "express";
import type { RoomAnswer } from "../core/effect.ts";
import type { RoomRequest } from "../core/input.ts";
import { isKnown } from "./entity-tag.ts";
import { sendRefusal } from "./http-refusal.ts";
import { trafficShares } from "./traffic-shares.ts";

/** Each is in memory as a whole, up to 8 MiB. */
const sentMax = 32;
/** The same: eight large ones. */
const takenBytesMax = 64 * 2 ** 20;
/** Milliseconds in which an image is to have arrived: 28 KiB a second. */
const arrivedWithinMs = 300_000;
const slowestBytesPerMs = 28;
/** Milliseconds for those on whose line nothing moves for a moment. */
const spareMs = 30_000;
const yearSeconds = 31_536_000;
const path = "/:room/blobs/:name";

export function blobApi(ask: (ask: RoomRequest, response: Response) => Promise<RoomAnswer>): Router {
  const router = express.Router({ caseSensitive: true, strict: true });
  const sharing = { all: sentMax, each: sentMax / 2, amount: () => 1, busy: `${sentMax / 2} images are on their way already` };
  const takingIn = { all: takenBytesMax, each: takenBytesMax / 2, amount: announcedBytes, busy: "many images are on their way already" };
  router.put(path, trafficShares(takingIn), express.raw({ type: () => true, limit: blobBytesMax }), async (request, response) => {
    const named = namedBlob(request);
    const { body } = request as { body: unknown };
    if (!named.ok) return sendRefusal(response, named.refusal);
    if (!(body instanceof Uint8Array) || body.length === 0)
      return sendRefusal(response, refused("BAD_REQUEST", "the body is the image").refusal);
    // The core lets go of the bytes once they are on the disk, and so is to be done here.
    request.body = undefined;
    const bytes = new Uint8Array(body.buffer, body.byteOffset, body.length);
    sendSaved(response, await ask({ type: "keep-blob", ...named.value, bytes }, response));
  });
  router.get(path, trafficShares(sharing), async (request, response) => {
    const named = namedBlob(request);
    if (!named.ok) return sendRefusal(response, named.refusal);
    const etag = `"${named.value.name}"`;
    const known = request.get("If-None-Match");
    if (known !== "*" && isKnown(known, etag)) return void response.set(keptFor(etag)).status(304).end();
    sendBlob(response, etag, await ask({ type: "blob", ...named.value }, response));
  });
  router.use(path, tooLarge);
  return router;
}

/** Milliseconds that an image has to arrive in; undefined: the request brings none. */
export function imageArrivesWithin({ method, path: address }: Request): number | undefined {
  return method === "PUT" && /^\/api\/rooms\/[^/]+\/blobs\/[^/]+$/.test(address) ? arrivedWithinMs : undefined;
}

/** How large it says it is; what does not say may be as large as any. */
function announcedBytes(request: Request): number {
  const length = Number(request.get("Content-Length") ?? blobBytesMax);
  return Number.isSafeInteger(length) ? Math.min(length, blobBytesMax) : blobBytesMax;
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

/** It is the same for ever. */
function keptFor(etag: string): Record<string, string> {
  return { "Cache-Control": `private, max-age=${yearSeconds}, immutable`, ETag: etag };
}

function sendBlob(response: Response, etag: string, answer: RoomAnswer): void {
  if (answer.type === "refused") return sendRefusal(response, answer.refusal);
  if (answer.type !== "blob") return sendRefusal(response, refused("INTERNAL").refusal);
  const { bytes } = answer;
  response.set(keptFor(etag));
  const type = imageTypeOf(bytes);
  if (type === undefined) response.set("Content-Disposition", "attachment");
  response.set({
    "Content-Type": type ?? "application/octet-stream",
    "Content-Length": String(bytes.length),
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
  });
  const tooSlow = setTimeout(() => response.destroy(), spareMs + bytes.length / slowestBytesPerMs);
  response.once("close", () => clearTimeout(tooSlow));
  response.end(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
}
