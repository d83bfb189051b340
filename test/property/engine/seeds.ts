/**
 * Seeds of the engine's random tests. `INKMESH_SEED` replays one; `INKMESH_ROUNDS` makes a run longer.
 */
const first = Number(process.env["INKMESH_SEED"] ?? 1);
const replaying = process.env["INKMESH_SEED"] !== undefined;
const factor = Number(process.env["INKMESH_ROUNDS"] ?? 1);

/** Runs `body` for each seed; a failure names its seed and the command that replays it. */
export function forSeeds(rounds: number, file: string, body: (seed: number) => void): void {
  const count = replaying ? 1 : Math.ceil(rounds * factor);
  for (let seed = first; seed < first + count; seed++) {
    try {
      body(seed);
    } catch (error) {
      const command = `INKMESH_SEED=${seed} npx vitest run --project unit test/property/engine/${file}`;
      throw new Error(`seed ${seed} failed; replay with: ${command}`, { cause: error });
    }
  }
}
