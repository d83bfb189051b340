/**
 * SteppedClock: the wall clock of one process, as its operator sets it: a program of Node that is started with `environment` reads
 * `Date.now()` so many ms beside the machine's, and follows within `followsMs` when that is changed. The monotonic clock is left alone, as
 * a machine's is.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { temporaryFolder } from "./relay-process.ts";

const followsMs = 20;

export class SteppedClock {
  readonly #offset: string;
  readonly environment: Readonly<Record<string, string>>;

  constructor() {
    const folder = temporaryFolder("clock");
    this.#offset = join(folder, "offset");
    const script = join(folder, "clock.mjs");
    writeFileSync(this.#offset, "0");
    writeFileSync(script, steppedBy(this.#offset));
    this.environment = { NODE_OPTIONS: `--import=${pathToFileURL(script).href}` };
  }

  /** From now on the clock is `offsetMs` ahead of the machine's; behind it where that is negative. */
  async step(offsetMs: number): Promise<void> {
    writeFileSync(this.#offset, String(offsetMs));
    await new Promise((resolve) => setTimeout(resolve, 5 * followsMs)); // Its interval, not the product's.
  }
}

/** The program that moves the clock; a file that is just being written is read the next time. */
function steppedBy(file: string): string {
  return `import { readFileSync } from "node:fs";
const now = Date.now.bind(Date);
let offset = 0;
const read = () => {
  const text = readFileSync(${JSON.stringify(file)}, "utf8");
  if (text !== "") offset = Number(text);
};
read();
setInterval(read, ${followsMs}).unref();
Date.now = () => now() + offset;
`;
}
