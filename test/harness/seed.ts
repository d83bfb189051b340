/**
 * Seed: where a random test gets its randomness, and the one command that replays it.
 */
import { randomInt } from "node:crypto";

export interface Seed {
  readonly value: number;
  readonly replay: string;
}

/** The seed from `INKMESH_SEED`, or a fresh one; prints how to run it again. */
export function aSeed(testFile: string, project: string): Seed {
  const given = process.env["INKMESH_SEED"];
  const value = given === undefined ? randomInt(2 ** 31) : Number(given);
  const replay = `INKMESH_SEED=${value} npx vitest run --project ${project} ${testFile}`;
  process.stdout.write(`seed ${value}; again: ${replay}\n`);
  return { value, replay };
}
