/**
 * How a document came to be, over HTTP, as the disk of the relay that is asked has it.
 *
 *     GET /api/rooms/:room/history?before=&limit=       its versions, the newest first: one for each minute in which somebody wrote
 *     GET /api/rooms/:room/history/:version?format=     the document as it was at the end of that minute
 *
 * A version is named by its minute in UTC, as 2026-03-01T17:04Z. It has what was stamped by then, and all that this hangs on. Who wrote in
 * it is told by principal: the user that an application named, or the empty one where none did.
 *
 * Relays bring their histories together; until then another one may tell more: what a relay got as a state and not edit by edit is an edit of
 * nobody, of the minute in which it came.
 *
 * Invariant: few versions are built at once, each on a worker: who asks for more is told to come again.
 */
import type { RoomName } from "@inkmesh/shared/base/ids";
import { refused, type Refusal, type Result } from "@inkmesh/shared/base/result";
import { engineOf } from "@inkmesh/shared/engine/engine-of";
import { readRoomName } from "@inkmesh/shared/wire/room-name";
import express, { type Request, type Router } from "express";
import * as z from "zod";
import type { RoomAnswer } from "../core/effect.ts";
import type { RoomRequest } from "../core/input.ts";
import type { HistoryMinute, RoomHistory, VersionAsk } from "../core/stored-history.ts";
import { contentFormat, endWithContent } from "./content-answer.ts";
import { sendRefusal } from "./http-refusal.ts";

export interface HistoryApiOptions {
  readonly ask: (ask: RoomRequest) => Promise<RoomAnswer>;
  readonly history: (room: RoomName, generation: number) => Promise<Result<RoomHistory>>;
  /** Undefined where there is no such version. */
  readonly version: (ask: VersionAsk) => Promise<Result<Uint8Array | undefined>>;
}

const pageMax = 200;
/** Each is a second of a worker's time in a large document. */
const builtAtOnceMax = 4;
const minuteMs = 60_000;

const versionName = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\dZ$/, "a minute as 2026-03-01T17:04Z");
const listQuery = z.object({ before: versionName.optional(), limit: z.coerce.number<unknown>().int().min(1).max(pageMax).default(50) });
const versionQuery = z.object({ format: contentFormat });

export function historyApi({ ask, history, version }: HistoryApiOptions): Router {
  const router = express.Router({ caseSensitive: true, strict: true });
  let building = 0;
  router.get("/:room/history", async (request, response) => {
    const query = listQuery.safeParse(request.query);
    if (!query.success) return sendRefusal(response, unreadable(query.error));
    const room = await roomOf(request, ask);
    const told = room.ok ? await history(room.value.room, room.value.generation) : room;
    if (!room.ok || !told.ok) return sendRefusal(response, (told as Extract<typeof told, { ok: false }>).refusal);
    response.set("Cache-Control", "no-store").json({ room: room.value.room, ...pageOf(told.value, query.data) });
  });
  router.get("/:room/history/:version", async (request, response) => {
    const name = versionName.safeParse(request.params["version"]);
    const query = versionQuery.safeParse(request.query);
    if (!name.success || !query.success) return sendRefusal(response, unreadable((name.error ?? query.error)!));
    if (building >= builtAtOnceMax)
      return sendRefusal(response, refused("RELAY_BUSY", `${builtAtOnceMax} versions are built already`).refusal);
    building++;
    try {
      const room = await roomOf(request, ask);
      if (room.ok && engineOf(room.value.room) === "automerge" && query.data.format === "html")
        return sendRefusal(response, { code: "UNSAYABLE", detail: "an Automerge document has no version as HTML" });
      const built = room.ok ? await version({ ...room.value, minute: minuteOf(name.data), format: query.data.format }) : room;
      if (!room.ok || !built.ok) return sendRefusal(response, (built as Extract<typeof built, { ok: false }>).refusal);
      if (built.value === undefined) return sendRefusal(response, refused("NOT_FOUND", `no version ${name.data}`).refusal);
      response.set({ "Cache-Control": "no-store", "Inkmesh-Generation": String(room.value.generation) });
      endWithContent(response, built.value, query.data.format);
    } finally {
      building--;
    }
  });
  return router;
}

/** A room that is there, as the core says, and which generation of it is open. */
async function roomOf(request: Request, ask: HistoryApiOptions["ask"]): Promise<Result<{ room: RoomName; generation: number }>> {
  const name = readRoomName(String(request.params["room"]));
  if (!name.ok) return name;
  const answer = await ask({ type: "show", room: name.value });
  if (answer.type === "refused") return { ok: false, refusal: answer.refusal };
  if (answer.type !== "room") return refused("INTERNAL", `"show" was answered as "${answer.type}"`);
  return { ok: true, value: { room: name.value, generation: answer.room.generation } };
}

/** The newest first. */
function pageOf({ generation, minutes }: RoomHistory, { before, limit }: z.infer<typeof listQuery>): Record<string, unknown> {
  const end = before === undefined ? Infinity : minuteOf(before);
  const byMinute = new Map<number, HistoryMinute[]>();
  for (const each of minutes.filter(({ minute }) => minute < end)) byMinute.set(each.minute, [...(byMinute.get(each.minute) ?? []), each]);
  const newestFirst = [...byMinute].reverse();
  const versions = newestFirst.slice(0, limit).map(([minute, by]) => ({
    version: nameOf(minute),
    edits: by.reduce((sum, { entries }) => sum + entries, 0),
    authors: by.map(({ author, entries }) => ({ author, edits: entries })),
    firstMs: Math.min(...by.map(({ first }) => first.physicalMs)),
    lastMs: Math.max(...by.map(({ last }) => last.physicalMs)),
  }));
  return { generation, versions, next: newestFirst.length > limit ? versions.at(-1)?.version : undefined };
}

function minuteOf(name: string): number {
  return Math.floor(Date.parse(name) / minuteMs);
}

function nameOf(minute: number): string {
  return `${new Date(minute * minuteMs).toISOString().slice(0, 16)}Z`;
}

function unreadable(error: z.ZodError): Refusal {
  return {
    code: "BAD_REQUEST",
    detail: error.issues.map(({ path, message }) => `${path.join(".") || "the version"}: ${message}`).join("; "),
  };
}
