/**
 * The rooms over HTTP: list, create, show, change, delete, and the content in a format.
 *
 *     GET    /api/rooms?after=&limit=&search=       POST /api/rooms {room, title?, kind?}
 *     GET    /api/rooms/:room                       PATCH the same · DELETE /api/rooms/:room?by=
 *     GET    /api/rooms/:room/content?format=       PATCH the same: one edit (`content-api.ts`)
 *     GET    /api/rooms/:room/blobs/:name           PUT the same: an image (`blob-api.ts`)
 *     GET    /api/rooms/:room/history               how it came to be (`history-api.ts`)
 *     GET    /api/rooms/:room/clocks                which relays keep it, and how far it is on their disks, as this one knows; also
 *                                                   of a room that nobody has used
 *
 * Created, changed and deleted is what enough of the room's replicas have on disk. Where those do not say so within 2 s the answer is
 * 503 with NOT_CONFIRMED: it is done here and spreads; who asks for the deletion again is told the same, until it is certain.
 *
 * The list is of all relays, in the order of the names' bytes; `unanswered` names those that did not answer within 1 s, so that documents
 * may be missing. A page may have fewer documents than `limit` and a `next` all the same; `clock` is empty for what is not on this relay.
 *
 * A room is one path segment, percent-encoded (`a%2Fb`). This file only translates: what is asked becomes a
 * `RoomRequest` for the core, what the core answers becomes a status, headers and JSON.
 */
import { createHash, randomBytes } from "node:crypto";
import { documentIdOf, roomOfDocument } from "@inkmesh/shared/wire/automerge-document";
import { readRoomName } from "@inkmesh/shared/wire/room-name";
import type { RoomName } from "@inkmesh/shared/base/ids";
import { refused, type Result } from "@inkmesh/shared/base/result";
import type { RequestKey } from "@inkmesh/shared/engine/request-mark";
import { positionHex, positionOf } from "@inkmesh/shared/ring/hash";
import express, { type Request, type Response, type Router } from "express";
import * as z from "zod";
import type { RoomAnswer, RoomView } from "../core/effect.ts";
import type { RoomRequest } from "../core/input.ts";
import type { RoomClocks } from "../core/room-clocks.ts";
import { blobApi } from "./blob-api.ts";
import { contentApi, type ContentApiOptions } from "./content-api.ts";
import { historyApi, type HistoryApiOptions } from "./history-api.ts";
import { sendRefusal } from "./http-refusal.ts";
import { drawnRoomName, idempotencyKey } from "./idempotency-key.ts";
import type { PendingRequests } from "./pending-requests.ts";
import { userOf } from "./rooms-door.ts";

const bodyBytesMax = 16 * 1024;
const pageMax = 200;
const principal = "";
/** Kinds of documents that are Automerge's, where a document's name does not say so. */
const automergeKinds: ReadonlySet<string | undefined> = new Set(["notes", "board"]);

const word = (max: number): z.ZodString =>
  z
    .string()
    .max(max)
    .regex(/^\P{Cc}*$/u, "no control characters");
const listQuery = z.object({
  after: z.string().max(1_024).optional(),
  limit: z.coerce.number<unknown>().int().min(1).max(pageMax).default(50),
  search: word(256).optional(),
});
const roomFields = { title: word(300).optional(), kind: word(40).optional() };
const createBody = z.strictObject({ room: z.string().optional(), ...roomFields });
const changeBody = z.strictObject(roomFields);
/**
 * Who deletes it, for those who have it open. Where no application says who it is, one is who one says, as in presence, and as there without
 * what nobody sees: characters that turn a line around would turn the sentence that tells it.
 */
const deleteQuery = z.object({
  by: word(80)
    .transform((name) => name.replaceAll(/\p{C}/gu, "").trim())
    .default(principal),
});

/** What is asked of others than the core, and how much one may send. */
type RoomsApiOptions = Omit<HistoryApiOptions, "ask"> & ContentApiOptions;

export function roomsApi(requests: Pick<PendingRequests, "ask">, options: RoomsApiOptions): Router {
  const router = express.Router({ caseSensitive: true, strict: true });
  const askAs = (response: Response, ask: RoomRequest): Promise<RoomAnswer> => requests.ask(asUser(ask, response), abandonedBy(response));
  const perform = async (response: Response, ask: Result<RoomRequest>): Promise<void> => {
    if (!ask.ok) return sendRefusal(response, ask.refusal);
    sendAnswer(response, await askAs(response, ask.value));
  };
  // Before anything reads a body: an image may be of any type.
  router.use(blobApi((ask, response) => askAs(response, ask)));
  router.use(express.json({ limit: bodyBytesMax, strict: true }));
  router.get("/", (request, response) => perform(response, listRequest(request)));
  router.post("/", (request, response) => perform(response, createRequest(request)));
  router.get("/:room", (request, response) =>
    perform(
      response,
      roomRequest(request, (room) => ({ type: "show", room })),
    ),
  );
  router.patch("/:room", (request, response) => perform(response, changeRequest(request)));
  router.delete("/:room", (request, response) => perform(response, deleteRequest(request)));
  router.get("/:room/clocks", (request, response) =>
    perform(
      response,
      roomRequest(request, (room) => ({ type: "clocks", room })),
    ),
  );
  router.use(historyApi({ ...options, ask: (ask) => requests.ask(ask) }));
  router.use(contentApi({ ...options, ask: (ask, response) => askAs(response, ask) }));
  return router;
}

/** Whoever the application said that it is, it is in their name. */
function asUser(ask: RoomRequest, response: Response): RoomRequest {
  const user = userOf(response);
  return user === undefined || !("principal" in ask) ? ask : { ...ask, principal: user };
}

function listRequest(request: Request): Result<RoomRequest> {
  const query = listQuery.safeParse(request.query);
  if (!query.success) return badRequest(query.error);
  const { after, limit, search } = query.data;
  return { ok: true, value: { type: "list", after, limit, search: search === "" ? undefined : search } };
}

function createRequest(request: Request): Result<RoomRequest> {
  const body = createBody.safeParse(request.body);
  if (!body.success) return badRequest(body.error);
  const { room, title, kind } = body.data;
  const key = idempotencyKey(request, [JSON.stringify([room, title, kind])]);
  if (!key.ok) return key;
  const drawn = room === undefined ? newRoomName(key.value) : readRoomName(room);
  const name =
    room === undefined && drawn.ok && automergeKinds.has(kind) ? { ok: true as const, value: documentRoomOf(drawn.value) } : drawn;
  const repeats = key.value === undefined ? undefined : room === undefined ? "drawn" : "named";
  return name.ok ? { ok: true, value: { type: "create", room: name.value, title, kind, repeats, principal } } : name;
}

function newRoomName(key: RequestKey | undefined): Result<RoomName> {
  return key === undefined ? readRoomName(randomBytes(12).toString("base64url")) : drawnRoomName(key);
}

/** An Automerge document whose address is drawn from `name`. */
function documentRoomOf(name: RoomName): RoomName {
  return roomOfDocument(documentIdOf(createHash("sha256").update(name).digest().subarray(0, 16)));
}

function changeRequest(request: Request): Result<RoomRequest> {
  const body = changeBody.safeParse(request.body);
  if (!body.success) return badRequest(body.error);
  const { title, kind } = body.data;
  return roomRequest(request, (room) => ({ type: "change", room, title, kind, principal }));
}

function deleteRequest(request: Request): Result<RoomRequest> {
  const query = deleteQuery.safeParse(request.query);
  if (!query.success) return badRequest(query.error);
  return roomRequest(request, (room) => ({ type: "delete", room, principal: query.data.by }));
}

function roomRequest(request: Request, requestOf: (room: RoomName) => RoomRequest): Result<RoomRequest> {
  const name = readRoomName(String(request.params["room"]));
  return name.ok ? { ok: true, value: requestOf(name.value) } : name;
}

function sendAnswer(response: Response, answer: RoomAnswer): void {
  response.set("Cache-Control", "no-store");
  switch (answer.type) {
    case "refused":
      return sendRefusal(response, answer.refusal);
    case "rooms":
      return void response.json({ rooms: answer.rooms.map(roomJson), next: answer.next, unanswered: answer.unanswered });
    case "room":
      if (answer.created) response.status(201).location(`/api/rooms/${encodeURIComponent(answer.room.room)}`);
      return void response.json(roomJson(answer.room));
    case "clocks":
      return void response.json(clocksJson(answer.clocks));
    case "done":
      return void response.status(204).end();
  }
}

/** A room as the HTTP face shows it; the clock as an object of actor → counter. */
function roomJson(view: RoomView): Record<string, unknown> {
  return { ...view, clock: Object.fromEntries(view.clock.entries()) };
}

/** The place on the ring as 16 hex digits: where the search for its replicas begins. */
function clocksJson({ clock, told, ...clocks }: RoomClocks): Record<string, unknown> {
  return {
    ...clocks,
    position: positionHex(positionOf(clocks.room)),
    clock: Object.fromEntries(clock.entries()),
    told: told.map((copy) => ({ ...copy, clock: Object.fromEntries(copy.clock.entries()) })),
  };
}

function abandonedBy(response: Response): AbortSignal {
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  return gone.signal;
}

/** What is wrong with a request, by field; never its values. */
function badRequest(error: z.ZodError): Result<never> {
  const issues = error.issues.slice(0, 3).map((issue) => `${issue.path.join(".") || "the body"}: ${issue.message}`);
  return refused("BAD_REQUEST", issues.join("; "));
}
