/**
 * The simulator's score: every planted bug is found, by the seed and the checker that `mutants/findings.json` names (made
 * by `npm run sim -- --mutants`), and the product without it passes the very same seed.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bundleWorker } from "./bundle.ts";
import { Crew } from "./crew.ts";
import { allMutants, needsAutomerge, needsMesh, type NamedMutant } from "./mutants/all-mutants.ts";
import { knownFindings } from "./mutants/hunt.ts";
import { replayCommand } from "./replay.ts";
import type { Outcome, SimulationOptions } from "./simulation.ts";

const known = knownFindings();
let folder: string;
let healthy: Crew;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "inkmesh-mutants-"));
  healthy = new Crew({ file: await bundleWorker(folder, undefined), size: 1 });
});
afterAll(async () => {
  await healthy.disband();
  rmSync(folder, { recursive: true, force: true });
});

/** The same history of the healthy product serves all bugs that it finds. */
const histories = new Map<string, Promise<Outcome>>();
function withoutBug(order: SimulationOptions): Promise<Outcome> {
  const key = JSON.stringify(order);
  const history = histories.get(key) ?? healthy.one(order);
  histories.set(key, history);
  return history;
}

async function crewWith(mutant: NamedMutant): Promise<Crew> {
  const own = join(folder, mutant.name);
  mkdirSync(own);
  return new Crew({ file: await bundleWorker(own, mutant), size: 1 });
}

test("there are at least 60 planted bugs, each with a name of its own", () => {
  expect(allMutants.length).toBeGreaterThanOrEqual(60);
  expect(new Set(allMutants.map(({ name }) => name)).size).toBe(allMutants.length);
});

test.concurrent.for(allMutants.map((mutant) => [mutant.what, mutant] as const))(
  "is found: %s",
  // It ends what hangs: two histories of a mesh are all computing, and two planted bugs share the cores.
  { timeout: 300_000 },
  async ([, mutant]) => {
    const finding = known[mutant.name];
    expect(finding, `no seed finds it yet: npm run sim -- --mutant ${mutant.name}`).toBeDefined();
    const { seed, checker } = finding!;
    const crew = await crewWith(mutant);
    const isMesh = needsMesh(mutant);
    const isAutomerge = needsAutomerge(mutant);
    const order = { seed, isMesh, isAutomerge };
    const [bad, good] = await Promise.all([crew.one(order), withoutBug(order)]);
    await crew.disband();
    expect(bad.finding?.checker, replayCommand({ ...order, mutant: mutant.name })).toBe(checker);
    expect(good.finding, replayCommand(order)).toBeUndefined();
  },
);

test("a mutant whose place is gone fails", async () => {
  const gone = { name: "gone", what: "nothing", changes: [{ file: "server/core/relay.ts", find: "there is no such line", replace: "" }] };
  await expect(bundleWorker(folder, gone)).rejects.toThrow(/its find occurs 0 times/);
});
