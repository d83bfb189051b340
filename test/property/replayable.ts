/**
 * Replayable: runs a property with a seed that is printed when it fails, with the one command that replays it.
 */
import fc from "fast-check";
import { expect } from "vitest";

const chosen = process.env["INKMESH_SEED"];

/** Asserts `property` for `runs` random values; `INKMESH_SEED` fixes the seed. */
export function holds<Values>(property: fc.IProperty<Values>, runs = 200): void {
  const seed = drawSeed();
  failIf(fc.check(property, { seed, numRuns: runs }), seed);
}

/** The same for one that waits for something. */
export async function holdsInTime<Values>(property: fc.IAsyncProperty<Values>, runs = 200): Promise<void> {
  const seed = drawSeed();
  failIf(await fc.check(property, { seed, numRuns: runs }), seed);
}

function drawSeed(): number {
  return chosen === undefined ? Math.floor(Math.random() * 0x7fff_ffff) : Number(chosen);
}

function failIf<Values>(details: fc.RunDetails<Values>, seed: number): void {
  if (!details.failed) return;
  const replay = `INKMESH_SEED=${seed} npx vitest run --project unit ${expect.getState().testPath ?? ""}`;
  throw new Error(`${fc.defaultReportMessage(details) ?? "a property failed"}\nreplay: ${replay}`, { cause: details.errorInstance });
}
