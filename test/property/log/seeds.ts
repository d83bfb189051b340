/**
 * Seeds of the log's random tests: the same few in every run, `INKMESH_SEED` to replay one, `INKMESH_ROUNDS` for more.
 */
const chosen = process.env["INKMESH_SEED"];

export function seedsOf(count: number): number[] {
  if (chosen !== undefined) return [Number(chosen)];
  return Array.from({ length: count * Number(process.env["INKMESH_ROUNDS"] ?? 1) }, (_, index) => index + 1);
}

export function replayOf(seed: number, file: string): string {
  return `replay: INKMESH_SEED=${seed} npx vitest run --project unit test/property/log/${file}`;
}
