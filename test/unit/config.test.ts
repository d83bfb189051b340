import { describe, expect, test } from "vitest";
import { meshLimitsWith } from "../../server/mesh-limits.ts";
import { membershipLimits } from "./core/membership/a-membership.ts";
import { orderedPairs } from "../../server/limit-order.ts";
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

  test("a relay stands nowhere in particular until a zone is given", () => {
    expect([settingsOf({}).zone, settingsOf({}, { INKMESH_ZONE: "berlin-1" }).zone]).toEqual(["", "berlin-1"]);
  });

  test("histories go back thirty days, or as long as is said, in minutes, hours or days", () => {
    const said = (history: unknown) => settingsOf({ history }).historyMs;
    const kept = (history: unknown) => settingsOf({ history }).limits.replication.keptHistoryMs;
    expect([kept(undefined), kept("90m"), kept("0")]).toEqual([30 * 86_400_000, 5_400_000, 0]);
    expect([settingsOf({}).historyMs, said("30d")]).toEqual([30 * 86_400_000, 30 * 86_400_000]);
    expect([said("0"), said("0d"), said("90m"), said("12h"), said("3650d")]).toEqual([0, 0, 5_400_000, 43_200_000, 3_650 * 86_400_000]);
    expect([settingsOf({}, { INKMESH_HISTORY: "1h" }).historyMs, settingsOf({}, {}, { history: 0 }).historyMs]).toEqual([3_600_000, 0]);
  });

  test("nobody may do experiments until somebody says so", () => {
    const said = (value: unknown) => settingsOf({}, { INKMESH_EXPERIMENTS: value }).experiments;
    expect([settingsOf({}).experiments, settingsOf({ experiments: true }).experiments]).toEqual([false, true]);
    expect([said("true"), said("1"), said("false"), said("0")]).toEqual([true, true, false, false]);
    expect(settingsOf({}, {}, { experiments: true, host: "::1" }).experiments).toBe(true);
  });

  test("an application is asked over HTTP where its address is given, which is not repeated in what is said of a wrong one", () => {
    expect([settingsOf({}).authUrl, settingsOf({ "auth-url": "https://a.example/access?key=k" }).authUrl]).toEqual([
      undefined,
      "https://a.example/access?key=k",
    ]);
    for (const wrong of ["a.example", "ftp://a.example/access", "http://me:key@a.example/"])
      expect(sentenceOf({ "auth-url": wrong })).toBe(
        "--auth-url must be the address of your application, e.g. http://127.0.0.1:3000/inkmesh-access.",
      );
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
    ["no replica at all", { replicas: "0" }, {}, undefined, /^--replicas must be a number of relays from 1 to 7, not "0"\.$/],
    ["a zone with a blank", { zone: "rack 1" }, {}, undefined, /^--zone must be up to 63 of A-Z, a-z, 0-9.*, not "rack 1"\.$/],
    ["an unknown durability", { durability: "2" }, {}, undefined, /^--durability must be majority, 1 or all, not "2"\.$/],
    [
      "a history without a unit",
      { history: "30" },
      {},
      undefined,
      /^--history must be how long to keep who wrote what, as 30d, .*, not "30"\.$/,
    ],
    ["a history of a blank", {}, { INKMESH_HISTORY: "" }, undefined, /^INKMESH_HISTORY must be how long/],
    [
      "a history of centuries",
      { history: "3651d" },
      {},
      undefined,
      /^--history must be how long .*, up to 3650d, or 0 for not at all, not "3651d"/,
    ],
    ["a history in numbers", {}, {}, { history: 30 }, /^"history" in the --config file must be how long/],
    ["another store", { store: "postgres://x" }, {}, undefined, /^--store must be sqlite/],
    [
      "a page's address to join",
      { join: ["http://127.0.0.1:1/mesh"] },
      {},
      undefined,
      /^--join must be the address of another relay, e\.g\. ws:/,
    ],
    ["an address without a path", { join: ["ws://127.0.0.1:1"] }, {}, undefined, /^--join must be the address of another relay/],
    ["an address with a password", { join: ["ws://u:p@h/mesh"] }, {}, undefined, /^--join must be the address of another relay/],
    [
      "an advertised name",
      { advertise: "relay-1" },
      {},
      undefined,
      /^--advertise must be the address at which other relays reach this one/,
    ],
    [
      "a short secret",
      {},
      { INKMESH_MESH_SECRET: "hunter2" },
      undefined,
      /^INKMESH_MESH_SECRET must be a secret of at least 16 characters\.$/,
    ],
    [
      "two secrets",
      { "mesh-secret-file": "f" },
      { INKMESH_MESH_SECRET: "hunter2hunter2hunter2" },
      undefined,
      /^The secret of the mesh must be given once/,
    ],
    [
      "joining from everywhere at once",
      { join: ["ws://h/mesh"], host: "0.0.0.0" },
      {},
      undefined,
      /^--advertise must say at which address other relays reach this one, because --host 0\.0\.0\.0 is all of them/,
    ],
    [
      "a limit of the mesh out of bounds",
      {},
      {},
      { mesh: { probeIntervalMs: 1 } },
      /^"mesh\.probeIntervalMs" in the --config file must be a/,
    ],
    [
      "experiments that are neither on nor off",
      {},
      { INKMESH_EXPERIMENTS: "maybe" },
      undefined,
      /^INKMESH_EXPERIMENTS must be true or false, not "maybe"\.$/,
    ],
    [
      "experiments where others could do them",
      { experiments: true, host: "0.0.0.0" },
      {},
      undefined,
      /^--experiments must be left out, or --host be 127\.0\.0\.1, because whoever reaches 0\.0\.0\.0 could cut/,
    ],
    ["an unknown key of the file", {}, {}, { prot: 1 }, /^"prot" in the --config file must be one of name, host, port/],
    ["an unknown limit", {}, {}, { limits: { frameBytes: 1 } }, /^"limits\.frameBytes" in the --config file must be one of/],
    ["a limit of Object's", {}, {}, { limits: { toString: 1 } }, /^"limits\.toString"/],
    ["a limit out of bounds", {}, {}, { limits: { keepaliveMs: 30_000 } }, /must be a number from 50 to 25000, not 30000\.$/],
    ["a limit that is no number", {}, {}, { process: { stopMs: "10" } }, /must be a number from 100 to 600000, not "10"\.$/],
    ["limits that are no object", {}, {}, { limits: [1] }, /must be an object of numbers\.$/],
  ])("%s is refused with a sentence that says what would be right", (_wrong, options, environment, file, words) => {
    expect(sentenceOf(options, environment, file)).toMatch(words);
  });

  test.each(orderedPairs)("$more below $times times $less is refused with a sentence that says what would be right", (pair) => {
    const { less, more, times } = pair;
    const small = less.includes("frameFill") ? 2 ** 20 : less.includes("Bytes") ? 2 ** 21 : 20_000;
    const sentence = (large: number): string => {
      const file: Record<string, Record<string, number>> = { limits: {}, mesh: {}, process: {} };
      const set = (path: string, value: number): void => void (file[path.split(".")[0]!]![path.split(".")[1]!] = value);
      for (const other of orderedPairs) if (other.less === less) set(other.more, small * other.times);
      set(less, small);
      set(more, large);
      return sentenceOf({}, {}, file);
    };
    const least = times === 1 ? "at least" : `at least ${times} times`;
    const refusal = `"${more}" in the --config file must be ${least} "${less}", which is ${small}, not ${small * times - 1}, since `;
    expect(sentence(small * times - 1).startsWith(refusal)).toBe(true);
    expect(sentence(small * times)).not.toContain(`"${less}"`);
  });

  test("relays to join may be repeated or separated, and are written as they are compared", () => {
    expect(settingsOf({ join: ["ws://A:80/mesh", "ws://b:4400/mesh ws://c/mesh"] }).join).toEqual([
      "ws://a/mesh",
      "ws://b:4400/mesh",
      "ws://c/mesh",
    ]);
    expect(settingsOf({}, { INKMESH_JOIN: "ws://b/mesh,ws://c/mesh" }).join).toHaveLength(2);
    expect(settingsOf({ join: ["ws://h/mesh"], host: "::", advertise: "ws://me/mesh" }).advertise).toBe("ws://me/mesh");
  });

  test("a mesh starts with the limits that its tests use", () => {
    expect(settingsOf({}).mesh.membership).toEqual(membershipLimits());
    expect(settingsOf({}, {}, { mesh: { foundAfterMs: 7 } }).mesh).toEqual(meshLimitsWith({ foundAfterMs: 7 }));
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
