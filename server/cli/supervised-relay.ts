/**
 * SupervisedRelay: a relay as a process of its own that is started again when it dies.
 *
 *     starting ──ready line──▶ running ──exit──▶ waiting (backoff) ──▶ starting
 *         └── exit 2: it cannot work so, given up ──▶ ended
 *
 * Invariants: at most one process at a time; after `stop` none is started; a process that ran for a while starts the
 * backoff anew. A port that was picked is kept over restarts, so that clients find the relay where it was.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";

interface SupervisedRelayOptions {
  /** What follows the path of node: flags, the module, `relay`, and its options. */
  readonly argumentsOf: (port: number | undefined) => readonly string[];
  readonly ready: (line: string, address: string) => void;
  readonly died: (how: string, againInMs: number) => void;
}

const backoffMs = { first: 200, most: 10_000, goodRun: 30_000 };
/** The exit code of a relay that would end the same way if it were started again. */
export const cannotWork = 2;
const readyLine = /^inkmesh relay \S+ ready on (http:\/\/\S+)$/;

export class SupervisedRelay {
  /** Resolves with the exit code once no process runs and none will be started. */
  readonly ended: Promise<number>;
  readonly #options: SupervisedRelayOptions;
  #end: (code: number) => void = () => undefined;
  #child: ChildProcess | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopping = false;
  #failures = 0;
  #port: number | undefined;

  constructor(options: SupervisedRelayOptions) {
    this.#options = options;
    this.ended = new Promise((resolve) => (this.#end = resolve));
    this.#start();
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Asks the process to drain and end. */
  stop(): void {
    this.#stopping = true;
    clearTimeout(this.#timer);
    if (this.#child === undefined) this.#end(0);
    else this.#child.kill("SIGTERM");
  }

  /** Ends it now. */
  kill(): void {
    this.#stopping = true;
    this.#child?.kill("SIGKILL");
  }

  #start(): void {
    const startedAtMs = performance.now();
    const child = spawn(process.execPath, this.#options.argumentsOf(this.#port), {
      stdio: ["ignore", "pipe", "inherit", "ipc"],
      env: { ...process.env, INKMESH_SUPERVISED: "1" },
    });
    this.#child = child;
    createInterface({ input: child.stdout! }).on("line", (line) => this.#said(line));
    child.once("error", (error) => process.stderr.write(`The relay could not be started: ${error.message}\n`));
    child.once("exit", (code, signal) => this.#exited(code, signal, performance.now() - startedAtMs));
  }

  #said(line: string): void {
    const address = readyLine.exec(line)?.[1];
    if (address === undefined) return void process.stdout.write(`${line}\n`);
    this.#port = Number(new URL(address).port);
    this.#options.ready(line, address);
  }

  #exited(code: number | null, signal: NodeJS.Signals | null, ranMs: number): void {
    this.#child = undefined;
    if (this.#stopping) return this.#end(code ?? 1);
    if (code === cannotWork) return this.#end(cannotWork);
    this.#failures = ranMs > backoffMs.goodRun ? 0 : this.#failures + 1;
    const againInMs = Math.min(backoffMs.first * 2 ** Math.max(this.#failures - 1, 0), backoffMs.most);
    this.#options.died(signal === null ? `exit code ${code}` : `signal ${signal}`, againInMs);
    this.#timer = setTimeout(() => this.#start(), againInMs);
  }
}
