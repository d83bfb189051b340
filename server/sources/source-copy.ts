/**
 * SourceCopy: files of a source in a temporary folder of their own, for what cannot be opened without writing beside it.
 *
 * Where the disk can, the bytes are shared until one of both is written. Whoever writes the source has to be stopped: files that change
 * while they are copied do not fit together.
 *
 * Invariants: shares no file with the source; is gone when it was removed, when the process ends, and when it is asked to stop.
 */
import { constants, copyFileSync, existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

const stopSignals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export class SourceCopy {
  readonly folder = mkdtempSync(join(tmpdir(), "inkmesh-import-"));
  readonly #ended = (): void => this.remove();
  /** Without a handler of its own the process ends by the signal, as it would have. */
  readonly #stopped = (signal: NodeJS.Signals): void => {
    this.remove();
    process.kill(process.pid, signal);
  };

  /** Of those of `files` that are there; throws an Error in words when one of them cannot be read, or changes meanwhile. */
  constructor(files: readonly string[]) {
    process.once("exit", this.#ended);
    for (const signal of stopSignals) process.once(signal, this.#stopped);
    try {
      const before = files.map(stampOf);
      for (const file of files.filter((each) => existsSync(each)))
        copyFileSync(file, join(this.folder, basename(file)), constants.COPYFILE_FICLONE);
      if (files.some((file, index) => stampOf(file) !== before[index])) throw new Error("it changes: stop the server that writes it");
    } catch (error) {
      this.remove();
      throw error;
    }
  }

  remove(): void {
    process.off("exit", this.#ended);
    for (const signal of stopSignals) process.off(signal, this.#stopped);
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Moves whenever the file is written; empty: it is not there. */
function stampOf(file: string): string {
  const stat = statSync(file, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? "" : `${stat.ino} ${stat.size} ${stat.mtimeNs}`;
}
