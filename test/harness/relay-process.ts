/**
 * RelayProcess: a real relay as an operator starts it, in a process and a temporary data folder of its own, on a free
 * port of 127.0.0.1 that nobody else takes while it is down. It can be killed and started again on the same folder and port.
 *
 * Ends only processes that it started, by their id. `endRelays` in an `afterEach` ends what a test left behind and
 * removes the folders.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { freePorts } from "./free-ports.ts";

export const projectRoot = resolve(import.meta.dirname, "../..");

export interface RelayOptions {
  /** A folder to keep; without it a temporary one. */
  readonly data?: string;
  readonly port?: number;
  /** Further command line options of `inkmesh relay`. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The program to run instead of the project's own: for relays with a planted bug. */
  readonly program?: string;
  /** Put in front of `node`, as `taskset -c 1`. */
  readonly prefix?: readonly string[];
}

interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const readyWithinMs = 30_000;
const living = new Set<RelayProcess>();
const folders = new Set<string>();

/** A temporary folder that `endRelays` removes. */
export function temporaryFolder(purpose = "relay"): string {
  const folder = mkdtempSync(join(tmpdir(), `inkmesh-${purpose}-`));
  folders.add(folder);
  return folder;
}

/** Ends every relay that is still there, and removes the temporary folders (a mount in one must go before). */
export async function endRelays(options: { keepFolders?: boolean } = {}): Promise<void> {
  await Promise.all([...living].map((relay) => relay.end("SIGKILL")));
  if (options.keepFolders === true) return;
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  folders.clear();
}

/** Starts a relay and waits until it can serve. `INKMESH_PROGRAM` names another build to test than this checkout's. */
export async function startRelayProcess(options: RelayOptions = {}): Promise<RelayProcess> {
  const port = options.port ?? (await freePorts(1))[0]!;
  const relay = new RelayProcess({ ...options, port, data: options.data ?? temporaryFolder() });
  await relay.start();
  return relay;
}

export class RelayProcess {
  readonly data: string;
  #options: RelayOptions;
  #child: ChildProcess | undefined;
  #exited: Promise<Exit> = Promise.resolve({ code: 0, signal: null });
  #port: number;
  #stderr = "";

  constructor(options: RelayOptions & { readonly data: string }) {
    this.#options = options;
    this.data = options.data;
    this.#port = options.port ?? 0;
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** `ws://…` with a path. */
  socketUrl(path: string): string {
    return `ws://127.0.0.1:${this.#port}${path}`;
  }

  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error("the relay is not running");
    return pid;
  }

  /** What it wrote to stderr in all its lives. */
  get stderr(): string {
    return this.#stderr;
  }

  /** Starts it (again): the same folder, and the port that it had. */
  async start(): Promise<void> {
    const program = this.#options.program ?? process.env["INKMESH_PROGRAM"] ?? resolve(projectRoot, "server/bin/inkmesh.js");
    const command = [
      ...(this.#options.prefix ?? []),
      process.execPath,
      program,
      "relay",
      ...["--port", String(this.#port), "--data", this.data, "--name", "a", ...(this.#options.args ?? [])],
    ];
    const child = spawn(command[0]!, command.slice(1), {
      cwd: projectRoot,
      env: { ...withoutTestEnvironment(process.env), ...this.#options.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    living.add(this);
    this.#exited = new Promise((done) => child.on("exit", (code, signal) => done({ code, signal })));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (this.#stderr += text));
    this.#port = await this.#ready(child);
  }

  /** Sends a signal and waits for the end of the process. */
  async end(signal: NodeJS.Signals): Promise<Exit> {
    if (this.#child === undefined) return { code: 0, signal: null };
    this.#child.kill(signal);
    const exit = await this.#exited;
    this.#child = undefined;
    living.delete(this);
    return exit;
  }

  /** kill -9, then a new life on the same folder and port. */
  async crashAndRestart(): Promise<void> {
    await this.end("SIGKILL");
    await this.start();
  }

  /** Stop and go on, without ending it. */
  signal(signal: "SIGSTOP" | "SIGCONT" | "SIGTERM"): void {
    this.#child?.kill(signal);
  }

  get exited(): Promise<Exit> {
    return this.#exited;
  }

  #ready(child: ChildProcess): Promise<number> {
    return new Promise((done, fail) => {
      let stdout = "";
      const timer = setTimeout(() => fail(new Error(`the relay was not ready in ${readyWithinMs} ms\n${this.#stderr}`)), readyWithinMs);
      child.stdout!.setEncoding("utf8").on("data", (text: string) => {
        stdout += text;
        const ready = /^inkmesh relay \S+ ready on http:\/\/\S+:(\d+)$/m.exec(stdout);
        if (ready === null) return;
        clearTimeout(timer);
        done(Number(ready[1]));
      });
      child.on("exit", (code, signal) => {
        clearTimeout(timer);
        living.delete(this);
        fail(new Error(`the relay ended (${code ?? signal}) before it was ready\n${stdout}${this.#stderr}`));
      });
    });
  }
}

/** The runner's own settings must not reach the relay. */
function withoutTestEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(([name]) => !/^(VITEST|NODE_ENV$|NODE_OPTIONS$|INKMESH_)/.test(name));
  return Object.fromEntries(kept);
}
