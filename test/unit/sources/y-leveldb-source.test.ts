/**
 * What lies in a y-leveldb folder is read out of a copy: whatever opening that does, the folder is as it was, and what it cannot read it says.
 */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { LeveldbPersistence } from "y-leveldb";
import { afterAll, expect, test } from "vitest";
import * as Y from "yjs";
import { YLeveldbSource } from "../../../server/sources/y-leveldb-source.ts";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "inkmesh-y-leveldb-source-"));
afterAll(() => fs.rmSync(folder, { recursive: true }));

/** The documents "a" to "d", each one update of its name fifty times. */
async function aFolder(name: string): Promise<string> {
  const place = path.join(folder, name);
  const persistence = new LeveldbPersistence(place);
  for (const room of ["a", "b", "c", "d"]) {
    const doc = new Y.Doc();
    doc.getText("text").insert(0, room.repeat(50));
    await persistence.storeUpdate(room, Y.encodeStateAsUpdate(doc));
  }
  await persistence.destroy();
  return place;
}

const filesIn = (place: string, ending: RegExp): readonly string[] => fs.readdirSync(place).filter((name) => ending.test(name));

test("[P2] a table that a killed server had begun keeps its bytes, though opening writes one of that number", async () => {
  const place = await aFolder("orphan");
  // Which number is next: opening moves the log into a table of it.
  const tried = path.join(folder, "tried");
  fs.cpSync(place, tried, { recursive: true });
  const persistence = new LeveldbPersistence(tried);
  await persistence.setMeta("a", "owner", "somebody");
  await persistence.destroy();
  const [next] = filesIn(tried, /\.ldb$/);
  expect([next, filesIn(place, /\.ldb$/)]).toEqual([expect.any(String), []]);
  const orphan = path.join(place, next!);
  const bytes = Buffer.from("what a compaction had written so far ".repeat(200));
  fs.writeFileSync(orphan, bytes);
  const source = await YLeveldbSource.open(place);
  expect(await source.names()).toEqual({ names: ["a", "b", "c", "d"], problem: undefined });
  await source.close();
  expect(fs.readFileSync(orphan).equals(bytes)).toBe(true);
});

test("[P9] one damaged byte in the log is said, since what followed it may be gone without a trace", async () => {
  const place = await aFolder("flipped");
  const [log] = filesIn(place, /^\d+\.log$/);
  const bytes = fs.readFileSync(path.join(place, log!));
  bytes[bytes.indexOf("b".repeat(20))]! ^= 0xff;
  fs.writeFileSync(path.join(place, log!), bytes);
  const source = await YLeveldbSource.open(place);
  const { names, problem } = await source.names();
  await source.close();
  expect(names).toContain("a");
  expect(names.length).toBeLessThan(4);
  expect(problem).toMatch(/^LevelDB: .*dropping \d+ bytes/);
});
