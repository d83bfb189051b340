/**
 * The options of a relay on the command line, and how they become settings together with the environment and a file.
 */
import * as fs from "node:fs";
import type { Command } from "commander";
import { isLoopbackAddress } from "../listening-address.ts";
import { readSettings, settingNames, type RelaySettings, type Said, type SettingsAnswer } from "../config.ts";

/** Gives `command` every option that a relay has. Values stay text: `readSettings` judges them. */
export function addRelayOptions(command: Command): Command {
  return command
    .option("--name <name>", "the relay's name; kept in its data folder")
    .option("--host <address>", "the address to listen on (127.0.0.1)")
    .option("--port <number>", "the port to listen on; 0 picks one (4400)")
    .option("--data <folder>", "where documents are kept (./data/NAME)")
    .option("--log <format>", "pretty, json or silent (pretty)")
    .option("--allow-origin <origin>", "pages of this origin may connect too; may be repeated", collect)
    .option("--auth-url <address>", "your application, which is asked by POST who may read and write what")
    .option("--durability <level>", "copies on disk before an edit is called saved: majority, 1 or all (majority)")
    .option("--store <store>", "sqlite (sqlite)")
    .option("--replicas <number>", "relays that keep each document, of as many as there are (3)")
    .option("--history <period>", "how long to keep who wrote what, as 30d, 12h or 90m; 0: not at all (30d)")
    .option("--zone <zone>", "where this relay stands; copies of a document go to different zones first")
    .option("--config <file>", "a JSON file with these settings, limits, mesh and process limits")
    .option("--join <address>", "another relay, as ws://HOST:PORT/mesh; may be repeated", collect)
    .option("--advertise <address>", "where other relays reach this one (ws://HOST:PORT/mesh)")
    .option("--mesh-secret-file <file>", "the secret that all relays of a mesh share; or INKMESH_MESH_SECRET")
    .option("--experiments", "lets the page /mesh-view cut links, turn the clock and end the relay; on this machine only");
}

/** The settings that options, environment and file say together, or a sentence on what is wrong. */
export function settingsFrom(options: Readonly<Record<string, unknown>>, environment: NodeJS.ProcessEnv): SettingsAnswer {
  const configFile = options["config"] ?? environment["INKMESH_CONFIG"];
  const file = configFile === undefined ? undefined : readConfigFile(String(configFile));
  if (file !== undefined && !file.ok) return file;
  return readSettings({ options: byOptionName(options), environment, file: file?.said });
}

/** Settings as options again, for a relay that is started as a process of its own. */
export function optionsOf(options: Readonly<Record<string, unknown>>): string[] {
  const named = byOptionName(options);
  const names = [...settingNames, "config"].filter((name) => named[name] !== undefined);
  return names.flatMap((name) =>
    [named[name]].flat().flatMap((value) => (typeof value === "boolean" ? (value ? [`--${name}`] : []) : [`--${name}=${String(value)}`])),
  );
}

/** What a person should know before the relay runs; mostly nothing. */
export function startWarnings(settings: RelaySettings): string {
  return `${exposureWarning(settings)}${experimentsWarning(settings)}`;
}

function experimentsWarning({ experiments }: RelaySettings): string {
  if (!experiments) return "";
  return (
    "Warning: with --experiments every program and every local page on this machine can cut this relay's links, silence it, turn its\n" +
    "clock and end it, at /mesh-view. Start no relay like that where people depend on it.\n"
  );
}

/** Empty on a loopback address. */
function exposureWarning(settings: RelaySettings): string {
  if (isLoopbackAddress(settings.host)) return "";
  return (
    (settings.authUrl === undefined
      ? `Warning: --host ${settings.host} lets others reach this relay, and anybody who can reach it can read and write every document.\n`
      : `Warning: --host ${settings.host} lets others reach this relay, and what they send, tokens too, can be read on the way.\n`) +
    "Without https a browser cannot reopen the editor while this relay is away (what is typed is kept on its device all the same);\n" +
    "a proxy with https in front of the relay would do, or a tunnel to it from localhost.\n"
  );
}

function readConfigFile(file: string): { ok: true; said: Said } | { ok: false; sentence: string } {
  try {
    const said: unknown = JSON.parse(fs.readFileSync(file, "utf8"));
    if (typeof said === "object" && said !== null && !Array.isArray(said)) return { ok: true, said: said as Said };
  } catch {
    // No such file, no right to read it, no JSON: one sentence fits all.
  }
  return { ok: false, sentence: `--config must be a readable file with a JSON object, not ${JSON.stringify(file)}.` };
}

/** commander's `allowOrigin` as our `allow-origin`. */
function byOptionName(options: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(options).map(([key, value]) => [key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`), value]),
  );
}

function collect(value: string, before: unknown): string[] {
  return [...(Array.isArray(before) ? (before as string[]) : []), value];
}
