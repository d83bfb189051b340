/**
 * Trace: what happened, one line per event, and a running hash of all lines: two runs with the same hash were the same.
 *
 * The hash is 2 × 32 bits of FNV-1a with different seeds, over characters: quick, and good enough to tell runs apart.
 */
export class Trace {
  readonly #keep: boolean;
  readonly lines: string[] = [];
  #low = 0x811c9dc5;
  #high = 0x1b873593;
  events = 0;

  /** `keep`: hold all lines, for reading; else only the last few. */
  constructor(keep: boolean) {
    this.#keep = keep;
  }

  add(line: string): void {
    this.events += 1;
    for (let index = 0; index < line.length; index++) {
      const code = line.charCodeAt(index);
      this.#low = Math.imul(this.#low ^ code, 0x01000193);
      this.#high = Math.imul(this.#high ^ (code + index), 0x01000193);
    }
    this.lines.push(line);
    if (!this.#keep && this.lines.length > lastLines * 2) this.lines.splice(0, lastLines);
  }

  get hash(): string {
    return [this.#high, this.#low].map((half) => (half >>> 0).toString(16).padStart(8, "0")).join("");
  }
}

const lastLines = 40;

/** A short name for bytes in a line. */
export function digest(bytes: Uint8Array): string {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return `${bytes.length}#${(hash >>> 0).toString(16)}`;
}
