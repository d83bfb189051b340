/**
 * StartPage: what starting and comparing with many documents costs, as a page of Markdown.
 */
import { table, thousands, type Circumstances } from "./results-page.ts";
import type { StartFigures } from "./start-load.ts";

export function startPage(measured: readonly StartFigures[], { command, machine }: Omit<Circumstances, "rounds">): string {
  return [
    "# What a start with many documents costs\n",
    `\`${command}\` · ${machine}. Three relays that keep all documents share these cores, with whatever else runs there; figures are of all three, but for memory. Each of the stored documents has one letter, and nobody has it open.\n`,
    table(
      [
        "documents on each disk",
        "new relays, until members with whole disks",
        "stopped and started, until quiet",
        "all links made anew",
        "memory of one",
      ],
      measured.map(row),
    ),
    'The first line is what starting and linking cost with nothing on the disks. "Without hashes": as a store is that an older version wrote; each document is read once. What relays spend with nothing to do is taken off where links are made anew. Aimed at for comparing 100,000 equal ones: 2 MB and 1 s of processor time.\n',
  ].join("\n");
}

function row({ rooms, areHashed, first, again, sweep, memoryBytes }: StartFigures): string {
  const spent = ({ seconds, cpuSeconds }: StartFigures["first"]): string => `${seconds.toFixed(1)} s, processor ${cpuSeconds.toFixed(1)} s`;
  const name = rooms === 0 ? "none" : `${thousands(rooms)}${areHashed ? "" : ", without hashes"}`;
  const compared = `${thousands(Math.max(0, sweep.bytes))} bytes, processor ${Math.max(0, sweep.cpuSeconds).toFixed(2)} s`;
  return `| ${name} | ${spent(first)} | ${spent(again)}, ${thousands(again.bytes)} bytes | ${compared} | ${(memoryBytes / 2 ** 20).toFixed(0)} MiB |`;
}
