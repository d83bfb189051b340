/**
 * ViewersPage: what viewers cost, as a page of Markdown: medians over the rounds, and ratios to the smallest step; and the ratios as a
 * picture.
 */
import { linePlot } from "./line-plot.ts";
import { median } from "./percentile.ts";
import { table, thousands, type Circumstances } from "./results-page.ts";
import type { ViewersRounds } from "./viewers-bench.ts";
import type { ViewersFigures } from "./viewers-load.ts";

export const viewersPicture = "viewers.svg";

export function viewersPage(rounds: ViewersRounds, { command, machine, rounds: count }: Circumstances): string {
  const scenarios = scenariosOf(rounds);
  return [
    "# What viewers of one document cost, over edges\n",
    `\`${command}\` · ${machine}. Medians of ${count} rounds. Five relays, of which two are no replicas of the document and serve all viewers, and the load share these cores, with whatever else runs there: ratios within one run mean something, a single figure in µs does not.\n`,
    "A message is one that a viewer receives: an edit, or a frame of cursors. Processor time is that of all threads of the edges, or of the replicas, without what they spend on the same viewers when nothing happens. Flat is a ratio of 1 or less, whatever the number of viewers.\n",
    `![Ratios to ${rounds.steps[0]} viewers](${viewersPicture})\n`,
    ...scenarios.flatMap((scenario) => [`## ${scenario.charAt(0).toUpperCase()}${scenario.slice(1)}\n`, scenarioTable(rounds, scenario)]),
    "Bytes per viewer follow the cursors that are shown: as shipped they end growing at 50, and without that limit they grow with the crowd. Cursors that move within one turn of the event loop share a frame, so messages become fewer as a relay becomes busier. With few viewers an edit's own way (over the link, into the edge's log) is shared by few messages.\n",
  ].join("\n");
}

export function viewersPlot(rounds: ViewersRounds): string {
  const lines = scenariosOf(rounds).flatMap((scenario) =>
    (
      [
        ["edge CPU per message", "edgeMicroseconds"],
        ["bytes per viewer", "bytesPerViewer"],
      ] as const
    ).map(([what, figure]) => {
      const base = of(rounds, scenario, rounds.steps[0]!, figure);
      return { name: `${what}: ${scenario}`, values: rounds.steps.map((step) => of(rounds, scenario, step, figure) / base) };
    }),
  );
  return linePlot({ title: `Ratio to ${rounds.steps[0]} viewers`, horizontal: "viewers", places: rounds.steps, lines });
}

function scenarioTable(rounds: ViewersRounds, scenario: string): string {
  const [first] = rounds.steps;
  const rows = rounds.steps.map((step) => {
    const figure = (name: keyof ViewersFigures): number => of(rounds, scenario, step, name);
    const ratio = (name: keyof ViewersFigures): string => `**${(figure(name) / of(rounds, scenario, first!, name)).toFixed(2)}×**`;
    return `| ${step} | ${figure("messagesPerViewer").toFixed(1)} | ${figure("edgeMicroseconds").toFixed(1)} | ${ratio("edgeMicroseconds")} | ${figure("replicaMicroseconds").toFixed(1)} | ${thousands(figure("bytesPerViewer"))} | ${ratio("bytesPerViewer")} | ${figure("shown")} |`;
  });
  return table(
    [
      "viewers",
      "messages per second and viewer",
      "edges: CPU-µs per message",
      "ratio",
      "replicas: CPU-µs per message",
      "bytes per second and viewer",
      "ratio",
      "others shown",
    ],
    rows,
  );
}

function scenariosOf({ measured }: ViewersRounds): readonly string[] {
  return [...new Set(measured.map(({ scenario }) => scenario))];
}

function of({ measured }: ViewersRounds, scenario: string, viewers: number, figure: keyof ViewersFigures): number {
  return median(
    measured.filter((each) => each.scenario === scenario && each.figures.viewers === viewers).map(({ figures }) => figures[figure]),
  );
}
