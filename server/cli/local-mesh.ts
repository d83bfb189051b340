/**
 * LocalMesh: several relays of one machine that are one mesh: what each is called, where it listens, where it keeps its documents,
 * whom it joins, and the secret that they share.
 *
 *     home/mesh.secret (this user's only)      home/a, home/b, …: a data folder each
 *
 * All get the same list to join, so that each finds the others again with an empty folder, too. Whoever has a folder already
 * stands first in it: the first of a list is the one that founds the mesh where there is none, and nobody may found a second one
 * beside documents that are there. A relay "a" that ran alone is the founder that way, and its documents spread to the others.
 */
import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import * as path from "node:path";
import type { RelaySettings } from "../config.ts";
import { isAnyAddress } from "../listening-address.ts";

/** One relay of it, by its options. */
export interface LocalRelay {
  readonly name: string;
  readonly port: number;
  readonly data: string;
  readonly join: readonly string[];
  /** Where the others reach it, where they cannot know it from the address that it listens on. */
  readonly advertise: string | undefined;
  readonly meshSecretFile: string | undefined;
}

/** As many names as there may be relays. */
export const localNames = ["a", "b", "c", "d", "e", "f", "g", "h", "i"] as const;

/** The relays, the first at the port that was chosen and the others at those that follow it; with port 0 at free ones. */
export async function localMesh(settings: RelaySettings, home: string, count: number): Promise<readonly LocalRelay[]> {
  const names = localNames.slice(0, count);
  const ports = settings.port === 0 ? await freePorts(settings.host, count) : names.map((_, index) => settings.port + index);
  const isAny = isAnyAddress(settings.host);
  const host = isAny ? "127.0.0.1" : settings.host.includes(":") ? `[${settings.host}]` : settings.host;
  const relays = names.map((name, index) => {
    const data = path.join(home, name);
    return { name, port: ports[index]!, data, address: `ws://${host}:${ports[index]}/mesh`, isNew: !fs.existsSync(data) };
  });
  const join = [...relays.filter(({ isNew }) => !isNew), ...relays.filter(({ isNew }) => isNew)].map(({ address }) => address);
  const meshSecretFile = isSecretGiven(settings) ? undefined : secretFileOf(home);
  return relays.map(({ name, port, data, address }) => {
    return { name, port, data, meshSecretFile, join: [...settings.join, ...join], advertise: isAny ? address : undefined };
  });
}

/** Whether relays beside "a" keep documents in `home`. */
export function wasMesh(home: string): boolean {
  return localNames.slice(1).some((name) => fs.existsSync(path.join(home, name, "mesh.json")));
}

/** The secret that the relays of `home` share, if they do already. */
export function knownSecretFile(settings: RelaySettings, home: string): string | undefined {
  const file = secretFile(home);
  return !isSecretGiven(settings) && fs.existsSync(file) ? file : undefined;
}

function isSecretGiven({ meshSecret, meshSecretFile }: RelaySettings): boolean {
  return meshSecret !== undefined || meshSecretFile !== undefined;
}

function secretFile(home: string): string {
  return path.join(home, "mesh.secret");
}

/** Drawn once. Relay "a" may have drawn its own when it ran alone: then that one, by which its clients' tokens are sealed. */
function secretFileOf(home: string): string {
  const file = secretFile(home);
  if (fs.existsSync(file)) return file;
  const own = path.join(home, "a", "mesh.secret");
  fs.mkdirSync(home, { recursive: true });
  // In one step: a relay must never read half a secret, nor anybody else any of it.
  const draft = `${file}.${process.pid}.new`;
  fs.writeFileSync(draft, fs.existsSync(own) ? fs.readFileSync(own) : `${randomBytes(32).toString("base64")}\n`, {
    mode: 0o600,
    flush: true,
  });
  fs.renameSync(draft, file);
  return file;
}

async function freePorts(host: string, count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, host, resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
