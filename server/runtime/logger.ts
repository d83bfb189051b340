/**
 * The relay's log: one line per event, on stderr, so that stdout carries only what scripts read.
 *
 * `json` is for machines, `pretty` for a person at a terminal. What is logged is counts, codes and names; never a user's
 * content, never a credential: the callers hand in fields one by one, no whole request or frame.
 */
import { pino, type Logger } from "pino";
import colors from "picocolors";

export type { Logger } from "pino";

export function createLogger(options: { format: "pretty" | "json" | "silent"; relay: string }): Logger {
  const base = { relay: options.relay };
  if (options.format === "silent") return pino({ base, level: "silent" });
  if (options.format === "json") return pino({ base }, pino.destination({ fd: 2, sync: true }));
  // Without a terminal `isTTY` is undefined, for which createColors would decide by itself, and paint wherever CI is set.
  const paint = colors.createColors(process.stderr.isTTY === true && colors.isColorSupported);
  return pino({ base }, { write: (line: string) => void process.stderr.write(prettyLine(line, paint)) });
}

const levelNames: Readonly<Record<number, string>> = { 10: "trace", 20: "debug", 30: "info", 40: "warn", 50: "error", 60: "fatal" };

/** One line of pino's JSON as a person reads it: time, level, message, then the fields. */
export function prettyLine(json: string, paint: Pick<typeof colors, "dim" | "yellow" | "red">): string {
  const { level, time, msg, pid: _pid, hostname: _hostname, relay, err, ...fields } = JSON.parse(json) as Record<string, unknown>;
  const name = levelNames[Number(level)] ?? "info";
  const painted = Number(level) >= 50 ? paint.red(name) : Number(level) >= 40 ? paint.yellow(name) : name;
  const said = Object.entries(fields).map(([key, value]) => `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`);
  const clock = new Date(Number(time)).toISOString().slice(11, 23);
  const head = [paint.dim(clock), String(relay), painted, String(msg ?? ""), paint.dim(said.join(" "))]
    .filter((part) => part !== "")
    .join(" ");
  return `${head}\n${stackOf(err)}`;
}

function stackOf(error: unknown): string {
  if (typeof error !== "object" || error === null) return "";
  const { stack, message } = error as { stack?: unknown; message?: unknown };
  return `  ${String(stack ?? message ?? "")}\n`;
}
