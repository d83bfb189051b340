/**
 * ServerUnderTest: the relay or the broadcaster, as a process pinned to one core (where `taskset` is there), away from
 * the generator of the load. Its processor time is read from /proc, over all its threads: the log's and the engine's
 * workers count.
 */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { endRelays, projectRoot, startRelayProcess, temporaryFolder, type RelayProcess } from "../harness/relay-process.ts";

export type ServerName = "broadcaster" | "relay";

export interface ServerUnderTest {
  readonly name: ServerName;
  /** `ws://…` of a room, for the y-websocket protocol. */
  room(name: string): string;
  /** `ws://…` of another path. */
  url(path: string): string;
  readonly relay: RelayProcess | undefined;
  cpuSeconds(): number;
  stop(): Promise<void>;
}

const hasTaskset = spawnSync("taskset", ["-V"]).status === 0;

/** In front of the server's command: the first core is the server's. */
const onFirstCore = hasTaskset ? ["taskset", "-c", "0"] : [];

/** Puts this process, the generator, on the other cores. */
export function pinGenerator(cores: number): string {
  if (!hasTaskset || cores < 2) return "not pinned";
  spawnSync("taskset", ["-a", "-p", "-c", cores === 2 ? "1" : `1-${cores - 1}`, String(process.pid)]);
  return "server on core 0, generator on the others";
}

export async function startServer(name: ServerName): Promise<ServerUnderTest> {
  return name === "relay" ? startRelay() : startBroadcaster();
}

/** One writer as fast as possible is no person: the rates that slow it down are out of the way; all else is as shipped. */
const raisedLimits = {
  updatesPerSecond: 1_000_000,
  updatesBurst: 1_000_000,
  bytesPerSecond: 1_073_741_824,
  bytesBurst: 1_073_741_824,
};

/** `more`: other limits than those that ship. */
export function raisedLimitsFile(more: Readonly<Record<string, number>> = {}): string {
  const config = join(temporaryFolder("bench"), "config.json");
  writeFileSync(config, JSON.stringify({ limits: { ...raisedLimits, ...more } }));
  return config;
}

async function startRelay(): Promise<ServerUnderTest> {
  const relay = await startRelayProcess({ prefix: onFirstCore, args: ["--log", "json", "--config", raisedLimitsFile()] });
  return {
    name: "relay",
    relay,
    room: (name) => relay.socketUrl(`/y/${name}`),
    url: (path) => relay.socketUrl(path),
    cpuSeconds: () => cpuSecondsOf(relay.pid),
    stop: () => endRelays(),
  };
}

async function startBroadcaster(): Promise<ServerUnderTest> {
  const tsx = ["--import", "tsx", resolve(projectRoot, "test/bench/broadcaster.ts")];
  const command = [...onFirstCore, process.execPath, ...tsx];
  const child = spawn(command[0]!, command.slice(1), { stdio: ["ignore", "pipe", "inherit"], cwd: projectRoot });
  const port = await portOf(child);
  return {
    name: "broadcaster",
    relay: undefined,
    room: (name) => `ws://127.0.0.1:${port}/${name}`,
    url: (path) => `ws://127.0.0.1:${port}${path}`,
    cpuSeconds: () => cpuSecondsOf(child.pid!),
    stop: () =>
      new Promise((done) => {
        child.on("exit", () => done());
        child.kill("SIGKILL");
      }),
  };
}

function portOf(child: ChildProcess): Promise<number> {
  return new Promise((done, fail) => {
    child.stdout!.setEncoding("utf8").on("data", (text: string) => {
      const ready = /ready (\d+)/.exec(text);
      if (ready !== null) done(Number(ready[1]));
    });
    child.on("exit", (code) => fail(new Error(`the broadcaster ended with ${code}`)));
  });
}

/** User and system time of a process with all its threads; Linux counts in hundredths of a second. */
export function cpuSecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
