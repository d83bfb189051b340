import type * as Fs from "node:fs";
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { SourceCopy } from "../../../server/sources/source-copy.ts";

/** What another process does behind each copied file. */
const meanwhile = vi.hoisted(() => ({ write: () => undefined as void }));
vi.mock("node:fs", async (original) => {
  const fs = await original<typeof Fs>();
  const copyFileSync: typeof fs.copyFileSync = (...args) => {
    fs.copyFileSync(...args);
    meanwhile.write();
  };
  return { ...fs, copyFileSync };
});

const folder = mkdtempSync(join(tmpdir(), "inkmesh-source-copy-"));
const temporary = join(folder, "temporary");
afterAll(() => rmSync(folder, { recursive: true }));

test("[P2] holds the files that are there, and none of them where one changes meanwhile", () => {
  const [one, two, none] = ["one", "two", "none"].map((name) => join(folder, name)) as [string, string, string];
  for (const file of [one, two]) writeFileSync(file, file);
  const copy = new SourceCopy([one, two, none]);
  expect(readdirSync(copy.folder).map((name) => readFileSync(join(copy.folder, name), "utf8"))).toEqual([one, two]);
  copy.remove();
  expect(existsSync(copy.folder)).toBe(false);

  mkdirSync(temporary);
  vi.stubEnv("TMPDIR", temporary);
  for (const changed of [one, none]) {
    meanwhile.write = () => appendFileSync(changed, "more");
    expect(() => new SourceCopy([one, two, none])).toThrow("it changes: stop the server that writes it");
  }
  vi.unstubAllEnvs();
  expect(readdirSync(temporary)).toEqual([]);
});
