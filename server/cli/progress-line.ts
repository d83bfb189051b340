/**
 * ProgressLine: how far long work is, on stderr: one line that changes where a person looks at a terminal, and a line every few seconds
 * where a file or another program reads.
 */

/** Where it is said. */
export interface ProgressOutput {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const everyMs = { terminal: 100, other: 3_000 };

/** In a terminal: back to the beginning of the line, and what stood there away. */
const again = "\r\u001b[K";

export class ProgressLine {
  readonly #output: ProgressOutput;
  readonly #nowMs: () => number;
  #saidMs = Number.NEGATIVE_INFINITY;
  #isOpen = false;

  /** `nowMs`: a clock that only goes forward. */
  constructor(output: ProgressOutput = process.stderr, nowMs: () => number = () => performance.now()) {
    this.#output = output;
    this.#nowMs = nowMs;
  }

  /** `isLast`: said in any case. */
  tell(words: string, isLast = false): void {
    const isTerminal = this.#output.isTTY === true;
    if (!isLast && this.#nowMs() - this.#saidMs < (isTerminal ? everyMs.terminal : everyMs.other)) return;
    this.#saidMs = this.#nowMs();
    this.#output.write(isTerminal ? `${again}${words}` : `${words}\n`);
    this.#isOpen = isTerminal;
  }

  /** What comes next stands on a line of its own. */
  end(): void {
    if (this.#isOpen) this.#output.write("\n");
    this.#isOpen = false;
  }
}
