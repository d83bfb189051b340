import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { Command } from "commander";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readSettings, type RelaySettings } from "../../../server/config.ts";
import { addRelayOptions, startWarnings, optionsOf, settingsFrom } from "../../../server/cli/relay-options.ts";

let folder: string;
beforeEach(() => void (folder = fs.mkdtempSync(path.join(os.tmpdir(), "inkmesh-options-"))));
afterEach(() => fs.rmSync(folder, { recursive: true }));

function parsed(...args: string[]): Record<string, unknown> {
  return addRelayOptions(new Command().exitOverride()).parse(args, { from: "user" }).opts();
}

function aFile(text: string): string {
  const file = path.join(folder, "config.json");
  fs.writeFileSync(file, text);
  return file;
}

test("every option of a relay is a setting, and none is lost on the way to a process of its own", () => {
  const args = [
    "--name=b",
    "--host=127.0.0.1",
    "--port=0",
    "--data=/somewhere/x y",
    "--log=json",
    "--allow-origin=https://a.example",
    "--allow-origin=https://b.example",
  ];
  const options = parsed(...args);
  expect(settingsFrom(options, {})).toMatchObject({
    ok: true,
    settings: { name: "b", port: 0, dataFolder: "/somewhere/x y", log: "json", allowOrigins: ["https://a.example", "https://b.example"] },
  });
  expect([...optionsOf(options)].sort()).toEqual([...args].sort());
});

test("a file may come from the environment, and an option wins over it", () => {
  const file = aFile(JSON.stringify({ port: 1, log: "json" }));
  expect(settingsFrom(parsed("--port", "2"), { INKMESH_CONFIG: file })).toMatchObject({ ok: true, settings: { port: 2, log: "json" } });
});

test.each(["{", "[]", "null", "7"])("a file that holds %s is refused with a sentence", (text) => {
  const file = aFile(text);
  expect(settingsFrom(parsed("--config", file), {})).toEqual({
    ok: false,
    sentence: `--config must be a readable file with a JSON object, not ${JSON.stringify(file)}.`,
  });
});

test("a file that is not there is refused with the same sentence", () => {
  expect(settingsFrom(parsed("--config", "/nowhere.json"), {})).toMatchObject({
    ok: false,
    sentence: expect.stringContaining("readable file"),
  });
});

test.each([
  ["127.0.0.1", false],
  ["127.1.2.3", false],
  ["localhost", false],
  ["::1", false],
  ["0.0.0.0", true],
  ["::", true],
  ["192.168.1.5", true],
  ["127.0.0.1.example", true],
])("listening on %s warns: %s", (host, warns) => {
  const answer = readSettings({ options: {}, environment: {} });
  if (!answer.ok) throw new Error(answer.sentence);
  const settings: RelaySettings = { ...answer.settings, host };
  expect(startWarnings(settings) !== "").toBe(warns);
  expect(/https.*localhost/s.test(startWarnings(settings))).toBe(warns);
});

test("experiments are warned of, and a supervisor passes them on", () => {
  const answer = settingsFrom(parsed("--experiments"), {});
  if (!answer.ok) throw new Error(answer.sentence);
  expect(startWarnings(answer.settings)).toMatch(/^Warning: with --experiments .* can cut this relay's links/);
  expect(startWarnings({ ...answer.settings, experiments: false })).toBe("");
  expect(optionsOf(parsed("--experiments", "--port", "0"))).toEqual(["--port=0", "--experiments"]);
  expect(optionsOf({ experiments: false })).toEqual([]);
});
