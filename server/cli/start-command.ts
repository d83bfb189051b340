/**
 * `inkmesh start`, which is `npm start`: relays on this machine, each a process of its own, started again when it dies.
 *
 * For now that is one relay. Ctrl-C drains and ends all.
 */
import * as path from "node:path";
import type { Command } from "commander";
import { endWith } from "./process-end.ts";
import { addRelayOptions, optionsOf, settingsFrom } from "./relay-options.ts";
import { onStopSignals } from "./stop-signals.ts";
import { SupervisedRelay } from "./supervised-relay.ts";

export function startCommand(program: Command, commandFile: string): void {
  const command = program.command("start").description("runs relays on this machine and restarts those that die");
  addRelayOptions(command.option("--relays <number>", "how many relays (1)")).action(async (options: Record<string, unknown>) => {
    const { relays, ...relayOptions } = options;
    const wanted = relays ?? process.env["INKMESH_RELAYS"] ?? "1";
    if (wanted !== "1") return endWith(2, relaysSentence(String(wanted)));
    const answer = settingsFrom({ name: "a", ...relayOptions }, process.env);
    if (!answer.ok) return endWith(2, answer.sentence);
    await superviseOne(commandFile, { name: "a", ...relayOptions, data: answer.settings.dataFolder });
  });
}

function relaysSentence(wanted: string): string {
  const many = /^[2-9]$|^[1-9]\d+$/.test(wanted);
  return many
    ? "--relays must be 1, because this version starts no mesh of several by itself yet."
    : `--relays must be 1, not ${JSON.stringify(wanted)}.`;
}

async function superviseOne(commandFile: string, options: Record<string, unknown>): Promise<void> {
  const relay = new SupervisedRelay({
    argumentsOf: (port) => [...process.execArgv, commandFile, "relay", ...optionsOf(port === undefined ? options : { ...options, port })],
    ready: (line, address, restarts) =>
      process.stdout.write(restarts === 0 ? welcome(line, address, String(options["data"])) : `${line}\n`),
    died: (how, againInMs) => process.stderr.write(`The relay ended by itself (${how}). It is started again in ${againInMs} ms.\n`),
  });
  onStopSignals({ stop: () => relay.stop(), insist: () => relay.kill() });
  process.exit(await relay.ended);
}

function welcome(line: string, address: string, folder: string): string {
  return `${line}\n\nInkmesh is running. Open ${address} in a browser, in as many tabs as you like.\nDocuments are kept in ${path.relative(process.cwd(), folder) || folder}. Ctrl-C stops it.\n\n`;
}
