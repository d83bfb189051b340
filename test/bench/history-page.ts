/**
 * HistoryPage: what keeping histories costs, as a page of Markdown.
 */
import type { HistoryFigures } from "./history-load.ts";
import { median } from "./percentile.ts";
import { table, thousands, type Circumstances } from "./results-page.ts";

export function historyPage(measured: readonly HistoryFigures[], { command, machine }: Omit<Circumstances, "rounds">): string {
  return [
    "# What histories cost\n",
    `\`${command}\` · ${machine}. Recorded traces as if typed at four edits a second, compacted every 2,000 edits, in turns into a store with and one without a history.\n`,
    table(
      ["trace", "edits", "in the log", "as segments", "ratio", "a compaction without", "with", "ratio", "the last version"],
      measured.map(row),
    ),
    "Segments are of one minute each; nothing is older than the horizon. Compactions are medians over the trace, and take a worker, not the event loop. A version is built from all segments there are.\n",
  ].join("\n");
}

function row({ trace, edits, logBytes, segmentBytes, segments, without, withHistory, versionMs }: HistoryFigures): string {
  const [less, more] = [median(without), median(withHistory)];
  const kib = (bytes: number): string => `${thousands(Math.round(bytes / 1024))} KiB`;
  const cells = [
    ...[
      trace,
      thousands(edits),
      kib(logBytes),
      `${kib(segmentBytes)} in ${thousands(segments)}`,
      `**1/${(logBytes / segmentBytes).toFixed(1)}**`,
    ],
    ...[`${less.toFixed(0)} ms`, `${more.toFixed(0)} ms`, `**${(more / less).toFixed(2)}×**`, `${versionMs.toFixed(0)} ms`],
  ];
  return `| ${cells.join(" | ")} |`;
}
