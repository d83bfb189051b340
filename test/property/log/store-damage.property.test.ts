/**
 * Bytes of the store's files are overwritten, flipped, or cut off at random places. Whatever happens: it opens, nothing
 * that was never written is served, and when something is missing, that is said.
 */
import * as fs from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { randomInteger, seededRandom, type Random } from "@inkmesh/shared/base/random";
import { encodeEntry } from "@inkmesh/shared/wire/entry-codec";
import { LogAuthor, textOf } from "../../contract/log-author.ts";
import { SqliteFolder } from "../../unit/log/sqlite-folder.ts";
import { replayOf, seedsOf } from "./seeds.ts";

let whole: { readonly killed: SqliteFolder; readonly closed: SqliteFolder };
let authors: LogAuthor[];
/** What a shadow document said of each room when all was well. */
const written = new Map<string, Set<string>>();

beforeAll(() => {
  const folder = new SqliteFolder();
  folder.open();
  authors = Array.from({ length: 6 }, (_, number) => new LogAuthor({ room: `room ${number}`, clientId: number + 1 }));
  for (let turn = 0; turn < 15; turn++) folder.append(...authors.map((author) => author.type("lorem ipsum ".slice(0, 3 + (turn % 9)))));
  for (const author of authors.slice(0, 3)) folder.compact(author.lineage.room, author.clock.entries());
  for (let turn = 0; turn < 15; turn++) folder.append(...authors.map((author) => author.type("dolor sit amet".slice(0, 3 + (turn % 9)))));
  for (const author of authors)
    written.set(author.lineage.room, new Set(author.entries.map((entry) => Buffer.from(encodeEntry(entry)).toString("hex"))));
  const killed = folder.killed();
  folder.close();
  whole = { killed, closed: folder };
});
afterAll(() => {
  whole.killed.dispose();
  whole.closed.dispose();
});

function damage(folder: SqliteFolder, random: Random): string {
  const names = folder.names().filter((name) => fs.statSync(`${folder.path}/${name}`).size > 0);
  const name = names[randomInteger(random, names.length)]!;
  const file = `${folder.path}/${name}`;
  const size = fs.statSync(file).size;
  const offset = randomInteger(random, size);
  const dice = random.fraction();
  if (dice < 0.15) {
    fs.truncateSync(file, offset);
    return `${name} cut off at ${offset} of ${size}`;
  }
  if (dice < 0.2) {
    fs.rmSync(file);
    return `${name} removed`;
  }
  const length = dice < 0.5 ? 1 : dice < 0.8 ? 64 : 4096;
  const bytes = random.fraction() < 0.3 ? new Uint8Array(length) : random.bytes(length);
  folder.overwrite(file, offset, bytes.subarray(0, Math.min(length, size - offset)));
  return `${length} bytes of ${name} overwritten at ${offset} of ${size}`;
}

test.each(seedsOf(40))(
  "[P9] what is missing after damage is reported, and nothing false is served, seed %i",
  { timeout: 60_000 },
  (seed) => {
    const random = seededRandom(seed);
    const folder = (random.fraction() < 0.5 ? whole.killed : whole.closed).killed();
    const what = damage(folder, random);
    try {
      const opening = folder.open();
      let missing = 0;
      for (const author of authors) {
        const room = folder.load(author.lineage.room);
        for (const entry of room.tail) expect(written.get(author.lineage.room)).toContain(Buffer.from(encodeEntry(entry)).toString("hex"));
        if (room.clock.compare(author.clock) !== "equal" || textOf(room) !== author.text) missing++;
        expect(author.clock.covers(room.clock)).toBe(true);
      }
      if (missing > 0) expect([...opening.damage, ...folder.found], `${missing} rooms lack something`).not.toEqual([]);
      expect(opening.complete).toBe(opening.damage.length === 0);
      folder.append(new LogAuthor({ room: "goes on", life: 9 }).type("ok"));
      expect(textOf(folder.load("goes on"))).toBe("ok");
      folder.close();
      expect(folder.open()).toMatchObject({ complete: true, damage: [] });
    } catch (error) {
      throw new Error(`${what}; ${replayOf(seed, "store-damage.property.test.ts")}`, { cause: error });
    } finally {
      folder.dispose();
    }
  },
);
