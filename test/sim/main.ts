/**
 * `npm run sim`: simulates, from the command line.
 *
 *     --seed N [--faults 3,17] [--trace]   one history, exactly; --trace prints every event
 *     --count N | --minutes M | --hours H  that many seeds or that long, from a random one or --from N
 *     --mutant NAME                        with a planted bug; --mutants: all of them, --count seeds at most, and
 *                                          the table of what finds them
 *
 * What is found is cut down to the faults that it needs, and the one command that replays it is printed. Ends with 1 when
 * something was found (or, with a planted bug, when nothing was).
 */
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { bundleWorker } from "./bundle.ts";
import { Crew } from "./crew.ts";
import { allMutants } from "./mutants/all-mutants.ts";
import { huntAll } from "./mutants/hunt.ts";
import { replayCommand } from "./replay.ts";
import { shrink } from "./shrink.ts";
import type { Outcome } from "./simulation.ts";
import { Tally } from "./tally.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    faults: { type: "string" },
    trace: { type: "boolean", default: false },
    count: { type: "string" },
    minutes: { type: "string" },
    hours: { type: "string" },
    from: { type: "string" },
    mutant: { type: "string" },
    mutants: { type: "boolean", default: false },
    workers: { type: "string" },
  },
});
const say = (text: string): void => void process.stdout.write(`${text}\n`);
const folder = mkdtempSync(join(tmpdir(), "inkmesh-sim-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

process.exitCode = await main();

async function main(): Promise<number> {
  if (values.mutants) return (await huntAll({ folder, size: workers(), seedsMax: Number(values.count ?? 4_000), say })) ? 0 : 1;
  const mutant = values.mutant === undefined ? undefined : allMutants.find(({ name }) => name === values.mutant);
  if (values.mutant !== undefined && mutant === undefined) {
    say(`There is no mutant "${values.mutant}". There are: ${allMutants.map(({ name }) => name).join(", ")}.`);
    return 2;
  }
  const crew = new Crew({ file: await bundleWorker(folder, mutant), size: workers() });
  const code = await (values.seed === undefined ? sweep(crew) : replay(crew, Number(values.seed)));
  await crew.disband();
  return code;
}

function workers(): number {
  return values.workers === undefined ? Math.max(1, availableParallelism()) : Number(values.workers);
}

async function replay(crew: Crew, seed: number): Promise<number> {
  const only = values.faults === undefined ? undefined : values.faults.split(",").filter(Boolean).map(Number);
  const outcome = await crew.one({ seed, only, keepTrace: values.trace });
  if (values.trace) say(outcome.lines.join("\n"));
  const befell = only === undefined ? outcome.faults : only.map((index) => outcome.faults[index]!);
  for (const { atMs, kind } of befell) say(`  ${(atMs / 1_000).toFixed(3)} s  ${kind}`);
  say(`seed ${seed}: ${outcome.events} events, ${(outcome.simulatedMs / 1_000).toFixed(0)} simulated seconds, trace ${outcome.trace}`);
  say(JSON.stringify(outcome.counts));
  if (outcome.finding === undefined) return 0;
  say(`found: ${outcome.finding.checker}: ${outcome.finding.message}\n${outcome.finding.stack}`);
  return 1;
}

async function sweep(crew: Crew): Promise<number> {
  const seconds = 60 * Number(values.minutes ?? 0) + 3_600 * Number(values.hours ?? 0);
  const most = values.count !== undefined ? Number(values.count) : seconds > 0 ? Infinity : 200;
  const from = Number(values.from ?? Math.floor(Math.random() * 1_000_000_000));
  const startedAt = performance.now();
  const elapsed = (): number => (performance.now() - startedAt) / 1_000;
  const tally = new Tally();
  let given = 0;
  let saidAt = 0;
  say(`from seed ${from}${values.mutant === undefined ? "" : `, with the planted bug "${values.mutant}"`}`);
  await crew.run(
    () => (given < most && (seconds === 0 || elapsed() < seconds) ? { seed: from + given++ } : undefined),
    (outcome) => {
      tally.add(outcome);
      if (outcome.finding !== undefined) say(`seed ${outcome.seed}: ${outcome.finding.checker}: ${outcome.finding.message}`);
      if (elapsed() - saidAt > 30) {
        saidAt = elapsed();
        say(`… ${tally.seeds} seeds, ${(tally.simulatedMs / 3_600_000).toFixed(1)} simulated hours, ${tally.findings.length} findings`);
      }
      return true;
    },
  );
  for (const outcome of tally.findings.slice(0, 5)) await explain(crew, outcome);
  say(tally.report(elapsed()));
  return tally.findings.length === 0 ? 0 : 1;
}

/** What is left of a finding's faults, and how to see it again. */
async function explain(crew: Crew, found: Outcome): Promise<void> {
  const { only, outcome } = await shrink((order) => crew.one(order), found);
  say(
    `seed ${found.seed} needs ${only.length} of ${found.faults.length} faults: ${only.map((index) => found.faults[index]!.kind).join(", ")}`,
  );
  say(`  ${outcome.finding?.checker}: ${outcome.finding?.message}`);
  say(`  again: ${replayCommand({ seed: found.seed, only, mutant: values.mutant })}`);
}
