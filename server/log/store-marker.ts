/**
 * StoreMarker: a few bytes beside the store which say that there is one, and how far it had come. A store that is gone,
 * was cut short, or was replaced by an older copy looks sound by itself; against its marker it does not.
 *
 * The marker is written after a commit and not synced for each, so it may lag behind the store (after a power cut), and
 * never runs ahead of it: a store with fewer commits than its marker has lost what was promised.
 */
import * as fs from "node:fs";
import { crc32c } from "./checksum.ts";

export interface Marker {
  /** The name drawn when the store was created. */
  readonly store: string;
  readonly commits: number;
  readonly hlcMs: number;
}

/** One line of always the same length, so that it is overwritten in place, also on a full disk. */
const lineLength = 128;

export class StoreMarker {
  readonly #file: number;

  /** Opens or creates the marker; `synced` also for a power cut. */
  constructor(path: string) {
    this.#file = fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_CREAT, 0o644);
  }

  write(marker: Marker, options: { synced: boolean }): void {
    const text = JSON.stringify(marker);
    const line = `${crc32c(Buffer.from(text)).toString(16).padStart(8, "0")} ${text}`.padEnd(lineLength - 1) + "\n";
    fs.writeSync(this.#file, line, 0, "latin1");
    if (options.synced) fs.fsyncSync(this.#file);
  }

  close(): void {
    fs.closeSync(this.#file);
  }
}

/** What the marker at `path` says; "unreadable" when there is one that cannot be trusted. */
export function readMarker(path: string): Marker | "absent" | "unreadable" {
  if (!fs.existsSync(path)) return "absent";
  const [, checksum = "", text = ""] = /^([0-9a-f]{8}) (\{.*\}) *\n/.exec(fs.readFileSync(path, "latin1")) ?? [];
  if (text === "" || crc32c(Buffer.from(text)) !== Number.parseInt(checksum, 16)) return "unreadable";
  return JSON.parse(text) as Marker;
}

/** Makes the names in a folder durable: a file that was created or renamed exists after a power cut only then. */
export function syncFolder(path: string): void {
  const folder = fs.openSync(path, "r");
  try {
    fs.fsyncSync(folder);
  } finally {
    fs.closeSync(folder);
  }
}
