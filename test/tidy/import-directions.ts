/**
 * Who may import whom: the boundaries of the house as one table, and the doors through which dependencies come in.
 *
 * The folder with the longest matching path decides. `ours` lists the folders that it may import besides itself,
 * `packages` what it may take from npm, `node` whether it may use Node's modules.
 */
import { posix } from "node:path";
import { codeOf, isCode, type SourceFile } from "./source-file.ts";

interface Room {
  readonly folder: string;
  readonly ours: readonly string[];
  readonly packages: readonly string[];
  readonly node: boolean;
  /** Files that may import more than their folder. */
  readonly except?: Readonly<Record<string, readonly string[]>>;
}

const anything = ["*"];

const house: readonly Room[] = [
  { folder: "shared", ours: [], packages: ["lib0"], node: false },
  {
    folder: "shared/wire",
    ours: ["shared"],
    packages: ["lib0"],
    node: false,
    except: { "shared/wire/cbor.ts": ["cborg"], "shared/wire/automerge-document.ts": ["@scure/base"] },
  },
  {
    folder: "shared/engine",
    ours: ["shared"],
    packages: ["diff", "lib0", "markdown-it", "parse5", "yjs"],
    node: false,
    // Automerge is WebAssembly, and for workers only.
    except: { "shared/engine/automerge-document.ts": ["automerge"], "shared/engine/automerge-inflation.ts": ["fflate"] },
  },
  {
    folder: "server",
    ours: ["shared", "server"],
    packages: ["zod"],
    node: true,
    // Which router it hands on.
    except: { "server/relay-access.ts": ["express"] },
  },
  { folder: "server/core", ours: ["shared"], packages: ["lib0", "lru-cache"], node: false },
  {
    folder: "server/log",
    ours: [
      "shared",
      "server/core/stored-room.ts",
      "server/core/stored-history.ts",
      "server/core/stored-blob.ts",
      "server/runtime/worker-file.ts",
    ],
    packages: ["lib0", "better-sqlite3"],
    node: true,
  },
  // What other servers have kept, for reading.
  { folder: "server/sources", ours: [], packages: ["lib0", "better-sqlite3", "classic-level"], node: true },
  {
    folder: "server/edge",
    ours: ["shared", "server/core"],
    packages: ["lib0", "ws", "express", "helmet", "compression", "zod"],
    node: true,
  },
  {
    folder: "server/runtime",
    ours: ["shared", "server/core", "server/log/update-log.ts"],
    packages: ["lib0", "lru-cache", "pino", "prom-client", "picocolors", "zod"],
    node: true,
    // Only where the relay runs from its sources; the built one has no such line to follow.
    except: { "server/runtime/worker-file.ts": ["tsx"] },
  },
  {
    folder: "server/cli",
    ours: ["shared", "server"],
    packages: ["commander", "picocolors"],
    node: true,
    // A command that writes into documents is a client as any other one.
    except: { "server/cli/room-writing.ts": ["@inkmesh/client"] },
  },
  { folder: "server/bin", ours: [], packages: [], node: true },
  {
    folder: "client/provider",
    ours: ["shared"],
    packages: ["lib0", "yjs", "y-protocols", "idb"],
    node: false,
    // Entrances of their own, which not everybody loads: the store for programs in Node, and Automerge's documents.
    except: {
      "client/provider/automerge.ts": ["automerge"],
      "client/provider/automerge-document.ts": ["automerge"],
      "client/provider/automerge-handle.ts": ["automerge"],
      "client/provider/automerge-loading.ts": ["automerge"],
      "client/provider/file-store.ts": ["node:*"],
      "client/provider/file-blobs.ts": ["node:*"],
      "client/provider/room-log.ts": ["node:*"],
    },
  },
  { folder: "client/provider/core", ours: ["shared"], packages: ["lib0"], node: false },
  { folder: "client/app", ours: ["shared", "client/provider/index.ts", "client/provider/automerge.ts"], packages: anything, node: false },
  { folder: "client", ours: ["client/service-worker-build.ts"], packages: anything, node: true },
  { folder: "scripts", ours: [], packages: [], node: true },
  { folder: "test", ours: anything, packages: anything, node: true },
  { folder: "examples", ours: ["shared", "client"], packages: anything, node: true },
];

/** One finding per import that the table does not allow. */
export function importFindings(files: readonly SourceFile[]): readonly string[] {
  return files.filter(isCode).flatMap((file) => {
    const room = roomOf(file.path);
    if (room === undefined) return [`${file.path}: no line of the house table covers it`];
    return importsOf(file)
      .filter((specifier) => !allowed(room, file.path, specifier))
      .map((specifier) => `${file.path}: must not import ${specifier}`);
  });
}

/** What a file imports, static or dynamic, type or value. */
export function importsOf(file: SourceFile): readonly string[] {
  const found = codeOf(file).matchAll(/(?:\bfrom\s*|\bimport\s*\(\s*|^\s*import\s+|\brequire\(\s*)"([^"\n]+)"/gm);
  return [...found].map((match) => match[1]!);
}

function roomOf(path: string): Room | undefined {
  if (!path.includes("/")) return house.find((room) => room.folder === "test");
  const holding = house.filter((room) => path.startsWith(`${room.folder}/`));
  return holding.toSorted((left, right) => right.folder.length - left.folder.length)[0];
}

function allowed(room: Room, path: string, specifier: string): boolean {
  if (room.folder === "test") return true;
  const more = room.except?.[path] ?? [];
  if (more.includes(specifier)) return true;
  if (specifier.startsWith("node:")) return room.node || more.includes("node:*");
  const target = ourPath(path, specifier);
  if (target === undefined) return room.packages === anything || [...room.packages, ...more].includes(packageOf(specifier));
  return [room.folder, ...room.ours].some((ours) => isInside(target, ours, room.folder));
}

/** `target` lies in `folder`; a folder's own deeper rooms (core under provider) are its own too. */
function isInside(target: string, folder: string, own: string): boolean {
  if (folder.endsWith(".ts")) return target === folder;
  if (!target.startsWith(`${folder}/`)) return false;
  return folder !== "client" || own === "examples" || target.startsWith("client/provider/");
}

/** The project path that a specifier means, or undefined for a package from npm. */
function ourPath(from: string, specifier: string): string | undefined {
  if (specifier.startsWith(".")) return posix.normalize(posix.join(posix.dirname(from), specifier));
  if (specifier.startsWith("@inkmesh/shared/")) return `shared/${specifier.slice("@inkmesh/shared/".length)}.ts`;
  if (specifier === "@inkmesh/client") return "client/provider/index.ts";
  if (specifier === "@inkmesh/client/automerge") return "client/provider/automerge.ts";
  if (specifier === "@inkmesh/client/file-store") return "client/provider/file-store.ts";
  return undefined;
}

function packageOf(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}
