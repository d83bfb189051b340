/**
 * DocumentImport: the documents of a source, brought to a relay one by one.
 *
 *     updates ──whole?──▶ what has the relay? ──all of it──────────────────────────────▶ there
 *                              │ nothing, or less
 *                              ▼
 *                       created, unless it is there ──▶ merged, and saved ──▶ read back, all of it there? ──▶ made, or merged
 *
 * Yjs updates are idempotent, so nothing has to be remembered: an import that was ended half-way is run again, finds what is there, and
 * goes on. What others have written in a document meanwhile stays.
 *
 * Invariants: "made", "merged" and "there" are said of what the relay was seen to have on its disk, every clock and every deletion of
 * it; a document that fails changes nothing of the others; a document that was deleted at the relay does not come back.
 */
import type { ContentLimits } from "@inkmesh/shared/engine/crdt-engine";
import { YjsEngine } from "@inkmesh/shared/engine/yjs-engine";
import { readRoomName } from "@inkmesh/shared/wire/room-name";
import { errorKind } from "@inkmesh/shared/base/errors";
import type { ImportSource } from "../sources/import-source.ts";
import { callRelay, refusalOf } from "./asked-relay.ts";
import type { RoomWriting } from "./room-writing.ts";

export interface ImportedDocument {
  /** In the source. */
  readonly name: string;
  /** At the relay. */
  readonly room: string;
  /** In a dry run: what it would be. */
  readonly outcome: "made" | "merged" | "there" | "failed";
  /** In the source. */
  readonly updates: number;
  readonly bytes: number;
  /** Why it failed. */
  readonly problem: string | undefined;
}

export interface DocumentImportOptions {
  readonly source: ImportSource;
  readonly at: string;
  /** Put before each name. */
  readonly prefix: string;
  /** Undefined: nothing is written. */
  readonly writing: Pick<RoomWriting, "merge"> | undefined;
}

/** What a source holds is taken as it is: the relay has its own limits, and says so. */
const unlimited: ContentLimits = {
  partsPerUpdateMax: Infinity,
  authorsPerEditMax: Infinity,
  authorsPerRoomMax: Infinity,
  clockMax: Number.MAX_SAFE_INTEGER,
  nestingMax: 1_000,
};

const engine = new YjsEngine();

/** Brings one document; whatever comes of it is in the answer. */
export async function importDocument(name: string, options: DocumentImportOptions): Promise<ImportedDocument> {
  const { source, at, prefix, writing } = options;
  const room = `${prefix}${name}`;
  let read = { updates: 0, bytes: 0 };
  try {
    const updates = await source.updates(name);
    read = { updates: updates.length, bytes: updates.reduce((sum, update) => sum + update.length, 0) };
    const state = wholeOf(updates);
    const named = readRoomName(room);
    if (!named.ok) throw new Error(`${errorKind(named.refusal.code).sentence} (${named.refusal.detail})`);
    const present = await presentState(at, room);
    if (present !== undefined && hasAllOf(present, [state])) return { name, room, outcome: "there", ...read, problem: undefined };
    const outcome = present === undefined ? "made" : "merged";
    if (writing === undefined) return { name, room, outcome, ...read, problem: undefined };
    await create(at, room);
    await writing.merge(room, state);
    const written = await presentState(at, room);
    if (written === undefined || !hasAllOf(written, [state])) throw new Error("read back from the relay, it lacks a part");
    return { name, room, outcome, ...read, problem: undefined };
  } catch (error) {
    return { name, room, outcome: "failed", ...read, problem: error instanceof Error ? error.message : String(error) };
  }
}

/** All updates as one; throws an Error in words when one of them cannot be read or hangs on what none of them holds. */
function wholeOf(updates: readonly Uint8Array[]): Uint8Array {
  const unreadable = updates.findIndex((update) => engine.emptyIndex().examine(update, "state", unlimited).type === "refused");
  if (unreadable >= 0) throw new Error(`update ${unreadable + 1} of ${updates.length} cannot be read`);
  const { unapplied } = engine.indexOf(updates);
  if (unapplied.length > 0) throw new Error(`update ${unapplied[0]! + 1} of ${updates.length} hangs on what the source does not hold`);
  const merged = engine.perform({ type: "content", parts: updates, format: "update" });
  if (!merged.ok || !hasAllOf(merged.value, updates)) throw new Error("its updates do not apply to a document");
  return merged.value;
}

/** Every clock and every deletion that `updates` name. */
function hasAllOf(present: Uint8Array, updates: readonly Uint8Array[]): boolean {
  const { index } = engine.indexOf([present]);
  return updates.every((update) => index.examine(update, "state", unlimited).type === "known");
}

/** What is on the relay's disk, as one update; undefined: there is no such document. */
async function presentState(at: string, room: string): Promise<Uint8Array | undefined> {
  const answer = await callRelay(at, `/api/rooms/${encodeURIComponent(room)}/content?format=update`);
  if (answer.ok) return new Uint8Array(await answer.arrayBuffer());
  const { code, sentence } = await refusalOf(answer, at);
  if (code === "NOT_FOUND") return undefined;
  throw new Error(sentence);
}

async function create(at: string, room: string): Promise<void> {
  const body = JSON.stringify({ room });
  const answer = await callRelay(at, "/api/rooms", { method: "POST", headers: { "Content-Type": "application/json" }, body });
  if (answer.ok) return;
  const { code, sentence } = await refusalOf(answer, at);
  // Made at this relay, and others will hear of it: what is saved is seen afterwards.
  if (code !== "ROOM_EXISTS" && code !== "NOT_CONFIRMED") throw new Error(sentence);
}
