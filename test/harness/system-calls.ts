/**
 * SystemCalls: what processes ask of their kernel, as strace sees it, while they run. Each call has its name, its first argument (a file
 * or a socket, by name), what was written, and when it began and ended by the machine's clock, which all traced processes share.
 *
 * A tracer notes the beginning before the kernel acts, and the end before the process goes on: if what one process does is a
 * consequence of another's call, its beginning is later than that call's end. Nothing is kept here, since a run has gigabytes of it.
 */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { devNull } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { temporaryFolder } from "./relay-process.ts";

export interface SystemCall {
  readonly name: string;
  /** The rest of the line: arguments and result. */
  readonly text: string;
  /** What the first argument stands for: a path, or `TCP:[from->to]`. */
  readonly target: string;
  readonly failed: boolean;
  /** Seconds. */
  readonly start: number;
  readonly end: number;
}

/** Why system calls cannot be seen here, or undefined. */
export function straceMissing(): string | undefined {
  const probe = spawnSync("strace", ["-o", devNull, "true"], { encoding: "utf8" });
  return probe.status === 0 ? undefined : `strace does not work here (${(probe.error?.message ?? probe.stderr).trim()})`;
}

/** Watches one process; start it with `prefix` before its command, and end it, too. */
export class SystemCalls {
  readonly prefix: readonly string[];
  /** All that it asked has been told. */
  readonly over: Promise<void>;
  readonly #reader: ChildProcess;

  /** `bytes`: how much of what is written is shown. */
  constructor(options: { names: readonly string[]; bytes: number; heard: (call: SystemCall) => void }) {
    const pipe = join(temporaryFolder("strace"), "calls");
    const made = spawnSync("mkfifo", [pipe], { encoding: "utf8" });
    if (made.status !== 0) throw new Error(`no pipe for strace: ${made.stderr}`);
    // -D: what is traced stays our child, the tracer is a grandchild that ends with it.
    const format = ["-D", "-f", "-yy", "-ttt", "-T", "-s", String(options.bytes), "-o", pipe];
    this.prefix = ["strace", ...format, "-e", `trace=${options.names.join(",")}`];
    // Opening a pipe waits for its other end; another process may do that for as long as it takes.
    this.#reader = spawn("cat", [pipe], { stdio: ["ignore", "pipe", "inherit"] });
    const lines = new CallLines();
    const reading = createInterface({ input: this.#reader.stdout! });
    reading.on("line", (line) => {
      const call = lines.read(line);
      if (call !== undefined) options.heard(call);
    });
    this.over = new Promise((done) => reading.on("close", done));
  }

  end(): void {
    this.#reader.kill();
  }
}

/** Lines of `strace -f -yy -ttt -T`: a call that others interrupt comes in two. */
export class CallLines {
  readonly #unfinished = new Map<string, { readonly start: number; readonly text: string }>();

  read(line: string): SystemCall | undefined {
    const [, thread, stamp, said] = /^(\d+) +(\d+\.\d+) (.*)$/s.exec(line) ?? [];
    if (thread === undefined) return undefined;
    const now = Number(stamp);
    if (said!.endsWith(" <unfinished ...>")) {
      this.#unfinished.set(thread, { start: now, text: said!.slice(0, -" <unfinished ...>".length) });
      return undefined;
    }
    const [, took] = /<(\d+\.\d+)>$/.exec(said!) ?? [];
    if (took === undefined) return undefined; // A signal, or the end of a process.
    const before = this.#unfinished.get(thread);
    const rest = /^<\.\.\. \w+ resumed>(.*)$/s.exec(said!)?.[1];
    if (rest === undefined) return callOf(said!, now, now + Number(took));
    this.#unfinished.delete(thread);
    return before === undefined ? undefined : callOf(before.text + rest, before.start, now);
  }
}

/** The bytes that a call wrote: all its strings, in order. */
export function bytesWritten(call: SystemCall): Uint8Array {
  const strings = [...call.text.matchAll(/"((?:[^"\\]|\\.)*)"/gs)].map(([, escaped]) => escaped!);
  return Uint8Array.from(strings.flatMap((escaped) => [...escaped.matchAll(/\\([0-7]{1,3})|\\(.)|(.)/gs)].map(byteOf)));
}

const named: Readonly<Record<string, number>> = { n: 10, t: 9, r: 13, f: 12, v: 11 };

function byteOf([, octal, escape, plain]: RegExpMatchArray): number {
  if (octal !== undefined) return Number.parseInt(octal, 8);
  return escape === undefined ? plain!.charCodeAt(0) : (named[escape] ?? escape.charCodeAt(0));
}

function callOf(text: string, start: number, end: number): SystemCall {
  const open = text.indexOf("(");
  const target = /^\d+<(TCP:\[[^\]]*\]|[^>]*)>/.exec(text.slice(open + 1, open + 300))?.[1] ?? "";
  const failed = /\) = -1 /.test(text.slice(-120));
  return { name: text.slice(0, open), text: text.slice(open + 1), target, failed, start, end };
}
