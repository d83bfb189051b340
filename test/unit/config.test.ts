import { describe, expect, test } from "vitest";
import { environmentName, readSettings, type Said } from "../../server/config.ts";

const nothing = { options: {}, environment: {} };

function settingsOf(options: Said, environment: Said = {}, file?: Said) {
  const answer = readSettings({ options, environment, file });
  if (!answer.ok) throw new Error(answer.sentence);
  return answer.settings;
}

function sentenceOf(options: Said, environment: Said = {}, file?: Said): string {
  const answer = readSettings({ options, environment, file });
  return answer.ok ? "accepted" : answer.sentence;
}

describe("settings", () => {
  test("without a word, a relay listens on 127.0.0.1:4400 and keeps its data in data/a", () => {
    const { host, port, dataFolder, log, name } = settingsOf({});
    expect({ host, port, log, name }).toEqual({ host: "127.0.0.1", port: 4400, log: "pretty", name: undefined });
    expect(dataFolder).toMatch(/\/data\/a$/);
  });

  test("an option wins over the environment, and that over the file", () => {
    const file = { port: 3 };
    expect(settingsOf({ port: "1" }, { INKMESH_PORT: "2" }, file).port).toBe(1);
    expect(settingsOf({}, { INKMESH_PORT: "2" }, file).port).toBe(2);
    expect(settingsOf({}, {}, file).port).toBe(3);
  });

  test("the data folder follows the name", () => {
    expect(settingsOf({ name: "berlin-2" }).dataFolder).toMatch(/\/data\/berlin-2$/);
  });

  test("origins may be repeated or separated by commas and blanks", () => {
    expect(settingsOf({ "allow-origin": ["https://a.example", "http://b.example:8080"] }).allowOrigins).toHaveLength(2);
    expect(settingsOf({}, { INKMESH_ALLOW_ORIGIN: "https://a.example, https://b.example" }).allowOrigins).toEqual([
      "https://a.example",
      "https://b.example",
    ]);
  });

  test("a file may change limits, and nothing else moves", () => {
    const { limits, process } = settingsOf({}, {}, { limits: { keepaliveMs: 100, nestingMax: 8 }, process: { commitPauseMs: 0 } });
    const first = settingsOf({});
    expect(limits).toEqual({ ...first.limits, keepaliveMs: 100, content: { ...first.limits.content, nestingMax: 8 } });
    expect(process).toEqual({ ...first.process, commitPauseMs: 0 });
  });

  test.each<[wrong: string, options: Said, environment: Said, file: Said | undefined, words: RegExp]>([
    ["a port that is no number", { port: "abc" }, {}, undefined, /^--port must be a port from 0 to 65535.*, not "abc"\.$/],
    ["a port that does not exist", {}, { INKMESH_PORT: "65536" }, undefined, /^INKMESH_PORT must be a port/],
    ["an empty port", { port: "" }, {}, undefined, /^--port must be/],
    ["a name with capitals", { name: "Berlin" }, {}, undefined, /^--name must be 1 to 63 of a-z/],
    ["an unknown log format", { log: "xml" }, {}, undefined, /^--log must be pretty, json or silent, not "xml"\.$/],
    ["an origin with a path", { "allow-origin": ["https://a.example/x"] }, {}, undefined, /^--allow-origin must be the origin of a page/],
    ["an empty data folder", { data: "" }, {}, undefined, /^--data must be a folder/],
    ["more than one replica", { replicas: "3" }, {}, undefined, /^--replicas must be 1, because this version has no mesh/],
    ["another store", { store: "postgres://x" }, {}, undefined, /^--store must be sqlite/],
    ["a seed to join", { join: ["ws://127.0.0.1:1/mesh"] }, {}, undefined, /^--join must be left out, because this version has no mesh/],
    ["an advertised address", { advertise: "ws://h/mesh" }, {}, undefined, /^--advertise must be left out/],
    ["a mesh secret", {}, { INKMESH_MESH_SECRET: "hunter2" }, undefined, /^INKMESH_MESH_SECRET must be left out/],
    ["an unknown key of the file", {}, {}, { prot: 1 }, /^"prot" in the --config file must be one of name, host, port/],
    ["an unknown limit", {}, {}, { limits: { frameBytes: 1 } }, /^"limits\.frameBytes" in the --config file must be one of/],
    ["a limit of Object's", {}, {}, { limits: { toString: 1 } }, /^"limits\.toString"/],
    ["a limit out of bounds", {}, {}, { limits: { keepaliveMs: 30_000 } }, /must be a number from 50 to 25000, not 30000\.$/],
    ["a limit that is no number", {}, {}, { process: { stopMs: "10" } }, /must be a number from 100 to 600000, not "10"\.$/],
    ["limits that are no object", {}, {}, { limits: [1] }, /must be an object of numbers\.$/],
  ])("%s is refused with a sentence that says what would be right", (_wrong, options, environment, file, words) => {
    expect(sentenceOf(options, environment, file)).toMatch(words);
  });

  test("a secret is not repeated in a sentence", () => {
    expect(sentenceOf({}, { INKMESH_MESH_SECRET: "hunter2" })).not.toContain("hunter2");
  });

  test("an environment variable is named after its option", () => {
    expect(environmentName("allow-origin")).toBe("INKMESH_ALLOW_ORIGIN");
  });

  test("everything has a first value", () => {
    const answer = readSettings(nothing);
    expect(
      answer.ok && Object.values({ ...answer.settings.limits, ...answer.settings.process }).every((value) => value !== undefined),
    ).toBe(true);
  });
});
