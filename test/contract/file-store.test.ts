import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FileStore } from "@inkmesh/client/file-store";
import { afterAll, describe, expect, test } from "vitest";
import { offlineStoreContract } from "./offline-store.contract.ts";

const folders: string[] = [];
const aFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "inkmesh-store-"));
  folders.push(folder);
  return folder;
};

afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

offlineStoreContract("FileStore", async () => {
  const folder = aFolder();
  return { store: new FileStore(folder), reopen: async () => new FileStore(folder) };
});

const anEdit = (number: number) =>
  ({ type: "edits", entries: [{ tab: "a", number, createdMs: number, bytes: Uint8Array.of(number) }] }) as const;
const logOf = (folder: string): string => join(folder, readdirSync(folder).find((file) => file.endsWith(".log")) ?? "");

async function withEdits(count: number): Promise<string> {
  const folder = aFolder();
  const store = new FileStore(folder);
  for (let number = 1; number <= count; number++) await store.write("r", [anEdit(number)]);
  await store.close();
  return folder;
}

async function numbersIn(folder: string): Promise<number[]> {
  const store = new FileStore(folder);
  const { outbox } = await store.load("r");
  await store.close();
  return outbox.map(({ number }) => number);
}

describe("a damaged file", () => {
  test("[P7] torn at any byte gives back every record before the tear, and takes new ones", async () => {
    const whole = readFileSync(logOf(await withEdits(4)));
    for (let length = whole.length; length >= 0; length -= 3) {
      const folder = await withEdits(4);
      truncateSync(logOf(folder), length);
      const before = await numbersIn(folder);
      expect(before).toEqual([1, 2, 3, 4].slice(0, before.length));
      const store = new FileStore(folder);
      await store.write("r", [anEdit(9)]);
      await store.close();
      expect(await numbersIn(folder)).toEqual([...before, 9]);
    }
  });

  test("with a changed byte ends before it, and what stood behind is kept beside", async () => {
    const folder = await withEdits(4);
    const log = logOf(folder);
    const bytes = readFileSync(log);
    bytes[bytes.length - 25] = (bytes[bytes.length - 25] ?? 0) ^ 0xff;
    writeFileSync(log, bytes);
    const numbers = await numbersIn(folder);
    expect(numbers.length).toBeLessThan(4);
    expect(numbers).toEqual([1, 2, 3, 4].slice(0, numbers.length));
    expect(readdirSync(folder).some((file) => file.endsWith(".damaged"))).toBe(true);
  });

  test("with zeros behind its end is read as if they were not there", async () => {
    const folder = await withEdits(2);
    appendFileSync(logOf(folder), new Uint8Array(4_096));
    expect(await numbersIn(folder)).toEqual([1, 2]);
    expect(statSync(logOf(folder)).size).toBeLessThan(4_096);
  });
});

test("a folder has one store at a time, and a lock of a process that is gone is taken over", async () => {
  const folder = await withEdits(1);
  const first = new FileStore(folder);
  await first.load("r");
  await expect(new FileStore(folder).load("r")).rejects.toThrow("in use");
  await first.close();
  writeFileSync(join(folder, "lock"), "1\n");
  await expect(new FileStore(folder).load("r")).rejects.toThrow("in use by process 1");
  writeFileSync(join(folder, "lock"), "999999999\n");
  expect(await numbersIn(folder)).toEqual([1]);
});

test("writes that come while the file is rewritten are in the new one", async () => {
  const folder = await withEdits(1);
  const store = new FileStore(folder);
  for (let count = 0; count < 20; count++) await store.write("r", [{ type: "updates", updates: [Uint8Array.of(count)] }]);
  const writes: Promise<void>[] = [];
  const write = (number: number): void => void writes.push(store.write("r", [anEdit(number)]));
  write(2);
  const compacted = store.compact("r", 5, () => Uint8Array.of(42));
  write(3);
  await Promise.resolve();
  write(4);
  await Promise.all([compacted, ...writes]);
  await store.close();
  const again = new FileStore(folder);
  const copy = await again.load("r");
  expect(copy.outbox.map(({ number }) => number)).toEqual([1, 2, 3, 4]);
  expect(copy.updates).toEqual([Uint8Array.of(42)]);
  await again.close();
});
