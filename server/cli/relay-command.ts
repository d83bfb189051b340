/**
 * `inkmesh relay`: one relay in this process, until a signal stops it.
 *
 * stdout carries one line, when the relay can serve; everything else goes to stderr. Exit codes: 0 after a stop that was
 * asked for, 2 for a setting that cannot work (an option, a port or folder in use), 1 for a mistake of ours: the state of
 * the process is unknown then, so it is logged and left to the supervisor to start anew from the log.
 */
import type { Command } from "commander";
import type { RelaySettings } from "../config.ts";
import type { RunningRelay } from "../main.ts";
import { createLogger } from "../runtime/logger.ts";
import { addRelayOptions, startWarnings, settingsFrom } from "./relay-options.ts";
import { endWith } from "./process-end.ts";
import { onStopSignals } from "./stop-signals.ts";

export function relayCommand(program: Command): void {
  addRelayOptions(program.command("relay").description("runs one relay")).action(async (options: Record<string, unknown>) => {
    const answer = settingsFrom(options, process.env);
    if (!answer.ok) return endWith(2, answer.sentence);
    await runRelay(answer.settings);
  });
}

async function runRelay(settings: RelaySettings): Promise<void> {
  crashOnMistakes(settings);
  // A supervisor has said it, once for all its relays.
  if (!isSupervised()) process.stderr.write(startWarnings(settings));
  // Loaded here, so that a supervisor and a bad option do without all that a relay needs.
  const { startRelay } = await import("../main.ts");
  const starting = startRelay(settings, () => void endUnsound());
  const endUnsound = async (): Promise<void> => {
    const started = await starting;
    if (started.ok) await started.relay.stop();
    return endWith(1, "A part of the store was damaged while the relay ran. It ends; started again, it goes on with what is sound.");
  };
  const stop = async (): Promise<void> => {
    const started = await starting;
    if (started.ok) await started.relay.stop();
    process.exit(0);
  };
  stopWhenAsked(stop);
  const started = await starting;
  if (!started.ok) return endWith(2, started.sentence);
  process.stdout.write(readyLine(started.relay));
}

/** The line that scripts wait for. */
function readyLine(relay: RunningRelay): string {
  return `inkmesh relay ${relay.name} ready on ${relay.address}\n`;
}

/** A supervised relay leaves Ctrl-C to its supervisor, and stops when that has gone. */
function stopWhenAsked(stop: () => Promise<void>): void {
  const supervised = isSupervised();
  onStopSignals({ stop: () => void stop(), insist: () => process.exit(1), ignoreInterrupt: supervised });
  if (supervised) process.once("disconnect", () => void stop());
}

function isSupervised(): boolean {
  return process.connected === true && process.env["INKMESH_SUPERVISED"] === "1";
}

function crashOnMistakes(settings: RelaySettings): void {
  const crash = (error: unknown): void => {
    createLogger({ format: settings.log, relay: settings.name ?? "?" }).fatal({ err: error }, "the relay made a mistake and ends");
    process.exit(1);
  };
  process.on("uncaughtException", crash);
  process.on("unhandledRejection", crash);
}
