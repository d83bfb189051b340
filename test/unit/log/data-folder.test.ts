import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { RelayId } from "@inkmesh/shared/base/ids";
import { seededRandom } from "@inkmesh/shared/base/random";
import { openDataFolder, type DataFolder } from "../../../server/log/data-folder.ts";

// Longer than usual: a process or thread that starts on a busy machine takes its time.
vi.setConfig({ testTimeout: 30_000 });

let folder: string;

beforeEach(() => {
  folder = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "inkmesh-folder-")), "data", "a");
});
afterEach(() => fs.rmSync(path.dirname(path.dirname(folder)), { recursive: true }));

const open = (name?: string) => openDataFolder({ path: folder, name: name as RelayId | undefined, random: seededRandom(1) });

function opened(name?: string): DataFolder {
  const result = open(name);
  if (!result.ok) throw new Error(result.refusal.detail);
  return result.value;
}

test("a folder that is not there is created, and belongs to the relay from then on", () => {
  opened("a").release();
  expect(opened().relay).toBe("a");
});

test("without a name one is drawn, and kept", () => {
  const first = opened();
  expect(first.relay).toMatch(/^relay-[0-9a-f]{8}$/);
  first.release();
  expect(opened().relay).toBe(first.relay);
});

test("another relay's folder is refused, and the sentence says what would be right", () => {
  opened("a").release();
  const refused = open("b");
  expect(refused).toMatchObject({ ok: false });
  expect(!refused.ok && refused.refusal.detail).toMatch(/belongs to the relay "a".*--name a.*"b".*--data/);
  expect(open("a").ok).toBe(true);
});

test("a folder in use is refused, with the process that has it, until that lets it go", () => {
  const first = opened("a");
  const refused = open("a");
  expect(!refused.ok && refused.refusal.detail).toContain(`in use by another relay (process ${process.pid})`);
  first.release();
  expect(open("a").ok).toBe(true);
});

test("a process that is killed lets its folder go, and until then another process cannot have it", async () => {
  fs.mkdirSync(folder, { recursive: true });
  const module = path.resolve(import.meta.dirname, "../../../server/log/data-folder.ts");
  const script = `import(${JSON.stringify(module)}).then(({ openDataFolder }) => {
    const { ok } = openDataFolder({ path: process.argv[1], name: "a", random: undefined });
    process.stdout.write(ok ? "locked" : "refused");
    setInterval(() => {}, 1000);
  });`;
  const child = spawn(process.execPath, ["--import", "tsx", "--conditions=inkmesh-source", "-e", script, folder], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const said = await new Promise<string>((resolve) => child.stdout.once("data", (chunk: Buffer) => resolve(chunk.toString())));
  expect(said).toBe("locked");
  const refused = open("a");
  expect(!refused.ok && refused.refusal.detail).toContain(`(process ${child.pid})`);
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await gone;
  expect(open("a").ok).toBe(true);
});

test("a folder that cannot be made is refused with a sentence", () => {
  fs.mkdirSync(path.dirname(folder), { recursive: true });
  fs.writeFileSync(folder, "a file");
  const refused = open("a");
  expect(!refused.ok && refused.refusal.detail).toMatch(/^The data folder .* cannot be used/);
});
