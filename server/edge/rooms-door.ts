/**
 * RoomsDoor: who may ask what of the documents over HTTP, looked at before any of `/api/rooms` is.
 *
 *     GET, HEAD            needs to read       everything else    needs to write
 *     /api/rooms           about no document (the list), or about the one that a POST names
 *     /api/rooms/:room/…   about that one
 *
 *     /api/events          about those that it names, or about no document (the list); looked at when somebody begins to listen,
 *                          and again while they do (`open-listeners.ts`)
 *
 * Invariant: every path and method under `/api/rooms` and `/api/events` passes here, whatever the router behind it knows of.
 */
import type { RoomName } from "@inkmesh/shared/base/ids";
import { ok, refused, type Result } from "@inkmesh/shared/base/result";
import { decodeRoomPath, readRoomName } from "@inkmesh/shared/wire/room-name";
import express, { type Request, type Response, type Router } from "express";
import { roomsOf } from "./events-api.ts";
import { sendRefusal } from "./http-refusal.ts";
import type { Heard, OpenListeners } from "./open-listeners.ts";
import { visitorOf, type Visitor } from "./visitor.ts";

/** Whether who comes may have all of the rooms, undefined being the list; `isAgain`: whatever is known. Never rejects. */
export type AskRoomAccess = (
  visitor: Visitor,
  rooms: Iterable<RoomName | undefined>,
  isAgain?: boolean,
) => Promise<Result<readonly Heard[]>>;

const bodyBytesMax = 16 * 1024;

/** Stands before the rooms' router, under the same path. */
export function roomsDoor(ask: AskRoomAccess): Router {
  const router = express.Router({ caseSensitive: true, strict: true });
  // As the rooms' router reads it, which takes over what is read already.
  router.post("/", express.json({ limit: bodyBytesMax, strict: true }));
  router.use(async (request, response, next) => {
    const room = roomOf(request);
    const granted = room.ok ? await ask(visitorOf(request), [room.value]) : room;
    if (!granted.ok) return sendRefusal(response, granted.refusal);
    for (const { grant } of granted.value) {
      if (grant.access === "read-only" && !reads(request)) return sendRefusal(response, refused("READ_ONLY").refusal);
      (response.locals as { user?: string }).user = grant.user;
    }
    next();
  });
  return router;
}

/** Stands before what tells of documents as it happens. */
export function eventsDoor(ask: AskRoomAccess, listeners: OpenListeners): Router {
  const router = express.Router({ caseSensitive: true, strict: true });
  router.use(async (request, response, next) => {
    const rooms = roomsOf(request);
    if (!rooms.ok) return sendRefusal(response, rooms.refusal);
    // What it shows is kept, not the request with all that is behind it.
    const [visitor, named] = [visitorOf(request), rooms.value ?? [undefined]];
    const granted = await ask(visitor, named);
    if (!granted.ok) return sendRefusal(response, granted.refusal);
    if (listeners.add(response, granted.value, () => ask(visitor, named, true))) next();
  });
  return router;
}

/** Who the application said that this is; undefined where none is asked, or it named nobody. */
export function userOf(response: Response): string | undefined {
  const { user } = response.locals as { user?: string };
  return user === "" ? undefined : user;
}

function reads({ method }: Request): boolean {
  return method === "GET" || method === "HEAD";
}

/** The room that a request is about; undefined: the list, or a name that the relay picks. */
function roomOf(request: Request): Result<RoomName | undefined> {
  if (request.path !== "/") return decodeRoomPath(request.path.split("/")[1] ?? "");
  const { room } = (request.body ?? {}) as { room?: unknown };
  return room === undefined ? ok(undefined) : readRoomName(String(room));
}
