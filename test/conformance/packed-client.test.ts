/**
 * The client library as an application gets it: packed, extracted, imported by its public names only, with the types that
 * it ships, and run against a relay by the example of its README.
 */
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { endRelays, projectRoot, startRelayProcess } from "../harness/relay-process.ts";

const modules = join(projectRoot, "node_modules");
const folder = mkdtempSync(join(tmpdir(), "inkmesh-packed-"));

/** What an application's own install would bring. */
const registryPackages = ["yjs", "lib0", "y-protocols", "isomorphic.js", "ws", "@scure/base", "automerge", "fflate"];

beforeAll(() => {
  mkdirSync(join(folder, "node_modules/@inkmesh"), { recursive: true });
  mkdirSync(join(folder, "node_modules/@scure"));
  for (const name of registryPackages) symlinkSync(join(modules, name), join(folder, "node_modules", name));
  for (const name of ["shared", "client"]) install(name);
  copyFileSync(join(projectRoot, "examples/plain-node/main.mjs"), join(folder, "main.mjs"));
  copyFileSync(join(projectRoot, "examples/plain-automerge/main.mjs"), join(folder, "automerge.mjs"));
});

afterAll(async () => {
  await endRelays();
  rmSync(folder, { recursive: true, force: true });
});

function install(name: string): void {
  const target = join(folder, "node_modules/@inkmesh", name);
  mkdirSync(target);
  execFileSync("npm", ["pack", "--silent", "--ignore-scripts", "--offline", "--pack-destination", folder], {
    cwd: join(projectRoot, name),
    stdio: "pipe",
  });
  const tarball = readdirSync(folder).find((file) => file.startsWith(`inkmesh-${name}-`) && file.endsWith(".tgz")) ?? "";
  execFileSync("tar", ["-xzf", join(folder, tarball), "-C", target, "--strip-components=1"]);
}

test("the packed client writes to a relay, keeps its edits in a folder, and finds them again", async () => {
  const relay = await startRelayProcess();
  const run = (line: string): string =>
    execFileSync(process.execPath, ["main.mjs", relay.url, "notes", line], { cwd: folder, encoding: "utf8", timeout: 30_000 });
  expect(run("first")).toBe("saved on 1 of 1\nfirst\n\n");
  expect(run("second")).toBe("saved on 1 of 1\nfirst\nsecond\n\n");
  expect(readdirSync(join(folder, "inkmesh-device")).filter((file) => file.endsWith(".log"))).toHaveLength(1);
});

test("the packed client writes a document of Automerge, and the next program finds it", async () => {
  const relay = await startRelayProcess();
  const run = (name: string, task: string): string =>
    execFileSync(process.execPath, ["automerge.mjs", relay.url, name, task], { cwd: folder, encoding: "utf8", timeout: 30_000 });
  const [, name = ""] = /^(automerge:\w+) saved on 1 of 1\nfirst\n$/.exec(run("", "first")) ?? [];
  expect(run(name, "second")).toBe(`${name} saved on 1 of 1\nfirst\nsecond\n`);
});

test("the packed client has no source and no tests in it", () => {
  const files = readdirSync(join(folder, "node_modules/@inkmesh/client"), { recursive: true, encoding: "utf8" });
  expect(files).toContain("README.md");
  expect(files.filter((file) => /\.tsbuildinfo$|(?<!\.d)\.ts$|\bapp\b/.test(file))).toEqual([]);
});

const strictApplication = `
  import { Inkmesh, type InkmeshRoom, type RoomStatus } from "@inkmesh/client";
  import { FileStore } from "@inkmesh/client/file-store";
  const mesh = new Inkmesh({ url: "ws://127.0.0.1:1", store: new FileStore("x") });
  const room: InkmeshRoom = mesh.open("r", { access: "read-only" });
  room.on("deleted", ({ by, atMs }) => [by.length, atMs.toFixed()]);
  const status: RoomStatus = room.status;
  export const words: string = status.phase + String(status.problem?.code ?? "");
  // @ts-expect-error an event that there is not
  room.on("nothing", () => {});
`;
const automergeApplication = `
  import { Inkmesh } from "@inkmesh/client";
  import { Automerge, AutomergeHandle } from "@inkmesh/client/automerge";
  interface Note { text: string }
  const mesh = new Inkmesh({ url: "ws://127.0.0.1:1", automerge: () => import("@inkmesh/client/automerge") });
  export const opened: AutomergeHandle<Note> = mesh.open("automerge:x", { doc: new AutomergeHandle<Note>() }).doc;
  opened.change((doc) => Automerge.splice(doc as Automerge.Doc<Note>, ["text"], 0, 0, "x"));
  opened.on("change", ({ patches }) => patches.length);
  // @ts-expect-error an event that there is not
  opened.on("nothing", () => {});
`;

test.each([
  ["a strict application", strictApplication, []],
  // Automerge's own types name what ES2023 has not.
  ["one with documents of Automerge", automergeApplication, ["ESNext.Disposable"]],
])("its types are enough for %s", (_, program, moreOfTheLanguage) => {
  writeFileSync(join(folder, "application.ts"), program);
  const options = {
    strict: true,
    noEmit: true,
    skipLibCheck: false,
    target: "ES2022",
    module: "NodeNext",
    lib: ["ES2023", "DOM", ...moreOfTheLanguage],
    types: [],
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions: options, files: ["application.ts"] }));
  const compile = (): string =>
    execFileSync(process.execPath, [join(modules, "typescript/bin/tsc"), "-p", folder], { encoding: "utf8", stdio: "pipe" });
  expect(compile()).toBe("");
});
