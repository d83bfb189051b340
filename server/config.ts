/**
 * Settings: everything that an operator may choose and every ceiling that the relay keeps, by name, with its unit and
 * the reason for its first value.
 *
 * A choice comes from a command line option, an environment variable (`INKMESH_PORT`), or the JSON file of `--config`, in
 * that order; the first that speaks wins. Ceilings are in the file only: `"limits"` are the core's, `"mesh"` those between relays,
 * `"process"` those around it.
 *
 * Invariants: what `readSettings` answers is complete and within bounds; what it refuses it refuses with one sentence
 * that says what would be right. Reads no file and no environment itself: the caller hands them in.
 */
import * as path from "node:path";
import { isRelayId, type RelayId } from "@inkmesh/shared/base/ids";
import { isZone } from "@inkmesh/shared/ring/ring-record";
import * as z from "zod";
import { firstValues, type Bounds } from "./bounds.ts";
import type { Limits } from "./core/limits.ts";
import type { MeshLimits } from "./core/peers/mesh-options.ts";
import { meshAddress, origin, webAddress } from "./given-address.ts";
import { disorder } from "./limit-order.ts";
import { isAnyAddress, isLoopbackAddress } from "./listening-address.ts";
import { historyFirstMs, period } from "./period.ts";
import { meshBounds, meshLimitsOf } from "./mesh-limits.ts";
import { processBounds, type ProcessLimits } from "./process-limits.ts";

const kib = 1024;
const mib = 1024 * kib;

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
  /** Of one change of Automerge's. Deleting a text is one for each letter, and few bytes; a million take about two seconds to apply. */
  operationsPerChangeMax: [1_000_000, 1_000, 100_000_000],
  /** Of all changes of one Automerge document: a million letters, each of them deleted once, and as much again. They take about 700 MiB where it is built. */
  operationsPerRoomMax: [4_000_000, 1_000, 1_000_000_000],
  /** Changes of an Automerge document on which nothing hangs: each message between its replicas names them all. So many write at the same moment. */
  headsPerRoomMax: [1_024, 16, 100_000],
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
  /** Rooms of clients that cannot let go of one. An automerge-repo client comes to hundreds in a day; one that nobody writes in takes some kilobytes here. */
  documentsPerConnectionMax: [4_096, 1, 100_000],
  /** Sockets. About 10 KB each when idle. */
  connectionsMax: [10_000, 1, 1_000_000],
  /** Milliseconds. A slow phone says hello within it; a trickling attacker is gone after it. */
  handshakeMs: [5_000, 50, 600_000],
  /** Milliseconds. An application needs a moment to get its user's token; who has none waits for it to no purpose, where access is asked for. */
  credentialMs: [1_000, 0, 60_000],
  /** Milliseconds. An application that grants for less is asked about each session once a second; for more, once a day. */
  grantMsMin: [1_000, 10, 3_600_000],
  grantMsMax: [86_400_000, 1_000, 604_800_000],
  /** Bytes. A cursor, a name, a colour, and the echo of some others'. */
  presenceBytesMax: [64 * kib, 64, mib],
  /** Ids. A tab echoes the ids of its sister tabs. */
  presenceIdsPerSessionMax: [64, 1, 100_000],
  /** Ids. More cursors than anybody can tell apart; 4,096 states of 200 bytes are a second of a slow link. */
  presenceIdsPerRoomMax: [4_096, 1, 1_000_000],
  /** Presences that a viewer of a document is shown. More cursors than anybody follows, and each that moves is a frame to every viewer. */
  presenceShownMax: [50, 1, 1_000_000],
  /** Milliseconds without a change after which somebody shown makes room for somebody who moves. Shorter, and cursors come and go while people think. */
  presenceIdleMs: [10_000, 0, 3_600_000],
  /** Milliseconds between two tellings of how many are in a document where not all are shown. Nobody reads a number more often. */
  presenceCountEveryMs: [1_000, 0, 60_000],
  /** Milliseconds between two tellings of one room's cursors to other relays: 20 per second look smooth. */
  presenceTellEveryMs: [50, 0, 60_000],
  /** Milliseconds between two looks at who is silent, and until a silent relay's cursors are hidden: with one more look, below 5 s. */
  presenceLookMs: [1_000, 10, 60_000],
  presenceSilentMs: [3_000, 50, 600_000],
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
  /** Lives of relays, some 30 bytes each in tokens, frames and rows. A client that was away for longer is told that its relay may be behind. */
  clockActorsMax: [16, 1, 65_536],
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

const replicationBounds = {
  /** Milliseconds that an entry waits for those before it: longer closes more gaps in order, and meanwhile nobody sees it. */
  causalWaitMs: [2_000, 10, 600_000],
  /** Entries of one room that wait for others; past it the whole room is compared. */
  waitingEntriesMax: [1_024, 1, 1_000_000],
  /** Bytes of them. */
  waitingBytesMax: [4 * mib, kib, 1024 * mib],
  /** Milliseconds until the next relay is asked for an entry that is missing: some round trips. */
  askAgainMs: [500, 10, 60_000],
  /** Milliseconds that the comparison of a whole room may take. */
  exchangeAgainMs: [10_000, 10, 600_000],
  /** Dots of one room whose copies are counted one by one; about 64 bytes each. */
  countedDotsMax: [4_096, 1, 1_000_000],
  /** Milliseconds between two comparisons of rooms that changed. */
  compareChangedMs: [1_000, 10, 600_000],
  /** Rooms in one of them. */
  changedRoomsMax: [1_024, 1, 1_000_000],
  /** Milliseconds between two comparisons of everything. */
  sweepMs: [600_000, 100, 86_400_000],
  /** Parts of the circle that one message of a sweep goes into. */
  sweepPartsMax: [64, 1, 4_096],
  /** Rooms that are told one by one instead of as parts of the circle. */
  listedRoomsMax: [32, 1, 10_000],
  /** Bytes of one room's difference under way from one relay: the largest room. */
  differenceBytesMax: [64 * mib, kib, 1024 * mib],
  /** Copies that are placed elsewhere and dropped at once; 0: none is. */
  dropsAtOnceMax: [64, 0, 10_000],
} as const satisfies Record<string, Bounds>;

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
  /** The application that is asked who may do what (`access-callback.ts`); undefined: everybody may do everything. */
  readonly authUrl: string | undefined;
  /** Addresses of relays to join; empty: this relay founds a mesh, or goes on with the one of its data folder. */
  readonly join: readonly string[];
  /** Where other relays reach this one; undefined: at the address that it listens on, if that is one. */
  readonly advertise: string | undefined;
  /** The secret of the mesh, or the file that holds it; both undefined: the one in the data folder. */
  readonly meshSecret: string | undefined;
  readonly meshSecretFile: string | undefined;
  /** Where this relay stands: copies of a document go to relays of different zones first. Empty: nowhere in particular. */
  readonly zone: string;
  /** Relays that keep each document, of as many as there are, and how many of them before it is called saved. */
  readonly replicas: number;
  readonly durability: "majority" | "1" | "all";
  /** Milliseconds that histories of documents go back; 0: none are kept. */
  readonly historyMs: number;
  /** Whether a page may cut this relay's links, turn its clock and end it. */
  readonly experiments: boolean;
  readonly limits: Limits;
  readonly mesh: MeshLimits;
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

/** One text with commas and blanks between, or several. */
const several = <Schema extends z.ZodType>(schema: Schema) =>
  z.preprocess(
    (said) => [said].flat().flatMap((part) => (typeof part === "string" ? part.split(/[\s,]+/).filter(Boolean) : [part])),
    z.array(schema),
  );

/** Who may guess the secret may be a relay: half a line of letters that nobody has said before. */
const meshSecretCharactersMin = 16;

/** The settings that have an option and an environment variable, by the option's name. */
const settings = {
  name: { schema: z.string().refine(isRelayId), right: "1 to 63 of a-z, 0-9 and -, e.g. a" },
  host: { schema: z.string().regex(/^[A-Za-z0-9.:_-]{1,253}$/), right: "an address of this machine, e.g. 127.0.0.1" },
  port: { schema: wholeNumber.pipe(z.int().min(0).max(65_535)), right: "a port from 0 to 65535, where 0 picks a free one" },
  data: { schema: z.string().min(1), right: "a folder, e.g. ./data/a" },
  log: { schema: z.enum(["pretty", "json", "silent"]), right: "pretty, json or silent" },
  "allow-origin": {
    schema: several(origin),
    right: "the origin of a page, scheme and host without a path, e.g. https://docs.example.org",
  },
  "auth-url": { schema: webAddress, right: "the address of your application, e.g. http://127.0.0.1:3000/inkmesh-access" },
  durability: { schema: z.enum(["majority", "1", "all"]), right: "majority, 1 or all" },
  replicas: { schema: wholeNumber.pipe(z.int().min(1).max(7)), right: "a number of relays from 1 to 7" },
  zone: { schema: z.string().min(1).refine(isZone), right: "up to 63 of A-Z, a-z, 0-9, . _ and -, e.g. berlin-1" },
  history: { schema: period, right: "how long to keep who wrote what, as 30d, 12h or 90m, up to 3650d, or 0 for not at all" },
  experiments: { schema: z.union([z.boolean(), z.stringbool({ truthy: ["true", "1"], falsy: ["false", "0"] })]), right: "true or false" },
  store: { schema: z.literal("sqlite"), right: "sqlite, because this version has no other store yet" },
  join: { schema: several(meshAddress), right: "the address of another relay, e.g. ws://127.0.0.1:4400/mesh" },
  advertise: { schema: meshAddress, right: "the address at which other relays reach this one, e.g. ws://10.0.0.1:4400/mesh" },
  "mesh-secret-file": { schema: z.string().min(1), right: "a file that holds the secret of the mesh" },
  "mesh-secret": {
    schema: z.string().trim().min(meshSecretCharactersMin),
    right: `a secret of at least ${meshSecretCharactersMin} characters`,
  },
} as const satisfies Record<string, Setting>;

/** Settings whose values are never repeated. */
const unshown: ReadonlySet<string> = new Set(["mesh-secret", "auth-url"]);

export const settingNames = Object.keys(settings) as readonly (keyof typeof settings)[];

/** The environment variable of a setting: `allow-origin` → `INKMESH_ALLOW_ORIGIN`. */
export function environmentName(setting: string): string {
  return `INKMESH_${setting.toUpperCase().replaceAll("-", "_")}`;
}

/** The settings of the first source that speaks of each; `options` hold text or arrays, `file` what its JSON says. */
export function readSettings(sources: { options: Said; environment: Said; file?: Said | undefined }): SettingsAnswer {
  const file = sources.file ?? {};
  const stranger = Object.keys(file).find((key) => !(key in settings) && key !== "limits" && key !== "mesh" && key !== "process");
  if (stranger !== undefined)
    return wrong(`"${stranger}" in the --config file must be one of ${[...settingNames, "limits", "mesh", "process"].join(", ")}`);
  const values: Record<string, unknown> = {};
  for (const name of settingNames) {
    const said = firstSaid(name, sources.options, sources.environment, file);
    if (said === undefined) continue;
    const parsed = settings[name].schema.safeParse(said.value);
    if (!parsed.success)
      return wrong(`${said.where} must be ${settings[name].right}${unshown.has(name) ? "" : `, not ${shown(said.value)}`}`);
    values[name] = parsed.data;
  }
  const limits = readBounds("limits", { ...limitBounds, ...contentBounds, ...replicationBounds }, file["limits"]);
  if (!limits.ok) return limits;
  const mesh = readBounds("mesh", meshBounds, file["mesh"]);
  if (!mesh.ok) return mesh;
  const process = readBounds("process", processBounds, file["process"]);
  if (!process.ok) return process;
  const sentence = contradiction(values) ?? disorder({ limits: limits.values, mesh: mesh.values, process: process.values });
  if (sentence !== undefined) return wrong(sentence);
  return { ok: true, settings: settingsOf(values, limits.values, { mesh: mesh.values, process: process.values }) };
}

type LimitChanges = Partial<Omit<Limits, "content" | "replication">> & {
  content?: Partial<Limits["content"]>;
  replication?: Partial<Limits["replication"]>;
};

/** The first values of all limits, with some replaced: for tests and embedders. */
export function limitsWith(changes: LimitChanges = {}): Limits {
  const { content, replication, ...rest } = changes;
  return {
    ...firstValues(limitBounds),
    ...rest,
    content: { ...firstValues(contentBounds), ...content },
    replication: { ...firstValues(replicationBounds), keptHistoryMs: 0, ...replication },
  };
}

/** The first values of the process's limits, with some replaced. */
export function processWith(changes: Partial<ProcessLimits> = {}): ProcessLimits {
  return { ...firstValues(processBounds), ...changes };
}

/** What each setting may say and two of them may not say together. */
function contradiction(values: Readonly<Record<string, unknown>>): string | undefined {
  if (values["mesh-secret"] !== undefined && values["mesh-secret-file"] !== undefined)
    return "The secret of the mesh must be given once, by INKMESH_MESH_SECRET or by --mesh-secret-file";
  if (values["join"] !== undefined && values["advertise"] === undefined && isAnyAddress(String(values["host"])))
    return `--advertise must say at which address other relays reach this one, because --host ${String(values["host"])} is all of them, e.g. ws://10.0.0.1:4400/mesh`;
  const host = String(values["host"] ?? "127.0.0.1");
  if (values["experiments"] === true && !isLoopbackAddress(host))
    return `--experiments must be left out, or --host be 127.0.0.1, because whoever reaches ${host} could cut this relay off and end it`;
  return undefined;
}

function settingsOf(
  values: Record<string, unknown>,
  limits: Record<string, number>,
  others: { readonly mesh: Record<string, number>; readonly process: Record<string, number> },
): RelaySettings {
  const name = values["name"] as RelayId | undefined;
  const historyMs = (values["history"] as number | undefined) ?? historyFirstMs;
  const content = Object.fromEntries(Object.keys(contentBounds).map((key) => [key, limits[key]]));
  const replication = Object.fromEntries(Object.keys(replicationBounds).map((key) => [key, limits[key]]));
  const rest = Object.fromEntries(Object.keys(limitBounds).map((key) => [key, limits[key]]));
  return {
    name,
    host: (values["host"] as string | undefined) ?? "127.0.0.1",
    port: (values["port"] as number | undefined) ?? 4400,
    dataFolder: path.resolve((values["data"] as string | undefined) ?? path.join("data", name ?? "a")),
    log: (values["log"] as RelaySettings["log"] | undefined) ?? "pretty",
    allowOrigins: (values["allow-origin"] as string[] | undefined) ?? [],
    authUrl: values["auth-url"] as string | undefined,
    join: (values["join"] as string[] | undefined) ?? [],
    advertise: values["advertise"] as string | undefined,
    meshSecret: values["mesh-secret"] as string | undefined,
    meshSecretFile: values["mesh-secret-file"] as string | undefined,
    zone: (values["zone"] as string | undefined) ?? "",
    replicas: (values["replicas"] as number | undefined) ?? 3,
    durability: (values["durability"] as RelaySettings["durability"] | undefined) ?? "majority",
    historyMs,
    experiments: values["experiments"] === true,
    limits: limitsWith({ ...rest, content, replication: { ...replication, keptHistoryMs: historyMs } }),
    mesh: meshLimitsOf(others.mesh),
    process: processWith(others.process),
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

function wrong(sentence: string): { ok: false; sentence: string } {
  return { ok: false, sentence: `${sentence}.` };
}

/** The offending value, short. */
function shown(value: unknown): string {
  return JSON.stringify(value)?.slice(0, 80) ?? "nothing";
}
