/**
 * `npm run bench`: the relay beside a bare broadcaster, alternated in the same run, as ratios. Prints a table and writes
 * test/bench/RESULTS.md. `-- --rounds 1 --seconds 1` for a short look; fewer rounds than 3 do not overwrite the results.
 */
import { cpus, release } from "node:os";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { measureAcks, type AckFigures } from "./ack-load.ts";
import { aPaper, measureJoins, type JoinFigures } from "./join-load.ts";
import { resultsPage, type Round } from "./results-page.ts";
import { pinGenerator, startServer, type ServerName, type ServerUnderTest } from "./server-under-test.ts";
import { TypingLoad, type LoadFigures, type LoadShape } from "./typing-load.ts";

const { values } = parseArgs({ options: { rounds: { type: "string", default: "3" }, seconds: { type: "string", default: "4" } } });
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);

/** What is typed in each scenario; the paces are those of RESULTS.md's headings. */
const shapes: Readonly<Record<string, LoadShape>> = {
  "1 → 50, as fast as possible": { rooms: 1, writersPerRoom: 1, readersPerRoom: 50, seconds, window: 64 },
  "1 → 50, 400/s": { rooms: 1, writersPerRoom: 1, readersPerRoom: 50, seconds, pace: 400 },
  "200 rooms × 4, as fast as possible": { rooms: 200, writersPerRoom: 4, readersPerRoom: 0, seconds, window: 2 },
  "200 rooms × 4, 8/s each": { rooms: 200, writersPerRoom: 4, readersPerRoom: 0, seconds, pace: 8 },
  "1 room × 30, as fast as possible": { rooms: 1, writersPerRoom: 30, readersPerRoom: 0, seconds, window: 4 },
  "1 room × 30, 40/s each": { rooms: 1, writersPerRoom: 30, readersPerRoom: 0, seconds, pace: 40 },
};

const pinning = pinGenerator(cpus().length);
const paper = aPaper();
const measured: Round[] = [];
for (let round = 1; round <= rounds; round++) {
  for (const [scenario, shape] of Object.entries(shapes)) {
    for (const server of inTurn(round)) measured.push({ kind: "typing", scenario, server, figures: await typing(server, shape) });
    process.stderr.write(`round ${round}: ${scenario}\n`);
  }
  for (const server of inTurn(round)) measured.push({ kind: "joins", server, figures: await joins(server) });
  process.stderr.write(`round ${round}: joins\n`);
  measured.push({ kind: "acks", figures: await acks() });
  process.stderr.write(`round ${round}: acks\n`);
}

const page = resultsPage(measured, {
  command: `npm run bench -- --rounds ${rounds} --seconds ${seconds}`,
  machine: `${cpus().length} × ${cpus()[0]?.model ?? "unknown"}, Linux ${release()}, Node ${process.version}; ${pinning}`,
  rounds,
});
process.stdout.write(page);
if (rounds >= 3) writeFileSync(join(import.meta.dirname, "RESULTS.md"), page);
process.exit(0);

/** The two servers take turns in going first: whoever goes second finds a warmer machine. */
function inTurn(round: number): readonly ServerName[] {
  return round % 2 === 1 ? ["broadcaster", "relay"] : ["relay", "broadcaster"];
}

function typing(name: ServerName, shape: LoadShape): Promise<LoadFigures> {
  return withServer(name, (server) => new TypingLoad(server, shape).run());
}

function joins(name: ServerName): Promise<JoinFigures> {
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
