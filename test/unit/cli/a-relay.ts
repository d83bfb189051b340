/**
 * ARelay: a relay in this process, as the command line would start it.
 */
import { settingsFrom } from "../../../server/cli/relay-options.ts";
import { startRelay, type RunningRelay } from "../../../server/main.ts";

export type { RunningRelay };

/** At a free port, saying nothing. */
export async function aRelay(options: Parameters<typeof settingsFrom>[0]): Promise<RunningRelay> {
  const answer = settingsFrom({ port: "0", log: "silent", ...options }, {});
  if (!answer.ok) throw new Error(answer.sentence);
  const started = await startRelay(answer.settings);
  if (!started.ok) throw new Error(started.sentence);
  return started.relay;
}
