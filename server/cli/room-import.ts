/**
 * RoomImport: what `inkmesh room export --format update` wrote becomes a document, or a part of one that is there.
 *
 *     file ──is it whole?──▶ the name is created ──▶ a client opens it, merges the file, and waits until that is saved
 *                                 │ it is there already, and nobody said --merge
 *                                 ▼
 *                              refused
 *
 * Invariants: a file that is not such an export, or hangs on what it does not contain, changes nothing; what is called saved is.
 */
import { readFileSync } from "node:fs";
import { basename, extname } from "node:path";
import { YjsEngine } from "@inkmesh/shared/engine/yjs-engine";
import { limitsWith } from "../config.ts";
import { refusalOf, reachRelay } from "./asked-relay.ts";
import { endWith } from "./process-end.ts";
import { RoomWriting, type Saved } from "./room-writing.ts";

export interface Imported {
  readonly room: string;
  /** Whether the document was made for it. */
  readonly created: boolean;
  /** What it brought is on the disks of so many relays, of how many; undefined: it brought nothing that was not there. */
  readonly saved: Saved | undefined;
}

interface ImportOptions {
  readonly at: string;
  readonly file: string;
  /** Undefined: as the file is called. */
  readonly room: string | undefined;
  /** Into a document that is there. */
  readonly merge: boolean;
}

/** Answers when it is saved; whatever else comes of it ends the process with code 2 and one sentence. */
export async function importRoom({ at, file, room: name = basename(file, extname(file)), merge }: ImportOptions): Promise<Imported> {
  const update = readExport(file);
  const created = await create(at, name, merge);
  const writing = await RoomWriting.begin(at, "inkmesh room import");
  const saved = await writing
    .merge(name, update)
    .catch((error: Error) =>
      endWith(2, `${JSON.stringify(name)} ${created ? "was made, but " : ""}is not known to have all of it: ${error.message}`),
    );
  await writing.end();
  return { room: name, created, saved };
}

/** A whole Yjs update: one that hangs on nothing that it does not contain. */
function readExport(file: string): Uint8Array {
  const update = read(file);
  return update !== undefined && isWhole(update)
    ? update
    : endWith(2, `FILE must be what inkmesh room export --format update wrote, not ${JSON.stringify(file)}.`);
}

function isWhole(update: Uint8Array): boolean {
  const found = new YjsEngine().emptyIndex().examine(update, "state", limitsWith().content);
  // Of an empty document there is nothing to know.
  return found.type === "known" || (found.type === "admitted" && !found.leftOut);
}

function read(file: string): Uint8Array | undefined {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}

/** Whether it was not there. */
async function create(at: string, room: string, merge: boolean): Promise<boolean> {
  const body = JSON.stringify({ room });
  const answer = await reachRelay(at, "/api/rooms", { method: "POST", headers: { "Content-Type": "application/json" }, body });
  if (answer.ok) return true;
  const { code, sentence } = await refusalOf(answer, at);
  // It is made at this relay, and others will hear of it: what is saved is said below.
  if (code === "NOT_CONFIRMED") return true;
  if (code !== "ROOM_EXISTS") return endWith(2, sentence);
  if (!merge) return endWith(2, `${JSON.stringify(room)} is there already. Add --merge to merge the file into it, or say another --room.`);
  return false;
}
