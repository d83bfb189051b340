/**
 * How an operator has a running relay look at its disk, and compare what it has with the other replicas. Behind the mark of an order to
 * verify (`mesh-api.ts`).
 *
 *     POST …/look       {after?}     a page of rooms, every row of them compared with its checksum; changes nothing
 *     POST …/set-aside  {rooms}      what is damaged of these is set aside, as when it is met by reading: the relay ends, and its next life,
 *                                    which is another actor, gets it from the other replicas. Where that is quick, the answer is lost
 *     POST …/compare    {rooms}      each with each of its other replicas; what differs is brought together
 *
 * Nothing of it is kept between two requests: who asks goes on where it was, at this life or the next, or begins anew.
 *
 * Invariant: one request is worked at a time, and after each there is a rest as long as it took, up to `restMsMax`, before it is answered.
 * The work is done where compactions are, and the lists that replicas compare. A page keeps them waiting for a moment; the first one, and
 * each order to set aside, for as long as SQLite needs to check the structure of the whole store. Who opens or writes a document does not
 * wait for it.
 */
import { setTimeout } from "node:timers/promises";
import type { RoomName } from "@inkmesh/shared/base/ids";
import { ok, refused, type Refusal, type Result } from "@inkmesh/shared/base/result";
import { readRoomName } from "@inkmesh/shared/wire/room-name";
import type { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import express, { type Request, type RequestHandler, type Router } from "express";
import * as z from "zod";
import type { RoomAnswer } from "../core/effect.ts";
import type { RoomRequest } from "../core/input.ts";
import type { StoreInspection } from "../core/stored-room.ts";
import { sendRefusal } from "./http-refusal.ts";

export interface VerifyApiOptions {
  readonly inspect: (after: string | undefined) => Promise<Result<StoreInspection>>;
  /** How much was damaged. */
  readonly setAside: (rooms: readonly RoomName[]) => Promise<Result<number>>;
  readonly ask: (ask: RoomRequest) => Promise<RoomAnswer>;
}

/** Rooms that are compared at once: each is loaded for it, here and at the others. */
const comparedRoomsMax = 32;
/** More damage than this is more than one run of it heals; the next one finds the rest. */
const setAsideRoomsMax = 10_000;
const restMsMax = 1_000;
const bodyBytesMax = 8 * 1024 * 1024;

const lookBody = z.strictObject({ after: z.string().max(1_024).optional() });
const roomsBody = z.strictObject({ rooms: z.array(z.string()) });

export function verifyApi({ inspect, setAside, ask }: VerifyApiOptions): Router {
  const router = express.Router({ caseSensitive: true, strict: true });
  const atATime = oneAtATime();
  router.use(express.json({ limit: bodyBytesMax, strict: true }));
  router.post(
    "/look",
    atATime(async (request) => {
      const body = lookBody.safeParse(request.body ?? {});
      if (!body.success) return refused("BAD_REQUEST", "the body is {after?}, a document's name");
      const looked = await inspect(body.data.after);
      if (!looked.ok) return looked;
      const { rooms, ...rest } = looked.value;
      return ok({ ...rest, rooms: rooms.map((room) => ({ ...room, clock: room.clock && clockJson(room.clock) })) });
    }),
  );
  router.post(
    "/set-aside",
    atATime(async (request) => {
      const rooms = roomsIn(request, setAsideRoomsMax);
      const done = rooms.ok ? await setAside(rooms.value) : rooms;
      return done.ok ? ok({ setAside: done.value }) : done;
    }),
  );
  router.post(
    "/compare",
    atATime(async (request) => {
      const rooms = roomsIn(request, comparedRoomsMax);
      if (!rooms.ok) return rooms;
      const answers = await Promise.all(rooms.value.map(async (room) => ({ room, answer: await ask({ type: "compare", room }) })));
      return ok({ rooms: answers.map(({ room, answer }) => comparedJson(room, answer)) });
    }),
  );
  return router;
}

/** Of several requests one is worked, and rested for; whoever comes meanwhile is told to come again. */
function oneAtATime(): (work: (request: Request) => Promise<Result<object>>) => RequestHandler {
  let isBusy = false;
  return (work) => async (request, response) => {
    if (isBusy) return sendRefusal(response, refused("RELAY_BUSY", "somebody verifies already").refusal);
    isBusy = true;
    const begunMs = performance.now();
    try {
      const done = await work(request);
      await setTimeout(Math.min(performance.now() - begunMs, restMsMax));
      if (done.ok) response.json(done.value);
      else sendRefusal(response, done.refusal);
    } finally {
      isBusy = false;
    }
  };
}

function roomsIn(request: Request, max: number): Result<readonly RoomName[]> {
  const body = roomsBody.safeParse(request.body);
  if (!body.success || body.data.rooms.length > max) return refused("BAD_REQUEST", `the body is {rooms}: up to ${max} names of documents`);
  const rooms: RoomName[] = [];
  for (const name of body.data.rooms) {
    const room = readRoomName(name);
    if (!room.ok) return room;
    rooms.push(room.value);
  }
  return { ok: true, value: rooms };
}

function comparedJson(room: RoomName, answer: RoomAnswer): object {
  if (answer.type === "compared") return { ...answer.comparison, clock: clockJson(answer.comparison.clock) };
  const refusal: Refusal = answer.type === "refused" ? answer.refusal : refused("INTERNAL").refusal;
  return { room, refused: refusal };
}

function clockJson(clock: VectorClock): Record<string, number> {
  return Object.fromEntries(clock.entries());
}
