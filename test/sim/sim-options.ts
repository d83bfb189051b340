/**
 * What `npm run sim` may be told, and what is right when it is told something else.
 */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { allMutants, type NamedMutant } from "./mutants/all-mutants.ts";

export const usage = `npm run sim -- [what]

  --seed N [--faults 3,17] [--trace]    one history, exactly; --faults: only these of its plan; --trace: every event
  --count N | --minutes M | --hours H   so many seeds, or that long, from a random one or --from N; the summary at the end
                                        comes at Ctrl-C, too
  --mutant NAME                         the same with a planted bug
  --mutants [--count N]                 hunts for all planted bugs, with N seeds for each at most (4000); with --mesh or
                                        --automerge only for those that need that
  --mesh                                several relays, with what befalls those, too
  --automerge                           the room that everybody is in holds a document of Automerge
  --workers N                           threads (as many as there are cores)

With nothing said: 200 seeds. Ends with 0 when nothing was found (with a planted bug: when it was), else with 1.`;

export interface SimOptions {
  readonly seed: number | undefined;
  readonly faults: readonly number[] | undefined;
  readonly trace: boolean;
  readonly count: number | undefined;
  readonly seconds: number | undefined;
  readonly from: number | undefined;
  readonly mutant: NamedMutant | undefined;
  readonly mutants: boolean;
  readonly mesh: boolean;
  readonly automerge: boolean;
  readonly workers: number;
  readonly help: boolean;
}

export type OptionsAnswer = { readonly ok: true; readonly options: SimOptions } | { readonly ok: false; readonly sentence: string };

const text = { type: "string" } as const;
const flag = { type: "boolean", default: false } as const;

/** A sentence for what cannot be meant. */
export function readOptions(args: readonly string[]): OptionsAnswer {
  try {
    return { ok: true, options: read(args) };
  } catch (error) {
    return { ok: false, sentence: error instanceof Error ? error.message : String(error) };
  }
}

function read(args: readonly string[]): SimOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...{ seed: text, faults: text, count: text, minutes: text, hours: text, from: text, mutant: text, workers: text },
      ...{ trace: flag, mutants: flag, mesh: flag, automerge: flag, help: flag },
    },
  });
  const hours = amount("hours", values.hours);
  const minutes = amount("minutes", values.minutes);
  return {
    seed: whole("seed", values.seed),
    faults: values.faults
      ?.split(",")
      .filter(Boolean)
      .map((fault) => whole("faults", fault)!),
    trace: values.trace,
    count: whole("count", values.count),
    seconds: hours === undefined && minutes === undefined ? undefined : 3_600 * (hours ?? 0) + 60 * (minutes ?? 0),
    from: whole("from", values.from),
    mutant: mutantNamed(values.mutant),
    mutants: values.mutants,
    mesh: values.mesh,
    automerge: values.automerge,
    workers: Math.max(1, whole("workers", values.workers) ?? availableParallelism()),
    help: values.help,
  };
}

function whole(name: string, said: string | undefined): number | undefined {
  if (said === undefined) return undefined;
  if (!/^\d{1,15}$/.test(said)) throw new Error(`--${name} must be a whole number, not "${said}".`);
  return Number(said);
}

function amount(name: string, said: string | undefined): number | undefined {
  if (said === undefined) return undefined;
  const number = Number(said);
  if (!(number > 0) || number > 10_000) throw new Error(`--${name} must be a number above 0, e.g. 8, not "${said}".`);
  return number;
}

function mutantNamed(name: string | undefined): NamedMutant | undefined {
  if (name === undefined) return undefined;
  const mutant = allMutants.find((known) => known.name === name);
  if (mutant === undefined) throw new Error(`--mutant must be one of ${allMutants.map((known) => known.name).join(", ")}, not "${name}".`);
  return mutant;
}
