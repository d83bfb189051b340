/**
 * Hunt: simulates with each planted bug in turn until some checker finds it, and writes down which seed did: the
 * simulator's score. A bug that is not found means that a fault or a checker is missing.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { bundleWorker } from "../bundle.ts";
import { Crew } from "../crew.ts";
import { allMutants } from "./all-mutants.ts";

export interface FoundMutant {
  readonly seed: number;
  readonly checker: string;
  /** How many seeds from 1 on it took. */
  readonly seeds: number;
}

const findingsFile = resolve(import.meta.dirname, "findings.json");
const scoreFile = resolve(import.meta.dirname, "SCORE.md");
const scoreHead = `# Planted bugs, and what it takes to find them

Made by \`npm run sim -- --mutants\`: the lowest seed from 1 on with which a checker finds the bug and finds nothing in the product without
it. \`findings.json\` has the same for the tests, which replay each of these seeds.

| planted bug | seeds needed | found by |
| --- | --- | --- |`;

/** What is known of each mutant, by name. */
export function knownFindings(): Readonly<Record<string, FoundMutant>> {
  return JSON.parse(readFileSync(findingsFile, "utf8")) as Record<string, FoundMutant>;
}

/** Hunts all of them from seed 1 on, writes `findings.json` and `SCORE.md`; whether all were found. */
export async function huntAll(options: { folder: string; size: number; seedsMax: number; say: (text: string) => void }): Promise<boolean> {
  const { folder, size, seedsMax, say } = options;
  const found: Record<string, FoundMutant> = {};
  const healthy = new Crew({ file: await bundleWorker(folder, undefined), size: 1 });
  const rows = [scoreHead];
  for (const mutant of allMutants) {
    const own = join(folder, mutant.name);
    mkdirSync(own);
    const crew = new Crew({ file: await bundleWorker(own, mutant), size });
    const finding = await hunt(crew, healthy, seedsMax);
    await crew.disband();
    if (finding !== undefined) found[mutant.name] = finding;
    rows.push(`| ${mutant.name}: ${mutant.what} | ${finding?.seeds ?? `none of ${seedsMax}`} | ${finding?.checker ?? "nothing"} |`);
    say(rows.at(-1)!);
  }
  await healthy.disband();
  writeFileSync(scoreFile, `${rows.join("\n")}\n`);
  writeFileSync(findingsFile, `${JSON.stringify(found, undefined, 2)}\n`);
  return Object.keys(found).length === allMutants.length;
}

/** The lowest seed from 1 on that finds the bug, and finds nothing in the healthy product. */
async function hunt(crew: Crew, healthy: Crew, seedsMax: number): Promise<FoundMutant | undefined> {
  let given = 0;
  let first: FoundMutant | undefined;
  for (let from = 0; first === undefined && from < seedsMax; from = given) {
    const findings: { readonly seed: number; readonly checker: string }[] = [];
    await crew.run(
      () => (findings.length === 0 && given < seedsMax ? { seed: (given += 1) } : undefined),
      ({ seed, finding }) => {
        if (finding !== undefined) findings.push({ seed, checker: finding.checker });
        return true;
      },
    );
    for (const { seed, checker } of findings.toSorted((left, right) => left.seed - right.seed)) {
      const { finding } = await healthy.one({ seed });
      if (finding === undefined) first ??= { seed, checker, seeds: seed };
    }
  }
  return first;
}
