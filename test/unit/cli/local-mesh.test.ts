import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { localMesh } from "../../../server/cli/local-mesh.ts";
import { readSettings, type RelaySettings } from "../../../server/config.ts";

let home: string;
beforeEach(() => void (home = fs.mkdtempSync(path.join(os.tmpdir(), "inkmesh-local-"))));
afterEach(() => fs.rmSync(home, { recursive: true }));

function settingsOf(options: Record<string, string> = {}): RelaySettings {
  const answer = readSettings({ options, environment: {} });
  if (!answer.ok) throw new Error(answer.sentence);
  return answer.settings;
}

const at = (port: number): string => `ws://127.0.0.1:${port}/mesh`;

test("relays in a new folder stand at ports in a row, each joins all, and a is the first of the list", async () => {
  const relays = await localMesh(settingsOf({ port: "4500" }), home, 3);
  expect(relays).toMatchObject([
    { name: "a", port: 4500, data: path.join(home, "a") },
    { name: "b", port: 4501, data: path.join(home, "b") },
    { name: "c", port: 4502, data: path.join(home, "c") },
  ]);
  for (const { join, advertise } of relays) expect([join, advertise]).toEqual([[at(4500), at(4501), at(4502)], undefined]);
});

test("whoever has a folder stands before those that have none, so that nobody founds a second mesh beside documents", async () => {
  fs.mkdirSync(path.join(home, "c"));
  const [a] = await localMesh(settingsOf({ port: "4500" }), home, 3);
  expect(a!.join).toEqual([at(4502), at(4500), at(4501)]);
});

test("the secret is drawn once, is this user's only, and none is drawn where one is given", async () => {
  const given = await localMesh(settingsOf({ "mesh-secret": "correct horse battery staple" }), home, 2);
  expect(given.map(({ meshSecretFile }) => meshSecretFile)).toEqual([undefined, undefined]);
  expect(fs.readdirSync(home)).toEqual([]);
  const file = path.join(home, "mesh.secret");
  const drawn = await localMesh(settingsOf(), home, 2);
  expect(drawn.map(({ meshSecretFile }) => meshSecretFile)).toEqual([file, file]);
  const secret = fs.readFileSync(file, "utf8");
  expect(Buffer.from(secret, "base64")).toHaveLength(32);
  expect(fs.statSync(file).mode & 0o777).toBe(0o600);
  await localMesh(settingsOf(), home, 3);
  expect(fs.readFileSync(file, "utf8")).toBe(secret);
});

test("relays that listen everywhere reach each other on this machine", async () => {
  const relays = await localMesh(settingsOf({ host: "0.0.0.0", port: "4500" }), home, 2);
  expect(relays.map(({ advertise }) => advertise)).toEqual([at(4500), at(4501)]);
});

test("with port 0 each gets a free one, and an operator's own addresses come first", async () => {
  const relays = await localMesh(settingsOf({ port: "0", join: "ws://10.0.0.9:4400/mesh" }), home, 3);
  const ports = relays.map(({ port }) => port);
  expect(new Set(ports).size).toBe(3);
  expect(Math.min(...ports)).toBeGreaterThan(0);
  expect(relays[2]!.join).toEqual(["ws://10.0.0.9:4400/mesh", ...ports.map(at)]);
});
