/**
 * DataFolder: the folder a relay lives in. It belongs to one relay by name, and to one running process at a time: two
 * that wrote one store would both believe their own clocks.
 *
 * The lock is SQLite's own lock on a tiny file of its own: the system releases it when the process ends, however it ends,
 * so a killed relay never leaves a stale one. The process number beside it is only for the sentence.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import Database from "better-sqlite3";
import { isRelayId, type RelayId } from "@inkmesh/shared/base/ids";
import type { Random } from "@inkmesh/shared/base/random";
import { ok, refused, type Result } from "@inkmesh/shared/base/result";
import { refusalOf } from "./store-error.ts";
import { syncFolder } from "./store-marker.ts";

export interface DataFolder {
  readonly path: string;
  /** The relay whose folder it is. */
  readonly relay: RelayId;
  /** Lets another process have the folder. */
  release(): void;
}

/**
 * Creates or opens a folder and locks it. `name` is what the operator calls the relay; a folder that belongs to another
 * is refused, and without a name the folder's own is taken, or one is drawn.
 */
export function openDataFolder(options: { path: string; name: RelayId | undefined; random: Random }): Result<DataFolder> {
  const folder = path.resolve(options.path);
  try {
    fs.mkdirSync(folder, { recursive: true });
    const lock = lockOf(folder);
    if (lock === undefined) return refused("STORE_FAILED", inUse(folder));
    const relay = relayNameOf(folder, options.name, options.random);
    if (relay.ok) return ok({ path: folder, relay: relay.value, release: () => lock.close() });
    lock.close();
    return relay;
  } catch (error) {
    return refused("STORE_FAILED", `The data folder ${folder} cannot be used (${refusalOf(error).detail}).`);
  }
}

function lockOf(folder: string): Database.Database | undefined {
  const lock = new Database(path.join(folder, "relay.lock"), { timeout: 0 });
  try {
    lock.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    lock.close();
    if (refusalOf(error).detail.startsWith("SQLITE_BUSY")) return undefined;
    throw error;
  }
  fs.writeFileSync(path.join(folder, "relay.pid"), `${process.pid}\n`);
  return lock;
}

function inUse(folder: string): string {
  const owner = fs.readFileSync(path.join(folder, "relay.pid"), { encoding: "utf8", flag: "a+" }).trim();
  return `The data folder ${folder} is in use by another relay${owner === "" ? "" : ` (process ${owner})`}. Stop that one, or give this one a folder of its own with --data.`;
}

function relayNameOf(folder: string, wanted: RelayId | undefined, random: Random): Result<RelayId> {
  const file = path.join(folder, "relay.name");
  const kept = fs.existsSync(file) ? fs.readFileSync(file, "utf8").trim() : "";
  if (kept === "") {
    const drawn = wanted ?? (`relay-${Buffer.from(random.bytes(4)).toString("hex")}` as RelayId);
    writeDurably(file, `${drawn}\n`);
    return ok(drawn);
  }
  if (!isRelayId(kept))
    return refused("STORE_FAILED", `The file ${file} does not name a relay. Put the name of the relay into it, or remove it.`);
  if (wanted === undefined || wanted === kept) return ok(kept);
  return refused(
    "STORE_FAILED",
    `The data folder ${folder} belongs to the relay "${kept}". Start it with --name ${kept}, or give "${wanted}" a folder of its own with --data.`,
  );
}

function writeDurably(file: string, text: string): void {
  const opened = fs.openSync(`${file}.new`, "w");
  try {
    fs.writeFileSync(opened, text);
    fs.fsyncSync(opened);
  } finally {
    fs.closeSync(opened);
  }
  fs.renameSync(`${file}.new`, file);
  syncFolder(path.dirname(file));
}
