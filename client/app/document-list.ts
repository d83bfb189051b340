/**
 * DocumentList: the one list of the start page, merged from three places that each know a part: the relay (everybody's
 * documents), this device's store (what is here, and what waits to be sent), and the titles remembered here.
 * Pure; the page fetches and this decides.
 */
import type { DeviceRoom } from "@inkmesh/client";
import { isAutomergeName } from "./any-room.ts";
import { momentWords } from "./moment-words.ts";
import { type DocumentKind, readKind } from "./page-location.ts";
import type { RecentDocument } from "./recent-documents.ts";
import type { ListedRoom } from "./relay-api.ts";
import { edits } from "./status-words.ts";

export interface DocumentRow {
  readonly room: string;
  readonly title: string;
  readonly kind: DocumentKind;
  readonly changedMs: number | undefined;
  /** A copy is on this device: it opens without a relay. */
  readonly onDevice: boolean;
  /** Edits on this device that no relay has taken yet. */
  readonly waiting: number;
  /** What is on this device was deleted on the relay: what waits of it will never be sent. */
  readonly isDeleted: boolean;
  /** Since when the oldest of them waits. */
  readonly waitingSinceMs: number | undefined;
  /** Whether the relay knows it. */
  readonly onRelay: boolean;
}

export interface ListParts {
  /** Undefined while it is not known. */
  readonly relay: readonly ListedRoom[] | undefined;
  readonly device: readonly DeviceRoom[];
  readonly recent: readonly RecentDocument[];
  readonly search: string;
}

/**
 * All documents known, each once: what waits to be sent first, then the latest change first. While the relay is
 * reachable, a document that is neither there nor on this device is left out: somebody deleted it.
 */
export function mergeDocuments(parts: ListParts): readonly DocumentRow[] {
  const listed = new Map((parts.relay ?? []).map((room) => [room.room, room]));
  const onDevice = new Map(parts.device.map((room) => [room.room, room]));
  const recent = new Map(parts.recent.map((document) => [document.room, document]));
  const rows: DocumentRow[] = [];
  for (const room of new Set([...listed.keys(), ...onDevice.keys()])) {
    const row = mergeRow(room, listed.get(room), onDevice.get(room), recent.get(room));
    // The relay has already searched its own; what is only here is searched here.
    if (row.onRelay || matches(row.title, parts.search)) rows.push(row);
  }
  return rows.toSorted(byUrgencyThenChange);
}

/** What of these waits to be sent, in a sentence; empty when nothing does. */
export function waitingWords(rows: readonly DocumentRow[], nowMs: number): string {
  const waiting = rows.filter((row) => row.waiting > 0 && !row.isDeleted);
  if (waiting.length === 0) return "";
  const count = waiting.reduce((sum, row) => sum + row.waiting, 0);
  const sinceMs = Math.min(...waiting.map((row) => row.waitingSinceMs ?? nowMs));
  const where = waiting.length === 1 ? "one document" : `${waiting.length} documents`;
  return `${edits(count)} in ${where} ${count === 1 ? "waits" : "wait"} to be sent, since ${momentWords(sinceMs, nowMs)}.`;
}

function mergeRow(
  room: string,
  listed: ListedRoom | undefined,
  device: DeviceRoom | undefined,
  recent: RecentDocument | undefined,
): DocumentRow {
  const title = firstText(device !== undefined && device.waiting > 0 ? recent?.title : undefined, listed?.title, recent?.title);
  return {
    room,
    title,
    kind: readKind(listed?.kind || recent?.kind) ?? (isAutomergeName(room) ? "notes" : "text"),
    changedMs: latest(listed?.changedMs, device?.changedMs),
    onDevice: device !== undefined,
    // An image that somebody put in is an edit of theirs.
    waiting: (device?.waiting ?? 0) + (device?.waitingBlobs ?? 0),
    waitingSinceMs: device?.waitingSinceMs,
    isDeleted: device?.deletion !== undefined,
    onRelay: listed !== undefined,
  };
}

function byUrgencyThenChange(left: DocumentRow, right: DocumentRow): number {
  const urgency = Number(right.waiting > 0) - Number(left.waiting > 0);
  return urgency || (right.changedMs ?? 0) - (left.changedMs ?? 0) || (left.room < right.room ? -1 : 1);
}

function matches(title: string, search: string): boolean {
  return title.toLocaleLowerCase().includes(search.trim().toLocaleLowerCase());
}

function firstText(...texts: readonly (string | undefined)[]): string {
  return texts.find((text) => text !== undefined && text !== "") ?? "";
}

function latest(left: number | undefined, right: number | undefined): number | undefined {
  return left === undefined ? right : right === undefined ? left : Math.max(left, right);
}
