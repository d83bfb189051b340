/**
 * Hundreds of seeded histories of a relay, its disk, and clients of three kinds, and dozens of several relays: the promises hold
 * in all of them, and the simulator itself is what it claims to be: deterministic, busy, and varied.
 *
 * The gate runs the same seeds each time, so that red means that something changed; what they are known to find still is
 * in `open-findings.txt`, by seed, and nothing else may be found. Fresh seeds are for `npm run sim` and for
 * `INKMESH_LONG=1`, which simulates far more from a random seed; `INKMESH_SEED` is another first seed.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { randomInt } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bundleWorker } from "./bundle.ts";
import { Crew } from "./crew.ts";
import { replayCommand } from "./replay.ts";
import { shrink } from "./shrink.ts";
import type { Outcome, SimulationOptions } from "./simulation.ts";
import { Tally } from "./tally.ts";

const isLong = process.env["INKMESH_LONG"] === "1";

interface Form {
  readonly isMesh: boolean;
  readonly isAutomerge: boolean;
  readonly title: string;
  readonly seeds: number;
  /** What ends the sweep; twice and more of what two quiet cores need. */
  readonly minutesMax: number;
  /** What every sweep of this size must have seen. */
  readonly statesWanted: readonly string[];
  /** Work that is never done there. */
  readonly workUnknown: readonly string[];
  /** Too few to have seen every fault and all work, which other forms show. */
  readonly isFew?: boolean;
}

const statesOfClients = ["tab saved", "tab on-this-device", "tab deleted", "gap", "known"];
/** Who has nobody to compare with does not keep what documents hash to, and there is nothing to join. */
const workOfSeveral = ["copies dropped", "hashes", "joins", "drains", "forgets", "upgrades"];
/** Nobody writes a document of Automerge over HTTP here, or as a client of others. */
const workOfYjsAlone = ["counted as saved", "saved over HTTP"];
const forms: readonly Form[] = [
  {
    isMesh: false,
    isAutomerge: false,
    title: "with one relay",
    seeds: isLong ? 20_000 : 500,
    minutesMax: isLong ? 120 : 8,
    statesWanted: [...statesOfClients, "store-full", "refused STORE_FULL", "refused STORE_FAILED"],
    workUnknown: workOfSeveral,
  },
  {
    isMesh: true,
    isAutomerge: false,
    title: "with three to nine relays",
    seeds: isLong ? 2_000 : 60,
    minutesMax: isLong ? 120 : 6,
    statesWanted: [...statesOfClients, "tab kept-by-a-relay", "passed-over"],
    workUnknown: [],
  },
  {
    isMesh: false,
    isAutomerge: true,
    title: "with one relay and a document of Automerge",
    seeds: isLong ? 1_000 : 24,
    minutesMax: isLong ? 120 : 6,
    statesWanted: ["tab saved", "tab on-this-device"],
    workUnknown: [...workOfSeveral, ...workOfYjsAlone],
  },
  {
    isMesh: true,
    isAutomerge: true,
    title: "with three to nine relays and a document of Automerge",
    seeds: isLong ? 200 : 3,
    minutesMax: isLong ? 120 : 6,
    statesWanted: ["tab saved", "tab on-this-device"],
    workUnknown: workOfYjsAlone,
    isFew: !isLong,
  },
];

/** Lines without comments. */
function linesOf(file: string): readonly string[] {
  const lines = readFileSync(resolve(import.meta.dirname, file), "utf8").split("\n");
  return lines.map((line) => line.replace(/\s*#.*/, "").trim()).filter((line) => line !== "");
}

/** `seed[m][a] checker  # what is known of it`; m: with several relays; a: with a document of Automerge. */
const open = linesOf("open-findings.txt").map((line) => {
  const at = line.indexOf(" ");
  return { ...seedOf(line.slice(0, at)), checker: line.slice(at + 1) };
});

function seedOf(word: string): { readonly seed: number; readonly isMesh: boolean; readonly isAutomerge: boolean } {
  return { seed: Number.parseInt(word), isMesh: word.includes("m"), isAutomerge: word.endsWith("a") };
}

let folder: string;
let crew: Crew;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "inkmesh-sim-"));
  crew = new Crew({ file: await bundleWorker(folder, undefined), size: Math.max(1, Math.min(availableParallelism(), 8)) });
});
afterAll(async () => {
  await crew.disband();
  rmSync(folder, { recursive: true, force: true });
});

/** Which seed it was, what it needs, and the command that shows it. */
async function explained(found: Outcome): Promise<string> {
  const { only, outcome } = await shrink((order) => crew.one(order), found);
  const kinds = only.map((index) => found.faults[index]!.kind).join(", ") || "no fault at all";
  const { checker, message } = outcome.finding ?? found.finding!;
  return `seed ${found.seed}: ${checker}: ${message}\n  needs ${kinds}\n  again: ${replayCommand({ seed: found.seed, isMesh: found.isMesh, isAutomerge: found.isAutomerge, only })}`;
}

describe.each(forms)("histories $title", ({ isMesh, isAutomerge, seeds, minutesMax, statesWanted, workUnknown, isFew = false }) => {
  const title = `[P1, P2, P3, P4, P5, P6, P7, P8, P9, P10] ${seeds.toLocaleString("en")} of them with random faults: every promise holds after every event, and everything comes together`;

  test(title, { timeout: minutesMax * 60_000 + 60_000 }, async () => {
    const from = Number(process.env["INKMESH_SEED"] ?? (isLong ? randomInt(1_000_000_000) : 1));
    const startedAt = performance.now();
    const seconds = (): number => (performance.now() - startedAt) / 1_000;
    process.stdout.write(
      `simulating ${seeds} seeds ${isMesh ? "of several relays " : ""}${isAutomerge ? "with Automerge " : ""}from ${from} on; again: INKMESH_SEED=${from} npx vitest run --project sim\n`,
    );
    const tally = new Tally();
    const known = new Map(
      open.filter((line) => line.isMesh === isMesh && line.isAutomerge === isAutomerge).map(({ seed, checker }) => [seed, checker]),
    );
    const news = (): Outcome[] => tally.findings.filter(({ seed, finding }) => known.get(seed) !== finding?.checker);
    let given = 0;
    await crew.run(
      () => (given < seeds && seconds() < minutesMax * 60 ? { seed: from + given++, isMesh, isAutomerge } : undefined),
      (outcome) => {
        tally.add(outcome);
        if (tally.seeds % Math.min(250, seeds / 3) === 0)
          process.stdout.write(`${tally.seeds} seeds in ${seconds().toFixed(0)} s, ${tally.findings.length} findings\n`);
        return news().length < 3;
      },
    );
    process.stdout.write(`${tally.report(seconds())}\n`);
    for (const finding of news()) process.stdout.write(`${await explained(finding)}\n`);
    expect(news().map(({ seed, finding }) => `seed ${seed}: ${finding?.checker}: ${finding?.message}`)).toEqual([]);
    const closed = [...known.keys()].filter(
      (seed) => seed >= from && seed < from + given && !tally.findings.some((found) => found.seed === seed),
    );
    expect(closed, "seeds of open-findings.txt that find nothing any more: strike them out").toEqual([]);
    expect(tally.seeds, `as many histories as wanted within ${minutesMax} minutes`).toBeGreaterThanOrEqual(seeds);
    if (!isFew) expect(tally.unseen, "faults that never happened").toEqual([]);
    expect(
      statesWanted.filter((state) => !tally.states.includes(state)),
      "states that were never reached",
    ).toEqual([]);
    for (const [what, count] of tally.counts) {
      if (workUnknown.includes(what)) expect(count, `work of the kind "${what}", which is never done`).toBe(0);
      else if (!isFew) expect(count, `work of the kind "${what}"`).toBeGreaterThan(seeds / 50);
    }
  });
});

test("a seed is a history: run again, in another worker, it has the same trace", { timeout: 120_000 }, async () => {
  const sampled = Array.from({ length: 12 }, () => randomInt(1_000_000_000));
  for (const seed of sampled) {
    const order = { seed, isMesh: seed % 4 === 0, isAutomerge: seed % 4 === 1 };
    const [first, second] = await Promise.all([crew.one(order), crew.one(order)]);
    expect(first.events, `seed ${seed}`).toBeGreaterThan(100);
    expect(second.trace, `seed ${seed}`).toBe(first.trace);
  }
});

test("dropping faults from a plan changes neither the others nor the rest of the draw", { timeout: 60_000 }, async () => {
  const whole = await crew.one({ seed: 7 });
  const some = await crew.one({ seed: 7, only: [0, 2] });
  expect(some.faults).toEqual(whole.faults);
  expect(some.counts["faults"]).toBe(2);
});

/** `seed[m][a] [faults,…]  # what it once found`. */
const regressions = linesOf("regressions.txt").map((line): SimulationOptions => {
  const [seed, faults] = line.split(/\s+/);
  return { ...seedOf(seed!), only: faults?.split(",").map(Number) };
});

test("seeds that once found something find nothing", { timeout: 300_000 }, async () => {
  const found: string[] = [];
  const left = [...regressions];
  await crew.run(
    () => left.shift(),
    ({ seed, isMesh, finding }) => {
      if (finding !== undefined) found.push(`seed ${seed}${isMesh ? " of several relays" : ""}: ${finding.checker}: ${finding.message}`);
      return true;
    },
  );
  expect(found).toEqual([]);
});
