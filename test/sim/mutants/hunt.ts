/**
 * Hunt: simulates with each planted bug in turn until some checker finds it, and writes down which seed did: the
 * simulator's score. A bug that is not found means that a fault or a checker is missing.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { bundleWorker } from "../bundle.ts";
import { Crew } from "../crew.ts";
import { allMutants, needsAutomerge, needsMesh, type NamedMutant } from "./all-mutants.ts";

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

export interface HuntOptions {
  readonly folder: string;
  readonly size: number;
  readonly seedsMax: number;
  /** Those that are hunted; what is known of the others stays. */
  readonly mutants: readonly NamedMutant[];
  readonly say: (text: string) => void;
}

/** Hunts them from seed 1 on, writes `findings.json` and `SCORE.md` after each; whether all were found. */
export async function huntAll({ folder, size, seedsMax, mutants, say }: HuntOptions): Promise<boolean> {
  const found: Record<string, FoundMutant> = { ...knownFindings() };
  const healthy = new Crew({ file: await bundleWorker(folder, undefined), size: 1 });
  for (const mutant of mutants) {
    const own = join(folder, mutant.name);
    mkdirSync(own);
    const crew = new Crew({ file: await bundleWorker(own, mutant), size });
    const finding = await hunt({ crew, healthy, seedsMax, isMesh: needsMesh(mutant), isAutomerge: needsAutomerge(mutant) });
    await crew.disband();
    if (finding === undefined) delete found[mutant.name];
    else found[mutant.name] = finding;
    writeScore(found);
    say(rowOf(mutant, finding));
  }
  await healthy.disband();
  return mutants.every(({ name }) => name in found);
}

function writeScore(found: Readonly<Record<string, FoundMutant>>): void {
  const rows = allMutants.map((mutant) => rowOf(mutant, found[mutant.name]));
  const inOrder = allMutants.flatMap(({ name }) => (found[name] === undefined ? [] : [[name, found[name]] as const]));
  writeFileSync(scoreFile, `${[scoreHead, ...rows].join("\n")}\n`);
  writeFileSync(findingsFile, `${JSON.stringify(Object.fromEntries(inOrder), undefined, 2)}\n`);
}

function rowOf(mutant: NamedMutant, finding: FoundMutant | undefined): string {
  const where = needsMesh(mutant) ? " (several relays)" : needsAutomerge(mutant) ? " (Automerge)" : "";
  return `| ${mutant.name}: ${mutant.what} | ${finding?.seeds ?? "none"}${where} | ${finding?.checker ?? "nothing"} |`;
}

interface Hunt {
  readonly crew: Crew;
  readonly healthy: Crew;
  readonly seedsMax: number;
  readonly isMesh: boolean;
  readonly isAutomerge: boolean;
}

/** The lowest seed from 1 on that finds the bug, and finds nothing in the healthy product. */
async function hunt({ crew, healthy, seedsMax, isMesh, isAutomerge }: Hunt): Promise<FoundMutant | undefined> {
  let given = 0;
  let first: FoundMutant | undefined;
  for (let from = 0; first === undefined && from < seedsMax; from = given) {
    const findings: { readonly seed: number; readonly checker: string }[] = [];
    await crew.run(
      () => (findings.length === 0 && given < seedsMax ? { seed: (given += 1), isMesh, isAutomerge } : undefined),
      ({ seed, finding }) => {
        if (finding !== undefined) findings.push({ seed, checker: finding.checker });
        return true;
      },
    );
    for (const { seed, checker } of findings.toSorted((left, right) => left.seed - right.seed)) {
      const { finding } = await healthy.one({ seed, isMesh, isAutomerge });
      if (finding === undefined) first ??= { seed, checker, seeds: seed };
    }
  }
  return first;
}
