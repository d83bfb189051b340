/**
 * RelayApi: what the page asks a relay over HTTP: which documents there are, their titles, deletion, export.
 * Documents themselves travel over the socket, and the relay at its other end is asked here, too: that which served the page may be gone.
 * Every answer is a value; a relay that cannot be reached is one too.
 */
import type { Inkmesh } from "@inkmesh/client";

export interface ListedRoom {
  readonly room: string;
  readonly title: string;
  readonly kind: string;
  readonly changedMs: number | undefined;
}

export type ExportFormat = "text" | "markdown" | "html" | "json";

/** An answer, or why there is none: the relay could not be reached, or it refused in its own words. */
export type Answer<Value> =
  | { readonly ok: true; readonly value: Value }
  | {
      readonly ok: false;
      readonly unreachable: boolean;
      readonly status: number;
      /** Undefined where it was no relay that answered. */
      readonly code: string | undefined;
      readonly sentence: string;
    };

export interface RoomListing {
  readonly rooms: readonly ListedRoom[];
  readonly next: string | undefined;
  /** Names of the relays that did not answer the one that was asked. */
  readonly unanswered: readonly string[];
}

const timeoutMs = 10_000;

/** The origin of the relay to ask; empty: the page's own. */
let asked = "";

/** From now on that relay is asked which the connection has reached last. */
export function askWhereConnected(mesh: Inkmesh): void {
  mesh.on("status", ({ url }) => {
    if (url !== undefined) asked = originAsked(url, location.origin);
  });
}

/** Of the relay at a WebSocket address, for a page that came from `own`. */
export function originAsked(url: string, own: string): string {
  const { origin } = new URL(url.replace(/^ws/, "http"));
  return origin === own ? "" : origin;
}

/** Whether it is done at the relay, and only not certain yet that the others will hear of it. */
export function isDoneHere(answer: Answer<unknown>): boolean {
  return answer.ok || answer.code === "NOT_CONFIRMED";
}

/** One page of the relay's documents, those with `search` in their title. */
export async function listRooms(options: {
  search: string;
  after?: string | undefined;
  signal?: AbortSignal;
}): Promise<Answer<RoomListing>> {
  const query = new URLSearchParams({ limit: "50" });
  if (options.search !== "") query.set("search", options.search);
  if (options.after !== undefined) query.set("after", options.after);
  return ask(`/api/rooms?${query}`, { signal: options.signal ?? null }, (body) => {
    const { rooms, next, unanswered } = record(body);
    return {
      rooms: (Array.isArray(rooms) ? rooms : []).map(describe).filter(({ room }) => room !== ""),
      next: typeof next === "string" ? next : undefined,
      unanswered: (Array.isArray(unanswered) ? unanswered : []).map(text).filter((relay) => relay !== ""),
    };
  });
}

/** What the relay keeps about one document beside its content. */
export async function showRoom(room: string): Promise<Answer<ListedRoom>> {
  return ask(addressOf(room), {}, describe);
}

/** Tells the relay a document's title and kind, so that it can be found in the list. */
export async function changeRoom(room: string, change: { title?: string; kind?: string }): Promise<Answer<undefined>> {
  return ask(
    addressOf(room),
    { method: "PATCH", headers: { "content-type": "application/json" }, body: JSON.stringify(change) },
    () => undefined,
  );
}

/** Deletes a document for everybody, who are told that it was `by` somebody. Answered when it is on the disks of enough relays, or not soon. */
export async function deleteRoom(room: string, by: string): Promise<Answer<undefined>> {
  return ask(`${addressOf(room)}?${new URLSearchParams({ by })}`, { method: "DELETE" }, () => undefined);
}

/** A document's content in a format, as the relay has it. */
export async function exportRoom(room: string, format: ExportFormat): Promise<Answer<Blob>> {
  return ask(`${addressOf(room)}/content?format=${format}`, {}, (body) => body as Blob, "blob");
}

function addressOf(room: string): string {
  return `/api/rooms/${encodeURIComponent(room)}`;
}

async function ask<Value>(
  path: string,
  init: RequestInit,
  read: (body: unknown) => Value,
  as: "json" | "blob" = "json",
): Promise<Answer<Value>> {
  const timeout = AbortSignal.timeout(timeoutMs);
  const signal = init.signal ? AbortSignal.any([init.signal, timeout]) : timeout;
  try {
    const response = await fetch(`${asked}${path}`, { ...init, signal });
    if (!response.ok) {
      return { ok: false, unreachable: false, status: response.status, ...(await refusalOf(response)) };
    }
    return { ok: true, value: read(as === "blob" ? await response.blob() : await readJson(response)) };
  } catch {
    // fetch rejects for no network, no relay, a timeout and an answer that is no JSON: to a person all the same.
    return { ok: false, unreachable: true, status: 0, code: undefined, sentence: "The relay cannot be reached." };
  }
}

async function readJson(response: Response): Promise<unknown> {
  return response.status === 204 ? undefined : response.json();
}

async function refusalOf(response: Response): Promise<{ readonly code: string | undefined; readonly sentence: string }> {
  const body = record(await response.json().catch(() => undefined));
  const { code, sentence } = record(body["error"]);
  return {
    code: typeof code === "string" ? code : undefined,
    sentence: typeof sentence === "string" ? sentence : `The relay answered with ${response.status}.`,
  };
}

function describe(body: unknown): ListedRoom {
  const { room, title, kind, changedMs } = record(body);
  return { room: text(room), title: text(title), kind: text(kind), changedMs: typeof changedMs === "number" ? changedMs : undefined };
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
