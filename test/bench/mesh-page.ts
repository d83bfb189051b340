/**
 * MeshPage: what was measured of three relays as a page of Markdown: medians over the rounds, beside what was aimed at.
 */
import type { MeshRounds } from "./mesh-bench.ts";
import { median, percentile } from "./percentile.ts";
import { table, thousands, type Circumstances } from "./results-page.ts";

export function meshPage(measured: MeshRounds, { command, machine, rounds }: Circumstances): string {
  return [
    "# What three relays cost, beside one\n",
    `\`${command}\` · ${machine}. Medians of ${rounds} rounds. Relays and load share these cores, with whatever else runs there: ratios and medians within one run mean something, a single figure in ms does not.\n`,
    "Three relays that keep all documents and save on two. Bytes between them are counted by a proxy before each, with their WebSocket framing; what the same time costs without anybody typing is taken off. Bytes of clients are counted at their sockets, framing and masks included.\n",
    "## Bytes between relays\n",
    trafficTable(measured),
    "The first edit of each document, which makes it, is not counted; that relays compare what changed each second is. Two copies are at least 2 bytes per byte. Aimed at: 2.2 in batches of 1 kB and more, 4 for lone keystrokes.\n",
    "## From typing to saved\n",
    ackTable(measured),
    "24 clients of our own protocol in 6 rooms at all relays, so many characters per second each, after 12 s of typing that are not counted (a new process is slow at first). Three relays and the load share the cores: at 8/s two of them are nearly full. Aimed at: 8 ms and 50 ms.\n",
    "## Comparing what is equal\n",
    sweepLine(measured),
    "Aimed at for 100,000 equal rooms: 2 MB and 1 s of processor time.\n",
    "## After a partition\n",
    healingLine(measured),
    "## When a relay is killed\n",
    failOverLine(measured),
  ].join("\n");
}

function trafficTable({ traffic }: MeshRounds): string {
  const rows = [...new Set(traffic.map(({ scenario }) => scenario))].map((scenario) => {
    const of = (figure: "frameBytes" | "ratio" | "clientBytes" | "meshBytes"): number =>
      median(traffic.filter((round) => round.scenario === scenario).map(({ figures }) => figures[figure]));
    const frames = of("clientBytes") / of("frameBytes");
    return `| ${scenario} | ${thousands(of("frameBytes"))} | ${thousands(of("meshBytes") / frames)} | **${of("ratio").toFixed(2)}×** |`;
  });
  return table(["", "bytes of a client's frame", "bytes between relays for it", "ratio"], rows);
}

function ackTable({ acks }: MeshRounds): string {
  const paces = [...new Set(acks.map(({ pace }) => pace))];
  const rows = paces.flatMap((pace) =>
    (["p50", "p99"] as const).map((figure) => {
      const of = (relays: 1 | 3): number =>
        median(acks.filter((round) => round.relays === relays && round.pace === pace).map(({ figures }) => figures[figure]));
      return `| ${pace}/s each | ${figure}, ms | ${of(1).toFixed(1)} | ${of(3).toFixed(1)} | **${(of(3) / of(1)).toFixed(2)}×** |`;
    }),
  );
  return table(["", "", "one relay, saved on 1", "three relays, saved on 2", "ratio"], rows);
}

function sweepLine({ sweeps: { rooms, again } }: MeshRounds): string {
  return `${thousands(rooms)} equal rooms on each of three relays, none of them open; all links are made anew, and each pair compares everything: ${thousands(again.bytes)} bytes, ${again.cpuSeconds.toFixed(2)} s of processor time of all three.\n`;
}

function healingLine({ healing }: MeshRounds): string {
  const [first] = healing;
  const of = (figure: "convergedMs" | "meshBytes"): number => median(healing.map((figures) => figures[figure]));
  return `One relay cut off from two, ${thousands(first!.edits)} keystrokes on each side: every relay says the same text ${thousands(of("convergedMs"))} ms after the wires are whole, for ${thousands(of("meshBytes"))} bytes.\n`;
}

function failOverLine({ failOver }: MeshRounds): string {
  const [p50, p99] = [percentile(failOver, 0.5), percentile(failOver, 0.99)];
  return `People of our client library at one of three relays, which is killed; ${failOver.length} of them in all rounds. What they typed at that moment is saved by the others after ${thousands(p50)} ms (p50) and ${thousands(p99)} ms (p99). Aimed at: 3,000 ms (p99).\n`;
}
