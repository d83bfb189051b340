/**
 * `inkmesh start`, which is `npm start`: a mesh of three relays on this machine, each a process of its own, started again when it
 * dies. `--relays 1` starts one. Ctrl-C drains and ends all.
 *
 * Of several relays `--port` is the first one's port, and `--data` the folder that holds a folder for each.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout } from "node:timers/promises";
import type { Command } from "commander";
import type { RelaySettings } from "../config.ts";
import { knownSecretFile, localMesh, localNames, wasMesh, type LocalRelay } from "./local-mesh.ts";
import { endWith } from "./process-end.ts";
import { addRelayOptions, startWarnings, optionsOf, settingsFrom } from "./relay-options.ts";
import { onStopSignals } from "./stop-signals.ts";
import { cannotWork, SupervisedRelay } from "./supervised-relay.ts";

type Options = Readonly<Record<string, unknown>>;

const relaysDefault = "3";

export function startCommand(program: Command, commandFile: string): void {
  const command = program.command("start").description("runs relays on this machine, a mesh of three, and restarts those that die");
  addRelayOptions(command.option("--relays <number>", `how many relays (${relaysDefault})`)).action(async (options: Options) => {
    const { relays, ...relayOptions } = options;
    const wanted = String(relays ?? process.env["INKMESH_RELAYS"] ?? relaysDefault);
    const count = /^[1-9]$/.test(wanted) ? Number(wanted) : 0;
    if (count === 0) return endWith(2, `--relays must be a number from 1 to ${localNames.length}, not ${JSON.stringify(wanted)}.`);
    const given = count === 1 ? { name: "a", ...relayOptions } : relayOptions;
    const answer = settingsFrom(given, process.env);
    if (!answer.ok) return endWith(2, answer.sentence);
    process.stderr.write(startWarnings(answer.settings));
    const { settings } = answer;
    await supervise(commandFile, count === 1 ? oneRelay(given, settings) : await severalRelays(given, settings, count));
  });
}

/** What runs, and what a person is told once it does. */
interface Plan {
  /** The options of each relay. */
  readonly relays: readonly (Options & { readonly name: string })[];
  readonly welcome: (addresses: readonly string[]) => string;
}

function oneRelay(options: Options, settings: RelaySettings): Plan {
  const data = settings.dataFolder;
  const home = path.dirname(data);
  const meshSecretFile = knownSecretFile(settings, home);
  const note = wasMesh(home)
    ? `Several relays kept these documents (${shortPath(home)}). While most of them do not run, nothing is called saved.\n`
    : "";
  return {
    relays: [{ ...options, name: settings.name ?? "a", data, ...(meshSecretFile === undefined ? {} : { meshSecretFile }) }],
    welcome: ([address]) =>
      `\nInkmesh is running. Open ${address} in a browser, in as many tabs as you like.\n${note}Documents are kept in ${shortPath(data)}. Ctrl-C stops it.\n\n`,
  };
}

async function severalRelays(options: Options, settings: RelaySettings, count: number): Promise<Plan> {
  const { name, advertise, dataFolder } = settings;
  if (name !== undefined) return endWith(2, `--name is for one relay. Several are called ${localNames.slice(0, count).join(", ")}.`);
  if (advertise !== undefined) return endWith(2, "--advertise is for one relay. Start several by hand, each with its own.");
  if (settings.port > 65_535 - count + 1) return endWith(2, `--port must leave room for the ${count - 1} that follow it.`);
  // Without --data the setting is the folder of one relay.
  const home = dataFolder === path.resolve("data", "a") ? path.resolve("data") : dataFolder;
  if (fs.existsSync(path.join(home, "relay.name"))) return endWith(2, folderOfOneSentence(home));
  const relays = await localMesh(settings, home, count);
  return {
    relays: relays.map((relay) => ({ ...options, ...givenIn(relay) })),
    welcome: (addresses) =>
      `\nInkmesh is running: ${count} relays that keep the same documents.\n` +
      `Open ${addresses[0]} in a browser, in as many tabs as you like. The others are ${addresses.slice(1).join(" and ")}.\n` +
      `Documents are kept in ${shortPath(home)}. Ctrl-C stops all.\n\n`,
  };
}

/** The options that say something. */
function givenIn(relay: LocalRelay): Options & { readonly name: string } {
  return Object.fromEntries(Object.entries(relay).filter(([, value]) => value !== undefined)) as Options & { name: string };
}

function folderOfOneSentence(folder: string): string {
  const inside = path.join(shortPath(folder), "a");
  return `The data folder ${shortPath(folder)} is that of one relay. Move it to ${inside}, and its documents go on there; or start one relay with --relays 1.`;
}

async function supervise(commandFile: string, { relays, welcome }: Plan): Promise<never> {
  const addresses = new Map<string, string>();
  const greet = async (all: readonly string[]): Promise<void> => {
    await oneMesh(all);
    process.stdout.write(welcome(all));
  };
  const supervised = relays.map((options): SupervisedRelay => {
    const { name } = options;
    return new SupervisedRelay({
      argumentsOf: (port) => [...process.execArgv, commandFile, "relay", ...optionsOf(port === undefined ? options : { ...options, port })],
      ready: (line, address) => {
        process.stdout.write(`${line}\n`);
        const isLast = !addresses.has(name) && addresses.size === relays.length - 1;
        addresses.set(name, address);
        if (isLast) void greet(relays.map((relay) => addresses.get(relay.name)!));
      },
      died: (how, againInMs) => process.stderr.write(`Relay ${name} ended by itself (${how}). It is started again in ${againInMs} ms.\n`),
    });
  });
  const each = (act: (relay: SupervisedRelay) => void): void => supervised.forEach(act);
  onStopSignals({ stop: () => each((relay) => relay.stop()), insist: () => each((relay) => relay.kill()) });
  const codes = supervised.map(async (relay, index) => {
    const code = await relay.ended;
    // It cannot work, and has said why; the others alone are not what was asked for.
    if (code === cannotWork && relays.length > 1) process.stderr.write(allStoppedSentence(relays[index]!.name));
    if (code === cannotWork) each((other) => other.stop());
    return code;
  });
  process.exit(Math.max(...(await Promise.all(codes))));
}

/** How long the welcome waits for the relays to find each other, which they say much about; longer would look like a failure. */
const formingMs = { within: 5_000, lookEvery: 100 };

/** Resolves when the first relay sees the others as members of one mesh, or when that takes too long. */
async function oneMesh([first, ...others]: readonly string[]): Promise<void> {
  const untilMs = performance.now() + formingMs.within;
  while (others.length > 0 && performance.now() < untilMs && !(await seesMembers(first!, others.length)))
    await setTimeout(formingMs.lookEvery);
}

async function seesMembers(address: string, others: number): Promise<boolean> {
  try {
    const view = (await (await fetch(`${address}/api/mesh`)).json()) as { links: unknown[]; ring: { records: { status: string }[] } };
    return view.links.length >= others && view.ring.records.filter(({ status }) => status === "member").length > others;
  } catch {
    return false; // It may have died since, and is started again.
  }
}

function allStoppedSentence(name: string): string {
  return `Relay ${name} cannot start, so all are stopped. With --port N the relays take N and the ports that follow it.\n`;
}

function shortPath(folder: string): string {
  return path.relative(process.cwd(), folder) || folder;
}
