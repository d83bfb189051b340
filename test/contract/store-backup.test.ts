import { spawn, type ChildProcess } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { fileURLToPath } from "node:url";
import Database from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { RoomName } from "@inkmesh/shared/base/ids";
import { SqliteUpdateLog } from "../../server/log/sqlite-update-log.ts";
import { backUp, restore } from "../../server/log/store-backup.ts";
import { storeFile } from "../../server/log/store-opening.ts";
import { until } from "../harness/until.ts";
import { dropBlobTables, SqliteFolder } from "../unit/log/sqlite-folder.ts";
import { aPicture, PictureAuthor } from "./blobs.contract.ts";
import { LogAuthor } from "./log-author.ts";

let folder: string;
const at = (name: string): string => path.join(folder, name);
const nobody = (): void => undefined;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "inkmesh-backup-"));
  fs.mkdirSync(at("data"));
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

async function opened<Value>(data: string, work: (log: SqliteUpdateLog) => Promise<Value>): Promise<Value> {
  const log = new SqliteUpdateLog({ folder: data, nestingMax: 64 });
  await log.open();
  try {
    return await work(log);
  } finally {
    await log.close();
  }
}

/** Writes into three rooms and compacts now and then, until it is killed. */
function writer(data: string): { process: ChildProcess; durable: () => number } {
  const script = fileURLToPath(new URL("store-process.ts", import.meta.url));
  const child = spawn(process.execPath, ["--import", "tsx", "--conditions=inkmesh-source", script, data, "1"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let durable = 0;
  child.stdout.on("data", (said: Buffer) => {
    for (const [, number] of said.toString().matchAll(/durable (\d+)/g)) durable = Number(number);
  });
  return { process: child, durable: () => durable };
}

describe("a backup", { timeout: 60_000 }, () => {
  test("[P1] made while its relay writes has everything that was durable when it began, and every checksum holds", async () => {
    const { process: child, durable } = writer(at("data"));
    try {
      await until("it writes", () => durable() > 300);
      const before = durable();
      const told: number[] = [];
      await backUp(at("data"), at("backup"), (done, total) => told.push(done / total));
      const between = durable();
      await until("it goes on writing", () => durable() > between);
      // It has done its part: the copy is looked at without somebody who takes a processor for himself.
      child.kill("SIGKILL");
      expect(told.at(-1)).toBe(1);
      const rooms = await opened(at("backup"), async (log) => {
        expect(await log.verify()).toEqual({ ok: true, value: [] });
        return Promise.all(["r0", "r1", "r2"].map((room) => log.load(room as RoomName)));
      });
      const counters = rooms.map((room) => (room.ok ? room.value.clock.entries().reduce((sum, [, counter]) => sum + counter, 0) : 0));
      // Each commit has as many entries of each room.
      expect(new Set(counters).size).toBe(1);
      expect(counters[0]).toBeGreaterThanOrEqual(before);
    } finally {
      child.kill("SIGKILL");
    }
  });

  test("[P2] has the images, and so has what is restored from it", async () => {
    const author = new PictureAuthor();
    const picture = aPicture(1, 300_000);
    await opened(at("data"), async (log) => {
      await log.append([author.insert(picture)]);
      await log.putBlob(author.lineage, picture.name, picture.bytes, { atMs: 1 });
    });
    await backUp(at("data"), at("backup"), nobody);
    expect(restore(at("backup"), at("restored"))).toEqual([]);
    const blob = await opened(at("restored"), (log) => log.blob(author.lineage, picture.name));
    expect(blob).toEqual({ ok: true, value: picture.bytes });
  });

  test("is of one moment, and ends, though something is written between any two portions", async () => {
    const author = new LogAuthor({ room: "r0" });
    const source = new SqliteFolder(at("data"));
    source.open();
    for (let part = 0; part < 6; part++) source.append(author.push(new Uint8Array(4_000_000).fill(part)));
    const { clock } = author;
    let portions = 0;
    await backUp(at("data"), at("backup"), (done, total) => {
      portions += 1;
      if (portions > 100) throw new Error("it begins anew with every write");
      if (done < total) source.append(author.push(Uint8Array.of(1, 2, 3)));
    });
    source.close();
    expect(portions).toBeGreaterThan(4);
    const backup = new SqliteFolder(at("backup"));
    backup.open();
    expect(backup.load("r0").clock).toEqual(clock);
    backup.close();
  });

  test("that was ended in the middle is not taken for one, and does not keep the next from being made", async () => {
    await opened(at("data"), async (log) => log.append([new LogAuthor({ room: "r0", life: 1, clientId: 1 }).type("abc")]));
    const ended = backUp(at("data"), at("backup"), () => {
      throw new Error("ended");
    });
    await expect(ended).rejects.toThrow("ended");
    expect(fs.readdirSync(folder).sort()).toEqual(["backup.part", "data"]);
    await backUp(at("data"), at("backup"), nobody);
    expect(fs.readdirSync(folder).sort()).toEqual(["backup", "data"]);
  });

  test("removes nothing that it did not make itself", async () => {
    await opened(at("data"), async (log) => log.append([new LogAuthor({ room: "r0" }).type("abc")]));
    fs.mkdirSync(at("backup.part"));
    fs.writeFileSync(at("backup.part/thesis.txt"), "years of work");
    await expect(backUp(at("data"), at("backup"), nobody)).rejects.toThrow("ENOTEMPTY");
    expect(fs.readFileSync(at("backup.part/thesis.txt"), "utf8")).toBe("years of work");
  });
});

describe("a restored folder", { timeout: 60_000 }, () => {
  test("[P2] has what the backup has, its relay's name and mesh, and vouches for nothing before it has compared", async () => {
    const author = new LogAuthor({ room: "r0", life: 1, clientId: 1 });
    await opened(at("data"), async (log) => {
      await log.append([{ ...author.type("abc"), completes: true }]);
      await log.putWholeRing([]);
    });
    fs.writeFileSync(at("data/relay.name"), "a\n");
    fs.writeFileSync(at("data/mesh.json"), "{}");
    await backUp(at("data"), at("backup"), nobody);
    expect(restore(at("backup"), at("again"))).toEqual([]);
    expect(fs.readFileSync(at("again/relay.name"), "utf8")).toBe("a\n");
    expect(fs.existsSync(at("again/mesh.json"))).toBe(true);
    const isMarked = (data: string): Promise<boolean | undefined> =>
      opened(data, async (log) => {
        const room = await log.load("r0" as RoomName);
        expect(room.ok && room.value.clock).toEqual(author.clock);
        return room.ok ? room.value.isMarked : undefined;
      });
    expect([await isMarked(at("data")), await isMarked(at("again"))]).toEqual([true, false]);
  });

  test("[P2] out of a damaged backup says what is damaged, and vouches for nothing either", async () => {
    await opened(at("data"), async (log) => {
      const author = new LogAuthor({ room: "r0" });
      await log.append([{ ...author.type("abc"), completes: true }]);
      await log.append([author.push(Buffer.from("the only words"))]);
    });
    await backUp(at("data"), at("backup"), nobody);
    const bytes = fs.readFileSync(storeFile(at("backup")));
    const place = bytes.lastIndexOf("only words");
    expect(place).toBeGreaterThan(0);
    bytes.write("lost words", place);
    fs.writeFileSync(storeFile(at("backup")), bytes);
    expect(restore(at("backup"), at("again"))).toEqual([expect.objectContaining({ room: "r0" })]);
    const room = await opened(at("again"), (log) => log.load("r0" as RoomName));
    expect(room.ok && room.value.isMarked).toBe(false);
  });

  test("out of a backup that SQLite cannot read is left to the relay, which salvages", async () => {
    await opened(at("data"), async (log) => log.append([new LogAuthor({ room: "r0" }).type("abc")]));
    await backUp(at("data"), at("backup"), nobody);
    fs.writeFileSync(storeFile(at("backup")), Buffer.alloc(8_192, 7));
    expect(restore(at("backup"), at("again"))).toEqual([expect.objectContaining({ what: "file is not a database" })]);
    expect(fs.readFileSync(storeFile(at("again")))).toEqual(Buffer.alloc(8_192, 7));
  });

  test("[P2] out of a backup of an older version has what that has, in this version, and vouches for nothing either", async () => {
    const author = new LogAuthor({ room: "r0" });
    await opened(at("data"), async (log) => log.append([author.type("abc")]));
    await backUp(at("data"), at("backup"), nobody);
    tamper(
      at("backup"),
      ...dropBlobTables,
      "DROP TABLE mark",
      "DROP TABLE cover",
      "DROP TABLE whole",
      "DROP TABLE segment",
      "PRAGMA user_version = 1",
    );
    expect(restore(at("backup"), at("again"))).toEqual([]);
    const room = await opened(at("again"), (log) => log.load("r0" as RoomName));
    expect(room.ok && [room.value.clock, room.value.isMarked]).toEqual([author.clock, false]);
  });

  test.each([
    ["of a newer version", "PRAGMA user_version = 99", /backup\/log\.sqlite has version 99, and this relay knows versions up to \d+\./],
    ["that holds no store", "PRAGMA user_version = 0", /backup\/log\.sqlite holds no store$/],
  ])("is not made out of a backup %s", async (_, damage, words) => {
    await opened(at("data"), async (log) => log.append([new LogAuthor({ room: "r0" }).type("abc")]));
    await backUp(at("data"), at("backup"), nobody);
    tamper(at("backup"), damage);
    expect(() => restore(at("backup"), at("again"))).toThrow(words);
    expect(fs.existsSync(at("again"))).toBe(false);
  });
});

function tamper(data: string, ...statements: readonly string[]): void {
  const database = new Database(storeFile(data));
  for (const statement of statements) database.exec(statement);
  database.close();
}
