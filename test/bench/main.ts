/**
 * `npm run bench`: the relay beside a bare broadcaster, alternated in the same run, as ratios. `npm run bench -- mesh`: three relays
 * beside one. `npm run bench -- starts --rooms 100000`: what starting with many documents costs. `npm run bench -- viewers`: what viewers
 * of one document cost, over edges. `npm run bench -- history`: what histories cost. Each prints its tables and writes its part of test/bench/RESULTS.md. `-- --rounds 1 --seconds 1` for a short look; fewer
 * rounds than 3 do not overwrite the results.
 */
import { cpus, loadavg, release } from "node:os";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { measureAcks, type AckFigures } from "./ack-load.ts";
import { measureHistory, type HistoryFigures } from "./history-load.ts";
import { historyPage } from "./history-page.ts";
import { aPaper, measureJoins, type JoinFigures, type Paper } from "./join-load.ts";
import { measureMesh } from "./mesh-bench.ts";
import { meshPage } from "./mesh-page.ts";
import { resultsPage, withPart, type Round } from "./results-page.ts";
import { pinGenerator, startServer, type ServerName, type ServerUnderTest } from "./server-under-test.ts";
import { measureStarts, type StartFigures } from "./start-load.ts";
import { startPage } from "./start-page.ts";
import { measureAllViewers } from "./viewers-bench.ts";
import { viewersPage, viewersPicture, viewersPlot } from "./viewers-page.ts";
import { TypingLoad, type LoadFigures, type LoadShape } from "./typing-load.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "4" },
    rooms: { type: "string", default: "10000" },
  },
});
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);
const resultsFile = join(import.meta.dirname, "RESULTS.md");

/** What is typed in each scenario; the paces are those of RESULTS.md's headings. */
const shapes: Readonly<Record<string, LoadShape>> = {
  "1 → 50, as fast as possible": { rooms: 1, writersPerRoom: 1, readersPerRoom: 50, seconds, window: 64 },
  "1 → 50, 400/s": { rooms: 1, writersPerRoom: 1, readersPerRoom: 50, seconds, pace: 400 },
  "200 rooms × 4, as fast as possible": { rooms: 200, writersPerRoom: 4, readersPerRoom: 0, seconds, window: 2 },
  "200 rooms × 4, 8/s each": { rooms: 200, writersPerRoom: 4, readersPerRoom: 0, seconds, pace: 8 },
  "1 room × 30, as fast as possible": { rooms: 1, writersPerRoom: 30, readersPerRoom: 0, seconds, window: 4 },
  "1 room × 30, 40/s each": { rooms: 1, writersPerRoom: 30, readersPerRoom: 0, seconds, pace: 40 },
};

const [what] = positionals;
const benches: Readonly<Record<string, () => Promise<string>>> = {
  mesh: benchMesh,
  starts: benchStarts,
  viewers: benchViewers,
  history: benchHistory,
};
const page = await (benches[what ?? ""] ?? benchRelay)();
process.stdout.write(page);
if (rounds >= 3) writeFileSync(resultsFile, withPart(readFileSync(resultsFile, "utf8"), page));
process.exit(0);

async function benchRelay(): Promise<string> {
  const pinning = pinGenerator(cpus().length);
  const paper = aPaper();
  const measured: Round[] = [];
  for (let round = 1; round <= rounds; round++) {
    for (const [scenario, shape] of Object.entries(shapes)) {
      for (const server of inTurn(round)) measured.push({ kind: "typing", scenario, server, figures: await typing(server, shape) });
      process.stderr.write(`round ${round}: ${scenario}\n`);
    }
    for (const server of inTurn(round)) measured.push({ kind: "joins", server, figures: await joins(server, paper) });
    process.stderr.write(`round ${round}: joins\n`);
    measured.push({ kind: "acks", figures: await acks() });
    process.stderr.write(`round ${round}: acks\n`);
  }
  return resultsPage(measured, {
    command: `npm run bench -- --rounds ${rounds} --seconds ${seconds}`,
    machine: `${machine()}; ${pinning}`,
    rounds,
  });
}

async function benchMesh(): Promise<string> {
  const rooms = Number(values.rooms);
  const rest = ` --rounds ${rounds} --seconds ${seconds} --rooms ${rooms}`;
  const measured = await measureMesh({ rounds, seconds, rooms, say: (done) => process.stderr.write(`${done}\n`) });
  const load = `load average of the last five minutes ${loadavg()[1]!.toFixed(0)}`;
  return meshPage(measured, { command: `npm run bench -- mesh${rest}`, machine: `${machine()}; ${load}`, rounds });
}

async function benchViewers(): Promise<string> {
  const measured = await measureAllViewers({ rounds, seconds, say: (done) => process.stderr.write(`${done}\n`) });
  if (rounds >= 3) writeFileSync(join(import.meta.dirname, viewersPicture), viewersPlot(measured));
  const load = `load average of the last five minutes ${loadavg()[1]!.toFixed(0)}`;
  const command = `npm run bench -- viewers --rounds ${rounds} --seconds ${seconds}`;
  return viewersPage(measured, { command, machine: `${machine()}; ${load}`, rounds });
}

/** With none, with as many as were asked for, and with a tenth of that as an older version left them. */
async function benchStarts(): Promise<string> {
  const rooms = Number(values.rooms);
  const measured: StartFigures[] = [];
  for (const [count, areHashed] of [
    [0, true],
    [rooms, true],
    [Math.round(rooms / 10), false],
  ] as const) {
    measured.push(await measureStarts(count, areHashed));
    process.stderr.write(`${count} rooms\n`);
  }
  return startPage(measured, { command: `npm run bench -- starts --rooms ${rooms}`, machine: machine() });
}

async function benchHistory(): Promise<string> {
  const measured: HistoryFigures[] = [];
  for (const trace of ["sveltecomponent", "automerge-paper"] as const) {
    measured.push(await measureHistory(trace));
    process.stderr.write(`${trace}\n`);
  }
  const load = `load average of the last five minutes ${loadavg()[1]!.toFixed(0)}`;
  return historyPage(measured, { command: "npm run bench -- history", machine: `${machine()}; ${load}` });
}

function machine(): string {
  return `${cpus().length} × ${cpus()[0]?.model ?? "unknown"}, Linux ${release()}, Node ${process.version}`;
}

/** The two servers take turns in going first: whoever goes second finds a warmer machine. */
function inTurn(round: number): readonly ServerName[] {
  return round % 2 === 1 ? ["broadcaster", "relay"] : ["relay", "broadcaster"];
}

function typing(name: ServerName, shape: LoadShape): Promise<LoadFigures> {
  return withServer(name, (server) => new TypingLoad(server, shape).run());
}

function joins(name: ServerName, paper: Paper): Promise<JoinFigures> {
  return withServer(name, (server) => measureJoins(server, paper));
}

function acks(): Promise<AckFigures> {
  return withServer("relay", (server) => measureAcks(server, { clients: 200, clientsPerRoom: 4, pace: 8, seconds }));
}

/** A fresh server for each measurement, ended whatever happens. */
async function withServer<Figures>(name: ServerName, measure: (server: ServerUnderTest) => Promise<Figures>): Promise<Figures> {
  const server = await startServer(name);
  try {
    return await measure(server);
  } finally {
    await server.stop();
  }
}
