/**
 * What happens to documents, as it happens (Server-Sent Events).
 *
 *     GET /api/events?room=…&room=…      created, renamed, deleted: {room, generation, title?, kind?}
 *                                        changed: {room, generation, clock, token}, at most one per document and 250 ms
 *                                        reset: what was missed is not known any more
 *
 * Without `room` of all documents that come to this relay's disk: of those that the ring places on it, and of those that somebody has open here. Each event
 * has an id; who comes back with the last one (`Last-Event-ID`, as EventSource does by itself) gets what was missed.
 */
import { refused, type Result } from "@inkmesh/shared/base/result";
import type { RoomName } from "@inkmesh/shared/base/ids";
import { readRoomName } from "@inkmesh/shared/wire/room-name";
import express, { type Request, type Router } from "express";
import type { DocumentEvents } from "./document-events.ts";
import { sendRefusal } from "./http-refusal.ts";

interface EventsApiOptions {
  readonly events: DocumentEvents;
  readonly listenersMax: number;
}

/** Rooms that one listener may name. */
const roomsMax = 100;

export function eventsApi({ events, listenersMax }: EventsApiOptions): Router {
  const router = express.Router({ caseSensitive: true, strict: true });
  router.get("/api/events", (request, response) => {
    const rooms = roomsOf(request);
    if (!rooms.ok) return sendRefusal(response, rooms.refusal);
    if (events.listening >= listenersMax) return sendRefusal(response, refused("RELAY_BUSY", `${listenersMax} listen already`).refusal);
    // `no-transform`: compressing would hold events back.
    response.set({ "Content-Type": "text/event-stream", "Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no" });
    if (request.method === "HEAD") return void response.end();
    response.flushHeaders();
    const { drained, leave } = events.listen(
      {
        rooms: rooms.value,
        send: (text) => response.write(text),
        end: () => response.end(),
        cut: () => response.destroy(),
      },
      request.get("Last-Event-ID"),
    );
    response.on("drain", drained).once("close", leave);
  });
  return router;
}

/** The documents that a listener asks for; undefined: all. */
export function roomsOf(request: Request): Result<ReadonlySet<RoomName> | undefined> {
  const given = request.query["room"];
  if (given === undefined) return { ok: true, value: undefined };
  const names = [given].flat();
  if (names.length > roomsMax) return refused("BAD_REQUEST", `${names.length} rooms, limit ${roomsMax}`);
  const rooms = new Set<RoomName>();
  for (const each of names) {
    const name = readRoomName(String(each));
    if (!name.ok) return name;
    rooms.add(name.value);
  }
  return { ok: true, value: rooms };
}
