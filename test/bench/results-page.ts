/**
 * ResultsPage: measured rounds as a page of Markdown: medians over the rounds, the relay as a ratio to the floor.
 */
import type { AckFigures } from "./ack-load.ts";
import type { JoinFigures } from "./join-load.ts";
import { median } from "./percentile.ts";
import type { ServerName } from "./server-under-test.ts";
import type { LoadFigures } from "./typing-load.ts";

export type Round =
  | { readonly kind: "typing"; readonly scenario: string; readonly server: ServerName; readonly figures: LoadFigures }
  | { readonly kind: "joins"; readonly server: ServerName; readonly figures: JoinFigures }
  | { readonly kind: "acks"; readonly figures: AckFigures };

export interface Circumstances {
  readonly command: string;
  readonly machine: string;
  readonly rounds: number;
}

export function resultsPage(rounds: readonly Round[], circumstances: Circumstances): string {
  return [
    "# What the relay costs, beside a bare broadcaster\n",
    `\`${circumstances.command}\` · ${circumstances.machine}. Medians of ${circumstances.rounds} rounds; in each round both servers take turns.\n`,
    "The broadcaster is a `ws` server that passes frames on: no CRDT, no storage, no acks. The relay decodes and admits every update, and writes it to disk with an fsync before it acknowledges; it runs as shipped, except that the rate limits per connection are out of the way. Processor time is that of all threads of the server's process.\n",
    "## Typing\n",
    typingTable(rounds),
    "## Joining the recorded paper (259,778 edits)\n",
    joinTable(rounds),
    "## From typing to saved\n",
    ackLine(rounds),
  ].join("\n");
}

/** The results with the part that begins with this page's heading in place of an earlier one. */
export function withPart(results: string, page: string): string {
  const heading = (part: string): string => part.slice(0, part.indexOf("\n"));
  const parts = results.split(/^(?=# )/m).filter((part) => part !== "");
  const at = parts.findIndex((part) => heading(part) === heading(page));
  const others = at < 0 ? [...parts, page] : parts.with(at, page);
  return others.map((part) => `${part.trimEnd()}\n`).join("\n");
}

function typingTable(rounds: readonly Round[]): string {
  const typing = rounds.filter((round) => round.kind === "typing");
  const scenarios = [...new Set(typing.map((round) => round.scenario))];
  const rows = scenarios.map((scenario) => {
    const of = (server: ServerName, figure: keyof LoadFigures): number =>
      median(typing.filter((round) => round.scenario === scenario && round.server === server).map((round) => round.figures[figure]));
    const floor = of("broadcaster", "deliveredPerCpuSecond");
    const relay = of("relay", "deliveredPerCpuSecond");
    const latency = (server: ServerName): string => `${of(server, "p50").toFixed(2)} / ${of(server, "p99").toFixed(1)}`;
    return `| ${scenario} | ${thousands(floor)} | ${thousands(relay)} | **${(relay / floor).toFixed(2)}×** | ${latency("broadcaster")} | ${latency("relay")} |`;
  });
  return table(["scenario", "delivered per CPU-second: broadcaster", "relay", "ratio", "p50 / p99 ms: broadcaster", "relay"], rows);
}

function joinTable(rounds: readonly Round[]): string {
  const joins = rounds.filter((round) => round.kind === "joins");
  const of = (server: ServerName, figure: keyof JoinFigures): number =>
    median(joins.filter((round) => round.server === server).map((round) => round.figures[figure]));
  const row = (what: string, figure: keyof JoinFigures, digits: number): string => {
    const [floor, relay] = [of("broadcaster", figure), of("relay", figure)];
    return `| ${what} | ${floor.toFixed(digits)} | ${relay.toFixed(digits)} | ${(relay / floor).toFixed(2)}× |`;
  };
  return table(
    ["", "broadcaster (ready-made bytes)", "relay", "ratio"],
    [
      row("first join after a start, ms", "coldMs", 1),
      row("join, CPU-ms", "joinCpuMs", 2),
      row("join, ms", "joinMs", 1),
      row("join, bytes", "joinBytes", 0),
      row("return with 100 updates missing, CPU-ms", "returnCpuMs", 2),
      row("return, ms", "returnMs", 1),
      row("return, bytes", "returnBytes", 0),
    ],
  );
}

function ackLine(rounds: readonly Round[]): string {
  const acks = rounds.filter((round) => round.kind === "acks").map((round) => round.figures);
  const of = (figure: keyof AckFigures): string => median(acks.map((figures) => figures[figure])).toFixed(1);
  return `200 clients of our own protocol in 50 rooms, 8 characters per second each: from typing to the ack that follows the fsync p50 ${of("p50")} ms, p99 ${of("p99")} ms.\n`;
}

export function table(heads: readonly string[], rows: readonly string[]): string {
  return [`| ${heads.join(" | ")} |`, `|${" --- |".repeat(heads.length)}`, ...rows, ""].join("\n");
}

export function thousands(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}
