/**
 * `npm run sim`: simulates, from the command line; `--help` says what it takes. What is found is cut down to the faults
 * that it needs, and the one command that shows it again is printed.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleWorker } from "./bundle.ts";
import { Crew } from "./crew.ts";
import { allMutants, needsAutomerge, needsMesh } from "./mutants/all-mutants.ts";
import { huntAll } from "./mutants/hunt.ts";
import { replayCommand } from "./replay.ts";
import { shrink } from "./shrink.ts";
import { readOptions, usage, type SimOptions } from "./sim-options.ts";
import type { Outcome } from "./simulation.ts";
import { Tally } from "./tally.ts";

const countUnsaid = 200;
const huntedSeedsMax = 4_000;
/** How often a long sweep says how far it is, in seconds. */
const sayEverySeconds = 30;

const say = (words: string): void => void process.stdout.write(`${words}\n`);
const answer = readOptions(process.argv.slice(2));
if (!answer.ok) {
  process.stderr.write(`${answer.sentence}\n\n${usage}\n`);
  process.exit(2);
}
process.exitCode = answer.options.help ? (say(usage), 0) : await main(answer.options);

async function main(options: SimOptions): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "inkmesh-sim-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  if (options.mutants) {
    const seedsMax = options.count ?? huntedSeedsMax;
    const mutants = options.mesh ? allMutants.filter(needsMesh) : options.automerge ? allMutants.filter(needsAutomerge) : allMutants;
    return (await huntAll({ folder, size: options.workers, seedsMax, mutants, say })) ? 0 : 1;
  }
  const crew = new Crew({ file: await bundleWorker(folder, options.mutant), size: options.workers });
  const found = await (options.seed === undefined ? sweep(crew, options) : replay(crew, options, options.seed));
  await crew.disband();
  return found === (options.mutant !== undefined) ? 0 : 1;
}

/** Whether anything was found. */
async function replay(
  crew: Crew,
  { faults: only, trace, mesh: isMesh, automerge: isAutomerge }: SimOptions,
  seed: number,
): Promise<boolean> {
  const outcome = await crew.one({ seed, only, isMesh, isAutomerge, keepTrace: trace });
  if (trace) say(outcome.lines.join("\n"));
  const befell = only === undefined ? outcome.faults : only.flatMap((index) => outcome.faults[index] ?? []);
  for (const { atMs, kind } of befell) say(`  ${(atMs / 1_000).toFixed(3)} s  ${kind}`);
  say(`seed ${seed}: ${outcome.events} events, ${(outcome.simulatedMs / 1_000).toFixed(0)} simulated seconds, trace ${outcome.trace}`);
  say(
    Object.entries(outcome.counts)
      .map(([what, count]) => `${count} ${what}`)
      .join(", "),
  );
  if (outcome.finding === undefined) say("nothing was found");
  else say(`found: ${outcome.finding.checker}: ${outcome.finding.message}\n${outcome.finding.stack}`);
  return outcome.finding !== undefined;
}

async function sweep(crew: Crew, options: SimOptions): Promise<boolean> {
  const { seconds = Infinity, mutant, mesh: isMesh, automerge: isAutomerge } = options;
  const most = options.count ?? (seconds === Infinity ? countUnsaid : Infinity);
  const from = options.from ?? Math.floor(Math.random() * 1_000_000_000);
  const startedAt = performance.now();
  const elapsed = (): number => (performance.now() - startedAt) / 1_000;
  const tally = new Tally();
  let [given, saidAt, isStopped] = [0, 0, false];
  process.once("SIGINT", () => (isStopped = true));
  say(`from seed ${from} on${mutant === undefined ? "" : `, with the planted bug "${mutant.name}"`}`);
  await crew.run(
    () => (!isStopped && given < most && elapsed() < seconds ? { seed: from + given++, isMesh, isAutomerge } : undefined),
    (outcome) => {
      tally.add(outcome);
      if (outcome.finding !== undefined) say(`seed ${outcome.seed}: ${outcome.finding.checker}: ${outcome.finding.message}`);
      if (elapsed() - saidAt > sayEverySeconds) {
        saidAt = elapsed();
        say(`… ${tally.seeds} seeds, ${(tally.simulatedMs / 3_600_000).toFixed(1)} simulated hours, ${tally.findings.length} findings`);
      }
      return true;
    },
  );
  for (const outcome of isStopped ? [] : tally.findings.slice(0, 5)) await explain(crew, outcome, mutant?.name);
  say(tally.report(elapsed()));
  return tally.findings.length > 0;
}

/** What is left of a finding's faults, and how to see it again. */
async function explain(crew: Crew, found: Outcome, mutant: string | undefined): Promise<void> {
  const { only, outcome } = await shrink((order) => crew.one(order), found);
  say(
    `seed ${found.seed} needs ${only.length} of ${found.faults.length} faults: ${only.map((index) => found.faults[index]!.kind).join(", ")}`,
  );
  say(`  ${outcome.finding?.checker}: ${outcome.finding?.message}`);
  say(`  again: ${replayCommand({ seed: found.seed, isMesh: found.isMesh, isAutomerge: found.isAutomerge, only, mutant })}`);
}
