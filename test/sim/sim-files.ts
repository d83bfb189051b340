/**
 * SimFiles: a machine's files, byte by byte, for the client's file store: each has an image of what is written (in the
 * system's cache) and of what is synced (on the platter); so has each folder of names.
 *
 * Faults: a write may be short, and the next call says why; the disk may be full, or fail; a machine without power keeps
 * of what is not synced a torn part. Every call takes time, as an event of the process that made it: a process that is
 * killed never hears of it, and its call may have happened.
 */
import { randomInteger, type Random } from "@inkmesh/shared/base/random";

/** What a machine's disk does at present. */
export interface FilesMood {
  callMs: number;
  /** Bytes that are left. */
  freeBytes: number;
  /** Chances in [0, 1] for a call: it fails; a write takes only a part. */
  fails: number;
  short: number;
}

export class SimFile {
  written = new Uint8Array(0);
  synced = new Uint8Array(0);
}

export class SimFiles {
  readonly mood: FilesMood = { callMs: 0.1, freeBytes: Infinity, fails: 0, short: 0 };
  readonly random: Random;
  /** Names as they are, and as they are on the platter. */
  readonly names = new Map<string, SimFile>();
  /** The machine's living processes. */
  readonly pids = new Set<number>();
  #syncedNames = new Map<string, SimFile>();

  constructor(random: Random) {
    this.random = random;
  }

  syncNames(): void {
    this.#syncedNames = new Map(this.names);
  }

  /** A file keeps what was synced and, of what was appended since, a part at the front, perhaps torn. */
  losePower(): void {
    this.names.clear();
    for (const [name, file] of this.#syncedNames) {
      const isAppended = file.written.length > file.synced.length;
      const kept = file.synced.length + (isAppended ? randomInteger(this.random, file.written.length - file.synced.length + 1) : 0);
      // A file system may have noted the new length and not written all of what belongs there.
      const isLong = isAppended && this.random.fraction() < 0.3;
      file.written = !isAppended ? file.synced : isLong ? zeroedFrom(file.written, kept) : file.written.slice(0, kept);
      file.synced = file.written;
      this.names.set(name, file);
    }
  }
}

function zeroedFrom(bytes: Uint8Array<ArrayBuffer>, from: number): Uint8Array<ArrayBuffer> {
  return bytes.slice().fill(0, from);
}
