/**
 * All planted bugs. Each is an exact find-and-replace in the product's sources, made while the simulation is bundled; the
 * product has no switch for them. `findings.json` holds for each a seed that finds it, which the tests replay.
 */
import type { Mutant } from "../../harness/mutated-relay.ts";
import { automergeMutants } from "./automerge-mutants.ts";
import { clientMutants } from "./client-mutants.ts";
import { meshMutants } from "./mesh-mutants.ts";
import { relayMutants } from "./relay-mutants.ts";
import { ringMutants } from "./ring-mutants.ts";
import { sharedMutants } from "./shared-mutants.ts";

export interface NamedMutant extends Mutant {
  readonly name: string;
}

/** Those that histories with one relay find. */
const loneMutants: readonly NamedMutant[] = [...relayMutants, ...sharedMutants, ...clientMutants];

/** Those that take several relays. */
const wideMutants: readonly NamedMutant[] = [...meshMutants, ...ringMutants];

export const allMutants: readonly NamedMutant[] = [...loneMutants, ...wideMutants, ...automergeMutants];

/** Whether it takes several relays to find it. */
export function needsMesh({ name }: NamedMutant): boolean {
  return wideMutants.some((mutant) => mutant.name === name);
}

/** Whether it takes a document of Automerge to find it. */
export function needsAutomerge({ name }: NamedMutant): boolean {
  return automergeMutants.some((mutant) => mutant.name === name);
}
