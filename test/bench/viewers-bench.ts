/**
 * ViewersBench: what one more viewer of a document costs a mesh of five relays that keep three copies, so that two of them are its edges:
 * from few viewers to many, while one person types, while all move their cursors, too, and the same with all cursors shown.
 */
import { MeshUnderTest } from "./mesh-under-test.ts";
import { measureViewers, type ViewersFigures, type ViewersShape } from "./viewers-load.ts";

const steps = [10, 50, 100, 250, 500];

export interface ViewersRounds {
  readonly steps: readonly number[];
  readonly measured: readonly { readonly scenario: string; readonly figures: ViewersFigures }[];
}

export async function measureAllViewers(options: { rounds: number; seconds: number; say: (done: string) => void }): Promise<ViewersRounds> {
  const measured: { scenario: string; figures: ViewersFigures }[] = [];
  for (let round = 1; round <= options.rounds; round++)
    for (const [scenario, shape] of Object.entries(shapesOf(options.seconds))) {
      const { limits } = shape;
      const measure = (mesh: MeshUnderTest): Promise<readonly ViewersFigures[]> => measureViewers(mesh, shape, steps);
      const all = await MeshUnderTest.with(5, measure, async () => undefined, limits);
      measured.push(...all.map((figures) => ({ scenario, figures })));
      options.say(`round ${round}: ${scenario}`);
    }
  return { steps, measured };
}

function shapesOf(seconds: number): Readonly<Record<string, ViewersShape & { readonly limits?: Readonly<Record<string, number>> }>> {
  const crowd = { pace: 10, movesPerSecond: 0.25, seconds };
  return {
    "one types 20/s": { pace: 20, movesPerSecond: 0, seconds },
    "one types 10/s, each viewer moves every 4 s": crowd,
    "the same, and everybody is shown": { ...crowd, limits: { presenceShownMax: 1_000_000 } },
  };
}
