/**
 * Settings: everything that an operator may choose and every ceiling that the relay keeps, by name, with its unit and
 * the reason for its first value.
 *
 * A choice comes from a command line option, an environment variable (`INKMESH_PORT`), or the JSON file of `--config`, in
 * that order; the first that speaks wins. Ceilings are in the file only: `"limits"` are the core's, `"process"` those around it.
 *
 * Invariants: what `readSettings` answers is complete and within bounds; what it refuses it refuses with one sentence
 * that says what would be right. Reads no file and no environment itself: the caller hands them in.
 */
import * as path from "node:path";
import { isRelayId, type RelayId } from "@inkmesh/shared/base/ids";
import * as z from "zod";
import type { Limits } from "./core/limits.ts";

const kib = 1024;
const mib = 1024 * kib;

/** name: [first value, least, most]. */
type Bounds = readonly [first: number, least: number, most: number];

const contentBounds = {
  /** A pasted book is some ten thousand parts; decoding 100,000 takes about a tenth of a second. */
  partsPerUpdateMax: [100_000, 1, 10_000_000],
  /** One transaction has one author; undo of a merge has a few. */
  authorsPerEditMax: [16, 1, 100_000],
  /** Yjs counts characters; 2^40 is beyond any document and still safe to add to. */
  clockMax: [2 ** 40, 1_000, 2 ** 52],
  /** A table in a quote in a list is 8 deep; 3,000 deep overflows a reader's stack. */
  nestingMax: [64, 4, 1_000],
  /** Every tab is an author for ever; 20,000 make a state vector of about 200 KB, sent at each join. */
  authorsPerRoomMax: [20_000, 1, 10_000_000],
} as const satisfies Record<string, Bounds>;

const limitBounds = {
  /** Bytes. The whole state of a large document comes in one frame from a y-websocket client. */
  frameBytesMax: [16 * mib, kib, 256 * mib],
  /** Bytes. A paste; images do not belong into updates. */
  editBytesMax: [4 * mib, 64, 256 * mib],
  /** Bytes. An offline return or an import. */
  stateBytesMax: [16 * mib, 64, 256 * mib],
  /** Bytes. A joiner must be able to hold it, and the relay to compact it in seconds. */
  roomBytesMax: [64 * mib, kib, 1024 * mib],
  /** Rooms. A person's tabs and panes; each costs memory in two places. */
  roomsPerConnectionMax: [256, 1, 100_000],
  /** Sockets. About 10 KB each when idle. */
  connectionsMax: [10_000, 1, 1_000_000],
  /** Milliseconds. A slow phone says hello within it; a trickling attacker is gone after it. */
  handshakeMs: [5_000, 50, 600_000],
  /** Bytes. A cursor, a name, a colour, and the echo of some others'. */
  presenceBytesMax: [64 * kib, 64, mib],
  /** Ids. A tab echoes the ids of its sister tabs. */
  presenceIdsPerSessionMax: [64, 1, 100_000],
  /** Milliseconds. Clients renew every 15 s; y-websocket forgets after 30 s as well. */
  presenceExpiryMs: [30_000, 100, 3_600_000],
  /** Updates per second and connection. A typist makes 10; a script that replays a history is slowed to a twentieth of a core. */
  updatesPerSecond: [5_000, 1, 10_000_000],
  /** Updates. An offline week sent at once. */
  updatesBurst: [20_000, 1, 10_000_000],
  /** Bytes per second and connection. */
  bytesPerSecond: [4 * mib, kib, 1024 * mib],
  /** Bytes. Two whole states. */
  bytesBurst: [32 * mib, kib, 1024 * mib],
  /** Gaps. A healthy client has one after a lost connection; a broken one would ask for ever. */
  gapsPerWindowMax: [20, 1, 1_000_000],
  /** Milliseconds. */
  gapWindowMs: [60_000, 100, 3_600_000],
  /** Updates. Some seconds of a slow disk. */
  unackedPerSessionMax: [50_000, 1, 10_000_000],
  /** Messages. Loading takes milliseconds; a client that sends on meanwhile waits here. */
  waitingPerSessionMax: [1_000, 1, 1_000_000],
  /** Bytes behind the write under way. Cursors are the first to go. */
  backlogSheddingBytes: [mib, kib, 1024 * mib],
  /** Bytes behind the write under way. Half a minute of a very busy room; then the client resumes by its clock. */
  backlogBytesMax: [8 * mib, kib, 1024 * mib],
  /** Bytes of rooms without sessions kept in memory. */
  roomCacheBytes: [128 * mib, 0, 64 * 1024 * mib],
  /** Entries. A join decodes the tail one by one. */
  tailEntriesMax: [2_000, 1, 10_000_000],
  /** Share of the state. Compaction writes the state anew, so its cost per byte written stays bounded. */
  tailShareMax: [0.5, 0.01, 100],
  /** Bytes. Below it compaction is not worth a worker's while. */
  tailBytesMin: [64 * kib, 0, 1024 * mib],
  /** Milliseconds. What decodes but does not apply is found within it. */
  verifyMs: [600_000, 100, 86_400_000],
  /** Milliseconds. A clock more often helps nobody; it only shortens a resume. */
  clockEveryMs: [1_000, 10, 600_000],
  /** Milliseconds. Under the 30 s after which y-websocket gives a silent line up. */
  keepaliveMs: [20_000, 50, 25_000],
  /** Bytes that wait for the disk. Some seconds of a slow disk at full load; past it clients wait instead of the relay's memory. */
  appendBytesMax: [64 * mib, kib, 1024 * mib],
  /** Milliseconds. A disk that is full is asked again so often. */
  appendRetryMs: [1_000, 10, 600_000],
  /** Bytes. Small enough that a cursor gets between two slices. */
  chunkBytes: [256 * kib, kib, 16 * mib],
} as const satisfies Record<string, Bounds>;

const processBounds = {
  /** Milliseconds between two commits: below it waking the disk's thread costs more than the writing. Never delays the fan-out. */
  commitPauseMs: [5, 0, 10_000],
  /** Milliseconds for one piece of heavy work (a merge, a rendering) before its worker is ended. */
  engineCallMs: [20_000, 10, 3_600_000],
  /** Pieces of heavy work that wait; past it the relay says that it is busy. */
  engineCallsWaitingMax: [256, 1, 1_000_000],
  /** Worker threads for heavy work. */
  engineWorkersMax: [2, 1, 64],
  /** Milliseconds for one answer over HTTP. */
  requestMs: [15_000, 50, 3_600_000],
  /** HTTP requests that wait for an answer. */
  requestsWaitingMax: [1_000, 1, 1_000_000],
  /** Milliseconds. A socket that was silent so long is pinged; one that is still silent as long again is ended. */
  pingMs: [20_000, 50, 600_000],
  /** Milliseconds that a client has to answer a close before its socket is cut. */
  closeMs: [5_000, 10, 600_000],
  /** Milliseconds that a stop may take; what is not on disk then is still with its author. */
  stopMs: [10_000, 100, 600_000],
  /** Bytes. With less free on the disk, edits stay with their authors: repairs and compaction need some room. */
  freeBytesMin: [mib, 0, 1024 * 1024 * mib],
  /** Milliseconds that a stamp of another clock may be ahead. */
  hlcOffsetMaxMs: [500, 1, 600_000],
} as const satisfies Record<string, Bounds>;

export type ProcessLimits = { readonly [Name in keyof typeof processBounds]: number };

export interface RelaySettings {
  /** The relay's name; undefined: the one in its data folder, or "a" in a new one. */
  readonly name: RelayId | undefined;
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  readonly dataFolder: string;
  readonly log: "pretty" | "json" | "silent";
  /** Origins of pages that may connect beside this relay's own and those of this machine. */
  readonly allowOrigins: readonly string[];
  readonly limits: Limits;
  readonly process: ProcessLimits;
}

export type SettingsAnswer = { readonly ok: true; readonly settings: RelaySettings } | { readonly ok: false; readonly sentence: string };

/** What was said, by setting: from options and environment as text, from a file as JSON. */
export type Said = Readonly<Record<string, unknown>>;

interface Setting {
  readonly schema: z.ZodType;
  /** Completes "must be …". */
  readonly right: string;
}

const wholeNumber = z.union([z.number(), z.string().regex(/^\d+$/).transform(Number)]);

const notYet: Setting = { schema: z.never(), right: "left out, because this version has no mesh of several relays yet" };

const origin = z.string().refine((text) => URL.canParse(text) && new URL(text).origin === text);

/** The settings that have an option and an environment variable, by the option's name. */
const settings = {
  name: { schema: z.string().refine(isRelayId), right: "1 to 63 of a-z, 0-9 and -, e.g. a" },
  host: { schema: z.string().regex(/^[A-Za-z0-9.:_-]{1,253}$/), right: "an address of this machine, e.g. 127.0.0.1" },
  port: { schema: wholeNumber.pipe(z.int().min(0).max(65_535)), right: "a port from 0 to 65535, where 0 picks a free one" },
  data: { schema: z.string().min(1), right: "a folder, e.g. ./data/a" },
  log: { schema: z.enum(["pretty", "json", "silent"]), right: "pretty, json or silent" },
  "allow-origin": {
    schema: z.preprocess((said) => (typeof said === "string" ? said.split(/[\s,]+/).filter(Boolean) : said), z.array(origin)),
    right: "the origin of a page, scheme and host without a path, e.g. https://docs.example.org",
  },
  durability: { schema: z.enum(["majority", "1", "all"]), right: "majority, 1 or all" },
  replicas: { schema: wholeNumber.pipe(z.literal(1)), right: "1, because this version has no mesh of several relays yet" },
  store: { schema: z.literal("sqlite"), right: "sqlite, because this version has no other store yet" },
  join: notYet,
  advertise: notYet,
  "mesh-secret-file": notYet,
  "mesh-secret": notYet,
} as const satisfies Record<string, Setting>;

/** Settings whose values are never repeated: their presence is what is wrong, and one may be a secret. */
const unshown: ReadonlySet<string> = new Set(["join", "advertise", "mesh-secret-file", "mesh-secret"]);

export const settingNames = Object.keys(settings) as readonly (keyof typeof settings)[];

/** The environment variable of a setting: `allow-origin` → `INKMESH_ALLOW_ORIGIN`. */
export function environmentName(setting: string): string {
  return `INKMESH_${setting.toUpperCase().replaceAll("-", "_")}`;
}

/** The settings of the first source that speaks of each; `options` hold text or arrays, `file` what its JSON says. */
export function readSettings(sources: { options: Said; environment: Said; file?: Said | undefined }): SettingsAnswer {
  const file = sources.file ?? {};
  const stranger = Object.keys(file).find((key) => !(key in settings) && key !== "limits" && key !== "process");
  if (stranger !== undefined)
    return wrong(`"${stranger}" in the --config file must be one of ${[...settingNames, "limits", "process"].join(", ")}`);
  const values: Record<string, unknown> = {};
  for (const name of settingNames) {
    const said = firstSaid(name, sources.options, sources.environment, file);
    if (said === undefined) continue;
    const parsed = settings[name].schema.safeParse(said.value);
    if (!parsed.success)
      return wrong(`${said.where} must be ${settings[name].right}${unshown.has(name) ? "" : `, not ${shown(said.value)}`}`);
    values[name] = parsed.data;
  }
  const limits = readBounds("limits", { ...limitBounds, ...contentBounds }, file["limits"]);
  if (!limits.ok) return limits;
  const process = readBounds("process", processBounds, file["process"]);
  if (!process.ok) return process;
  return { ok: true, settings: settingsOf(values, limits.values, process.values) };
}

/** The first values of all limits, with some replaced: for tests and embedders. */
export function limitsWith(changes: Partial<Omit<Limits, "content">> & { content?: Partial<Limits["content"]> } = {}): Limits {
  const { content, ...rest } = changes;
  return { ...firstValues(limitBounds), ...rest, content: { ...firstValues(contentBounds), ...content } };
}

/** The first values of the process's limits, with some replaced. */
export function processWith(changes: Partial<ProcessLimits> = {}): ProcessLimits {
  return { ...firstValues(processBounds), ...changes };
}

function settingsOf(values: Record<string, unknown>, limits: Record<string, number>, process: Record<string, number>): RelaySettings {
  const name = values["name"] as RelayId | undefined;
  const content = Object.fromEntries(Object.keys(contentBounds).map((key) => [key, limits[key]]));
  const rest = Object.fromEntries(Object.keys(limitBounds).map((key) => [key, limits[key]]));
  return {
    name,
    host: (values["host"] as string | undefined) ?? "127.0.0.1",
    port: (values["port"] as number | undefined) ?? 4400,
    dataFolder: path.resolve((values["data"] as string | undefined) ?? path.join("data", name ?? "a")),
    log: (values["log"] as RelaySettings["log"] | undefined) ?? "pretty",
    allowOrigins: (values["allow-origin"] as string[] | undefined) ?? [],
    limits: limitsWith({ ...rest, content }),
    process: processWith(process),
  };
}

function firstSaid(name: string, options: Said, environment: Said, file: Said): { value: unknown; where: string } | undefined {
  if (options[name] !== undefined) return { value: options[name], where: `--${name}` };
  const variable = environmentName(name);
  if (environment[variable] !== undefined) return { value: environment[variable], where: variable };
  if (file[name] !== undefined) return { value: file[name], where: `"${name}" in the --config file` };
  return undefined;
}

type BoundsAnswer = { ok: true; values: Record<string, number> } | { ok: false; sentence: string };

function readBounds(section: string, bounds: Readonly<Record<string, Bounds>>, said: unknown): BoundsAnswer {
  const values: Record<string, number> = Object.fromEntries(Object.entries(bounds).map(([name, [first]]) => [name, first]));
  if (said === undefined) return { ok: true, values };
  if (typeof said !== "object" || said === null || Array.isArray(said))
    return wrong(`"${section}" in the --config file must be an object of numbers`);
  for (const [name, value] of Object.entries(said)) {
    const bound = Object.hasOwn(bounds, name) ? bounds[name] : undefined;
    if (bound === undefined) return wrong(`"${section}.${name}" in the --config file must be one of ${Object.keys(bounds).join(", ")}`);
    const [, least, most] = bound;
    if (typeof value !== "number" || !(value >= least && value <= most)) {
      return wrong(`"${section}.${name}" in the --config file must be a number from ${least} to ${most}, not ${shown(value)}`);
    }
    values[name] = value;
  }
  return { ok: true, values };
}

function firstValues<Names extends string>(bounds: Readonly<Record<Names, Bounds>>): Record<Names, number> {
  return Object.fromEntries(Object.entries<Bounds>(bounds).map(([name, [first]]) => [name, first])) as Record<Names, number>;
}

function wrong(sentence: string): { ok: false; sentence: string } {
  return { ok: false, sentence: `${sentence}.` };
}

/** The offending value, short. */
function shown(value: unknown): string {
  return JSON.stringify(value)?.slice(0, 80) ?? "nothing";
}
